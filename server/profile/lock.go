package profile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
	"github.com/hearthkey/hearthkey/server/wordlist"
)

// SetPIN locks a profile, or replaces its PIN, and reports whether the PIN is
// easily guessed. For protocol.ParentalPIN it is the parental PIN. The caller has
// seen to a fresh proof (account.Session.Fresh). Other errors: ErrPIN, ErrUnknown,
// account.ErrSignedOut, *admit.BusyError.
func (s *Service) SetPIN(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID, digits string) (weak bool, err error) {
	if !pin.Valid(digits) {
		return false, ErrPIN
	}
	salt, key, err := s.derive(ctx, digits)
	if err != nil {
		return false, fmt.Errorf("set PIN: %w", err)
	}
	sealed, err := s.c.Keys.Seal(keyring.PINs, key, string(who.Account), string(id))
	if err != nil {
		return false, fmt.Errorf("set PIN: %w", err)
	}
	row := store.PinRow{
		Account: who.Account, Profile: id, Salt: salt,
		Memory: pin.DefaultCost.Memory, Passes: pin.DefaultCost.Passes, Sealed: sealed, Created: now,
	}
	err = s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		return s.setPIN(tx, now, who, row, all, before)
	})
	if err != nil {
		return false, fmt.Errorf("set PIN: %w", err)
	}
	return Weak(digits), nil
}

func (s *Service) setPIN(tx *store.Tx, now time.Time, who account.Session, row store.PinRow, all []protocol.Profile, before []byte) error {
	if _, err := find(all, row.Profile); err != nil && row.Profile != protocol.ParentalPIN {
		return err
	}
	was, err := pinRow(tx, who.Account, row.Profile)
	if err != nil {
		return err
	}
	if row.Version, err = tx.BumpPins(who.Account); err != nil {
		return err
	}
	if err := tx.SetPin(row); err != nil {
		return err
	}
	detail := "A PIN was set."
	if was.Version > 0 {
		detail = "The PIN was changed."
	}
	return s.recordLock(tx, now, who, timeline.LockSet, all, row.Profile, detail, before)
}

// recordLock writes the timeline entry and the notice of a change to a PIN.
func (s *Service) recordLock(tx *store.Tx, now time.Time, who account.Session, kind timeline.Kind, all []protocol.Profile, id protocol.ProfileID, detail string, before []byte) error {
	if id != protocol.ParentalPIN {
		p, err := find(all, id)
		if err != nil {
			return err
		}
		return s.record(tx, now, who, kind, account.NoticeLockChanged, p, detail, before)
	}
	if kind == timeline.LockSet {
		kind = timeline.ParentalPINSet
	} else {
		kind = timeline.ParentalPINRemoved
	}
	n := who.Notice(account.NoticeParentalChanged, now)
	n.Detail, n.Before = "Parental PIN: "+detail, before
	return errors.Join(who.Record(tx, now, timeline.Entry{Kind: kind, Detail: detail}), s.c.Notify(tx, n))
}

// pinRow returns a PIN; where there is none its Version is 0.
func pinRow(tx *store.Tx, acc protocol.AccountID, id protocol.ProfileID) (store.PinRow, error) {
	rows, err := tx.Pins(acc)
	for _, r := range rows {
		if r.Profile == id {
			return r, err
		}
	}
	return store.PinRow{}, err
}

// derive returns a new salt and the PIN's key under it.
func (s *Service) derive(ctx context.Context, digits string) (salt, key []byte, err error) {
	salt = make([]byte, pin.SaltSize)
	if _, err := io.ReadFull(s.c.Rand, salt); err != nil {
		return nil, nil, err
	}
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	key, err = pin.Derive(digits, salt, pin.DefaultCost)
	return salt, key, err
}

// RemovePIN removes a profile's lock, or the parental PIN (protocol.ParentalPIN).
// Without a lock only the version changes. The caller has seen to a fresh proof.
func (s *Service) RemovePIN(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	err := s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		if _, err := find(all, id); err != nil && id != protocol.ParentalPIN {
			return err
		}
		if was, err := tx.DeletePin(who.Account, id); err != nil || !was {
			return err
		}
		if _, err := tx.BumpPins(who.Account); err != nil {
			return err
		}
		return s.recordLock(tx, now, who, timeline.LockRemoved, all, id, "The PIN was removed.", before)
	})
	if err != nil {
		return fmt.Errorf("remove PIN: %w", err)
	}
	return nil
}

// shapes are ways over the keypad that no rule of Weak covers and that are not
// common enough for the list.
const shapes = "0852 1470 0147 3690 0369 1590 7530 1379 1397 8642 7531 1110 0070 0011"

// Weak reports whether a PIN is easily guessed: one or two digits repeated, a
// run up or down, a year of birth, a day and month in either order, or one of
// the common ones (product rule P2; that people choose so: Bonneau, Preibusch
// and Anderson, Financial Cryptography 2012).
func Weak(digits string) bool {
	if !pin.Valid(digits) {
		return true
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n >= 1920 && n <= 2029 || date(n/100, n%100) || date(n%100, n/100) {
		return true
	}
	up, down := true, true
	for i := 1; i < len(digits); i++ {
		step := int(digits[i]) - int(digits[i-1])
		up, down = up && (step == 1 || step == -9), down && (step == -1 || step == 9)
	}
	return up || down || digits[:2] == digits[2:] || wordlist.CommonPIN(digits) || strings.Contains(shapes, digits)
}

// date reports whether there is such a day in some year.
func date(month, day int) bool {
	return month >= 1 && month <= 12 && day >= 1 && time.Date(2000, time.Month(month), day, 0, 0, 0, 0, time.UTC).Month() == time.Month(month)
}
