package profile

import (
	"context"
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
// easily guessed. The caller has seen to a fresh proof (account.Session.Fresh).
// Other errors: ErrPIN, ErrUnknown, account.ErrSignedOut, *admit.BusyError.
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
	err = s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		p, err := find(all, id)
		if err != nil {
			return err
		}
		version, err := tx.BumpPins(who.Account)
		if err != nil {
			return err
		}
		row := store.PinRow{
			Account: who.Account, Profile: id, Version: version, Salt: salt,
			Memory: pin.DefaultCost.Memory, Passes: pin.DefaultCost.Passes, Sealed: sealed, Created: now,
		}
		if err := tx.SetPin(row); err != nil {
			return err
		}
		return s.record(tx, now, who, timeline.LockSet, account.NoticeLockChanged, p, before)
	})
	if err != nil {
		return false, fmt.Errorf("set PIN: %w", err)
	}
	return Weak(digits), nil
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

// RemovePIN unlocks a profile. Without a lock only the version changes. The
// caller has seen to a fresh proof.
func (s *Service) RemovePIN(ctx context.Context, now time.Time, who account.Session, id protocol.ProfileID) error {
	err := s.change(ctx, now, who, func(tx *store.Tx, all []protocol.Profile, before []byte) error {
		p, err := find(all, id)
		if err != nil {
			return err
		}
		if was, err := tx.DeletePin(who.Account, id); err != nil || !was {
			return err
		}
		if _, err := tx.BumpPins(who.Account); err != nil {
			return err
		}
		return s.record(tx, now, who, timeline.LockRemoved, account.NoticeLockChanged, p, before)
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
