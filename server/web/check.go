package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/server/account"
)

const checkPath = "/proof/check"

// CheckPage asks for an access code, or a second factor, before the account is
// changed in how it is reached or protected (product rule V2).
type CheckPage struct {
	Frame
	Problems []Problem
	Next     string
	Passkey  bool // one can be asked for
	App      bool
	Codes    bool // recovery codes do
	Mail     bool // an access code does
	Bounced  bool // mails to the household came back lately
	Sent     CodeState
	Code     Field // of the app, or the access code
	Recovery Field
}

// Waits reports whether an access code is on its way.
func (p CheckPage) Waits() bool { return !p.Sent.Expires.IsZero() }

func (s *Site) checkForm(v *visit) error {
	return s.showCheck(v, http.StatusOK, local(v.r.URL.Query().Get("next")), nil)
}

func (s *Site) showCheck(v *visit, status int, next string, problem *Problem) error {
	c, err := s.c.Accounts.Check(v.ctx(), v.now, v.session)
	if err != nil {
		return err
	}
	if c.Done {
		v.redirect(next)
		return nil
	}
	page := CheckPage{
		Frame: v.frame("One more check", ""), Next: next, Code: codeField(), Recovery: recoveryCodeField(),
		Passkey: s.c.Passkeys && slices.Contains(c.Factors, account.Passkeys),
		App:     slices.Contains(c.Factors, account.TOTP), Codes: slices.Contains(c.Factors, account.RecoveryCode),
		Mail: len(c.Channels) > 0, Sent: v.codeState(c.Code, checkPath+"/send"),
	}
	page.Sent.Next = next
	if page.Bounced, err = s.bounced(v); err != nil {
		return err
	}
	for _, d := range c.Channels {
		page.Sent.Ways = append(page.Sent.Ways, CodeWay{string(d.Channel), d.Address, d.Channel == account.BySMS})
	}
	if page.App {
		page.Code.Label = "Code of your authenticator app"
	}
	if problem != nil {
		page.Problems = page.mark(*problem)
	}
	return v.show(status, page)
}

// bounced reports whether a mail to where the account is reached came back.
func (s *Site) bounced(v *visit) (bool, error) {
	rows, err := s.bounces(v)
	return slices.ContainsFunc(rows, func(r BounceRow) bool { return strings.EqualFold(r.To, v.session.Email) }), err
}

// mark puts a problem beside its field, which alone has the focus then, or
// returns it for the form as a whole.
func (p *CheckPage) mark(problem Problem) []Problem {
	p.Code.Focus = false
	if ((p.App || p.Mail && p.Waits()) && p.Code.mark(problem)) || (p.Codes && p.Recovery.mark(problem)) {
		return nil
	}
	return []Problem{{Text: problem.Text}}
}

func checkAddress(next string) string { return checkPath + "?next=" + url.QueryEscape(next) }

// checkSend sends an access code, the first or another.
func (s *Site) checkSend(v *visit) error {
	next := local(v.form("next"))
	_, err := s.c.Accounts.SendCheck(v.ctx(), v.now, v.session, v.channel())
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showCheck(v, status, next, &p)
	}
	v.redirect(checkAddress(next))
	return nil
}

// check takes an access code, an app's code or a recovery code.
func (s *Site) check(v *visit) error {
	next := local(v.form("next"))
	c, err := s.c.Accounts.Check(v.ctx(), v.now, v.session)
	if err != nil {
		return err
	}
	if c.Done {
		v.redirect(next)
		return nil
	}
	a, field := account.Answer{Code: tidy(v.form("code"))}, "code"
	if slices.Contains(c.Factors, account.TOTP) {
		a = account.Answer{TOTP: a.Code}
	}
	if typed := tidy(v.form("recovery")); typed != "" {
		a, field = account.Answer{RecoveryCode: typed}, "recovery"
	}
	if a == (account.Answer{}) {
		return s.showCheck(v, http.StatusUnprocessableEntity, next, &Problem{field, "Type the code first."})
	}
	web, err := s.c.Accounts.AnswerCheck(v.ctx(), v.now, v.session, a)
	switch {
	case errors.Is(err, account.ErrNoChange):
		return s.showCheck(v, http.StatusUnprocessableEntity, next, &Problem{field, "That code has run out. Send a new one."})
	case err != nil:
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		if p.Field != "" {
			p.Field = field
		}
		return s.showCheck(v, status, next, &p)
	}
	v.renew(web)
	v.redirect(next)
	return nil
}
