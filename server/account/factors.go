package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Factor is something besides the password that signs somebody in. Access codes
// by mail or SMS are none: they check a device.
type Factor string

// The factors.
const (
	TOTP         Factor = "totp" // an authenticator app
	Passkeys     Factor = "passkey"
	RecoveryCode Factor = "recovery-code"
)

// Factors is what an account has.
type Factors struct {
	// Second: the password alone signs nobody in. It is on from the first
	// authenticator app, and with passkeys where the owner wants it.
	Second    bool
	TOTP      bool
	TOTPSince time.Time
	Passkeys  []Passkey
	Codes     int // unused recovery codes
}

func (f Factors) usable() []Factor {
	var out []Factor
	if len(f.Passkeys) > 0 {
		out = append(out, Passkeys)
	}
	if f.TOTP {
		out = append(out, TOTP)
	}
	if f.Codes > 0 {
		out = append(out, RecoveryCode)
	}
	return out
}

func factorsOf(tx *store.Tx, acc store.AccountRow) (Factors, error) {
	f := Factors{Second: acc.SecondFactor}
	app, err := tx.TOTP(acc.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	f.TOTP, f.TOTPSince = !app.Confirmed.IsZero(), app.Confirmed
	rows, err := tx.Passkeys(acc.ID, maxPasskeys)
	if err != nil {
		return f, err
	}
	for _, r := range rows {
		f.Passkeys = append(f.Passkeys, passkeyOf(r))
	}
	f.Codes, err = tx.RecoveryCodesLeft(acc.ID)
	return f, err
}

// Factors returns what who's account has.
func (s *Service) Factors(ctx context.Context, who Session) (Factors, error) {
	var f Factors
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(who.Account)
		if err != nil {
			return orUnknown(err)
		}
		f, err = factorsOf(tx, acc)
		return err
	})
	if err != nil {
		return Factors{}, fmt.Errorf("factors: %w", err)
	}
	return f, nil
}

// SetSecondFactor says whether the password needs a second factor. It cannot be
// turned on without a factor, nor off while an authenticator app is on. With
// everywhere, all else is signed out. Errors: ErrProofNeeded, ErrSignedOut,
// ErrNoFactor.
func (s *Service) SetSecondFactor(ctx context.Context, now time.Time, who Session, needed, everywhere bool) (Web, error) {
	differs := func(acc store.AccountRow) bool { return needed != acc.SecondFactor }
	return s.changeFactorIf(ctx, now, who, everywhere, differs, func(tx *store.Tx, acc store.AccountRow) (factorChange, error) {
		f, err := factorsOf(tx, acc)
		if err != nil {
			return factorChange{}, err
		}
		if needed && len(f.Passkeys) == 0 || !needed && f.TOTP {
			return factorChange{}, ErrNoFactor
		}
		return factorChange{Text: secondFactorText(needed)}, s.setSecond(tx, now, who, needed)
	})
}

func secondFactorText(needed bool) string {
	if needed {
		return "Signing in with the password now needs a second factor."
	}
	return "Signing in with the password needs no second factor any more."
}

func (s *Service) setSecond(tx *store.Tx, now time.Time, who Session, needed bool) error {
	kind := timeline.SecondFactorOff
	if needed {
		kind = timeline.SecondFactorOn
	}
	return errors.Join(tx.SetSecondFactor(who.Account, needed), who.Record(tx, now, timeline.Entry{Kind: kind}))
}

// factorChange is what to tell the owner of a change.
type factorChange struct {
	Text  string
	Entry timeline.Entry // without a kind: written already
}

// changeFactor runs a change of the account's factors in one transaction with
// its checks and what follows: the proof is fresh and the session live, the
// session goes on under a new token, the owner is told, and with everywhere all
// else is signed out.
func (s *Service) changeFactor(ctx context.Context, now time.Time, who Session, everywhere bool, change factorChanger) (Web, error) {
	return s.changeFactorIf(ctx, now, who, everywhere, func(store.AccountRow) bool { return true }, change)
}

// factorChanger makes a change in a transaction.
type factorChanger func(*store.Tx, store.AccountRow) (factorChange, error)

// changeFactorIf is changeFactor where the change may find nothing to do: then
// there is nothing to take back either, and nothing to tell.
func (s *Service) changeFactorIf(ctx context.Context, now time.Time, who Session, everywhere bool, differs func(store.AccountRow) bool, change factorChanger) (Web, error) {
	if !who.Fresh(now) {
		return Web{}, ErrProofNeeded
	}
	var web Web
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		live, err := s.actFresh(tx, now, who, everywhere)
		if err != nil {
			return err
		}
		acc, err := tx.Account(who.Account)
		if err != nil {
			return orSignedOut(err)
		}
		if !differs(acc) {
			web, err = s.rotate(tx, now, live)
			return err
		}
		if _, err := s.beforeChange(tx, now, who.Account); err != nil {
			return err
		}
		c, err := change(tx, acc)
		if err != nil {
			return err
		}
		if web, err = s.rotate(tx, now, live); err != nil {
			return err
		}
		if c.Entry.Kind != "" {
			if err := live.Record(tx, now, c.Entry); err != nil {
				return err
			}
		}
		n := live.Notice(NoticeFactorChanged, now)
		n.Detail = c.Text
		return errors.Join(tx.DeleteSignInsOf(who.Account), s.Notify(tx, n), s.tellFirst(tx, n))
	})
	if err != nil {
		return Web{}, fmt.Errorf("change a factor: %w", err)
	}
	return web, nil
}

