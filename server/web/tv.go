package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
)

// tv takes a user code by hand, or shows what a code would approve. It never
// acts: the QR code on a TV leads here too.
func (s *Site) tv(v *visit) error {
	typed := v.r.URL.Query().Get("code")
	if len(typed) > 64 {
		typed = typed[:64]
	}
	// A page of another site may send somebody here with made-up codes, until
	// their wrong ones are used up: nothing is looked up before they say so.
	site := v.r.Header.Get("Sec-Fetch-Site")
	if tidy(typed) == "" || site == "cross-site" || site == "same-site" {
		return s.showTV(v, http.StatusOK, tidy(typed), nil)
	}
	return s.showRequest(v, http.StatusOK, typed, EndField{}, nil)
}

func (s *Site) showTV(v *visit, status int, code string, problem *Problem) error {
	page := TVPage{Frame: v.frame("Sign in a TV", ""), Code: Field{
		Name: "code", Label: "Code on the TV", Value: code, Autocomplete: "off", Class: "code-input letters",
		Hint: "Eight letters, in two groups.", Placeholder: "BCDF-GHJK", MaxLength: 16, Required: true, Focus: true,
	}}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// showRequest shows the TV that waits with a code.
func (s *Site) showRequest(v *visit, status int, code string, ends EndField, problem *Problem) error {
	req, err := s.c.Devices.Pending(v.ctx(), v.now, v.session, code)
	if err != nil {
		p, status, err := v.rejectedCode(err)
		if err != nil {
			return err
		}
		return s.showTV(v, status, code, &p)
	}
	you := v.client()
	page := TVApprovePage{
		Frame: v.frame("Sign in this TV?", ""), Code: dashed(req.Code), Name: req.Name, Model: req.Model, Kind: kindWord(req.Kind),
		TV: Spot{req.IP, req.Place}, You: Spot{you.IP, you.Place}, Distance: api.DistanceOf(req.IP, you.IP, s.c.Country),
		Asked: req.Asked, Expires: req.Until, Ends: ends,
	}
	switch {
	case problem != nil && problem.Field == "seen":
		page.Unseen = true
	case problem != nil && problem.Field == "ends":
		page.Ends.Error = problem.Text
	case problem != nil:
		page.Full = v.full
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

func (s *Site) tvDecide(v *visit) error {
	code := tidy(v.form("code"))
	switch v.form("do") {
	case "approve":
		if step := v.missing(needProof); step != "" {
			v.detour(step)
			return nil
		}
		return s.approve(v, code)
	case "refuse": // which gives nothing away: nobody looks for a password first
		if err := s.c.Devices.Refuse(v.ctx(), v.now, v.session, code); err != nil {
			return s.tvRejected(v, code, EndField{}, err)
		}
		return v.done("refused", "/account/devices")
	}
	return errBadForm
}

func (s *Site) approve(v *visit, code string) error {
	ends, field, ok := v.endDate()
	if !ok {
		return s.showRequest(v, http.StatusUnprocessableEntity, code, field, &Problem{"ends", noDate})
	}
	if v.form("seen") == "" {
		switch req, err := s.c.Devices.Pending(v.ctx(), v.now, v.session, code); {
		case err != nil:
			return s.tvRejected(v, code, field, err)
		case api.DistanceOf(req.IP, v.client().IP, s.c.Country).Far():
			return s.showRequest(v, http.StatusUnprocessableEntity, code, field, &Problem{Field: "seen"})
		}
	}
	id, err := s.c.Devices.ApproveUntil(v.ctx(), v.now, v.session, code, ends)
	if err != nil {
		return s.tvRejected(v, code, field, err)
	}
	s.Changed(v.session.Account)
	v.redirect("/tv/done?device=" + string(id))
	return nil
}

func (s *Site) tvRejected(v *visit, code string, ends EndField, err error) error {
	v.full = errors.Is(err, device.ErrLimit)
	p, status, err := v.rejectedCode(err)
	if err != nil {
		return err
	}
	if p.Field == "code" || status == http.StatusTooManyRequests {
		return s.showTV(v, status, code, &p)
	}
	return s.showRequest(v, status, code, ends, &p)
}

// rejectedCode is rejected, and says what was too much.
func (v *visit) rejectedCode(err error) (Problem, int, error) {
	p, status, rest := v.rejected(err)
	var throttled *account.ThrottledError
	if errors.As(err, &throttled) {
		p.Text = fmt.Sprintf("Too many codes that no TV shows were typed. For safety none is looked at for %s, not even a right one.", duration(throttled.RetryAfter))
	}
	return p, status, rest
}

// tvDone says that the TV is signed in.
func (s *Site) tvDone(v *visit) error {
	v.r.SetPathValue("device", v.r.URL.Query().Get("device"))
	d, err := s.card(v)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, TVDonePage{Frame: v.frame("Signed in", ""), Name: d.Name, Ends: d.Ends})
}
