package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Changes to an account's address, number and second factor form a chain
// (product rule V8):
//
//	first change of any of them ── opens ──▶ a sealed snapshot of what was before
//	first change of the address ── moves ──▶ its old address gets a link; 7 days from now
//	any later change            ──▶ nothing: it neither replaces nor prolongs
//	7 days                      ──▶ over: what is, stays
//	"It wasn't me", sent to the first address ──▶ all of it is undone, and over,
//	                                              whatever that mail was about
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
	sealed, err := s.seal(snap, acc, id)
	if err != nil {
		return chain, err
	}
	chain = store.ChainRow{
		Account: acc, ID: id, EmailKey: snap.EmailKey, Opened: now, Expires: now.Add(chainLife),
		Factor: snap.Factors.Since(), Snapshot: sealed,
	}
	return chain, tx.PutChain(chain)
}

// strike takes a recovery code that was used out of the snapshot of an open
// chain: undoing the chain does not bring it back.
func (s *Service) strike(tx *store.Tx, now time.Time, acc protocol.AccountID, code []byte) error {
	chain, err := openChain(tx, now, acc)
	if err != nil || chain.ID == "" {
		return err
	}
	snap, err := s.openSnapshot(chain)
	if err != nil {
		return err
	}
	had := len(snap.Factors.Codes)
	snap.Factors.Codes = slices.DeleteFunc(snap.Factors.Codes, func(c []byte) bool { return bytes.Equal(c, code) })
	if len(snap.Factors.Codes) == had {
		return nil
	}
	if chain.Snapshot, err = s.seal(snap, acc, chain.ID); err != nil {
		return err
	}
	return tx.PutChain(chain)
}

func (s *Service) seal(snap snapshot, acc protocol.AccountID, chain string) ([]byte, error) {
	plain, err := json.Marshal(snap)
	if err != nil {
		return nil, fmt.Errorf("account: snapshot: %w", err)
	}
	return s.c.Keys.Seal(keyring.Snapshots, plain, string(acc), chain)
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

// usable are the second factors of the snapshot.
func (s snapshot) usable() []Factor {
	f := Factors{TOTP: s.Factors.TOTP != nil, Codes: len(s.Factors.Codes)}
	for _, row := range s.Factors.Passkeys {
		f.Passkeys = append(f.Passkeys, passkeyOf(row))
	}
	return f.usable()
}

// needsFactor reports whether undoing asks for the second factor.
func needsFactor(chain store.ChainRow) bool {
	return !chain.Factor.IsZero() && chain.Opened.Sub(chain.Factor) > settledFor
}

func (s *Service) openSnapshot(chain store.ChainRow) (snapshot, error) {
	var snap snapshot
	plain, err := s.c.Keys.Unseal(keyring.Snapshots, chain.Snapshot, string(chain.Account), chain.ID)
	if err != nil {
		return snap, err
	}
	if err := json.Unmarshal(plain, &snap); err != nil {
		return snap, fmt.Errorf("account: snapshot: %w", err)
	}
	return snap, nil
}

// revert restores what was before the chain, and ends it.
func (s *Service) revert(tx *store.Tx, now time.Time, chain store.ChainRow, link store.LinkRow, a Answer, from Client) error {
	snap, err := s.openSnapshot(chain)
	if err != nil {
		return err
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
		if err := s.useOldFactor(tx, now, link, a, from); err != nil {
			return err
		}
	}
	return errors.Join(
		restorePhone(tx, chain.Account, snap),
		tx.DeleteChain(chain.Account, chain.ID),
		tx.EndStreak(chain.Account, undoCounter),
	)
}

// useOldFactor checks a second factor that was the account's before the chain,
// and is again in tx.
func (s *Service) useOldFactor(tx *store.Tx, now time.Time, link store.LinkRow, a Answer, from Client) error {
	acc, err := tx.Account(link.Account)
	if err != nil {
		return err
	}
	switch {
	case a.Passkey != nil:
		err = s.checkPasskeyAnswer(tx, now, acc, string(link.Hash), forUndo, *a.Passkey, from)
	case a.RecoveryCode != "":
		err = s.useRecoveryCode(tx, now, acc, a.RecoveryCode, from)
	case a.TOTP != "":
		err = s.useTOTP(tx, now, acc.ID, a.TOTP)
	default:
		return ErrFactorNeeded
	}
	if errors.Is(err, errWrongFactor) || errors.Is(err, ErrPasskey) {
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
