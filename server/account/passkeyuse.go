package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// BeginPasskeySignIn asks the browser for any passkey of this server; nobody
// says whose. Errors: ErrNoPasskeys, *ThrottledError.
func (s *Service) BeginPasskeySignIn(ctx context.Context, now time.Time, from Client) (Ceremony, error) {
	if s.authn == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	options, session, err := s.authn.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	var c Ceremony
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := ceremonyBudget.Take(tx, s.c.Keys, now, Network(from.IP)); err != nil {
			return err
		}
		c, err = s.begun(tx, now, "", forPasskeyLogin, "", options, session)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return c, nil
}

// ceremonyBudget bounds the rows that a network can make others keep.
var ceremonyBudget = Budget{Scope: "passkey", Limit: ceremoniesAnHour, Per: time.Hour}

// ceremoniesAnHour is how many passkeys one network may begin to ask for.
const ceremoniesAnHour = 600

// PasskeySignIn signs somebody in with a passkey alone: with user verification
// it is two factors. It goes on whatever happened to the password (product rule
// V5), and asks for no code: what is unusual about it is written down and told
// (V4). Errors: ErrPasskey, ErrNoPasskeys.
func (s *Service) PasskeySignIn(ctx context.Context, now time.Time, a PasskeyAnswer, device string, from Client) (SignedIn, error) {
	if s.authn == nil {
		return SignedIn{}, ErrNoPasskeys
	}
	var out SignedIn
	wrong := false
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		wrong = false
		session, err := taken(tx, now, a.Ceremony, forPasskeyLogin, "", "")
		if err != nil {
			return err
		}
		acc, err := s.byPasskey(tx, now, session, a.Response, from)
		if errors.Is(err, ErrPasskey) {
			wrong = true
			return nil // the ceremony is over
		}
		if err != nil {
			return err
		}
		known, err := s.knownDevice(tx, acc.ID, device, now)
		if err != nil {
			return err
		}
		v, err := s.assess(tx, now, acc, try{r: SignInRequest{From: from}})
		if err != nil {
			return err
		}
		out, err = s.finish(tx, now, acc, entry{From: from, Secret: device, Device: known, Factors: withPasskey, Verdict: v})
		return err
	})
	if err == nil && wrong {
		err = ErrPasskey
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in by passkey: %w", err)
	}
	return out, nil
}

// byPasskey finds the account that an answer belongs to, and checks it.
func (s *Service) byPasskey(tx *store.Tx, now time.Time, session webauthn.SessionData, response []byte, from Client) (store.AccountRow, error) {
	parsed, err := parseAssertion(response)
	if err != nil {
		return store.AccountRow{}, err
	}
	row, err := tx.PasskeyByCredential(credentialText(parsed.RawID))
	if err != nil {
		return store.AccountRow{}, orPasskey(err)
	}
	acc, err := tx.Account(row.Account)
	if err != nil {
		return acc, orPasskey(err)
	}
	u, err := userOf(tx, acc)
	if err != nil {
		return acc, err
	}
	user := func(_, _ []byte) (webauthn.User, error) { return u, nil } // the library compares the handle
	key, err := s.authn.ValidateDiscoverableLogin(user, session, parsed)
	if err != nil {
		return acc, ErrPasskey
	}
	return acc, s.usedPasskey(tx, now, acc, row, key, from)
}

// usedPasskey stores what a passkey said, and notes a count that went back
// (Web Authentication §7.2 step 22): it is a sign of a copy and no proof of
// one, so the owner is told and nobody is locked out.
func (s *Service) usedPasskey(tx *store.Tx, now time.Time, acc store.AccountRow, row store.PasskeyRow, key *webauthn.Credential, from Client) error {
	back := key.Authenticator.CloneWarning
	key.Authenticator.CloneWarning = false
	data, err := json.Marshal(key)
	if err != nil {
		return err
	}
	row.Data, row.SignCount, row.LastUsed = data, int64(key.Authenticator.SignCount), now
	if back {
		row.Regressed = now
	}
	if err := tx.UsedPasskey(row); err != nil || !back {
		return err
	}
	from = from.tidy()
	n := noticeTo(acc, NoticeFactorChanged, now, from)
	n.Detail = "A passkey was used whose count went back, as if it had been copied."
	return errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.PasskeyRegressed, At: now, Subject: row.Name, Agent: from.Agent, IP: from.IP, Place: from.Place}),
		s.Notify(tx, n),
	)
}

