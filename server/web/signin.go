package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// SignInPage asks for an address or number and the password, or for a passkey
// alone.
type SignInPage struct {
	Frame
	Problems        []Problem
	Email, Password Field
	Passkey         bool // this server takes them
	Next            string
}

// loginField takes what an account is found by. Browsers that can offer
// passkeys in it.
func loginField(value string) Field {
	return Field{
		Name: "email", Label: "Email address or phone number", Value: value, Autocomplete: "username webauthn",
		MaxLength: 254, Required: true, Literal: true,
	}
}

func (s *Site) signInForm(v *visit) error {
	next := local(v.r.URL.Query().Get("next"))
	if v.signed {
		v.redirect(next)
		return nil
	}
	return s.showSignIn(v, http.StatusOK, "", next, nil)
}

func (s *Site) showSignIn(v *visit, status int, login, next string, problem *Problem) error {
	page := SignInPage{
		Frame: v.frame("Sign in", ""), Email: loginField(login), Password: passwordField(), Next: next, Passkey: s.c.Passkeys,
	}
	page.Email.Focus = problem == nil
	if problem != nil {
		page.Problems = []Problem{{Text: problem.Text}} // never beside one field: it is not said which one is wrong
	}
	return v.show(status, page)
}

func (s *Site) signIn(v *visit) error {
	login, next := tidy(v.form("email")), local(v.form("next"))
	step, err := s.c.Accounts.SignIn(v.ctx(), v.now, account.SignInRequest{
		Login: login, Password: v.r.PostForm.Get("password"), Device: v.cookie(cookieDevice), From: v.client(),
		Region: v.region(), Language: v.language(),
	})
	if err != nil {
		p, status, err := v.rejectedSignIn(err)
		if err != nil {
			return err
		}
		return s.showSignIn(v, status, login, next, &p)
	}
	if step.Challenge != nil {
		v.keepSignIn(step.Challenge.ID, next)
		v.redirect(challengePath)
		return nil
	}
	return s.enter(v, step.Done, next)
}

// rejectedSignIn is rejected where nobody is told whether an account exists.
func (v *visit) rejectedSignIn(err error) (Problem, int, error) {
	if errors.Is(err, account.ErrCredentials) || errors.Is(err, account.ErrAddress) {
		return Problem{Text: "The address or number, or the password, is wrong. Check both and try again."}, http.StatusUnprocessableEntity, nil
	}
	return v.rejected(err)
}

// enter makes a complete sign-in the browser's session.
func (s *Site) enter(v *visit, done account.SignedIn, next string) error {
	if err := s.takeOver(v, done); err != nil {
		return err
	}
	v.redirect("/profiles?next=" + url.QueryEscape(next))
	return nil
}

// takeOver begins a session in this browser; the one that it held until now
// ends with it.
func (s *Site) takeOver(v *visit, done account.SignedIn) error {
	if _, err := s.endSession(v); err != nil {
		return err
	}
	v.begin(done)
	return nil
}

func (s *Site) signInPasskeyBegin(v *visit) error {
	return v.ceremony(s.c.Accounts.BeginPasskeySignIn(v.ctx(), v.now, v.client()))
}

// signInPasskey takes a passkey alone: it is two factors in one.
func (s *Site) signInPasskey(v *visit) error {
	next := local(v.form("next"))
	done, err := s.c.Accounts.PasskeySignIn(v.ctx(), v.now, v.passkeyAnswer(), v.cookie(cookieDevice), v.client())
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showSignIn(v, status, "", next, &p)
	}
	return s.enter(v, done, next)
}

// endSession ends the session of this browser, if it has one, and tells whose it
// was. It goes by the cookie, for a proof in another tab may have replaced the
// token since.
func (s *Site) endSession(v *visit) (protocol.AccountID, error) {
	token := v.cookie(cookieSession)
	if token == "" {
		return "", nil
	}
	acc, err := s.c.Accounts.SignOutToken(v.ctx(), v.now, token, v.client())
	if errors.Is(err, account.ErrSignedOut) {
		err = nil
	}
	return acc, err
}

func (s *Site) signOut(v *visit) error {
	acc, err := s.endSession(v)
	if err != nil {
		return err
	}
	if acc != "" {
		s.Changed(acc)
	}
	v.drop(cookieSession)
	v.drop(cookieProfile)
	v.drop(cookieWalk)
	v.w.Header().Set("Clear-Site-Data", `"cache", "storage"`) // the cookies that stay make this a known device
	if acc == "" {
		return v.done("ended", "/signin") // before, or by somebody else
	}
	return v.done("signedOut", "/signin")
}
