package account

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

const maxPasskeys = 20 // of an account

// Passkey is one passkey as its owner sees it.
type Passkey struct {
	ID        string
	Name      string
	Created   time.Time
	LastUsed  time.Time // zero: never
	Synced    bool      // its provider keeps copies on the owner's other devices
	Regressed time.Time // when its count went back, as if it had been copied; zero: never
}

func passkeyOf(r store.PasskeyRow) Passkey {
	p := Passkey{ID: r.ID, Name: r.Name, Created: r.Created, LastUsed: r.LastUsed, Regressed: r.Regressed}
	if c, err := credentialOf(r); err == nil {
		p.Synced = c.Flags.BackupState
	}
	return p
}

// BeginPasskey asks the browser for a new passkey. Errors: ErrProofNeeded,
// ErrCheckNeeded, ErrSignedOut, ErrNoPasskeys, ErrTooManyPasskeys.
func (s *Service) BeginPasskey(ctx context.Context, now time.Time, who Session) (Ceremony, error) {
	if s.authn == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	if !who.Fresh(now) {
		return Ceremony{}, ErrProofNeeded
	}
	return s.beginFor(ctx, now, who, func(tx *store.Tx, u passkeyUser) (Ceremony, error) {
		if err := checked(tx, now, who); err != nil {
			return Ceremony{}, err
		}
		if len(u.keys) >= maxPasskeys {
			return Ceremony{}, ErrTooManyPasskeys
		}
		exclude := webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors())
		options, session, err := s.authn.BeginRegistration(u, exclude)
		if err != nil {
			return Ceremony{}, err
		}
		return s.begun(tx, now, who.Account, forRegistration, string(who.ID), options, session)
	})
}

func (s *Service) beginFor(ctx context.Context, now time.Time, who Session, begin func(*store.Tx, passkeyUser) (Ceremony, error)) (c Ceremony, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := Live(tx, who); err != nil {
			return err
		}
		acc, err := tx.Account(who.Account)
		if err != nil {
			return orSignedOut(err)
		}
		u, err := userOf(tx, acc)
		if err != nil {
			return err
		}
		c, err = begin(tx, u)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return c, nil
}

// AddPasskey ends what [Service.BeginPasskey] began: the account has one more
// passkey, called name. Recovery codes are returned as by ConfirmTOTP where the
// account has none. Errors: ErrPasskey, ErrPasskeyKnown, ErrFactorName,
// ErrProofNeeded, ErrSignedOut, ErrNoPasskeys, ErrTooManyPasskeys.
func (s *Service) AddPasskey(ctx context.Context, now time.Time, who Session, a PasskeyAnswer, name string, everywhere bool) (Web, []string, error) {
	if s.authn == nil {
		return Web{}, nil, ErrNoPasskeys
	}
	name, ok := passkeyName(name)
	if !ok {
		return Web{}, nil, ErrFactorName
	}
	parsed, err := parseAttestation(a.Response)
	if err != nil {
		return Web{}, nil, err
	}
	var codes []string
	web, err := s.changeFactor(ctx, now, who, everywhere, func(tx *store.Tx, acc store.AccountRow) (c factorChange, err error) {
		u, err := userOf(tx, acc)
		if err != nil {
			return c, err
		}
		session, err := taken(tx, now, a.Ceremony, forRegistration, string(who.ID), acc.ID)
		if errors.Is(err, ErrPasskey) && u.has(parsed.RawID) { // the same answer once more
			return c, ErrPasskeyKnown
		}
		if err != nil {
			return c, err
		}
		if len(u.keys) >= maxPasskeys {
			return c, ErrTooManyPasskeys
		}
		key, err := s.authn.CreateCredential(u, session, parsed)
		if err != nil {
			return c, ErrPasskey
		}
		if err := s.insertPasskey(tx, now, acc, key, name); err != nil {
			return c, err
		}
		if codes, err = s.firstCodes(tx, now, acc.ID); err != nil {
			return c, err
		}
		return factorChange{"A passkey was added.", timeline.Entry{Kind: timeline.PasskeyAdded, Subject: name}}, nil
	})
	return web, codes, err
}

func (s *Service) insertPasskey(tx *store.Tx, now time.Time, acc store.AccountRow, key *webauthn.Credential, name string) error {
	id, err := newID(s.c.Rand)
	if err != nil {
		return err
	}
	data, err := json.Marshal(key)
	if err != nil {
		return err
	}
	err = tx.InsertPasskey(store.PasskeyRow{
		Account: acc.ID, ID: id, Credential: credentialText(key.ID), Name: name, Data: data,
		SignCount: int64(key.Authenticator.SignCount), Created: now,
	})
	if errors.Is(err, store.ErrExists) {
		return ErrPasskeyKnown
	}
	return err
}

func credentialText(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// passkeyName tidies what an owner calls a passkey: 1 to 64 characters.
func passkeyName(s string) (string, bool) {
	s = strings.TrimSpace(s)
	n := utf8.RuneCountInString(s)
	return s, n >= 1 && n <= 64 && utf8.ValidString(s) && printable(s, 64) == s
}

// RenamePasskey gives a passkey another name. Errors: ErrSignedOut,
// ErrFactorName, ErrNoFactor.
func (s *Service) RenamePasskey(ctx context.Context, now time.Time, who Session, id, name string) error {
	name, ok := passkeyName(name)
	if !ok {
		return ErrFactorName
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		if err := tx.RenamePasskey(who.Account, id, name); err != nil {
			return orNoFactor(err)
		}
		return who.Record(tx, now, timeline.Entry{Kind: timeline.PasskeyRenamed, Subject: name})
	})
	if err != nil {
		return fmt.Errorf("rename a passkey: %w", err)
	}
	return nil
}

// RemovePasskey removes a passkey. Where it was the last factor the password
// alone is enough again. Errors: ErrProofNeeded, ErrSignedOut, ErrNoFactor.
func (s *Service) RemovePasskey(ctx context.Context, now time.Time, who Session, id string, everywhere bool) (Web, error) {
	return s.changeFactor(ctx, now, who, everywhere, func(tx *store.Tx, acc store.AccountRow) (factorChange, error) {
		rows, err := tx.Passkeys(acc.ID, maxPasskeys)
		if err != nil {
			return factorChange{}, err
		}
		name := ""
		for _, r := range rows {
			if r.ID == id {
				name = r.Name
			}
		}
		if err := tx.DeletePasskey(acc.ID, id); err != nil {
			return factorChange{}, orNoFactor(err)
		}
		if err := s.withoutFactors(tx, now, who, acc); err != nil {
			return factorChange{}, err
		}
		return factorChange{"A passkey was removed.", timeline.Entry{Kind: timeline.PasskeyRemoved, Subject: name}}, nil
	})
}