func orPasskey(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrPasskey
	}
	return err
}

// BeginPasskeyFactor asks for one of the account's passkeys as the second
// factor of a sign-in under way. Errors: ErrAttempt, ErrAnswer (none is
// needed), ErrNoFactor, ErrNoPasskeys.
func (s *Service) BeginPasskeyFactor(ctx context.Context, now time.Time, challenge string) (Ceremony, error) {
	if s.authn == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	var c Ceremony
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, acc, err := s.pending(tx, now, challenge)
		if err != nil {
			return err
		}
		if Need(row.Needs) != NeedSecondFactor {
			return ErrAnswer
		}
		u, err := userOf(tx, acc)
		if err != nil {
			return err
		}
		c, err = s.beginAssertion(tx, now, u, forSecondFactor, row.ID)
		return err
	})
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return c, nil
}

func (s *Service) beginAssertion(tx *store.Tx, now time.Time, u passkeyUser, purpose, about string) (Ceremony, error) {
	if len(u.keys) == 0 {
		return Ceremony{}, ErrNoFactor
	}
	options, session, err := s.authn.BeginLogin(u)
	if err != nil {
		return Ceremony{}, err
	}
	return s.begun(tx, now, u.acc.ID, purpose, about, options, session)
}

// checkPasskeyAnswer checks an answer of one of acc's passkeys to a ceremony of
// this purpose and about this: errWrongFactor where it is wrong; the ceremony
// is over either way.
func (s *Service) checkPasskeyAnswer(tx *store.Tx, now time.Time, acc store.AccountRow, about, purpose string, a PasskeyAnswer, from Client) error {
	if s.authn == nil {
		return ErrNoPasskeys
	}
	session, err := taken(tx, now, a.Ceremony, purpose, about, acc.ID)
	if err != nil {
		return err
	}
	parsed, err := parseAssertion(a.Response)
	if err != nil {
		return errWrongFactor
	}
	u, err := userOf(tx, acc)
	if err != nil {
		return err
	}
	key, err := s.authn.ValidateLogin(u, session, parsed)
	if err != nil {
		return errWrongFactor
	}
	row, err := tx.PasskeyByCredential(credentialText(key.ID))
	if err != nil || row.Account != acc.ID {
		return errWrongFactor
	}
	return s.usedPasskey(tx, now, acc, row, key, from)
}

// BeginPasskeyProof asks for one of the account's passkeys in place of its
// password (product rule A8). What it is about, e.g. the user code of a TV to
// be approved, must be the same at [Service.ProveByPasskey]; it may be empty.
// Errors: ErrSignedOut, ErrNoFactor, ErrNoPasskeys.
func (s *Service) BeginPasskeyProof(ctx context.Context, now time.Time, who Session, about string) (Ceremony, error) {
	if s.authn == nil {
		return Ceremony{}, ErrNoPasskeys
	}
	return s.beginFor(ctx, now, who, func(tx *store.Tx, u passkeyUser) (Ceremony, error) {
		return s.beginAssertion(tx, now, u, forProof, proofAbout(who, about))
	})
}

func proofAbout(who Session, about string) string { return stored(string(who.ID) + " " + about) }

// ProveByPasskey is [Service.Prove] by a passkey, and the check of [Check] at
// once. Errors: ErrPasskey,
// ErrSignedOut, ErrNoPasskeys.
func (s *Service) ProveByPasskey(ctx context.Context, now time.Time, who Session, a PasskeyAnswer, about string) (Web, error) {
	var (
		web   Web
		wrong bool
	)
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		wrong = false
		acc, err := s.liveAccount(tx, who)
		if err != nil {
			return err
		}
		err = s.checkPasskeyAnswer(tx, now, acc, proofAbout(who, about), forProof, a, who.Client)
		if errors.Is(err, errWrongFactor) {
			wrong = true
			return nil
		}
		if err != nil {
			return err
		}
		if err := noteCheck(tx, now, who); err != nil {
			return err
		}
		web, err = s.proveNow(tx, now, who, acc)
		return err
	})
	if err == nil && wrong {
		err = ErrPasskey
	}
	if err != nil {
		return Web{}, fmt.Errorf("prove by passkey: %w", err)
	}
	return web, nil
}

func (s *Service) liveAccount(tx *store.Tx, who Session) (store.AccountRow, error) {
	if err := Live(tx, who); err != nil {
		return store.AccountRow{}, err
	}
	acc, err := tx.Account(who.Account)
	return acc, orSignedOut(err)
}
