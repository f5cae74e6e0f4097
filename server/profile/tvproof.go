package profile

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// provePassword checks the account's password for a TV, which counts like one
// that is typed there to sign in.
func (s *Service) provePassword(ctx context.Context, now time.Time, tv TV, password string) error {
	if s.c.Password == nil {
		return ErrWrong
	}
	var from account.Client
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := live(tx, now, tv)
		from = clientAt(row)
		return err
	})
	if err != nil {
		return err
	}
	err = s.c.Password(ctx, now, tv.Account, tv.Device, password, from)
	if errors.Is(err, account.ErrCredentials) {
		return ErrWrong
	}
	return err
}

// provePIN checks the main profile's PIN for a TV. The try is charged before it is
// checked, in one transaction with the look at the wait; a right one is taken back
// and ends the wait.
func (s *Service) provePIN(ctx context.Context, now time.Time, tv TV, digits string) error {
	if !pin.Valid(digits) {
		return ErrWrong // no PIN is like this: nothing can be learnt from it
	}
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	lock, err := s.charge(ctx, now, tv)
	if err != nil {
		return err
	}
	key, err := s.c.Keys.Unseal(keyring.PINs, lock.Sealed, string(tv.Account), string(lock.Profile))
	if err != nil {
		return err
	}
	got, err := pin.Derive(digits, lock.Salt, pin.Cost{Memory: lock.Memory, Passes: lock.Passes})
	if err != nil {
		return err
	}
	right := pin.Equal(got, key)
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error { return s.checkedPIN(tx, now, tv, lock, right) })
	if err == nil && !right {
		err = ErrWrong
	}
	return err
}

// charge counts one wrong try at the main profile's PIN and returns that PIN.
func (s *Service) charge(ctx context.Context, now time.Time, tv TV) (lock store.PinRow, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := live(tx, now, tv); err != nil {
			return err
		}
		all, err := list(tx, tv.Account)
		if err != nil {
			return err
		}
		b, err := readTries(tx, tv.Account)
		if err != nil {
			return err
		}
		found := false
		for _, p := range all {
			if p.Main {
				lock, found = b.pin(p.ID, p.PIN)
			}
		}
		if !found {
			return ErrNeedsPassword
		}
		if wait := b.total(lock, now, nil).wait(now); wait > 0 {
			return &WaitError{wait}
		}
		own := b.own(lock, tv)
		settle(own, now)
		own.Checked++
		own.Last = now
		return tx.PutPinTries(*own)
	})
	return lock, err
}

// settle takes off what was forgiven of the checked tries. What is left of a day
// counts towards the next.
func settle(r *store.PinTriesRow, now time.Time) {
	n := left(r.Checked, r.CheckedAt, now)
	if n == 0 {
		r.Checked, r.CheckedAt = 0, now
		return
	}
	r.CheckedAt = r.CheckedAt.Add(time.Duration(r.Checked-n) * forgive)
	r.Checked = n
}

// checkedPIN closes a try that was charged.
func (s *Service) checkedPIN(tx *store.Tx, now time.Time, tv TV, lock store.PinRow, right bool) error {
	row, err := live(tx, now, tv)
	if err != nil {
		return err
	}
	b, err := readTries(tx, tv.Account)
	if err != nil {
		return err
	}
	lock, ok := b.pin(lock.Profile, lock.Version)
	switch {
	case !ok && right:
		return ErrWrong // there is another PIN by now
	case !ok:
		return nil
	case !right:
		return s.raised(tx, now, row, []store.PinRow{lock})
	}
	own := b.own(lock, tv)
	if own.Checked = max(own.Checked-1, 0); own.Checked == 0 {
		own.CheckedAt = time.Time{}
	}
	return errors.Join(tx.PutPinTries(*own), tx.EndPinWait(tv.Account, lock.Profile))
}
