package web

import (
	"net/http"

	"github.com/hearthkey/hearthkey/server/account"
)

// ProofPage asks for the password, or a passkey, again.
type ProofPage struct {
	Frame
	Problems []Problem
	Email    string
	Password Field
	Passkey  bool // the account has one, and this server takes it
	Next     string
}

func (s *Site) proofForm(v *visit) error {
	next := local(v.r.URL.Query().Get("next"))
	if v.session.Fresh(v.now) {
		v.redirect(next)
		return nil
	}
	return s.showProof(v, http.StatusOK, next, nil)
}

func (s *Site) showProof(v *visit, status int, next string, problem *Problem) error {
	page := ProofPage{Frame: v.frame("Is it you?", ""), Email: v.session.Email, Password: passwordField(), Next: next}
	if s.c.Passkeys {
		f, err := s.c.Accounts.Factors(v.ctx(), v.session)
		if err != nil {
			return err
		}
		page.Passkey = len(f.Passkeys) > 0
	}
	page.Password.Focus = !page.Passkey
	if problem != nil && !page.Password.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) proof(v *visit) error {
	web, err := s.c.Accounts.Prove(v.ctx(), v.now, v.session, v.r.PostForm.Get("password"))
	return s.proven(v, web, err)
}

func (s *Site) proofPasskeyBegin(v *visit) error {
	return v.ceremony(s.c.Accounts.BeginPasskeyProof(v.ctx(), v.now, v.session, ""))
}

func (s *Site) proofPasskey(v *visit) error {
	web, err := s.c.Accounts.ProveByPasskey(v.ctx(), v.now, v.session, v.passkeyAnswer(), "")
	return s.proven(v, web, err)
}

func (s *Site) proven(v *visit, web account.Web, err error) error {
	next := local(v.form("next"))
	if err != nil {
		p, status, err := v.rejectedPassword(err)
		if err != nil {
			return err
		}
		return s.showProof(v, status, next, &p)
	}
	v.renew(web)
	v.redirect(next)
	return nil
}
