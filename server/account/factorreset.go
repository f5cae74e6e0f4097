package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// defaultResetWait is how long support waits before it removes a second factor,
// so that the owner, who hears of it, can say no (product rule O3).
const defaultResetWait = 72 * time.Hour

// MaxReason bounds what an operator writes, in characters.
const MaxReason = 500

// ErrReason: an operator must say who they are and why.
var ErrReason = errors.New("account: operator and reason are needed")

// AskFactorReset begins the removal of an account's second factor by support,
// for an owner who has lost it. The owner is told and can stop it with one
// link. It returns when it will be done. Errors: ErrUnknownAccount, ErrReason,
// ErrFactorNeeded (there is none to remove), ErrResetting.
func (s *Service) AskFactorReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) (time.Time, error) {
	operator, reason, err := accountable(operator, reason)
	if err != nil {
		return time.Time{}, err
	}
	due := now.Add(s.c.FactorResetWait)
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(id)
		if errors.Is(err, store.ErrNotFound) {
			return ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		if !acc.SecondFactor {
			return ErrFactorNeeded
		}
		return s.askReset(tx, now, acc, store.FactorResetRow{Account: id, Operator: operator, Reason: reason, Asked: now, Due: due})
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reset factor: %w", err)
	}
	return due, nil
}

// askReset stores the wait and tells the owner, at the phone too, whatever the
// owner chose.
func (s *Service) askReset(tx *store.Tx, now time.Time, acc store.AccountRow, reset store.FactorResetRow) error {
	err := tx.InsertFactorReset(reset)
	if errors.Is(err, store.ErrExists) {
		return ErrResetting
	}
	if err != nil {
		return err
	}
	phone, err := tx.Phone(acc.ID)
	if err != nil {
		return err
	}
	n := noticeTo(acc, NoticeFactorReset, now, Client{})
	n.Expires, n.Detail, n.SMS = reset.Due, reset.Reason, phone.Number
	row := store.LinkRow{Account: acc.ID, Purpose: keepFactorLink, Subject: string(n.Kind)}
	if n.Link, err = s.addLink(tx, now, row, acc.Email, reset.Due); err != nil {
		return err
	}
	return errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.FactorResetAsked, At: now, Actor: protocol.ByOperator, Subject: reset.Operator + ": " + reset.Reason,
		}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}

// FactorReset returns when support will remove the second factor: zero where
// it will not.
func (s *Service) FactorReset(ctx context.Context, who Session) (time.Time, error) {
	var due time.Time
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.FactorReset(who.Account)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		due = row.Due
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("factor reset: %w", err)
	}
	return due, nil
}

// LiftFactorReset stops the removal. Errors: ErrNoReset, ErrSignedOut.
func (s *Service) LiftFactorReset(ctx context.Context, now time.Time, who Session) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		return s.liftReset(tx, now, who.Account, who.Client)
	})
	if err != nil {
		return fmt.Errorf("keep factor: %w", err)
	}
	return nil
}

// GiveUpFactorReset stops the removal by support itself. The owner is told.
// Errors: ErrReason, ErrNoReset.
func (s *Service) GiveUpFactorReset(ctx context.Context, now time.Time, id protocol.AccountID, operator, reason string) error {
	operator, reason, err := accountable(operator, reason)
	if err != nil {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return s.stopReset(tx, now, id, timeline.Entry{Actor: protocol.ByOperator, Subject: operator + ": " + reason}, Client{})
	})
	if err != nil {
		return fmt.Errorf("give up reset: %w", err)
	}
	return nil
}

// accountable cleans who acts for the service and why: ErrReason where either
// is empty.
func accountable(operator, reason string) (who, why string, err error) {
	who, why = strings.TrimSpace(printable(operator, 128)), strings.TrimSpace(printable(reason, MaxReason))
	if who == "" || why == "" {
		return "", "", ErrReason
	}
	return who, why, nil
}

func (s *Service) liftReset(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	from = from.tidy()
	return s.stopReset(tx, now, id, timeline.Entry{Actor: protocol.ByOwner, Agent: from.Agent, IP: from.IP, Place: from.Place}, from)
}

// stopReset ends the wait; by says who did it.
func (s *Service) stopReset(tx *store.Tx, now time.Time, id protocol.AccountID, by timeline.Entry, from Client) error {
	if err := tx.DeleteFactorReset(id); err != nil {
		return orElse(err, ErrNoReset)
	}
	by.Kind, by.At = timeline.FactorResetLifted, now
	return s.stopped(tx, id, by, keepFactorLink, NoticeFactorResetLifted, from)
}

// orElse is none where err is [store.ErrNotFound].
func orElse(err, none error) error {
	if errors.Is(err, store.ErrNotFound) {
		return none
	}
	return err
}

// stopped voids the links that stop a wait which is over by now, and tells of it.
func (s *Service) stopped(tx *store.Tx, id protocol.AccountID, by timeline.Entry, link string, kind NoticeKind, from Client) error {
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.VoidLinks(id, link, "", by.At),
		timeline.Add(tx, id, by),
		s.c.Notify(tx, noticeTo(acc, kind, by.At, from)),
	)
}

// resetDue removes the second factors whose wait is over.
func (s *Service) resetDue(ctx context.Context, now time.Time) error {
	err := s.each(ctx, func(tx *store.Tx, most int) ([]protocol.AccountID, error) { return tx.DueFactorResets(now, most) },
		func(tx *store.Tx, id protocol.AccountID) error { return s.resetFactor(tx, now, id) })
	if err != nil {
		return fmt.Errorf("reset factors: %w", err)
	}
	return nil
}

func (s *Service) resetFactor(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	if err := tx.DeleteFactorReset(id); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil // stopped a moment ago
		}
		return err
	}
	if _, err := s.beforeChange(tx, now, id); err != nil {
		return err
	}
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	n := noticeTo(acc, NoticeFactorResetEnded, now, Client{})
	return errors.Join(
		tx.ClearFactors(id),
		tx.DeleteSignInsOf(id),
		tx.EndStreak(id, factorScope),
		tx.EndStreaksOf(id, factorScope+" "),
		timeline.Add(tx, id, timeline.Entry{Kind: timeline.FactorResetDone, At: now, Actor: protocol.ByOperator}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}
