package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// recoveryAnswer is a recovery under way: the same for an account that there is
// and for one that there is not.
type recoveryAnswer struct {
	Recovery string     `json:"recovery"`
	Code     codeAnswer `json:"code"`
}

func recoveryOf(r account.Recovering) recoveryAnswer { return recoveryAnswer{r.ID, codeOf(r.Sent)} }

// channel reads the way that a code should go: by mail where nothing is said.
func channel(said string) (account.Channel, error) {
	switch by := account.Channel(said); by {
	case "":
		return account.ByMail, nil
	case account.ByMail, account.BySMS:
		return by, nil
	}
	return "", account.ErrChannel
}

func (a *API) beginRecovery(c *call) error {
	var in struct {
		Login    string `json:"login"`
		Channel  string `json:"channel"`
		Region   string `json:"region"`
		Language string `json:"language"`
		Device   string `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	by, err := channel(in.Channel)
	if err := first(
		text("login", in.Login, 1, maxEmail),
		text("region", in.Region, 0, maxRegion),
		text("language", in.Language, 0, maxLanguage),
		text("device", in.Device, 0, maxToken),
		err,
	); err != nil {
		return err
	}
	if in.Language == "" {
		in.Language = "en"
	}
	r, err := a.cfg.Accounts.Recover(c.ctx(), c.now, in.Login, in.Region, in.Language, by, a.deviceOf(c, in.Device), c.client)
	if errors.Is(err, account.ErrAddress) {
		err = errLogin // the sentence about an email address would be half the truth
	}
	return c.accepted(recoveryOf(r), err)
}

func (a *API) resendRecovery(c *call) error {
	var in struct {
		Recovery string `json:"recovery"`
		Channel  string `json:"channel"`
		Device   string `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	by, err := channel(in.Channel)
	if err := first(text("recovery", in.Recovery, 1, maxToken), text("device", in.Device, 0, maxToken), err); err != nil {
		return err
	}
	r, err := a.cfg.Accounts.ResendRecovery(c.ctx(), c.now, in.Recovery, by, a.deviceOf(c, in.Device), c.client)
	return c.accepted(recoveryOf(r), err)
}

func (a *API) proveRecovery(c *call) error {
	var in struct {
		Recovery string `json:"recovery"`
		Code     string `json:"code"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(text("recovery", in.Recovery, 1, maxToken), text("code", in.Code, 1, maxShort)); err != nil {
		return err
	}
	return c.done(a.cfg.Accounts.ProveRecovery(c.ctx(), c.now, in.Recovery, in.Code))
}

// finishRecovery sets the new password. Where the account has a second factor
// no session begins: the owner signs in with both.
func (a *API) finishRecovery(c *call) error {
	var in struct {
		Recovery string `json:"recovery"`
		Password string `json:"password"`
		Device   string `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("recovery", in.Recovery, 1, maxToken),
		text("password", in.Password, 1, maxPassword),
		text("device", in.Device, 0, maxToken),
	); err != nil {
		return err
	}
	done, err := a.cfg.Accounts.FinishRecovery(c.ctx(), c.now, in.Recovery, in.Password, a.deviceOf(c, in.Device), c.client)
	if err == nil && done.Token == "" {
		return c.done(nil)
	}
	return a.entered(c, http.StatusOK, done, err)
}

// Links of mails. Looking changes nothing, however often it is done; it is a
// POST because a link is a secret, which no address should hold.

// link reads the body that holds nothing else.
func (c *call) link() (string, error) {
	var in struct {
		Link string `json:"link"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	return in.Link, text("link", in.Link, 1, maxToken)
}

// undoAnswer is what "It wasn't me" would do.
type undoAnswer struct {
	About       string           `json:"about"`
	At          time.Time        `json:"at"`
	Expires     time.Time        `json:"expires"`
	Stolen      bool             `json:"stolen"`
	Profiles    bool             `json:"profiles"`
	Language    bool             `json:"language,omitempty"`
	Reverts     bool             `json:"reverts"`
	Since       time.Time        `json:"since,omitzero"`
	NeedsCode   bool             `json:"needs_code"`
	NeedsFactor bool             `json:"needs_factor"`
	Factors     []account.Factor `json:"factors,omitempty"`
}

func (a *API) lookNotMe(c *call) error {
	link, err := c.link()
	if err != nil {
		return err
	}
	u, err := a.cfg.Accounts.Look(c.ctx(), c.now, link)
	return c.ok(undoAnswer{string(u.About), u.At.UTC(), u.Expires.UTC(), u.Stolen, u.Profiles, u.Language, u.Reverts, utc(u.Since), u.NeedsCode, u.NeedsFactor, u.Factors}, err)
}

func (a *API) beginNotMePasskey(c *call) error {
	link, err := c.link()
	if err != nil {
		return err
	}
	begun, err := a.cfg.Accounts.BeginNotMePasskey(c.ctx(), c.now, link)
	return c.ok(ceremonyOf(begun), err)
}

// undoneAnswer is what "It wasn't me" did.
type undoneAnswer struct {
	Reverted bool        `json:"reverted"`
	Profiles bool        `json:"profiles"`
	Language bool        `json:"language,omitempty"`
	Recovery string      `json:"recovery"`
	Proved   bool        `json:"proved"`
	Code     *codeAnswer `json:"code,omitempty"`
}

func undoneOf(u account.Undone) undoneAnswer {
	out := undoneAnswer{Reverted: u.Reverted, Profiles: u.Profiles, Language: u.Language, Recovery: u.Recovery, Proved: u.Proved}
	if u.Sent.Channel != "" {
		code := codeOf(u.Sent)
		out.Code = &code
	}
	return out
}

// notMe is the one confirmation. The recovery that it begins is proved already
// where the link is young, and goes on at /v1/recovery/finish; otherwise at
// /v1/recovery/prove.
func (a *API) notMe(c *call) error {
	var in struct {
		Link    string       `json:"link"`
		Factor  string       `json:"factor"`
		Passkey *passkeyBody `json:"passkey"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	var answer account.Answer
	if err := first(
		text("link", in.Link, 1, maxToken),
		text("factor", in.Factor, 0, maxShort),
		in.Passkey.optional(&answer),
		oneOf("factor and passkey", in.Factor != "", in.Passkey != nil),
	); err != nil {
		return err
	}
	var (
		done account.Undone
		err  error
	)
	if answer.Passkey != nil {
		done, err = a.cfg.Accounts.NotMeByPasskey(c.ctx(), c.now, in.Link, *answer.Passkey, c.client)
		if errors.Is(err, account.ErrFactor) {
			err = account.ErrPasskey
		}
	} else {
		done, err = a.cfg.Accounts.NotMe(c.ctx(), c.now, in.Link, in.Factor, c.client)
	}
	return c.ok(undoneOf(done), err)
}

// keptAnswer is what a link keeps from happening.
type keptAnswer struct {
	About string    `json:"about"`
	Until time.Time `json:"until"`
}

func (a *API) lookKeep(c *call) error {
	link, err := c.link()
	if err != nil {
		return err
	}
	k, err := a.cfg.Accounts.LookKeep(c.ctx(), c.now, link)
	return c.ok(keptAnswer{string(k.About), k.Until.UTC()}, err)
}

func (a *API) keep(c *call) error {
	link, err := c.link()
	if err != nil {
		return err
	}
	k, err := a.cfg.Accounts.Keep(c.ctx(), c.now, link, c.client)
	return c.ok(keptAnswer{string(k.About), k.Until.UTC()}, err)
}
