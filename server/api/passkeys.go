package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/hearthkey/hearthkey/server/account"
)

// ceremonyAnswer is what a browser is to be asked for with a passkey: options
// are the argument of navigator.credentials.create or get, in the form that
// PublicKeyCredential.parseCreationOptionsFromJSON and its sister read.
type ceremonyAnswer struct {
	Ceremony string          `json:"ceremony"`
	Options  json.RawMessage `json:"options"`
}

func ceremonyOf(c account.Ceremony) ceremonyAnswer { return ceremonyAnswer{c.ID, c.Options} }

// passkeyBody is what a browser gave back: PublicKeyCredential.toJSON().
type passkeyBody struct {
	Ceremony string          `json:"ceremony"`
	Response json.RawMessage `json:"response"`
}

func (b passkeyBody) check() error {
	if err := text("ceremony", b.Ceremony, 1, maxToken); err != nil {
		return err
	}
	switch r := bytes.TrimSpace(b.Response); {
	case len(r) == 0:
		return &badBody{"response", `The member "response" is missing.`}
	case r[0] != '{':
		return &badBody{"response", `The member "response" must be an object: what PublicKeyCredential.toJSON() gives.`}
	}
	return nil
}

func (b passkeyBody) answer() account.PasskeyAnswer {
	return account.PasskeyAnswer{Ceremony: b.Ceremony, Response: b.Response}
}

// optional puts b into an answer, where there is one.
func (b *passkeyBody) optional(into *account.Answer) error {
	if b == nil {
		return nil
	}
	p := b.answer()
	into.Passkey = &p
	return b.check()
}

func (a *API) beginPasskeySignIn(c *call) error {
	begun, err := a.cfg.Accounts.BeginPasskeySignIn(c.ctx(), c.now, c.client)
	return c.ok(ceremonyOf(begun), err)
}

func (a *API) passkeySignIn(c *call) error {
	var in struct {
		Ceremony string          `json:"ceremony"`
		Response json.RawMessage `json:"response"`
		Device   string          `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	key := passkeyBody{in.Ceremony, in.Response}
	if err := first(key.check(), text("device", in.Device, 0, maxToken)); err != nil {
		return err
	}
	done, err := a.cfg.Accounts.PasskeySignIn(c.ctx(), c.now, key.answer(), a.deviceOf(c, in.Device), c.client)
	return a.entered(c, http.StatusOK, done, err)
}

func (a *API) beginPasskeyFactor(c *call) error {
	id, err := c.challenge()
	if err != nil {
		return err
	}
	begun, err := a.cfg.Accounts.BeginPasskeyFactor(c.ctx(), c.now, id)
	return c.ok(ceremonyOf(begun), err)
}

func (a *API) beginPasskeyProof(c *call) error {
	begun, err := a.cfg.Accounts.BeginPasskeyProof(c.ctx(), c.now, c.who, "")
	return c.ok(ceremonyOf(begun), err)
}

func (a *API) proveByPasskey(c *call) error {
	var in passkeyBody
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	web, err := a.cfg.Accounts.ProveByPasskey(c.ctx(), c.now, c.who, in.answer(), "")
	return a.renewed(c, web, err)
}

func (a *API) beginPasskey(c *call) error {
	begun, err := a.cfg.Accounts.BeginPasskey(c.ctx(), c.now, c.who)
	return c.ok(ceremonyOf(begun), err)
}

func (a *API) addPasskey(c *call) error {
	var in struct {
		Ceremony   string          `json:"ceremony"`
		Response   json.RawMessage `json:"response"`
		Name       string          `json:"name"`
		Everywhere bool            `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	key := passkeyBody{in.Ceremony, in.Response}
	if err := first(key.check(), text("name", in.Name, 1, maxShort)); err != nil {
		return err
	}
	web, codes, err := a.cfg.Accounts.AddPasskey(c.ctx(), c.now, c.who, key.answer(), in.Name, in.Everywhere)
	return a.withCodes(c, http.StatusCreated, web, codes, err)
}

func (a *API) renamePasskey(c *call) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("name", in.Name, 1, maxShort); err != nil {
		return err
	}
	return c.done(a.cfg.Accounts.RenamePasskey(c.ctx(), c.now, c.who, c.r.PathValue("passkey"), in.Name))
}

func (a *API) removePasskey(c *call) error {
	everywhere, err := c.everywhere()
	if err != nil {
		return err
	}
	web, err := a.cfg.Accounts.RemovePasskey(c.ctx(), c.now, c.who, c.r.PathValue("passkey"), everywhere)
	return a.renewed(c, web, err)
}
