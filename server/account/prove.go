package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Prove checks the password again for the sensitive pages (product rule A8).
// The session goes on under a new token: the one before is void. Errors:
// ErrCredentials, ErrSignedOut (also after a hundred wrong passwords in a row),
// *ThrottledError, *admit.BusyError.
func (s *Service) Prove(ctx context.Context, now time.Time, who Session, password string) (Web, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return Web{}, fmt.Errorf("prove: %w", err)
	}
	defer leave()
	acc, err := s.proved(ctx, now, who, password)
	if err != nil {
		return Web{}, fmt.Errorf("prove: %w", err)
	}
	var web Web
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		web, err = s.proveNow(tx, now, who, acc)
		return err
	})
	if err != nil {
		return Web{}, fmt.Errorf("prove: %w", err)
	}
	return web, nil
}

// CheckPassword checks the current password for a change that takes it however
// fresh a proof is (product rule P2). The session goes on under its token, and the
// proof is no newer. It counts as [Service.Prove] does, with the same errors.
func (s *Service) CheckPassword(ctx context.Context, now time.Time, who Session, password string) error {
	if err := s.passwordProof(ctx, now, who, password); err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	return nil
}

// proveNow notes a proof and rotates the session's token (OWASP ASVS 5 7.2.4).
func (s *Service) proveNow(tx *store.Tx, now time.Time, who Session, acc store.AccountRow) (Web, error) {
	if err := tx.ProveWebSession(who.Account, string(who.ID), acc.Password, now); err != nil {
		return Web{}, orSignedOut(err)
	}
	if err := tx.EndStreak(who.Account, proofStreak(who)); err != nil {
		return Web{}, err
	}
	who.Proved = now
	return s.rotate(tx, now, who)
}

func proofStreak(who Session) string { return "session " + string(who.ID) }

// proved counts a try, checks the password of who's account and returns the
// account as it was then. The caller holds a place at the gate.
func (s *Service) proved(ctx context.Context, now time.Time, who Session, password string) (store.AccountRow, error) {
	var (
		acc   store.AccountRow
		ended bool
	)
	if password == "" {
		return acc, ErrNoPassword
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		ended = false
		if acc, err = s.liveAccount(tx, who); err != nil {
			return err
		}
		if _, err := s.countTry(tx, now, proofScope, s.proofSubject(who)); err != nil {
			return err
		}
		n, err := tx.AddStreak(who.Account, proofStreak(who), refuseStreak+1, now)
		if err != nil {
			return err
		}
		ended, err = s.guessedInside(tx, now, who, n, timeline.SignInFailed) // whoever holds this session is guessing
		return err
	})
	if err != nil {
		return acc, err
	}
	if ended {
		return acc, ErrSignedOut
	}
	ok, _, err := s.verify(password, acc.Password)
	if err != nil {
		return acc, err
	}
	if !ok {
		return acc, ErrCredentials
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error { // right ones are no tries
		return errors.Join(tx.ClearThrottle(proofScope, s.proofSubject(who)), tx.EndStreak(who.Account, proofStreak(who)))
	})
	return acc, err
}

// proofSubject is who waits after wrong passwords: the session, so that a stolen
// one does not slow the owner, wherever both are.
func (s *Service) proofSubject(who Session) []byte {
	return s.c.Keys.MAC(keyring.Throttles, "session", string(who.Account), string(who.ID))
}
