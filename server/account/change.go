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

// ChangePassword replaces the password. With everywhere, every other web
// session and every device is signed out in the same transaction. The session
// that asked goes on under a new token. It needs a [Check] (product rule V2).
// Errors: ErrCredentials (the current one is wrong), ErrCheckNeeded,
// *PasswordError, ErrSignedOut, *ThrottledError, *admit.BusyError.
func (s *Service) ChangePassword(ctx context.Context, now time.Time, who Session, current, next string, everywhere bool) (Web, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return Web{}, fmt.Errorf("change password: %w", err)
	}
	defer leave()
	acc, err := s.proved(ctx, now, who, current)
	if err != nil {
		return Web{}, fmt.Errorf("change password: %w", err)
	}
	phc, err := s.nextPassword(who, current, next)
	if err != nil {
		return Web{}, fmt.Errorf("change password: %w", err)
	}
	var web Web
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := checked(tx, now, who); err != nil {
			return err
		}
		web, err = s.replace(tx, now, who, acc.Password, phc, everywhere)
		return err
	})
	if err != nil {
		return Web{}, fmt.Errorf("change password: %w", err)
	}
	return web, nil
}

// nextPassword checks and hashes a password in place of current.
func (s *Service) nextPassword(who Session, current, next string) (string, error) {
	_, key, err := parseAddress(who.Email)
	if err != nil {
		return "", err
	}
	if err := s.checkPassword(next, key); err != nil {
		return "", err
	}
	if normalPassword(next) == normalPassword(current) {
		return "", &PasswordError{PasswordSameAsOld, "Choose a password that is not the current one."}
	}
	return hashPassword(next, s.cost, s.c.Rand)
}

// replace sets a new password hash in place of old, and tells the owner.
func (s *Service) replace(tx *store.Tx, now time.Time, who Session, old, phc string, everywhere bool) (Web, error) {
	web, err := s.renewed(tx, now, who, everywhere, protocol.ByPassword)
	if err != nil {
		return Web{}, err
	}
	who = web.Session
	if err := tx.SetPassword(who.Account, old, phc); err != nil {
		return Web{}, orCredentials(err)
	}
	web.Session.Proved = now
	return web, errors.Join(
		orSignedOut(tx.ProveWebSession(who.Account, string(who.ID), phc, now)),
		tx.ClearThrottle(proofScope, s.proofSubject(who)),
		putOffPassword(tx, now, who.Account),
		who.Record(tx, now, timeline.Entry{Kind: timeline.PasswordChanged}),
		s.c.Notify(tx, who.Notice(NoticePasswordChanged, now)),
		s.tellFirst(tx, who.Notice(NoticePasswordChanged, now)),
	)
}

// renewed makes the account's next version for who and gives who's session a
// new token. With everywhere, all else is signed out.
func (s *Service) renewed(tx *store.Tx, now time.Time, who Session, everywhere bool, by protocol.By) (Web, error) {
	var err error
	if everywhere {
		who, err = EndEverything(tx, now, who, by, s.c.Changed)
	} else {
		_, err = Act(tx, now, who, s.c.Changed)
	}
	if err != nil {
		return Web{}, err
	}
	live, err := tx.WebSession(who.Account, string(who.ID))
	if err != nil {
		return Web{}, orSignedOut(err)
	}
	token, err := s.newToken(who.Account, who.ID)
	if err != nil {
		return Web{}, err
	}
	who.Generation = live.Generation
	err = tx.RenewWebSession(who.Account, string(who.ID), live.Generation, protocol.DigestOf([]byte(token)))
	return Web{Token: token, Session: who}, orSignedOut(err)
}
