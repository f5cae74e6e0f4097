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
// that asked goes on under a new token. Errors: ErrCredentials (the current
// one is wrong), *PasswordError, ErrSignedOut, *ThrottledError,
// *admit.BusyError.
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

func (s *Service) replace(tx *store.Tx, now time.Time, who Session, old, phc string, everywhere bool) (Web, error) {
	var err error
	if everywhere {
		who, err = EndEverything(tx, now, who, protocol.ByPassword, s.c.Changed)
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
	if err := tx.SetPassword(who.Account, old, phc); err != nil {
		return Web{}, orCredentials(err)
	}
	token, err := s.newToken(who.Account, who.ID)
	if err != nil {
		return Web{}, err
	}
	who.Proved, who.Generation = now, live.Generation
	err = errors.Join(
		orSignedOut(tx.RenewWebSession(who.Account, string(who.ID), live.Generation, protocol.DigestOf([]byte(token)))),
		orSignedOut(tx.ProveWebSession(who.Account, string(who.ID), phc, now)),
		tx.ClearThrottle(proofScope, s.proofSubject(who)),
		who.Record(tx, now, timeline.Entry{Kind: timeline.PasswordChanged}),
		s.c.Notify(tx, who.Notice(NoticePasswordChanged, now)),
	)
	return Web{Token: token, Session: who}, err
}
