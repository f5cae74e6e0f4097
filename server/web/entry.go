package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
)

func emailField(value string) Field {
	return Field{Name: "email", Label: "Email address", Type: "email", Value: value, Autocomplete: "username", MaxLength: 254, Required: true}
}

func passwordField() Field {
	return Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true}
}

// passwordHint says what a new password has to be.
func (s *Site) passwordHint() string {
	return fmt.Sprintf("At least %d characters. A few unrelated words are easy to remember and hard to guess.", s.c.MinPassword)
}

func newPasswordField(name, label string) Field {
	return Field{Name: name, Label: label, Type: "password", Autocomplete: "new-password", Required: true}
}

// front is the landing page, or the profile's home.
func (s *Site) front(v *visit) error {
	if v.signed {
		if step := v.missing(needProfile); step != "" {
			v.redirect(step)
			return nil
		}
		return s.home(v)
	}
	return v.show(http.StatusOK, LandingPage{v.frame("Sign-out you can see", "")})
}

func (s *Site) signUpForm(v *visit) error {
	return s.showSignUp(v, http.StatusOK, "", nil)
}

func (s *Site) showSignUp(v *visit, status int, email string, problem *Problem) error {
	page := SignUpPage{Frame: v.frame("Create an account", ""), Email: emailField(email), Password: newPasswordField("password", "Password")}
	page.Password.Hint = s.passwordHint()
	page.Email.Focus = problem == nil
	if problem != nil && !page.Email.mark(*problem) && !page.Password.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) signUp(v *visit) error {
	email := tidy(v.form("email"))
	attempt, err := s.c.Accounts.SignUp(v.ctx(), v.now, email, v.r.PostForm.Get("password"), v.language(), v.client())
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showSignUp(v, status, email, &p)
	}
	v.remember(attempt)
	v.redirect("/verify")
	return nil
}

// language is what a new account's language is to be: the one chosen here, or the
// browser's first as a short tag, "en" where unclear.
func (v *visit) language() string {
	if l, ok := words.Known(v.cookie(cookieLanguage)); ok {
		return string(l)
	}
	first, _, _ := strings.Cut(v.r.Header.Get("Accept-Language"), ",")
	first, _, _ = strings.Cut(first, "-")
	first, _, _ = strings.Cut(first, ";")
	for _, l := range languages {
		if strings.EqualFold(strings.TrimSpace(first), l.Tag) {
			return l.Tag
		}
	}
	return "en"
}

func (s *Site) verifyForm(v *visit) error { return s.showVerify(v, http.StatusOK, nil) }

func (s *Site) showVerify(v *visit, status int, problem *Problem) error {
	a, ok := v.attempt()
	if !ok {
		return v.done("attemptOver", "/signup")
	}
	page := VerifyPage{Frame: v.frame("Check your mail", ""), Email: a.Email, Code: codeField(), Sent: v.attemptCode(a)}
	var err error
	if page.Refused, err = s.refused(v, a); err != nil && !errors.Is(err, account.ErrAttempt) {
		return err
	}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

// attemptCode is the code of a sign-up.
func (v *visit) attemptCode(a account.Attempt) CodeState {
	c := v.codeState(account.CodeSent{Channel: account.ByMail, To: a.Email, Expires: a.Expires, ResendAt: a.ResendAt}, "/verify/resend")
	c.Ways = []CodeWay{{Channel: string(account.ByMail)}}
	return c
}

func (s *Site) verify(v *visit) error {
	a, ok := v.attempt()
	if !ok {
		return v.done("attemptOver", "/signup")
	}
	code := strings.ReplaceAll(tidy(v.form("code")), " ", "")
	done, err := s.c.Accounts.VerifyEmail(v.ctx(), v.now, a.ID, code, v.cookie(cookieDevice), v.client())
	switch {
	case errors.Is(err, account.ErrAttempt):
		v.drop(cookieAttempt)
		return v.done("attemptOver", "/signup")
	case errors.Is(err, account.ErrAddressTaken):
		v.drop(cookieAttempt)
		return v.done("addressHasOwner", "/signin")
	case err != nil:
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showVerify(v, status, &p)
	}
	v.begin(done)
	return v.done("verified", "/profiles")
}

func (s *Site) resend(v *visit) error {
	a, ok := v.attempt()
	if !ok {
		return v.done("attemptOver", "/signup")
	}
	a, err := s.c.Accounts.ResendCode(v.ctx(), v.now, a.ID, v.client())
	if errors.Is(err, account.ErrAttempt) {
		v.drop(cookieAttempt)
		return v.done("attemptOver", "/signup")
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showVerify(v, status, &p)
	}
	v.remember(a)
	return v.done("codeSent", "/verify")
}

// rejectedPassword is rejected where the address is not in question.
func (v *visit) rejectedPassword(err error) (Problem, int, error) {
	if errors.Is(err, account.ErrNoPassword) {
		return Problem{"password", "Type the password of this account."}, http.StatusUnprocessableEntity, nil
	}
	if errors.Is(err, account.ErrCredentials) {
		return Problem{"password", "That is not the password of this account."}, http.StatusUnprocessableEntity, nil
	}
	return v.rejected(err)
}
