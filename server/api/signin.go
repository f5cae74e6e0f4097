package api

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// challengeAnswer is a sign-in with the right password that needs something
// more.
type challengeAnswer struct {
	Challenge string            `json:"challenge"`
	Need      string            `json:"need"`
	Code      *codeAnswer       `json:"code,omitempty"`
	Channels  map[string]string `json:"channels,omitempty"` // where a code can go, masked
	Factors   []account.Factor  `json:"factors,omitempty"`
	Expires   time.Time         `json:"expires"`
}

// codeAnswer is an access code on its way.
type codeAnswer struct {
	Channel  string    `json:"channel"`
	To       string    `json:"to"`
	Expires  time.Time `json:"expires"`
	ResendAt time.Time `json:"resend_at"`
}

func challengeOf(ch *account.Challenge) challengeAnswer {
	if ch == nil {
		return challengeAnswer{}
	}
	out := challengeAnswer{Challenge: ch.ID, Need: string(ch.Need), Factors: ch.Factors, Expires: ch.Expires.UTC()}
	for _, d := range ch.Channels {
		if out.Channels == nil {
			out.Channels = map[string]string{}
		}
		out.Channels[string(d.Channel)] = d.Address
	}
	if ch.Code.Channel != "" {
		out.Code = &codeAnswer{string(ch.Code.Channel), ch.Code.To, ch.Code.Expires.UTC(), ch.Code.ResendAt.UTC()}
	}
	return out
}

func (a *API) signIn(c *call) error {
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Device   string `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("email", in.Email, 1, maxEmail),
		text("password", in.Password, 1, maxPassword),
		text("device", in.Device, 0, maxToken),
	); err != nil {
		return err
	}
	step, err := a.cfg.Accounts.SignIn(c.ctx(), c.now, account.SignInRequest{
		Login: in.Email, Password: in.Password, Device: a.deviceOf(c, in.Device), From: c.client,
		Region: Region(c.r),
	})
	if step.Challenge != nil {
		return c.accepted(challengeOf(step.Challenge), err)
	}
	return a.entered(c, http.StatusOK, step.Done, err)
}

func (a *API) sendSignInCode(c *call) error {
	var in struct {
		Challenge string `json:"challenge"`
		Channel   string `json:"channel"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(text("challenge", in.Challenge, 1, maxToken), text("channel", in.Channel, 1, maxShort)); err != nil {
		return err
	}
	ch, err := a.cfg.Accounts.SendSignInCode(c.ctx(), c.now, in.Challenge, account.Channel(in.Channel), c.client)
	return c.accepted(challengeOf(ch), err)
}

// challenge reads the body that names a sign-in under way and nothing else.
func (c *call) challenge() (string, error) {
	var in struct {
		Challenge string `json:"challenge"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	return in.Challenge, text("challenge", in.Challenge, 1, maxToken)
}

// pendingSignIn tells a challenge again. It is a POST because the challenge is
// a secret, which no address should hold; it changes nothing.
func (a *API) pendingSignIn(c *call) error {
	id, err := c.challenge()
	if err != nil {
		return err
	}
	ch, err := a.cfg.Accounts.PendingSignIn(c.ctx(), c.now, id)
	return c.ok(challengeOf(ch), err)
}

func (a *API) answerSignIn(c *call) error {
	var in struct {
		Challenge    string       `json:"challenge"`
		Code         string       `json:"code"`
		TOTP         string       `json:"totp"`
		RecoveryCode string       `json:"recovery_code"`
		Passkey      *passkeyBody `json:"passkey"`
		Device       string       `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	answer := account.Answer{Code: in.Code, TOTP: in.TOTP, RecoveryCode: in.RecoveryCode}
	if err := first(
		text("challenge", in.Challenge, 1, maxToken),
		text("code", in.Code, 0, maxShort),
		text("totp", in.TOTP, 0, maxShort),
		text("recovery_code", in.RecoveryCode, 0, maxShort),
		in.Passkey.optional(&answer),
		text("device", in.Device, 0, maxToken),
		oneOf("code, totp, recovery_code and passkey", in.Code != "", in.TOTP != "", in.RecoveryCode != "", in.Passkey != nil),
	); err != nil {
		return err
	}
	done, err := a.cfg.Accounts.ContinueSignIn(c.ctx(), c.now, in.Challenge, answer, a.deviceOf(c, in.Device), c.client)
	return a.entered(c, http.StatusOK, done, err)
}

// oneOf refuses several answers at once, of which only one would be looked at.
// None at all is for the domain to refuse.
func oneOf(names string, given ...bool) error {
	n := 0
	for _, g := range given {
		if g {
			n++
		}
	}
	if n > 1 {
		return &badBody{"", "Send only one of " + names + "."}
	}
	return nil
}
