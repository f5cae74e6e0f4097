package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// CheckAtTV checks the account's password that was typed at a TV which is signed
// in to it, and begins no session. device is the TV's secret as in
// SignInRequest.Device: it counts with the TV's sign-ins, so that there is one set
// of counters. Errors: ErrCredentials, *ThrottledError (also after a hundred wrong
// passwords in a row there), ErrUnknownAccount, *admit.BusyError.
func (s *Service) CheckAtTV(ctx context.Context, now time.Time, id protocol.AccountID, device, password string, from Client) error {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return fmt.Errorf("check password at a TV: %w", err)
	}
	defer leave()
	t := try{r: SignInRequest{From: from}, device: deviceHash(id, device)}
	t.subject = s.trySubject(try{acc: store.AccountRow{ID: id}, device: t.device}, "")
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error { return s.countAtTV(tx, now, id, &t) })
	if err != nil {
		return fmt.Errorf("check password at a TV: %w", err)
	}
	if t.refused {
		return fmt.Errorf("check password at a TV: %w", &ThrottledError{RetryAfter: longestWait})
	}
	ok, _, err := s.verify(password, t.acc.Password)
	if err == nil && !ok {
		err = ErrCredentials
	}
	if err != nil {
		return fmt.Errorf("check password at a TV: %w", err)
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error { // right ones are no tries
		return errors.Join(tx.ClearThrottle(signInScope, t.subject), tx.EndStreak(id, streakOf(t.device)))
	})
	if err != nil {
		return fmt.Errorf("check password at a TV: %w", err)
	}
	return nil
}

// countAtTV counts a try before the password is checked, and tells the owner as
// of any other failure.
func (s *Service) countAtTV(tx *store.Tx, now time.Time, id protocol.AccountID, t *try) (err error) {
	if t.acc, err = tx.Account(id); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			err = ErrUnknownAccount
		}
		return err
	}
	streak, err := s.countTry(tx, now, signInScope, t.subject)
	if err != nil {
		return err
	}
	n, err := tx.AddStreak(id, streakOf(t.device), refuseStreak+1, now)
	if err != nil {
		return err
	}
	t.before = n - 1
	t.refused = t.before >= refuseStreak
	return s.noteFailures(tx, now, *t, streak)
}
