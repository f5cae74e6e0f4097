package api

import (
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// factorsAnswer is what protects the account beside its password.
type factorsAnswer struct {
	Second   bool            `json:"second"` // the password alone signs nobody in
	TOTP     bool            `json:"totp"`
	Since    time.Time       `json:"totp_since,omitzero"`
	Passkeys []passkeyAnswer `json:"passkeys"`
	Codes    int             `json:"recovery_codes"`    // unused
	Reset    time.Time       `json:"reset_at,omitzero"` // when support removes the second factor
}

type passkeyAnswer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Created   time.Time `json:"created"`
	LastUsed  time.Time `json:"last_used,omitzero"`
	Synced    bool      `json:"synced"`
	Regressed time.Time `json:"regressed,omitzero"`
}

func (a *API) factors(c *call) error {
	f, err := a.cfg.Accounts.Factors(c.ctx(), c.who)
	if err != nil {
		return err
	}
	reset, err := a.cfg.Accounts.FactorReset(c.ctx(), c.who)
	out := factorsAnswer{f.Second, f.TOTP, utc(f.TOTPSince), []passkeyAnswer{}, f.Codes, utc(reset)}
	for _, k := range f.Passkeys {
		out.Passkeys = append(out.Passkeys, passkeyAnswer{k.ID, k.Name, k.Created.UTC(), utc(k.LastUsed), k.Synced, utc(k.Regressed)})
	}
	return c.ok(out, err)
}

// codesAnswer is the session that goes on after a new factor, and the recovery
// codes where there are new ones: they are told once.
type codesAnswer struct {
	Session sessionAnswer `json:"session"`
	Codes   []string      `json:"recovery_codes,omitempty"`
}

func (a *API) withCodes(c *call, status int, web account.Web, codes []string, err error) error {
	if err != nil {
		return err
	}
	return c.reply(status, codesAnswer{a.shown(c, web), codes})
}

// everywhere reads the body of a change that has nothing to say but whether all
// else is to be signed out.
func (c *call) everywhere() (bool, error) {
	var in struct {
		Everywhere bool `json:"everywhere"`
	}
	err := c.decode(&in)
	return in.Everywhere, err
}

func (a *API) setSecondFactor(c *call) error {
	var in struct {
		Needed     *bool `json:"needed"`
		Everywhere bool  `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := present("needed", in.Needed); err != nil {
		return err
	}
	web, err := a.cfg.Accounts.SetSecondFactor(c.ctx(), c.now, c.who, *in.Needed, in.Everywhere)
	return a.renewed(c, web, err)
}

// totpAnswer is an authenticator app that is not on yet.
type totpAnswer struct {
	Secret string `json:"secret"`
	URI    string `json:"uri"`
}

func (a *API) beginTOTP(c *call) error {
	setup, err := a.cfg.Accounts.BeginTOTP(c.ctx(), c.now, c.who)
	return c.ok(totpAnswer{setup.Secret, setup.URI}, err)
}

func (a *API) begunTOTP(c *call) error {
	setup, err := a.cfg.Accounts.BegunTOTP(c.ctx(), c.now, c.who)
	return c.ok(totpAnswer{setup.Secret, setup.URI}, err)
}

func (a *API) confirmTOTP(c *call) error {
	var in struct {
		Code       string `json:"code"`
		Everywhere bool   `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("code", in.Code, 1, maxShort); err != nil {
		return err
	}
	web, codes, err := a.cfg.Accounts.ConfirmTOTP(c.ctx(), c.now, c.who, in.Code, in.Everywhere)
	return a.withCodes(c, http.StatusOK, web, codes, err)
}

func (a *API) removeTOTP(c *call) error {
	everywhere, err := c.everywhere()
	if err != nil {
		return err
	}
	web, err := a.cfg.Accounts.RemoveTOTP(c.ctx(), c.now, c.who, everywhere)
	return a.renewed(c, web, err)
}

func (a *API) newRecoveryCodes(c *call) error {
	everywhere, err := c.everywhere()
	if err != nil {
		return err
	}
	web, codes, err := a.cfg.Accounts.NewRecoveryCodes(c.ctx(), c.now, c.who, everywhere)
	return a.withCodes(c, http.StatusOK, web, codes, err)
}

func (a *API) liftFactorReset(c *call) error {
	return c.done(a.cfg.Accounts.LiftFactorReset(c.ctx(), c.now, c.who))
}
