package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Errors of what operators do to an account (product rule O3).
var (
	// ErrLocked: support has locked the account; nobody signs in.
	ErrLocked = errors.New("account: locked by support")
	// ErrNotLocked: the account is not locked.
	ErrNotLocked = errors.New("account: not locked")
)

// SignOutByOperator ends every device's session and every web session of an
// account, and what was begun with it; no device is known any more. The owner is
// told, with the reason. Errors: ErrUnknownAccount, ErrReason.
func (s *Service) SignOutByOperator(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error {
	err := s.byOperator(ctx, id, operator, reason, func(tx *store.Tx, acc store.AccountRow, _, _, by string) error {
		return errors.Join(
			s.endFor(tx, now, acc, by),
			s.endBegun(tx, acc.ID),
			s.tellOwner(tx, noticeTo(acc, NoticeSupportSignOut, now, Client{}), reason),
		)
	})
	if err != nil {
		return fmt.Errorf("sign out for support: %w", err)
	}
	return nil
}

// SignOutInSweep does the least of [Service.SignOutByOperator], in tx, to one of
// many accounts: everything is signed out, devices stay known. The owner is told
// where tell says so and something was signed in.
func (s *Service) SignOutInSweep(tx *store.Tx, now time.Time, id protocol.AccountID, operator, reason string, tell bool) error {
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	signedIn, err := tx.SignedIn(id)
	if err != nil {
		return err
	}
	if err := errors.Join(s.endFor(tx, now, acc, operator+": "+reason), endSent(tx, id)); err != nil || !tell || !signedIn {
		return err
	}
	return s.tellOwner(tx, noticeTo(acc, NoticeSupportSignOut, now, Client{}), reason)
}

// Lock signs everything out as [Service.SignOutByOperator] does, and keeps
// everybody out until [Service.Unlock]. The owner is told, and how to get help.
// Errors: ErrUnknownAccount, ErrReason, ErrLocked (it is locked already).
func (s *Service) Lock(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error {
	err := s.byOperator(ctx, id, operator, reason, func(tx *store.Tx, acc store.AccountRow, operator, reason, by string) error {
		err := tx.InsertLock(store.LockRow{Account: acc.ID, Operator: operator, Reason: reason, At: now})
		if errors.Is(err, store.ErrExists) {
			return ErrLocked
		}
		if err != nil {
			return err
		}
		return errors.Join(
			timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.AccountLocked, At: now, Actor: protocol.ByOperator, Subject: by}),
			s.endFor(tx, now, acc, by),
			s.endBegun(tx, acc.ID),
			s.tellOwner(tx, noticeTo(acc, NoticeLocked, now, Client{}), reason),
		)
	})
	if err != nil {
		return fmt.Errorf("lock account: %w", err)
	}
	return nil
}

// Unlock lets the owner sign in again. Errors: ErrUnknownAccount, ErrReason,
// ErrNotLocked.
func (s *Service) Unlock(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error {
	err := s.byOperator(ctx, id, operator, reason, func(tx *store.Tx, acc store.AccountRow, _, reason, by string) error {
		err := tx.DeleteLock(acc.ID)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNotLocked
		}
		if err != nil {
			return err
		}
		return errors.Join(
			timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.AccountUnlocked, At: now, Actor: protocol.ByOperator, Subject: by}),
			s.tellOwner(tx, noticeTo(acc, NoticeUnlocked, now, Client{}), reason),
		)
	})
	if err != nil {
		return fmt.Errorf("unlock account: %w", err)
	}
	return nil
}

// byOperator runs do for an account, with who acts and why, apart and as the
// timeline says it.
func (s *Service) byOperator(ctx context.Context, id protocol.AccountID, operator, reason string, do func(tx *store.Tx, acc store.AccountRow, operator, reason, by string) error) error {
	operator, reason, err := accountable(operator, reason)
	if err != nil {
		return err
	}
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(id)
		if errors.Is(err, store.ErrNotFound) {
			return ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		return do(tx, acc, operator, reason, operator+": "+reason)
	})
}

// endFor makes the account's next generation for an operator.
func (s *Service) endFor(tx *store.Tx, now time.Time, acc store.AccountRow, by string) error {
	if _, err := tx.EndEverything(acc.ID, protocol.ByOperator, "", now); err != nil {
		return err
	}
	after, err := tx.Account(acc.ID)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.c.Changed(acc.ID, after.Version) })
	return timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.SignedOutEverywhere, At: now, Actor: protocol.ByOperator, Detail: by})
}

// endBegun ends what was begun with an account, and makes no device known.
func (s *Service) endBegun(tx *store.Tx, id protocol.AccountID) error {
	return errors.Join(
		tx.DeleteChanges(id),
		tx.DeleteRecoveries(id),
		tx.DeleteAccessCodesOf(id),
		tx.DeleteSignInsOf(id),
		tx.ForgetKnownDevices(id, ""),
	)
}

// tellOwner sends n with the reason, to the first address of an open chain too.
func (s *Service) tellOwner(tx *store.Tx, n Notice, reason string) error {
	n.Detail = reason
	if n.Kind == NoticeLocked { // no link undoes a lock, but it goes to the phone as others do
		phone, err := tx.Phone(n.Account)
		if err != nil {
			return err
		}
		if phone.Notices && !s.c.NoSMS {
			n.SMS = phone.Number
		}
		return s.post(tx, n)
	}
	return errors.Join(s.c.Notify(tx, n), s.tellFirst(tx, n))
}

// orLocked says of a session that did not begin that the account is locked,
// where it is.
func orLocked(tx *store.Tx, id protocol.AccountID, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	_, lock := tx.Lock(id)
	switch {
	case lock == nil:
		return ErrLocked
	case errors.Is(lock, store.ErrNotFound):
		return err
	}
	return lock
}
