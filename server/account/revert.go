package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Changes to an account's address, number and second factor form a chain
// (product rule V8):
//
//	first change of any of them ── opens ──▶ a sealed snapshot of what was before
//	first change of the address ── moves ──▶ its old address gets a link; 7 days from now
//	any later change            ──▶ nothing: it neither replaces nor prolongs
//	7 days                      ──▶ over: what is, stays
//	"It wasn't me", sent to the first address ──▶ all of it is undone, and over
//
// Where a second factor was set more than 7 days before the chain, undoing
// needs it: an old mailbox alone takes no account over.
const (
	chainLife   = 7 * 24 * time.Hour
	settledFor  = 7 * 24 * time.Hour // a factor that old before the chain is asked for
	undoTries   = 20                 // wrong factors at the undoing of one chain
	undoCounter = "undo"
)

// snapshot is what an account was before a chain. It is stored sealed.
type snapshot struct {
	Email        string
	EmailKey     string
	Phone        string
	PhoneProved  time.Time
	PhoneNotices bool
	Factors      store.FactorRows
}

// openChain returns the account's chain at now; one without has no ID.
func openChain(tx *store.Tx, now time.Time, acc protocol.AccountID) (store.ChainRow, error) {
	chain, err := tx.Chain(acc, now)
	if errors.Is(err, store.ErrNotFound) {
		return store.ChainRow{}, nil
	}
	return chain, err
}

// beforeChange opens a chain where none is open. Whatever changes the address,
// the number or a second factor calls it first, in the same transaction.
func (s *Service) beforeChange(tx *store.Tx, now time.Time, acc protocol.AccountID) (store.ChainRow, error) {
	chain, err := openChain(tx, now, acc)
	if err != nil || chain.ID != "" {
		return chain, err
	}
	snap, err := takeSnapshot(tx, acc)
	if err != nil {
		return chain, err
	}
	id, err := newID(s.c.Rand)
	if err != nil {
		return chain, err
	}
	plain, err := json.Marshal(snap)
	if err != nil {
		return chain, fmt.Errorf("account: snapshot: %w", err)
	}
	sealed, err := s.c.Keys.Seal(keyring.Snapshots, plain, string(acc), id)
	if err != nil {
		return chain, err
	}
	chain = store.ChainRow{
		Account: acc, ID: id, EmailKey: snap.EmailKey, Opened: now, Expires: now.Add(chainLife),
		Factor: snap.Factors.Since(), Snapshot: sealed,
	}
	return chain, tx.PutChain(chain)
}

func takeSnapshot(tx *store.Tx, id protocol.AccountID) (snapshot, error) {
	acc, err := tx.Account(id)
	if err != nil {
		return snapshot{}, err
	}
	_, key, err := parseAddress(acc.Email)
	if err != nil {
		return snapshot{}, err
	}
	phone, err := tx.Phone(id)
	if err != nil {
		return snapshot{}, err
	}
	factors, err := tx.Factors(id)
	return snapshot{
		Email: acc.Email, EmailKey: key, Phone: phone.Number, PhoneProved: phone.Proved, PhoneNotices: phone.Notices,
		Factors: factors,
	}, err
}

// needsFactor reports whether undoing asks for the second factor.
func needsFactor(chain store.ChainRow) bool {
	return !chain.Factor.IsZero() && chain.Opened.Sub(chain.Factor) > settledFor
}

// undoes reports whether a link's "It wasn't me" undoes the chain: it was sent
// within it and to its first address, and is about a change of it or comes
// from where the account has moved away.
func undoes(link store.LinkRow, chain store.ChainRow, nowAt string) bool {
	if chain.ID == "" || link.Chain != chain.ID || link.EmailKey != chain.EmailKey {
		return false
	}
	switch NoticeKind(link.Subject) {
	case NoticeEmailChanged, NoticePhoneChanged, NoticeFactorChanged, NoticeFactorResetEnded:
		return true
	}
	return link.EmailKey != nowAt
}

