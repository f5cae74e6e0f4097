package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// The end of an account (product rule A10):
//
//	asked  ── everything is signed out at once; a mail with a link that keeps the account
//	7 days ── closed: nobody can sign in, devices are deactivated, a last mail
//	8 hours── erased, when every device has heard of it or its lease has ended
const (
	eraseAfter = 7 * 24 * time.Hour              // to change one's mind
	closedFor  = protocol.MaxLease * time.Second // from the close to the erasure
)

// AskErasure begins the end of the account and signs out everywhere at once,
// who too. It takes the current password. It returns until when the owner can
// change their mind. Asking again changes nothing. Errors: ErrCredentials,
// ErrSignedOut, *ThrottledError, *admit.BusyError.
func (s *Service) AskErasure(ctx context.Context, now time.Time, who Session, current string) (time.Time, error) {
	if err := s.passwordProof(ctx, now, who, current); err != nil {
		return time.Time{}, fmt.Errorf("ask to erase: %w", err)
	}
	due := now.Add(eraseAfter)
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := Live(tx, who); err != nil {
			return err
		}
		switch old, err := tx.Erasure(who.Account); {
		case err == nil:
			due = old.Due
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return s.askErasure(tx, now, who, due)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask to erase: %w", err)
	}
	return due, nil
}

func (s *Service) askErasure(tx *store.Tx, now time.Time, who Session, due time.Time) error {
	acc, err := tx.Account(who.Account)
	if err != nil {
		return err
	}
	if err := s.endAll(tx, now, acc, who.Client); err != nil {
		return err
	}
	if _, err := tx.PutErasure(store.ErasureRow{Account: acc.ID, Asked: now, Due: due}); err != nil {
		return err
	}
	n := who.Notice(NoticeErasureAsked, now)
	n.Expires = due
	row := store.LinkRow{Account: acc.ID, Purpose: keepLink, Subject: string(n.Kind)}
	if n.Link, err = s.addLink(tx, now, row, acc.Email, due); err != nil {
		return err
	}
	return errors.Join(
		who.Record(tx, now, timeline.Entry{Kind: timeline.ErasureAsked}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}

// Leaving returns when the account is to be erased: zero where it is not.
func (s *Service) Leaving(ctx context.Context, who Session) (time.Time, error) {
	var due time.Time
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Erasure(who.Account)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		due = row.Due
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("leaving: %w", err)
	}
	return due, nil
}

// KeepAccount changes the owner's mind. Errors: ErrNotLeaving, ErrSignedOut.
func (s *Service) KeepAccount(ctx context.Context, now time.Time, who Session) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := Act(tx, now, who, s.c.Changed); err != nil {
			return err
		}
		return s.keepAccount(tx, now, who.Account, who.Client)
	})
	if err != nil {
		return fmt.Errorf("keep account: %w", err)
	}
	return nil
}

func (s *Service) keepAccount(tx *store.Tx, now time.Time, id protocol.AccountID, from Client) error {
	if err := tx.DeleteErasure(id); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return ErrNotLeaving
		}
		return err
	}
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	from = from.tidy()
	return errors.Join(
		tx.VoidLinks(id, keepLink, "", now),
		timeline.Add(tx, id, timeline.Entry{
			Kind: timeline.ErasureCancelled, At: now, Actor: protocol.ByOwner, Agent: from.Agent, IP: from.IP, Place: from.Place,
		}),
		s.c.Notify(tx, noticeTo(acc, NoticeErasureCancelled, now, from)),
	)
}

// Kept is what a link in a mail keeps.
type Kept struct {
	About NoticeKind // NoticeErasureAsked, NoticeFactorReset or NoticeContactReset
	Until time.Time  // the link works until then
}

// keepPurposes are those of links that stop something from happening.
var keepPurposes = []string{keepLink, keepFactorLink, keepHereLink}

// LookKeep tells what a link would keep, and changes nothing. Error: ErrLink.
func (s *Service) LookKeep(ctx context.Context, now time.Time, token string) (Kept, error) {
	var out Kept
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		for _, purpose := range keepPurposes {
			link, err := readLink(tx, now, token, purpose)
			if err == nil {
				out = Kept{NoticeKind(link.Subject), link.Expires}
			}
			if err == nil || !errors.Is(err, ErrLink) {
				return err
			}
		}
		return ErrLink
	})
	if err != nil {
		return Kept{}, fmt.Errorf("look at link: %w", err)
	}
	return out, nil
}

