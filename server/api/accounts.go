package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Bounds of members of a body in bytes, above what any domain rule allows.
const (
	maxEmail    = 320
	maxPassword = 1024
	maxLanguage = 64
	maxToken    = 256
	maxShort    = 256
)

// attemptAnswer is a sign-up under way.
type attemptAnswer struct {
	Attempt  string    `json:"attempt"`
	Email    string    `json:"email"`
	Expires  time.Time `json:"expires"`
	ResendAt time.Time `json:"resend_at"`
}

func attemptOf(a account.Attempt) attemptAnswer {
	return attemptAnswer{a.ID, a.Email, a.Expires.UTC(), a.ResendAt.UTC()}
}

// sessionAnswer is the caller's own session. The token is there only where it
// is new, and so is the device; neither is told to who has them as a cookie.
type sessionAnswer struct {
	Token      string    `json:"token,omitempty"`
	Device     string    `json:"device,omitempty"`
	ID         string    `json:"id"`
	Account    string    `json:"account"`
	Email      string    `json:"email"`
	Language   string    `json:"language"`
	Created    time.Time `json:"created"`
	Proved     time.Time `json:"proved"`
	ProofUntil time.Time `json:"proof_until"` // sensitive changes ask for the password after this
}

func sessionOf(token string, s account.Session) sessionAnswer {
	return sessionAnswer{
		token, "", string(s.ID), string(s.Account), s.Email, s.Language,
		s.Created.UTC(), s.Proved.UTC(), s.Proved.Add(account.ProofAge).UTC(),
	}
}

func (a *API) signUp(c *call) error {
	var in struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Language string `json:"language"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("email", in.Email, 1, maxEmail),
		text("password", in.Password, 1, maxPassword),
		text("language", in.Language, 0, maxLanguage),
	); err != nil {
		return err
	}
	if in.Language == "" {
		in.Language = "en"
	}
	attempt, err := a.cfg.Accounts.SignUp(c.ctx(), c.now, in.Email, in.Password, in.Language, c.client)
	return c.accepted(attemptOf(attempt), err)
}

func (a *API) resendCode(c *call) error {
	var in struct {
		Attempt string `json:"attempt"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("attempt", in.Attempt, 1, maxToken); err != nil {
		return err
	}
	attempt, err := a.cfg.Accounts.ResendCode(c.ctx(), c.now, in.Attempt, c.client)
	return c.accepted(attemptOf(attempt), err)
}

func (a *API) verifyEmail(c *call) error {
	var in struct {
		Attempt string `json:"attempt"`
		Code    string `json:"code"`
		Device  string `json:"device"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(
		text("attempt", in.Attempt, 1, maxToken),
		text("code", in.Code, 1, maxShort),
		text("device", in.Device, 0, maxToken),
	); err != nil {
		return err
	}
	done, err := a.cfg.Accounts.VerifyEmail(c.ctx(), c.now, in.Attempt, in.Code, a.deviceOf(c, in.Device), c.client)
	return a.entered(c, http.StatusCreated, done, err)
}

func (a *API) signOut(c *call) error {
	if c.cookie {
		a.setCookie(c.w, a.cfg.Cookie, "", 0)
	}
	if c.token == "" || len(c.token) > maxToken {
		return account.ErrSignedOut
	}
	_, err := a.cfg.Accounts.SignOutToken(c.ctx(), c.now, c.token, c.client)
	return c.done(err)
}

func (a *API) signOutEverywhere(c *call) error {
	renewed, err := a.cfg.Devices.SignOutEverywhere(c.ctx(), c.now, c.who)
	return c.ok(sessionOf("", renewed), err)
}

func (a *API) session(c *call) error { return c.ok(sessionOf("", c.who), nil) }

func (a *API) prove(c *call) error {
	var in struct {
		Password string `json:"password"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := text("password", in.Password, 1, maxPassword); err != nil {
		return err
	}
	renewed, err := a.cfg.Accounts.Prove(c.ctx(), c.now, c.who, in.Password)
	return a.renewed(c, renewed, err)
}

// listedSession is a web session as the owner sees it.
type listedSession struct {
	ID       string    `json:"id"`
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen"`
	Program  string    `json:"program"`
	IP       string    `json:"ip"`
	Place    string    `json:"place,omitempty"`
	Current  bool      `json:"current"`
}

func (a *API) sessions(c *call) error {
	list, err := a.cfg.Accounts.Sessions(c.ctx(), c.who)
	out := make([]listedSession, len(list))
	for i, s := range list {
		out[i] = listedSession{
			string(s.ID), s.Created.UTC(), s.LastSeen.UTC(), s.Client.Agent, s.Client.IP, s.Client.Place, s.Current,
		}
	}
	return c.ok(map[string]any{"sessions": out}, err)
}

func (a *API) revokeSession(c *call) error {
	id := account.SessionID(c.r.PathValue("session"))
	return c.done(a.cfg.Accounts.Revoke(c.ctx(), c.now, c.who, id))
}

func (a *API) changePassword(c *call) error {
	var in struct {
		Current    string `json:"current"`
		Next       string `json:"next"`
		Everywhere *bool  `json:"everywhere"`
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := first(text("current", in.Current, 1, maxPassword), text("next", in.Next, 1, maxPassword)); err != nil {
		return err
	}
	everywhere := in.Everywhere == nil || *in.Everywhere
	web, err := a.cfg.Accounts.ChangePassword(c.ctx(), c.now, c.who, in.Current, in.Next, everywhere)
	return a.renewed(c, web, err)
}

// timelineEntry is one event of the account's security timeline.
type timelineEntry struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	By      string    `json:"by,omitempty"`
	Device  string    `json:"device,omitempty"`
	Profile string    `json:"profile,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Details []string  `json:"details,omitempty"`
	Program string    `json:"program,omitempty"`
	Times   int       `json:"times,omitempty"` // absent: once
	IP      string    `json:"ip,omitempty"`
	Place   string    `json:"place,omitempty"`
}

func timelineEntryOf(e timeline.Entry) timelineEntry {
	out := timelineEntry{
		ID: e.ID, At: e.At.UTC(), Kind: string(e.Kind), By: string(e.Actor), Device: string(e.Device), Profile: string(e.Profile),
		Subject: e.Subject, Program: e.Agent, IP: e.IP, Place: e.Place,
		Details: strings.FieldsFunc(e.Detail, func(r rune) bool { return r == '\n' }),
	}
	if e.Times > 1 {
		out.Times = e.Times
	}
	return out
}

func (a *API) timeline(c *call) error {
	q := c.r.URL.Query()
	n := 50
	if s := q.Get("limit"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 || n > timeline.MaxPage {
			return &badBody{"limit", "The limit is a number from 1 to 200."}
		}
	}
	before := q.Get("before")
	if err := text("before", before, 0, maxShort); err != nil {
		return err
	}
	list, err := a.cfg.Timeline(c.ctx(), c.who.Account, before, n)
	out := make([]timelineEntry, len(list))
	for i, e := range list {
		out[i] = timelineEntryOf(e)
	}
	return c.ok(map[string]any{"entries": out}, err)
}

// first returns the first error of a list.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
