package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/notify"
)

const securityPath = "/account/security"

// SecurityPage shows what protects the account besides the password.
type SecurityPage struct {
	Frame
	Problems    []Problem
	Second      bool // the password needs a second factor
	App         bool // an authenticator app is on
	AppSince    time.Time
	Passkeys    []PasskeyRow
	CanPasskeys bool // the server's address allows them
	Codes       int  // unused recovery codes
	Bounces     []BounceRow
	Reset       time.Time // when support removes the second factor; zero: it does not
	Choices     Choices
}

// FactorCount counts what can stand beside the password.
func (p SecurityPage) FactorCount() int {
	n := len(p.Passkeys)
	if p.App {
		n++
	}
	return n
}

// CanSwitch reports whether the owner chooses if the password needs a second
// factor: an authenticator app always does, and without a factor nothing can.
func (p SecurityPage) CanSwitch() bool { return !p.App && (p.Second || len(p.Passkeys) > 0) }

// BounceRow is a message that did not reach the household.
type BounceRow struct {
	ID      string
	To      string
	Subject string // empty: an SMS
	Reason  string
	At      time.Time
}

func (s *Site) security(v *visit) error {
	p, err := s.c.Accounts.Preferences(v.ctx(), v.session)
	if err != nil {
		return err
	}
	return s.showSecurity(v, http.StatusOK, Choices{Preferences: p}, nil)
}

func (s *Site) showSecurity(v *visit, status int, c Choices, problem *Problem) error {
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	c.Phone = spaced(phone.Number)
	page := SecurityPage{
		Frame: v.frame("Security", "security"), Second: f.Second, App: f.TOTP, AppSince: f.TOTPSince,
		CanPasskeys: s.c.Passkeys, Codes: f.Codes, Choices: c,
	}
	for _, k := range f.Passkeys {
		page.Passkeys = append(page.Passkeys, passkeyRow(k))
	}
	page.Removing = time.Time{} // it says so itself
	if page.Reset, err = s.c.Accounts.FactorReset(v.ctx(), v.session); err != nil {
		return err
	}
	if page.Bounces, err = s.bounces(v); err != nil {
		return err
	}
	if problem != nil {
		page.Problems = []Problem{{Text: problem.Text}}
	}
	return v.show(status, page)
}

// keepFactor stops the removal of the second factor by support.
func (s *Site) keepFactor(v *visit) error {
	err := s.c.Accounts.LiftFactorReset(v.ctx(), v.now, v.session)
	if errors.Is(err, account.ErrNoReset) {
		return v.done("noFactor", securityPath)
	}
	if err != nil {
		return err
	}
	return v.done("factorKept", securityPath)
}

// keepAddress stops support giving the account another address.
func (s *Site) keepAddress(v *visit) error {
	err := s.c.Accounts.LiftContactReset(v.ctx(), v.now, v.session)
	if errors.Is(err, account.ErrNoMove) {
		return v.done("noMove", securityPath)
	}
	if err != nil {
		return err
	}
	return v.done("addressKept", securityPath)
}

// maxBounces is how many lost messages a page lists.
const maxBounces = 5

// bounces lists the newest messages to the household that were given up.
func (s *Site) bounces(v *visit) ([]BounceRow, error) {
	if s.c.Bounces == nil {
		return nil, nil
	}
	list, err := s.c.Bounces(v.ctx(), v.session.Account, maxBounces)
	if err != nil {
		return nil, err
	}
	out := make([]BounceRow, 0, len(list))
	for _, b := range list {
		row := BounceRow{ID: b.ID, To: b.To, Subject: b.Subject, Reason: b.Reason, At: b.At}
		if b.Channel == notify.ChannelSMS {
			row.To = spaced(b.To)
		}
		out = append(out, row)
	}
	return out, nil
}

// SecondFactorPage asks before the second factor is switched on or off where
// there is a passkey.
type SecondFactorPage struct {
	Frame
	Problems   []Problem
	Needed     bool // as it is now
	Everywhere bool
}

func (s *Site) secondFactorForm(v *visit) error {
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	switch {
	case f.TOTP:
		return v.done("appAsks", securityPath)
	case len(f.Passkeys) == 0 && !f.Second:
		return v.done("noFactor", securityPath)
	}
	return s.showSecondFactor(v, http.StatusOK, f.Second, false, nil)
}

func (s *Site) showSecondFactor(v *visit, status int, needed, everywhere bool, problem *Problem) error {
	page := SecondFactorPage{Frame: v.frame("Second factor", "security"), Needed: needed, Everywhere: everywhere}
	if problem != nil {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) secondFactor(v *visit) error {
	needed, everywhere := v.form("needed") == "yes", v.ticked("everywhere")
	if !needed && v.form("needed") != "no" { // what was left out must not switch it off
		f, err := s.c.Accounts.Factors(v.ctx(), v.session)
		if err != nil {
			return err
		}
		return s.showSecondFactor(v, http.StatusUnprocessableEntity, f.Second, everywhere, &Problem{Text: "Choose whether it is asked for. Nothing was changed."})
	}
	web, err := s.c.Accounts.SetSecondFactor(v.ctx(), v.now, v.session, needed, everywhere)
	if errors.Is(err, account.ErrNoFactor) {
		return v.done("noFactor", securityPath)
	}
	if err != nil {
		return err
	}
	v.renew(web)
	s.Changed(v.session.Account)
	if needed {
		return s.afterFactor(v, "secondOn", nil, everywhere)
	}
	return s.afterFactor(v, "secondOff", nil, everywhere)
}

// FactorRemovePage asks before a factor is removed.
type FactorRemovePage struct {
	Frame
	Action     string
	Passkey    string // its name; empty: the authenticator app
	Last       bool   // the password alone signs in afterwards
	Everywhere bool
}

// afterFactor says that a change of the factors is saved. New recovery codes
// are shown at once, in the answer itself: they are nowhere to be fetched again.
func (s *Site) afterFactor(v *visit, n noticeID, codes []string, everywhere bool) error {
	if len(codes) > 0 {
		return s.showCodes(v, n, codes, everywhere)
	}
	if everywhere {
		return v.done(n+"All", "/account/devices")
	}
	return v.done(n, securityPath)
}
