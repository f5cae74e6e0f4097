package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/notify"
)

const (
	membershipPath = "/account/membership"
	codePath       = membershipPath + "/code"
	passwordPath   = membershipPath + "/password"
)

// ticked reports whether a box of the posted form was ticked.
func (v *visit) ticked(name string) bool { return v.form(name) == "yes" }

func currentField() Field {
	return Field{Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true}
}

// MembershipPage shows how the account is reached, and leads to its changes.
type MembershipPage struct {
	Frame
	Email        string
	Language     string // of the account, by its own name
	Phone        string // as people write it; empty: none
	PhoneNotices bool
	Waiting      []WaitingChange
	Bounces      []BounceRow
	EmailReturns time.Time // since when mails to it come back; zero: they do not
	PhoneReturns time.Time // and messages to the number
}

// PasswordPage changes the password.
type PasswordPage struct {
	Frame
	Problems            []Problem
	Email               string
	Current, New, Again Field
	Everywhere          bool
}

// WaitingChange is a change that waits for its access code.
type WaitingChange struct {
	Kind account.ChangeKind
	To   string // where the code went
}

func (s *Site) membership(v *visit) error {
	page := MembershipPage{Frame: v.frame("Membership", "membership"), Email: v.session.Email}
	page.Language = words.Match(v.session.Language).Own()
	phone, err := s.c.Accounts.Phone(v.ctx(), v.session)
	if err != nil {
		return err
	}
	page.Phone, page.PhoneNotices = spaced(phone.Number), phone.Notices
	if page.Waiting, err = s.waiting(v); err != nil {
		return err
	}
	if page.Bounces, err = s.bounces(v); err != nil {
		return err
	}
	if page.EmailReturns, err = s.returnedSince(v, notify.ChannelMail, v.session.Email); err != nil {
		return err
	}
	if page.PhoneReturns, err = s.returnedSince(v, notify.ChannelSMS, phone.Number); err != nil {
		return err
	}
	return v.show(http.StatusOK, page)
}

// returnedSince is since when messages to where the household is reached come back.
func (s *Site) returnedSince(v *visit, by notify.Channel, to string) (time.Time, error) {
	if s.c.ReturnedSince == nil || to == "" {
		return time.Time{}, nil
	}
	return s.c.ReturnedSince(v.ctx(), v.session.Account, by, to)
}

func (s *Site) passwordForm(v *visit) error { return s.showPassword(v, http.StatusOK, true, nil) }

func (s *Site) showPassword(v *visit, status int, everywhere bool, problem *Problem) error {
	page := PasswordPage{
		Frame: v.frame("Change password", "membership"), Email: v.session.Email, Everywhere: everywhere,
		Current: currentField(), New: newPasswordField("new", "New password"), Again: newPasswordField("again", "New password again"),
	}
	page.New.Hint = s.passwordHint()
	page.Current.Focus = problem == nil
	if problem != nil && !page.Current.mark(*problem) && !page.New.mark(*problem) && !page.Again.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// waiting lists what waits for a code in this browser.
func (s *Site) waiting(v *visit) ([]WaitingChange, error) {
	var out []WaitingChange
	for _, kind := range []account.ChangeKind{account.ChangesEmail, account.ChangesPhone} {
		c, err := s.c.Accounts.Waiting(v.ctx(), v.now, v.session, kind)
		if errors.Is(err, account.ErrNoChange) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, WaitingChange{kind, sentTo(c)})
	}
	return out, nil
}

// sentTo says where a change's code went, in full: the person typed it.
func sentTo(c account.Change) string {
	if c.Kind == account.ChangesPhone {
		return spaced(c.To)
	}
	return c.To
}

func (s *Site) changePassword(v *visit) error {
	form := v.r.PostForm
	everywhere := v.ticked("everywhere")
	if form.Get("new") != form.Get("again") {
		return s.showPassword(v, http.StatusUnprocessableEntity, everywhere, &Problem{"again", "The two new passwords are not the same."})
	}
	web, err := s.c.Accounts.ChangePassword(v.ctx(), v.now, v.session, form.Get("current"), form.Get("new"), everywhere)
	if err != nil {
		p, status, rest := v.rejectedPassword(err)
		if rest != nil {
			return rest
		}
		switch {
		case errors.Is(err, account.ErrCredentials):
			p.Field = "current"
		case p.Field != "": // what is wrong with a password is about the new one
			p.Field = "new"
		}
		return s.showPassword(v, status, everywhere, &p)
	}
	return s.changed(v, web, "password")
}

// EmailPage changes the address.
type EmailPage struct {
	Frame
	Problems   []Problem
	Now        string // the present address
	New        Field
	Current    Field
	Everywhere bool
}

func (s *Site) emailForm(v *visit) error { return s.showEmail(v, http.StatusOK, "", false, nil) }

