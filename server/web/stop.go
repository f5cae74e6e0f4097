package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/notify"
)

// StopPage asks for the one confirmation of "It wasn't me" in the mail of an access
// code, and then says what else to do.
type StopPage struct {
	Frame
	Link     string // the token
	Done     bool
	Asked    time.Time
	Expires  time.Time
	What     string // was asked for: "a sign-in"
	Password bool   // whoever asked knows the password
	Inside   bool   // whoever asked is signed in
	Anybody  bool   // anybody can ask for it who knows the address
	Address  bool   // it is about this address becoming that of an account
}

// stopNames say what a code was asked for, to go after "for".
var stopNames = map[account.Purpose]string{
	account.ForSignIn:   "a sign-in to your account",
	account.ForCheck:    "a change of how your account is reached or protected",
	account.ForRecovery: "a new password for your account",
	account.ForSignUp:   "a new account with your address",
	account.ForEmail:    "your address as that of another account",
}

func (s *Site) stopPage(v *visit, title string, what account.Stop) StopPage {
	page := StopPage{Frame: v.frame(title, ""), What: cmp.Or(stopNames[what.Purpose], stopNames[account.ForEmail]), Asked: what.Asked, Expires: what.Expires}
	switch what.Purpose {
	case account.ForSignIn:
		page.Password = true
	case account.ForCheck:
		page.Inside = true
	case account.ForRecovery:
		page.Anybody = true
	default: // it is about an address
		page.Address = true
	}
	return page
}

func (s *Site) stopForm(v *visit) error {
	link := linkParam(v.r.URL.Query().Get(notify.LinkParam))
	what, err := s.c.Accounts.LookStop(v.ctx(), v.now, link)
	if errors.Is(err, account.ErrLink) {
		return s.linkOver(v)
	}
	if err != nil {
		return err
	}
	page := s.stopPage(v, "It wasn’t you?", what)
	page.Link = link
	return v.show(http.StatusOK, page)
}

func (s *Site) stop(v *visit) error {
	what, err := s.c.Accounts.StopAttempt(v.ctx(), v.now, linkParam(v.form(notify.LinkParam)), v.client())
	if errors.Is(err, account.ErrLink) {
		return s.linkOver(v)
	}
	if err != nil {
		return err
	}
	page := s.stopPage(v, "It is stopped", what)
	page.Done = true
	return v.show(http.StatusOK, page)
}
