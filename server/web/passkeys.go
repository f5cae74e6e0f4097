package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// Passkeys are asked for by script: a POST begins a ceremony and is answered
// with JSON, and the page's own form brings the browser's answer back
// (static/passkey.js).

// ceremony answers a script that began one, or says in a sentence why not.
func (v *visit) ceremony(c account.Ceremony, err error) error {
	if errors.Is(err, account.ErrNoFactor) {
		err = errNoPasskey
	}
	if err != nil {
		p, status, rest := v.rejected(err)
		if rest != nil {
			return rest
		}
		return v.json(status, struct {
			Error string `json:"error"`
		}{p.Text})
	}
	return v.json(http.StatusOK, struct {
		Ceremony string          `json:"ceremony"`
		Options  json.RawMessage `json:"options"`
	}{c.ID, c.Options})
}

func (v *visit) json(status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	if _, err := v.w.Write(data); err != nil {
		v.s.c.Log.Debug("answer not taken", slog.Any("err", err))
	}
	return nil
}

// errNoPasskey: the account has no passkey to ask for.
var errNoPasskey = errors.New("web: no passkey")

// passkeyAnswer reads what the script put into the form. Package account bounds
// it.
func (v *visit) passkeyAnswer() account.PasskeyAnswer {
	return account.PasskeyAnswer{Ceremony: v.form("ceremony"), Response: []byte(v.r.PostForm.Get("response"))}
}

func (s *Site) passkeyNew(v *visit) error {
	return s.showPasskeyNew(v, http.StatusOK, v.client().Agent, false, nil)
}

func (s *Site) showPasskeyNew(v *visit, status int, name string, everywhere bool, problem *Problem) error {
	page := PasskeyNewPage{
		Frame: v.frame("Add a passkey", "security"), Available: s.c.Passkeys, Everywhere: everywhere,
		Name: passkeyNameField(name),
	}
	if problem != nil && !page.Name.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func passkeyNameField(name string) Field {
	return Field{
		Name: "name", Label: "Name", Value: name, Autocomplete: "off", MaxLength: 64, Required: true,
		Hint: "So that you recognise it later, e.g. “Phone” or “Blue security key”.",
	}
}

func (s *Site) passkeyBegin(v *visit) error {
	return v.ceremony(s.c.Accounts.BeginPasskey(v.ctx(), v.now, v.session))
}

func (s *Site) passkeyAdd(v *visit) error {
	name, everywhere := tidy(v.form("name")), v.ticked("everywhere")
	web, codes, err := s.c.Accounts.AddPasskey(v.ctx(), v.now, v.session, v.passkeyAnswer(), name, everywhere)
	if errors.Is(err, account.ErrPasskeyKnown) { // the page with the recovery codes was loaded again
		return v.done("passkeyOnAlready", codesPath)
	}
	if err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showPasskeyNew(v, status, name, everywhere, &p)
	}
	v.renew(web)
	s.Changed(v.session.Account)
	return s.afterFactor(v, "passkeyAdded", codes, everywhere)
}

// passkey returns the passkey of the address, or errNotFound.
func (s *Site) passkey(v *visit) (account.Passkey, error) {
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return account.Passkey{}, err
	}
	for _, k := range f.Passkeys {
		if k.ID == v.r.PathValue("passkey") {
			return k, nil
		}
	}
	return account.Passkey{}, errNotFound
}

func (s *Site) passkeyForm(v *visit) error {
	k, err := s.passkey(v)
	if err != nil {
		return err
	}
	return s.showPasskey(v, http.StatusOK, k, k.Name, nil)
}

func (s *Site) showPasskey(v *visit, status int, k account.Passkey, name string, problem *Problem) error {
	page := PasskeyPage{Frame: v.frame("Rename a passkey", "security"), Passkey: passkeyRow(k), Name: passkeyNameField(name)}
	if problem != nil && !page.Name.mark(*problem) {
		page.Problems = []Problem{*problem}
	}
	return v.show(status, page)
}

func (s *Site) passkeyRename(v *visit) error {
	k, err := s.passkey(v)
	if err != nil {
		return err
	}
	name := tidy(v.form("name"))
	if err := s.c.Accounts.RenamePasskey(v.ctx(), v.now, v.session, k.ID, name); err != nil {
		p, status, err := v.rejected(err)
		if err != nil {
			return err
		}
		return s.showPasskey(v, status, k, name, &p)
	}
	return v.done("passkeyRenamed", securityPath)
}

func (s *Site) passkeyRemoveForm(v *visit) error {
	k, err := s.passkey(v)
	if err != nil {
		return err
	}
	f, err := s.c.Accounts.Factors(v.ctx(), v.session)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, FactorRemovePage{
		Frame: v.frame("Remove a passkey", "security"), Action: securityPath + "/passkeys/" + k.ID + "/remove",
		Passkey: k.Name, Last: f.Second && len(f.Passkeys) == 1 && !f.TOTP,
	})
}

func (s *Site) passkeyRemove(v *visit) error {
	everywhere := v.ticked("everywhere")
	web, err := s.c.Accounts.RemovePasskey(v.ctx(), v.now, v.session, v.r.PathValue("passkey"), everywhere)
	if errors.Is(err, account.ErrNoFactor) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	v.renew(web)
	s.Changed(v.session.Account)
	return s.afterFactor(v, "passkeyRemoved", nil, everywhere)
}

func passkeyRow(k account.Passkey) PasskeyRow {
	return PasskeyRow{ID: k.ID, Name: k.Name, Created: k.Created, LastUsed: k.LastUsed, Synced: k.Synced, Copied: k.Regressed}
}

// PasskeyRow is one passkey of the list.
type PasskeyRow struct {
	ID, Name string
	Created  time.Time
	LastUsed time.Time // zero: never
	Synced   bool      // its provider keeps copies on the owner's devices
	Copied   time.Time // when it looked as if it had been copied; zero: never
}

// PasskeyNewPage adds a passkey, by script.
type PasskeyNewPage struct {
	Frame
	Problems   []Problem
	Available  bool // the server's address allows passkeys
	Name       Field
	Everywhere bool
}

// PasskeyPage renames a passkey.
type PasskeyPage struct {
	Frame
	Problems []Problem
	Passkey  PasskeyRow
	Name     Field
}