func (s *Site) showEmail(v *visit, status int, typed string, everywhere bool, problem *Problem) error {
	page := EmailPage{
		Frame: v.frame("Change email address", "membership"), Now: v.session.Email, Everywhere: everywhere, Current: currentField(),
		New: Field{Name: "email", Label: "New email address", Type: "email", Value: typed, Autocomplete: "email", MaxLength: 254, Required: true, Focus: problem == nil},
	}
	if problem != nil && !page.New.mark(*problem) && !page.Current.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) changeEmail(v *visit) error {
	typed, current, everywhere := tidy(v.form("email")), v.r.PostForm.Get("current"), v.ticked("everywhere")
	if current == "" {
		return s.showEmail(v, http.StatusUnprocessableEntity, typed, everywhere, &Problem{"current", "Type your current password too."})
	}
	_, err := s.c.Accounts.ChangeEmail(v.ctx(), v.now, v.session, current, typed, everywhere)
	if err != nil {
		p, status, err := v.rejectedContact(err, "email", "This is your address already.")
		if err != nil {
			return err
		}
		return s.showEmail(v, status, typed, everywhere, &p)
	}
	v.redirect(codeAddress(account.ChangesEmail))
	return nil
}

// rejectedContact is rejected for a form with a field for the new address or
// number and one for the current password.
func (v *visit) rejectedContact(err error, field, same string) (Problem, int, error) {
	switch {
	case errors.Is(err, account.ErrSame):
		return Problem{field, same}, http.StatusUnprocessableEntity, nil
	case errors.Is(err, account.ErrNoPassword):
		return Problem{"current", "Type the password of this account."}, http.StatusUnprocessableEntity, nil
	case errors.Is(err, account.ErrCredentials):
		return Problem{"current", "That is not the password of this account."}, http.StatusUnprocessableEntity, nil
	}
	return v.rejected(err)
}

// ChangeCodePage asks for the access code that completes a change.
type ChangeCodePage struct {
	Frame
	Problems []Problem
	Kind     account.ChangeKind
	To       string // where the code went
	SMS      bool
	Code     Field
	Expires  time.Time
	Over     bool // the code works no longer
	Wait     int  // seconds that it is too early for another
}

func codeAddress(kind account.ChangeKind) string { return codePath + "?of=" + string(kind) }

// changeKind reads which change a page is about.
func changeKind(s string) (account.ChangeKind, bool) {
	switch k := account.ChangeKind(s); k {
	case account.ChangesEmail, account.ChangesPhone:
		return k, true
	}
	return "", false
}

func (s *Site) changeCodeForm(v *visit) error {
	kind, ok := changeKind(v.r.URL.Query().Get("of"))
	if !ok {
		return errNotFound
	}
	return s.showChangeCode(v, http.StatusOK, kind, nil)
}

func (s *Site) showChangeCode(v *visit, status int, kind account.ChangeKind, problem *Problem) error {
	c, err := s.c.Accounts.Waiting(v.ctx(), v.now, v.session, kind)
	if errors.Is(err, account.ErrNoChange) {
		return v.done("changeOver", membershipPath)
	}
	if err != nil {
		return err
	}
	sent := v.codeState(c.Sent, "")
	page := ChangeCodePage{
		Frame: v.frame("Enter the code", "membership"), Kind: kind, To: sentTo(c), SMS: sent.SMS,
		Expires: sent.Expires, Over: sent.Over, Wait: sent.Wait(), Code: codeField(),
	}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func codeField() Field {
	return Field{
		Name: "code", Label: "Access code", Autocomplete: "one-time-code", Class: "code-input",
		Digits: true, MaxLength: 6, Required: true, Focus: true,
	}
}

func (s *Site) changeCode(v *visit) error {
	kind, ok := changeKind(v.form("of"))
	if !ok {
		return errNotFound
	}
	web, err := s.c.Accounts.ConfirmChange(v.ctx(), v.now, v.session, kind, v.form("code"))
	switch {
	case errors.Is(err, account.ErrNoChange):
		return v.done("changeOver", membershipPath)
	case err != nil:
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		p.Field = "code"
		return s.showChangeCode(v, status, kind, &p)
	}
	return s.changed(v, web, noticeID(kind))
}

func (s *Site) changeCodeResend(v *visit) error {
	kind, ok := changeKind(v.form("of"))
	if !ok {
		return errNotFound
	}
	_, err := s.c.Accounts.ResendChange(v.ctx(), v.now, v.session, kind)
	if errors.Is(err, account.ErrNoChange) {
		return v.done("changeOver", membershipPath)
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showChangeCode(v, status, kind, &p)
	}
	return v.done("codeSent", codeAddress(kind))
}

// changed goes on under the new token and says what is saved. Where all else
// was signed out, the board is where that can be watched.
func (s *Site) changed(v *visit, web account.Web, said noticeID) error {
	everywhere := web.Session.Generation != v.session.Generation
	v.renew(web)
	s.Changed(v.session.Account)
	if everywhere {
		return v.done(said+"All", "/account/devices")
	}
	return v.done(said, membershipPath)
}
