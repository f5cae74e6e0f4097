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

// ConfirmChange completes a change with its access code. The session goes on
// under a new token; where the owner asked for it everything else is signed
// out. Errors: ErrNoChange, *WrongCodeError, ErrCodeExpired, ErrSignedOut,
// ErrAddressTaken, ErrPhoneTaken.
func (s *Service) ConfirmChange(ctx context.Context, now time.Time, who Session, kind ChangeKind, code string) (Web, error) {
	var row store.ChangeRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = waitingChange(tx, now, who, kind)
		return err
	})
	if err != nil {
		return Web{}, fmt.Errorf("confirm change: %w", err)
	}
	var web Web
	err = s.redeem(ctx, now, row.Attempt, Purpose(purposeOf(kind)), code, func(tx *store.Tx, given store.AccessCodeRow) error {
		given.Account = "" // whose count was a known one's
		if err := s.returnSend(tx, given); err != nil {
			return err
		}
		if err := tx.DeleteChange(who.Account, string(who.ID), row.Kind); err != nil {
			return err
		}
		web, err = s.complete(tx, now, who, row)
		return err
	})
	if errors.Is(err, ErrAttempt) || errors.Is(err, store.ErrNotFound) {
		err = ErrNoChange
	}
	if err != nil {
		return Web{}, fmt.Errorf("confirm change: %w", err)
	}
	return web, nil
}

func (s *Service) complete(tx *store.Tx, now time.Time, who Session, row store.ChangeRow) (Web, error) {
	if ChangeKind(row.Kind) == ChangesPhone {
		return s.completePhone(tx, now, who, row)
	}
	return s.completeEmail(tx, now, who, row)
}

func (s *Service) completeEmail(tx *store.Tx, now time.Time, who Session, row store.ChangeRow) (Web, error) {
	web, err := s.renewed(tx, now, who, row.Everywhere, protocol.ByAll)
	if err != nil {
		return Web{}, err
	}
	who = web.Session
	chain, err := s.beforeChange(tx, now, who.Account)
	if err != nil {
		return Web{}, err
	}
	if err := tx.SetEmail(who.Account, row.Value, row.Key); err != nil {
		if errors.Is(err, store.ErrExists) {
			return Web{}, ErrAddressTaken
		}
		return Web{}, err
	}
	if err := errors.Join(tx.MoveChain(who.Account, chain.ID, now, now.Add(chainLife)), endSent(tx, who.Account)); err != nil {
		return Web{}, err
	}
	told := who.Notice(NoticeEmailChanged, now)
	told.Detail = Destination{ByMail, row.Value}.Masked()
	web.Session.Email = row.Value
	return web, errors.Join(
		who.Record(tx, now, timeline.Entry{Kind: timeline.EmailChanged, Subject: told.Detail}),
		s.c.Notify(tx, told),
		s.c.Notify(tx, web.Session.Notice(NoticeEmailSet, now)),
	)
}

func (s *Service) completePhone(tx *store.Tx, now time.Time, who Session, row store.ChangeRow) (Web, error) {
	web, err := s.renewed(tx, now, who, row.Everywhere, protocol.ByAll)
	if err != nil {
		return Web{}, err
	}
	who = web.Session
	if _, err := s.beforeChange(tx, now, who.Account); err != nil {
		return Web{}, err
	}
	old, err := tx.Phone(who.Account)
	if err != nil {
		return Web{}, err
	}
	err = tx.SetPhone(store.PhoneRow{Account: who.Account, Number: row.Value, Proved: now, Notices: row.Notices})
	if errors.Is(err, store.ErrExists) {
		err = ErrPhoneTaken
	}
	if err != nil {
		return Web{}, err
	}
	return web, s.tellPhone(tx, now, who, old, timeline.PhoneChanged, Destination{BySMS, row.Value}.Masked())
}

// tellPhone tells the owner of a new or removed number, at the old one too, and
// ends what was sent there.
func (s *Service) tellPhone(tx *store.Tx, now time.Time, who Session, old store.PhoneRow, kind timeline.Kind, detail string) error {
	n := who.Notice(NoticePhoneChanged, now)
	n.Detail = detail
	if old.Notices {
		n.SMS = old.Number
	}
	return errors.Join(
		endSent(tx, who.Account),
		who.Record(tx, now, timeline.Entry{Kind: kind, Subject: detail}),
		s.c.Notify(tx, n),
		s.tellFirst(tx, n),
	)
}

// RemovePhone takes the account's number away. It takes the current password,
// and a [Check]. Errors: ErrNoPhone, ErrCheckNeeded, ErrCredentials, ErrSignedOut, *ThrottledError,
// *admit.BusyError.
func (s *Service) RemovePhone(ctx context.Context, now time.Time, who Session, current string, everywhere bool) (Web, error) {
	if err := s.passwordProof(ctx, now, who, current); err != nil {
		return Web{}, fmt.Errorf("remove phone: %w", err)
	}
	var web Web
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := tx.Phone(who.Account)
		if err != nil {
			return err
		}
		if old.Number == "" {
			return ErrNoPhone
		}
		if err := checked(tx, now, who); err != nil {
			return err
		}
		if web, err = s.renewed(tx, now, who, everywhere, protocol.ByAll); err != nil {
			return err
		}
		if _, err := s.beforeChange(tx, now, who.Account); err != nil {
			return err
		}
		if err := tx.DeletePhone(who.Account); err != nil {
			return err
		}
		return s.tellPhone(tx, now, web.Session, old, timeline.PhoneRemoved, "")
	})
	if err != nil {
		return Web{}, fmt.Errorf("remove phone: %w", err)
	}
	return web, nil
}
