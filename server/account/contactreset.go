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

// Whoever has lost mailbox, phone and factors at once can show themselves to
// nobody but people (product rule O3):
//
//	an operator asks ── told at once: the old address, the phone, a first address
//	    │               every browser that is signed in; one press there stops it
//	    ▼ a week
//	the account has the new address, no phone, no factor, no password, no session;
//	    what it had before comes back by the old address's "It wasn't me", 7 days
//
// Nothing is sent to the new address but the code of a recovery, which is the next
// step there and verifies it (product rule A1).
const contactResetWait = 7 * 24 * time.Hour

// AskContactReset begins to give an account another address, for an owner who has
// lost every way to reach it. The owner is told everywhere else and can stop it with
// one link. It returns when it will be done. Errors: ErrUnknownAccount, ErrReason,
// ErrAddress, ErrAddressTaken, ErrSame, ErrMoving.
func (s *Service) AskContactReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason, email string) (time.Time, error) {
	operator, reason, err := accountable(operator, reason)
	if err != nil {
		return time.Time{}, err
	}
	address, key, err := parseAddress(email)
	if err != nil {
		return time.Time{}, err
	}
	due := now.Add(contactResetWait)
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(id)
		if errors.Is(err, store.ErrNotFound) {
			return ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		switch owner, err := tx.AccountByEmail(key); {
		case err == nil && owner.ID == id:
			return ErrSame
		case err == nil:
			return ErrAddressTaken
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return s.askMove(tx, now, acc, store.ContactResetRow{
			Account: id, Operator: operator, Reason: reason, Email: address, EmailKey: key, Asked: now, Due: due,
		})
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reset contact: %w", err)
	}
	return due, nil
}

// askMove stores the wait and tells the owner, at the phone too, whatever the owner
// chose.
func (s *Service) askMove(tx *store.Tx, now time.Time, acc store.AccountRow, reset store.ContactResetRow) error {
	err := tx.InsertContactReset(reset)
	if errors.Is(err, store.ErrExists) {
		return ErrMoving
	}
	if err != nil {
		return err
	}
	phone, err := tx.Phone(acc.ID)
	if err != nil {
		return err
	}
	to := Destination{ByMail, reset.Email}.Masked()
	n := noticeTo(acc, NoticeContactReset, now, Client{})
	n.Expires, n.Detail, n.SMS = reset.Due, to, phone.Number
	row := store.LinkRow{Account: acc.ID, Purpose: keepHereLink, Subject: string(n.Kind)}
	if n.Link, err = s.addLink(tx, now, row, acc.Email, reset.Due); err != nil {
		return err
	}
	return errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.ContactResetAsked, At: now, Actor: protocol.ByOperator, Subject: reset.Operator + ": " + reset.Reason, Detail: to,
		}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}

// ContactReset returns when support will give the account another address: zero
// where it will not.
func (s *Service) ContactReset(ctx context.Context, who Session) (time.Time, error) {
	var due time.Time
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.ContactReset(who.Account)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		due = row.Due
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("contact reset: %w", err)
	}
	return due, nil
}

// LiftContactReset stops it. Errors: ErrNoMove, ErrSignedOut.
func (s *Service) LiftContactReset(ctx context.Context, now time.Time, who Session) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := Act(tx, now, who, s.c.Changed); err != nil {
			return err
		}
		return s.liftMove(tx, now, who.Account, who.Client)
	})
	if err != nil {
		return fmt.Errorf("keep address: %w", err)
	}
	return nil
}

// GiveUpContactReset stops it by support itself. The owner is told. Errors:
// ErrReason, ErrNoMove.
func (s *Service) GiveUpContactReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error {
	operator, reason, err := accountable(operator, reason)
	if err != nil {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return s.stopMove(tx, now, id, timeline.Entry{Actor: protocol.ByOperator, Subject: operator + ": " + reason}, Client{})
	})
	if err != nil {
		return fmt.Errorf("give up contact reset: %w", err)
	}
	return nil
}

func (s *Service) liftMove(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	from = from.tidy()
	return s.stopMove(tx, now, id, timeline.Entry{Actor: protocol.ByOwner, Agent: from.Agent, IP: from.IP, Place: from.Place}, from)
}

// cancelMove is liftMove where one waits.
func (s *Service) cancelMove(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	if err := s.liftMove(tx, now, id, from); !errors.Is(err, ErrNoMove) {
		return err
	}
	return nil
}

// stopMove ends the wait; by says who did it.
func (s *Service) stopMove(tx *store.Tx, now time.Time, id protocol.AccountID, by timeline.Entry, from Client) error {
	if err := tx.DeleteContactReset(id); err != nil {
		return orElse(err, ErrNoMove)
	}
	by.Kind, by.At = timeline.ContactResetLifted, now
	return s.stopped(tx, id, by, keepHereLink, NoticeContactResetLifted, from)
}

// contactDue gives accounts their new address whose wait is over.
func (s *Service) contactDue(ctx context.Context, now time.Time) error {
	err := s.each(ctx, func(tx *store.Tx, most int) ([]protocol.AccountID, error) { return tx.DueContactResets(now, most) },
		func(tx *store.Tx, id protocol.AccountID) error { return s.resetContact(tx, now, id) })
	if err != nil {
		return fmt.Errorf("reset contacts: %w", err)
	}
	return nil
}

// resetContact gives an account the address that it waits for. Where that became
// somebody's meanwhile nothing changes but that the wait is over.
func (s *Service) resetContact(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	reset, err := tx.ContactReset(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil // stopped a moment ago
	}
	if err != nil {
		return err
	}
	_, err = tx.AccountByEmail(reset.EmailKey)
	if err == nil {
		return s.stopMove(tx, now, id, timeline.Entry{Actor: protocol.ByOperator, Subject: "The address belongs to an account by now."}, Client{})
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	old, err := tx.Account(id)
	if err != nil {
		return err
	}
	phone, err := tx.Phone(id)
	if err != nil {
		return err
	}
	if err := s.moveTo(tx, now, old, reset); err != nil {
		return err
	}
	to := Destination{ByMail, reset.Email}.Masked()
	n := noticeTo(old, NoticeContactResetEnded, now, Client{})
	n.Detail, n.SMS = to, phone.Number
	return errors.Join(
		timeline.Add(tx, id, timeline.Entry{Kind: timeline.ContactResetDone, At: now, Actor: protocol.ByOperator, Detail: to}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}

// moveTo is the change itself: address, phone and factors in a chain, so that the
// old mailbox can undo it; then nothing is left to go on with.
func (s *Service) moveTo(tx *store.Tx, now time.Time, old store.AccountRow, reset store.ContactResetRow) error {
	if err := tx.DeleteContactReset(old.ID); err != nil {
		return err
	}
	if err := tx.DeleteFactorReset(old.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	chain, err := s.beforeChange(tx, now, old.ID)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.VoidLinks(old.ID, keepHereLink, "", now),
		tx.VoidLinks(old.ID, keepFactorLink, "", now),
		tx.SetEmail(old.ID, reset.Email, reset.EmailKey),
		tx.MoveChain(old.ID, chain.ID, now, now.Add(chainLife)),
		tx.DeletePhone(old.ID),
		tx.ClearFactors(old.ID),
		tx.EndStreak(old.ID, factorScope),
		tx.EndStreaksOf(old.ID, factorScope+" "),
		s.endFor(tx, now, old, reset.Operator+": "+reset.Reason),
		s.endBegun(tx, old.ID),
		tx.SetPassword(old.ID, old.Password, s.nobody),
	)
}
