package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

const challengePath = "/signin/code"

// SignInCodePage asks for the access code of a sign-in on a device that is not
// known, or that looks suspicious.
type SignInCodePage struct {
	Frame
	Problems []Problem
	Code     Field
	Sent     CodeState
}

// SignInFactorPage asks for a second factor after the password.
type SignInFactorPage struct {
	Frame
	Problems []Problem
	Passkey  bool // one can be asked for
	App      bool // the account has an authenticator app
	Code     Field
	Codes    bool // the account has recovery codes left
	Recovery Field
	Unusual  bool // asked for because the sign-in is; otherwise the password would do
}

// CodeState is an access code on its way, as far as a page shows it.
type CodeState struct {
	To       string // masked; empty: not said
	SMS      bool
	Expires  time.Time // zero: none is on its way
	Over     bool      // the one on its way no longer works: its tries are used up, or its time
	ResendAt time.Time // when another can be asked for
	Ways     []CodeWay
	Resend   string // where another is asked for
	Next     string // goes with it, where the page leads somewhere
	Now      time.Time
	Dev      bool
}

// Wait is how many seconds it is too early for another code.
func (c CodeState) Wait() int {
	return int(max(0, c.ResendAt.Sub(c.Now)+time.Second-1) / time.Second)
}

// CodeWay is a way in which another code can be sent.
type CodeWay struct {
	Channel string
	To      string // masked; empty: not said
	SMS     bool
}

func (v *visit) codeState(sent account.CodeSent, resend string) CodeState {
	return CodeState{
		To: sent.To, SMS: sent.Channel == account.BySMS, Expires: sent.Expires, ResendAt: sent.ResendAt,
		Over:   v.codeOver || sent.Over || (!sent.Expires.IsZero() && !v.now.Before(sent.Expires)),
		Resend: resend, Now: v.now, Dev: v.s.c.Outbox != nil,
	}
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

func (v *visit) signInOver() error {
	v.drop(cookieSignIn)
	return v.done("signInOver", "/signin")
}

func (s *Site) signInCodeForm(v *visit) error { return s.showChallenge(v, http.StatusOK, nil) }

// showChallenge shows what the sign-in of this browser waits for.
func (s *Site) showChallenge(v *visit, status int, problem *Problem) error {
	id, _ := v.keptSignIn()
	c, err := s.c.Accounts.PendingSignIn(v.ctx(), v.now, id)
	if errors.Is(err, account.ErrAttempt) {
		return v.signInOver()
	}
	if err != nil {
		return err
	}
	if c.Need == account.NeedSecondFactor {
		return s.showFactor(v, status, c, problem)
	}
	page := SignInCodePage{Frame: v.frame("Enter the code", ""), Code: codeField(), Sent: v.codeState(c.Code, challengePath+"/resend")}
	for _, d := range c.Channels {
		page.Sent.Ways = append(page.Sent.Ways, CodeWay{string(d.Channel), d.Address, d.Channel == account.BySMS})
	}
	if problem != nil && !page.Code.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) showFactor(v *visit, status int, c *account.Challenge, problem *Problem) error {
	page := SignInFactorPage{
		Frame: v.frame("Second factor", ""), Code: codeField(), Recovery: recoveryCodeField(),
		Passkey: s.c.Passkeys && slices.Contains(c.Factors, account.Passkeys),
		App:     slices.Contains(c.Factors, account.TOTP), Codes: slices.Contains(c.Factors, account.RecoveryCode),
		Unusual: c.Unusual,
	}
	page.Code.Label = "Code of your authenticator app"
	page.Code.Focus = page.App && !page.Passkey
	if problem != nil {
		page.Problems = page.mark(*problem)
	}
	return v.show(status, page)
}

// mark puts a problem beside its field, which alone has the focus then, or
// returns it for the form as a whole.
func (p *SignInFactorPage) mark(problem Problem) []Problem {
	p.Code.Focus = false
	if (p.App && p.Code.mark(problem)) || (p.Codes && p.Recovery.mark(problem)) {
		return nil
	}
	return []Problem{{Text: problem.Text}}
}

func recoveryCodeField() Field {
	return Field{
		Name: "recovery", Label: "Recovery code", Autocomplete: "off", MaxLength: 64, Required: true, Literal: true,
		Hint: "One of those that you kept when you set up the second factor. Each works once.",
	}
}

// signInCode takes an access code, an app's code or a recovery code.
func (s *Site) signInCode(v *visit) error {
	id, _ := v.keptSignIn()
	c, err := s.c.Accounts.PendingSignIn(v.ctx(), v.now, id)
	if err != nil {
		return s.answered(v, account.SignedIn{}, "", err)
	}
	a, field := account.Answer{Code: tidy(v.form("code"))}, "code"
	if c.Need == account.NeedSecondFactor {
		a = account.Answer{TOTP: a.Code}
		if typed := tidy(v.form("recovery")); typed != "" {
			a, field = account.Answer{RecoveryCode: typed}, "recovery"
		}
	}
	if a == (account.Answer{}) {
		return s.showChallenge(v, http.StatusUnprocessableEntity, &Problem{field, "Type the code first."})
	}
	done, err := s.c.Accounts.ContinueSignIn(v.ctx(), v.now, id, a, v.cookie(cookieDevice), v.client())
	var wrong *account.WrongCodeError
	if errors.As(err, &wrong) && wrong.Left == 0 && c.Need == account.NeedSecondFactor {
		v.drop(cookieSignIn) // there is no other code to ask for
		return v.done("factorTries", "/signin")
	}
	return s.answered(v, done, field, err)
}

func (s *Site) signInFactorBegin(v *visit) error {
	id, _ := v.keptSignIn()
	c, err := s.c.Accounts.BeginPasskeyFactor(v.ctx(), v.now, id)
	if errors.Is(err, account.ErrAttempt) { // the script obeys: the page says that it is over
		v.redirect(challengePath)
		return nil
	}
	return v.ceremony(c, err)
}

func (s *Site) signInFactor(v *visit) error {
	id, _ := v.keptSignIn()
	a := v.passkeyAnswer()
	done, err := s.c.Accounts.ContinueSignIn(v.ctx(), v.now, id, account.Answer{Passkey: &a}, v.cookie(cookieDevice), v.client())
	var wrong *account.WrongCodeError
	if errors.As(err, &wrong) {
		err = account.ErrPasskey
	}
	return s.answered(v, done, "", err)
}

// answered goes on after an answer to the challenge, which was given in a field.
func (s *Site) answered(v *visit, done account.SignedIn, field string, err error) error {
	switch {
	case err == nil:
		_, next := v.keptSignIn()
		return s.enter(v, done, next)
	case errors.Is(err, account.ErrAttempt), errors.Is(err, account.ErrCredentials):
		return v.signInOver()
	case errors.Is(err, account.ErrAnswer):
		return s.showChallenge(v, http.StatusUnprocessableEntity, &Problem{Text: "Something else is asked for here: see below."})
	}
	p, status, err := v.rejected(err)
	if err != nil {
		return err
	}
	if p.Field != "" {
		p.Field = field
	}
	return s.showChallenge(v, status, &p)
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
		return s.showChallenge(v, status, &p)
	}
	return v.done("codeSent", challengePath)
}