// Keep is the one confirmation of such a link: the account is not erased, or
// the second factor not removed, or the address not changed. It works once.
// Errors: ErrLink, ErrNotLeaving, ErrNoReset, ErrNoMove.
func (s *Service) Keep(ctx context.Context, now time.Time, token string, from Client) (Kept, error) {
	var out Kept
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		for _, purpose := range keepPurposes {
			link, err := useLink(tx, now, token, purpose)
			if errors.Is(err, ErrLink) {
				continue
			}
			if err != nil {
				return err
			}
			out = Kept{NoticeKind(link.Subject), link.Expires}
			switch purpose {
			case keepLink:
				return s.keepAccount(tx, now, link.Account, from)
			case keepHereLink:
				return s.liftMove(tx, now, link.Account, from)
			}
			return s.liftReset(tx, now, link.Account, from)
		}
		return ErrLink
	})
	if err != nil {
		return Kept{}, fmt.Errorf("keep: %w", err)
	}
	return out, nil
}

// eraseBatch is how many accounts one Tidy looks up at once of those whose time
// has come.
const eraseBatch = 20

// eraseDue closes accounts whose time is over, and erases closed ones.
func (s *Service) eraseDue(ctx context.Context, now time.Time) error {
	err := s.each(ctx, func(tx *store.Tx, most int) ([]protocol.AccountID, error) { return tx.DueErasures(now, most) },
		func(tx *store.Tx, id protocol.AccountID) error { return s.close(tx, now, id) })
	if err != nil {
		return fmt.Errorf("close accounts: %w", err)
	}
	err = s.each(ctx, func(tx *store.Tx, most int) ([]protocol.AccountID, error) {
		return tx.ClosedErasures(now.Add(-closedFor), most)
	},
		func(tx *store.Tx, id protocol.AccountID) error { return s.erase(tx, now, id) })
	if err != nil {
		return fmt.Errorf("erase accounts: %w", err)
	}
	return nil
}

// each does to every account that due returns, one transaction each, until due
// returns none. do must take the account out of due: one where it fails keeps no
// other from its turn, and its error is returned at the end.
func (s *Service) each(ctx context.Context, due func(tx *store.Tx, most int) ([]protocol.AccountID, error), do func(*store.Tx, protocol.AccountID) error) error {
	failed := map[protocol.AccountID]error{}
	for {
		var ids []protocol.AccountID
		err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = due(tx, eraseBatch+len(failed)) // those come again
			return err
		})
		ids = slices.DeleteFunc(ids, func(id protocol.AccountID) bool { return failed[id] != nil })
		if err != nil || len(ids) == 0 {
			return errors.Join(append(slices.Collect(maps.Values(failed)), err)...)
		}
		for _, id := range ids {
			if err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return do(tx, id) }); err != nil {
				failed[id] = fmt.Errorf("account %s: %w", id, err)
			}
		}
	}
}

// close shuts an account for good: its devices are deactivated, and nobody can
// sign in, recover or undo any more.
func (s *Service) close(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	if err := tx.CloseErasure(id, now); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil // kept a moment ago
		}
		return err
	}
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	if err := tx.DeactivateDevices(id, protocol.ByOwner, now); err != nil {
		return err
	}
	if err := s.endAll(tx, now, acc, Client{}); err != nil {
		return err
	}
	if err := tx.DeleteFactorReset(id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := tx.DeleteContactReset(id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return errors.Join(
		tx.SetPassword(id, acc.Password, s.nobody),
		tx.ClearFactors(id),
		tx.VoidLinks(id, "", "", now),
		s.c.Notify(tx, noticeTo(acc, NoticeErased, now, Client{})),
	)
}

// erase removes everything.
func (s *Service) erase(tx *store.Tx, now time.Time, id protocol.AccountID) error {
	acc, err := tx.Account(id)
	if err != nil {
		return err
	}
	_, key, err := parseAddress(acc.Email)
	if err != nil {
		return err
	}
	addresses := []string{acc.Email, key}
	phone, err := tx.Phone(id)
	if err != nil {
		return err
	}
	if phone.Number != "" {
		addresses = append(addresses, phone.Number)
	}
	tx.OnCommit(func() { s.c.Changed(id, acc.Version+1) })
	return tx.EraseAccount(id, now, addresses...)
}
