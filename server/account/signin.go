package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Scopes of the counters of password tries.
const (
	signInScope = "sign-in" // by address and network
	proofScope  = "proof"   // by account and network
)

// SignIn begins a web session. Errors: ErrCredentials, *ThrottledError,
// *admit.BusyError.
func (s *Service) SignIn(ctx context.Context, now time.Time, email, password string, from Client) (Web, error) {
	leave, err := s.c.Gate.Enter(ctx)
	if err != nil {
		return Web{}, fmt.Errorf("sign in: %w", err)
	}
	defer leave()
	_, key, err := parseAddress(email)
	if err != nil {
		key = "" // no account, same work
	}
	acc, err := s.tried(ctx, now, key, from)
	if err != nil {
		return Web{}, fmt.Errorf("sign in: %w", err)
	}
	ok, old, err := s.verify(password, acc.Password)
	if err != nil {
		return Web{}, fmt.Errorf("sign in: %w", err)
	}
	if !ok || acc.ID == "" {
		return Web{}, ErrCredentials
	}
	renewed := ""
	if old {
		if renewed, err = hashPassword(password, s.cost, s.c.Rand); err != nil {
			return Web{}, fmt.Errorf("sign in: %w", err)
		}
	}
	web, err := s.admitted(ctx, now, acc, renewed, key, from)
	if err != nil {
		return Web{}, fmt.Errorf("sign in: %w", err)
	}
	return web, nil
}

// tried counts a try and returns the account, which has no id where the
// address is unknown.
func (s *Service) tried(ctx context.Context, now time.Time, key string, from Client) (acc store.AccountRow, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		streak, err := s.countTry(tx, now, signInScope, s.trySubject(key, from))
		if err != nil {
			return err
		}
		acc, err = tx.AccountByEmail(key)
		if errors.Is(err, store.ErrNotFound) {
			acc = store.AccountRow{Password: s.nobody}
			return nil
		}
		if err != nil || streak != freeTries {
			return err
		}
		return timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.SignInFailed, At: now, Subject: from.tidy().Agent, IP: from.tidy().IP, Place: from.tidy().Place,
		})
	})
	return acc, err
}

func (s *Service) trySubject(key string, from Client) []byte {
	return s.c.Keys.MAC(keyring.Throttles, key, Network(from.IP))
}

// verify checks a password whatever its size; no password of ours is too big.
func (s *Service) verify(password, phc string) (ok, old bool, err error) {
	big := tooBig(password)
	if big {
		password = ""
	}
	ok, old, err = verifyPassword(password, phc, s.cost)
	return ok && !big, old, err
}

// admitted begins the session of the right password. A sign-out or a new
// password since acc was read wins: ErrCredentials.
func (s *Service) admitted(ctx context.Context, now time.Time, acc store.AccountRow, renewed, key string, from Client) (web Web, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		acc := acc
		if renewed != "" {
			if err := tx.SetPassword(acc.ID, acc.Password, renewed); err != nil {
				return orCredentials(err)
			}
			acc.Password = renewed
		}
		if web, err = s.begin(tx, now, acc, from); err != nil {
			return orCredentials(err)
		}
		if err := tx.ClearThrottle(signInScope, s.trySubject(key, from)); err != nil {
			return err
		}
		if err := tx.DeleteDeadWebSessions(acc.ID, now.Add(-IdleLimit), maxSessions); err != nil {
			return err
		}
		if err := web.Session.Record(tx, now, timeline.Entry{Kind: timeline.SignedIn}); err != nil {
			return err
		}
		return s.c.Notify(tx, web.Session.Notice(NoticeNewSignIn, now))
	})
	return web, err
}

func orCredentials(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrCredentials
	}
	return err
}

// begin adds a web session of acc as it was read: store.ErrNotFound where its
// generation or password has changed since.
func (s *Service) begin(tx *store.Tx, now time.Time, acc store.AccountRow, from Client) (Web, error) {
	from = from.tidy()
	id, err := newID(s.c.Rand)
	if err != nil {
		return Web{}, err
	}
	token, err := s.newToken(acc.ID, SessionID(id))
	if err != nil {
		return Web{}, err
	}
	row := store.WebSessionRow{
		Account: acc.ID, ID: id, TokenHash: protocol.DigestOf([]byte(token)), Generation: acc.Generation,
		Created: now, LastSeen: now, Proved: now, Agent: from.Agent, IP: from.IP, Place: from.Place,
		Email: acc.Email, Language: acc.Language,
	}
	if err := tx.BeginWebSession(row, acc.Password); err != nil {
		return Web{}, err
	}
	return Web{Token: token, Session: sessionOf(row)}, nil
}
