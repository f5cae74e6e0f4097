package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

func (s *Site) signIn(v *visit) error {
	email, next := tidy(v.form("email")), local(v.form("next"))
	step, err := s.c.Accounts.SignIn(v.ctx(), v.now, account.SignInRequest{
		Login: email, Password: v.r.PostForm.Get("password"), Device: v.cookie(cookieDevice), From: v.client(),
	})
	if err != nil {
		if errors.Is(err, account.ErrAddress) {
			err = account.ErrCredentials
		}
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showSignIn(v, status, email, next, &p)
	}
	if step.Challenge != nil {
		v.keepSignIn(step.Challenge.ID, next)
		v.redirect("/signin/code")
		return nil
	}
	return s.enter(v, step.Done, next)
}

// enter makes a complete sign-in the browser's session.
func (s *Site) enter(v *visit, done account.SignedIn, next string) error {
	if v.signed { // the session that this browser held until now ends with it
		if err := s.c.Accounts.SignOut(v.ctx(), v.now, v.session); err != nil {
			return err
		}
	}
	v.begin(done)
	v.redirect("/profiles?next=" + url.QueryEscape(next))
	return nil
}

// keepSignIn keeps a sign-in that needs something more in the browser that
// began it, with where it leads.
func (v *visit) keepSignIn(id, next string) {
	v.put(cookieSignIn, id+"."+base64.RawURLEncoding.EncodeToString([]byte(next)), time.Hour)
}

func (v *visit) keptSignIn() (id, next string) {
	id, rest, _ := strings.Cut(v.cookie(cookieSignIn), ".")
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		raw = nil
	}
	return id, local(string(raw))
}

func (s *Site) signInCodeForm(v *visit) error { return s.showSignInCode(v, http.StatusOK, nil) }

func (s *Site) showSignInCode(v *visit, status int, problem *Problem) error {
	id, _ := v.keptSignIn()
	c, err := s.c.Accounts.PendingSignIn(v.ctx(), v.now, id)
	if errors.Is(err, account.ErrAttempt) {
		return v.signInOver()
	}
	if err != nil {
		return err
	}
	page := SignInCodePage{Frame: v.frame("One more step", ""), Code: Field{
		Name: "code", Label: "Access code", Autocomplete: "one-time-code", Class: "code-input",
		Digits: true, MaxLength: 6, Required: true, Focus: true,
	}}
	if c.Need == account.NeedSecondFactor {
		page.Second = true
		page.Code = Field{
			Name: "code", Label: "Code of your authenticator app, or a recovery code", Autocomplete: "one-time-code",
			MaxLength: 40, Required: true, Focus: true,
		}
	} else {
		page.To, page.Expires = c.Code.To, c.Code.Expires
	}
	for _, d := range c.Channels {
		page.Channels = append(page.Channels, ChannelChoice{string(d.Channel), d.Address})
	}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (v *visit) signInOver() error {
	v.drop(cookieSignIn)
	return v.done("signInOver", "/signin")
}

func (s *Site) signInCode(v *visit) error {
	id, next := v.keptSignIn()
	c, err := s.c.Accounts.PendingSignIn(v.ctx(), v.now, id)
	if err == nil {
		var done account.SignedIn
		done, err = s.c.Accounts.ContinueSignIn(v.ctx(), v.now, id, answerOf(c.Need, tidy(v.form("code"))), v.cookie(cookieDevice), v.client())
		if err == nil {
			return s.enter(v, done, next)
		}
	}
	if errors.Is(err, account.ErrAttempt) {
		return v.signInOver()
	}
	p, status, err := v.rejected(err)
	if err != nil {
		return err
	}
	return s.showSignInCode(v, status, &p)
}

// answerOf tells what was typed by its length: six digits are an app's code,
// anything longer is a recovery code.
func answerOf(need account.Need, typed string) account.Answer {
	switch digits := strings.ReplaceAll(typed, " ", ""); {
	case need == account.NeedCode:
		return account.Answer{Code: typed}
	case len(digits) <= 6:
		return account.Answer{TOTP: typed}
	}
	return account.Answer{RecoveryCode: typed}
}

func (s *Site) resendSignInCode(v *visit) error {
	id, _ := v.keptSignIn()
	_, err := s.c.Accounts.SendSignInCode(v.ctx(), v.now, id, account.Channel(v.form("channel")), v.client())
	if errors.Is(err, account.ErrAttempt) {
		return v.signInOver()
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showSignInCode(v, status, &p)
	}
	return v.done("codeSent", "/signin/code")
}