// Undo is what an "It wasn't me" page shows before the one confirmation.
type Undo struct {
	About       NoticeKind // of the notice that held the link
	At          time.Time  // of the notice
	Expires     time.Time  // of the link
	Reverts     bool       // address, number and second factor go back to what they were
	Since       time.Time  // before which change they are restored; only with Reverts
	NeedsFactor bool       // the second factor of that time is asked for
}

// Look tells what a link in a notice would do, and changes nothing, however
// often it is asked. Error: ErrLink.
func (s *Service) Look(ctx context.Context, now time.Time, token string) (Undo, error) {
	var out Undo
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		link, err := readLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		chain, reverts, err := judge(tx, now, link)
		if err != nil {
			return err
		}
		out = Undo{About: NoticeKind(link.Subject), At: link.Created, Expires: link.Expires, Reverts: reverts}
		if reverts {
			out.Since, out.NeedsFactor = chain.Opened, needsFactor(chain)
		}
		return nil
	})
	if err != nil {
		return Undo{}, fmt.Errorf("look at link: %w", err)
	}
	return out, nil
}

// judge tells what using a link would do. A link to an address that the
// account has left does nothing but revert a chain: ErrLink otherwise.
func judge(tx *store.Tx, now time.Time, link store.LinkRow) (store.ChainRow, bool, error) {
	acc, err := tx.Account(link.Account)
	if err != nil {
		return store.ChainRow{}, false, orLink(err)
	}
	_, nowAt, err := parseAddress(acc.Email)
	if err != nil {
		return store.ChainRow{}, false, err
	}
	chain, err := openChain(tx, now, link.Account)
	if err != nil {
		return chain, false, err
	}
	reverts := undoes(link, chain, nowAt)
	if !reverts && link.EmailKey != nowAt {
		return chain, false, ErrLink
	}
	return chain, reverts, nil
}

// Undone is what "It wasn't me" did.
type Undone struct {
	Reverted bool // address, number and second factor are what they were
	// Recovery goes on with [Service.FinishRecovery] at once: the old password
	// is void.
	Recovery string
}

// NotMe is the one confirmation of "It wasn't me" (product rule V7): it signs
// out everywhere, undoes the chain of changes that the link is about, voids the
// password and begins a recovery. factor is a code of the second factor where
// [Undo.NeedsFactor] says so. A link works once, also in parallel. Errors:
// ErrLink, ErrFactorNeeded, ErrFactor (nothing was done), ErrAddressTaken (the
// old address has an account of its own by now).
func (s *Service) NotMe(ctx context.Context, now time.Time, token, factor string, from Client) (Undone, error) {
	secret, err := s.newAttempt()
	if err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	if err := s.countUndo(ctx, now, token, factor); err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	var out Undone
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		link, err := useLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		chain, reverts, err := judge(tx, now, link)
		if err != nil {
			return err
		}
		if reverts {
			err = s.revert(tx, now, chain, factor, from)
		}
		if err != nil {
			return err
		}
		out = Undone{Reverted: reverts, Recovery: secret}
		return s.makeSafe(tx, now, link, reverts, secret, from)
	})
	if err != nil {
		return Undone{}, fmt.Errorf("undo: %w", err)
	}
	return out, nil
}

// countUndo counts a try of a second factor before it is checked, which rolls
// back where it is wrong.
func (s *Service) countUndo(ctx context.Context, now time.Time, token, factor string) error {
	if factor == "" {
		return nil
	}
	tries := 0
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		link, err := readLink(tx, now, token, notMeLink)
		if err != nil {
			return err
		}
		tries, err = tx.AddStreak(link.Account, undoCounter, undoTries+1, now)
		return err
	})
	if err == nil && tries > undoTries {
		return ErrLink
	}
	return err
}

