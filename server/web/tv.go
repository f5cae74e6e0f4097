package web

import (
	"errors"
	"net/http"
	"net/netip"

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
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showTV(v, status, code, &p)
	}
	page := TVApprovePage{
		Frame: v.frame("Sign in this TV?", ""), Code: dashed(req.Code), Name: req.Name, Model: req.Model,
		Address: req.IP, Place: req.Place, SameNetwork: sameNetwork(req.IP, s.c.Origins.Addr(v.r).String()),
		Asked: req.Asked, Expires: req.Until, Ends: ends,
	}
	switch {
	case problem != nil && problem.Field == "ends":
		page.Ends.Error = problem.Text
	case problem != nil:
		page.Full = v.full
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

// sameNetwork reports whether two addresses are likely of one home: the same
// public IPv4 address, the same IPv6 /64, or both of this machine.
func sameNetwork(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	if err1 != nil || err2 != nil {
		return false
	}
	x, y = x.Unmap().WithZone(""), y.Unmap().WithZone("")
	if x.IsLoopback() && y.IsLoopback() {
		return true
	}
	if x.Is6() && y.Is6() {
		p, err := x.Prefix(64)
		return err == nil && p.Contains(y)
	}
	if x.IsPrivate() && y.IsPrivate() { // a server at home sees the home's own addresses
		p, err := x.Prefix(24)
		return err == nil && p.Contains(y)
	}
	return x == y
}

func (s *Site) tvDecide(v *visit) error {
	code := tidy(v.form("code"))
	switch v.form("do") {
	case "approve":
		return s.approve(v, code)
	case "refuse":
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
	p, status, err := v.rejected(err)
	if err != nil {
		return err
	}
	if p.Field == "code" || status == http.StatusTooManyRequests {
		return s.showTV(v, status, code, &p)
	}
	return s.showRequest(v, status, code, ends, &p)
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