// actFresh begins a write of who, whose proof in the database must be fresh, and
// who was checked lately.
func (s *Service) actFresh(tx *store.Tx, now time.Time, who Session, everywhere bool) (Session, error) {
	row, err := tx.WebSession(who.Account, string(who.ID))
	if err != nil {
		return who, orSignedOut(err)
	}
	if now.Sub(row.Proved) >= ProofAge {
		return who, ErrProofNeeded
	}
	if err := checked(tx, now, who); err != nil {
		return who, err
	}
	if everywhere {
		return EndEverything(tx, now, who, protocol.ByOwner, s.c.Changed)
	}
	return who, ActOnPages(tx, who, s.c.Changed)
}

// rotate gives a live session a new token; the one before is void.
func (s *Service) rotate(tx *store.Tx, now time.Time, who Session) (Web, error) {
	live, err := tx.WebSession(who.Account, string(who.ID))
	if err != nil {
		return Web{}, orSignedOut(err)
	}
	token, err := s.newToken(who.Account, who.ID)
	if err != nil {
		return Web{}, err
	}
	who.Generation = live.Generation
	err = tx.RenewWebSession(who.Account, string(who.ID), live.Generation, protocol.DigestOf([]byte(token)))
	return Web{Token: token, Session: who}, orSignedOut(err)
}

// byFactor answers a challenge with a second factor. A try is counted before it
// is checked, whatever comes of it.
func (s *Service) byFactor(ctx context.Context, now time.Time, id string, a Answer, e entry) (out SignedIn, err error) {
	var wrong error
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		wrong = nil
		row, acc, err := s.pending(tx, now, id)
		if err != nil {
			return err
		}
		if Need(row.Needs) != NeedSecondFactor {
			return ErrAnswer
		}
		left, err := s.countFactor(tx, now, row, a, e.From)
		if err != nil {
			return err
		}
		with, err := s.checkFactor(tx, now, acc, id, a, e.From)
		if errors.Is(err, errWrongFactor) {
			wrong = &WrongCodeError{Left: left}
			return s.noteFactor(tx, now, row, left, e.From)
		}
		if err != nil {
			return err
		}
		e.Factors = withPassword + " " + with
		err = errors.Join(tx.ClearThrottle(factorScope, s.factorSubject(row, e.From)), tx.EndStreak(acc.ID, factorStreak(row.Device)))
		if err != nil {
			return err
		}
		out, err = s.conclude(tx, now, row, acc, e)
		return err
	})
	if err == nil {
		err = wrong
	}
	return out, err
}

// errWrongFactor: the try is wrong; it was counted.
var errWrongFactor = errors.New("account: wrong second factor")

// countFactor counts a try of a second factor and returns how many the
// challenge has left. A passkey cannot be guessed and is not counted.
func (s *Service) countFactor(tx *store.Tx, now time.Time, row store.SignInRow, a Answer, from Client) (left int, err error) {
	if a.Passkey != nil {
		return codeTries, nil
	}
	tries, err := tx.TrySignIn(row.ID, codeTries, now)
	if err != nil {
		return 0, orAttempt(err)
	}
	if _, err := s.countTry(tx, now, factorScope, s.factorSubject(row, from)); err != nil {
		return 0, err
	}
	n, err := tx.AddStreak(row.Account, factorStreak(row.Device), refuseStreak+1, now)
	if err == nil && n > refuseStreak {
		err = ErrFactorRefused
	}
	return codeTries - tries, err
}

// factorSubject is who waits after wrong codes (product rule V5): a known
// device for itself, everybody else by account and network.
func (s *Service) factorSubject(row store.SignInRow, from Client) []byte {
	if row.Device != "" {
		return s.c.Keys.MAC(keyring.Throttles, "factor", "device", string(row.Account), row.Device)
	}
	return s.c.Keys.MAC(keyring.Throttles, "factor", "network", string(row.Account), Network(from.IP))
}

// factorStreak names the counter of wrong codes in a row: one for all unknown
// devices, and one for each known one.
func factorStreak(device string) string {
	if device == "" {
		return factorScope
	}
	return factorScope + " " + streakOf(device)
}

// checkFactor checks an answer, uses it up and names the factor.
func (s *Service) checkFactor(tx *store.Tx, now time.Time, acc store.AccountRow, id string, a Answer, from Client) (string, error) {
	switch {
	case a.Passkey != nil:
		return withPasskey, s.checkPasskeyAnswer(tx, now, acc, stored(id), forSecondFactor, *a.Passkey, from)
	case a.TOTP != "":
		return withTOTP, s.useTOTP(tx, now, acc.ID, a.TOTP)
	case a.RecoveryCode != "":
		return withRecovery, s.useRecoveryCode(tx, now, acc, a.RecoveryCode, from)
	}
	return "", ErrAnswer
}

// noteFactor tells the owner that somebody with the right password gave five
// wrong codes.
func (s *Service) noteFactor(tx *store.Tx, now time.Time, row store.SignInRow, left int, from Client) error {
	if left > 0 {
		return nil
	}
	from = from.tidy()
	acc, err := tx.Account(row.Account)
	if err != nil {
		return err
	}
	return errors.Join(
		timeline.Add(tx, row.Account, timeline.Entry{Kind: timeline.FactorFailed, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place}),
		s.notifySuspicious(tx, now, acc, from, wrongFactorsFrom, NeedSecondFactor, verdict{Against: []string{"Five wrong codes were given for the second factor."}}),
	)
}

func orUnknown(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUnknownAccount
	}
	return err
}
