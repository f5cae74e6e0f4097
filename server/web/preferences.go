package web

import (
	"errors"
	"net/http"

	"github.com/hearthkey/hearthkey/server/account"
)

// Choices is the form of what an owner chooses about codes and messages.
type Choices struct {
	account.Preferences
	Phone string // the number that notices can go to; empty: none
	Warn  bool   // access codes are about to be switched off: the form says what that means and asks again
}

// preferences saves the choices. Switching access codes off takes a second
// look (product rule V2: with a warning).
func (s *Site) preferences(v *visit) error {
	old, err := s.c.Accounts.Preferences(v.ctx(), v.session)
	if err != nil {
		return err
	}
	p := account.Preferences{
		CodeOnNewDevice: v.ticked("newcode"), SignInMails: v.ticked("signinmails"), SMSNotices: v.ticked("sms"),
		RemindDevices: v.ticked("reminddevices"), RemindPassword: v.ticked("remindpassword"),
	}
	if old.CodeOnNewDevice && !p.CodeOnNewDevice && !v.ticked("sure") {
		return s.showSecurity(v, http.StatusUnprocessableEntity, Choices{Preferences: p, Warn: true}, nil)
	}
	err = s.c.Accounts.SetPreferences(v.ctx(), v.now, v.session, p)
	if errors.Is(err, account.ErrNoPhone) {
		p.SMSNotices = false
		return s.showSecurity(v, http.StatusUnprocessableEntity, Choices{Preferences: p},
			&Problem{Text: "Notices can go by SMS once a phone number is added. Nothing was saved."})
	}
	if err != nil {
		return err
	}
	s.Changed(v.session.Account)
	return v.done("preferences", securityPath)
}