// revert restores what was before the chain, and ends it.
func (s *Service) revert(tx *store.Tx, now time.Time, chain store.ChainRow, factor string, from Client) error {
	var snap snapshot
	plain, err := s.c.Keys.Unseal(keyring.Snapshots, chain.Snapshot, string(chain.Account), chain.ID)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &snap); err != nil {
		return fmt.Errorf("account: snapshot: %w", err)
	}
	if err := tx.SetEmail(chain.Account, snap.Email, snap.EmailKey); err != nil {
		if errors.Is(err, store.ErrExists) {
			return ErrAddressTaken
		}
		return err
	}
	if err := tx.RestoreFactors(chain.Account, snap.Factors); err != nil {
		return err
	}
	if needsFactor(chain) {
		if err := s.useOldFactor(tx, now, chain.Account, factor, from); err != nil {
			return err
		}
	}
	return errors.Join(
		restorePhone(tx, chain.Account, snap),
		tx.DeleteChain(chain.Account, chain.ID),
		tx.EndStreak(chain.Account, undoCounter),
	)
}

// useOldFactor takes a code of an authenticator app or a recovery code that was
// the account's before the chain, and is again in tx.
func (s *Service) useOldFactor(tx *store.Tx, now time.Time, acc protocol.AccountID, factor string, from Client) error {
	if factor == "" {
		return ErrFactorNeeded
	}
	row, err := tx.Account(acc)
	if err != nil {
		return err
	}
	if tidyRecoveryCode(factor) != "" {
		err = s.useRecoveryCode(tx, now, row, factor, from)
	} else {
		err = s.useTOTP(tx, now, acc, factor)
	}
	if errors.Is(err, errWrongFactor) {
		return ErrFactor
	}
	return err
}

// restorePhone gives the number back, unless another account has proved it
// since.
func restorePhone(tx *store.Tx, acc protocol.AccountID, snap snapshot) error {
	if snap.Phone == "" {
		return tx.DeletePhone(acc)
	}
	err := tx.SetPhone(store.PhoneRow{Account: acc, Number: snap.Phone, Proved: snap.PhoneProved, Notices: snap.PhoneNotices})
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// makeSafe ends everything that somebody else could go on with, and begins a
// recovery that is proved by the mailbox. Using the first address's link voids
// all others; another one voids those to the same address.
func (s *Service) makeSafe(tx *store.Tx, now time.Time, link store.LinkRow, reverted bool, secret string, from Client) error {
	acc, err := tx.Account(link.Account)
	if err != nil {
		return err
	}
	kind, voided := timeline.NotMe, link.EmailKey
	if reverted {
		kind, voided = timeline.ChangesUndone, ""
	}
	from = from.tidy()
	if err := s.endAll(tx, now, acc, from); err != nil {
		return err
	}
	n := noticeTo(acc, NoticeUndone, now, from)
	if reverted {
		n.Detail = "email address, phone number and second factor"
	}
	return errors.Join(
		tx.VoidLinks(acc.ID, notMeLink, voided, now),
		tx.SetPassword(acc.ID, acc.Password, s.nobody),
		tx.InsertRecovery(store.RecoveryRow{ID: stored(secret), Account: acc.ID, Password: s.nobody, Proved: now, Created: now}),
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: kind, At: now, Actor: protocol.ByOwner, Subject: link.Subject, IP: from.IP, Place: from.Place,
		}),
		s.c.Notify(tx, n),
	)
}

// endAll signs out every device and web session of an account, and ends what
// was begun and waits: codes, sign-ins, changes, recoveries, an erasure, a
// removal of the second factor.
func (s *Service) endAll(tx *store.Tx, now time.Time, acc store.AccountRow, from Client) error {
	if _, err := tx.EndEverything(acc.ID, protocol.ByAll, from.Agent, now); err != nil {
		return err
	}
	after, err := tx.Account(acc.ID)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.c.Changed(acc.ID, after.Version) })
	for _, end := range []func() error{
		func() error { return tx.DeleteErasure(acc.ID) },
		func() error { return tx.DeleteFactorReset(acc.ID) },
	} {
		if err := end(); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return errors.Join(
		tx.DeleteChanges(acc.ID),
		tx.DeleteRecoveries(acc.ID),
		tx.DeleteAccessCodesOf(acc.ID),
		tx.DeleteSignInsOf(acc.ID),
		tx.ForgetKnownDevices(acc.ID, ""),
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.SignedOutEverywhere, At: now, Actor: protocol.ByAll, Subject: from.Agent, IP: from.IP, Place: from.Place,
		}),
	)
}
