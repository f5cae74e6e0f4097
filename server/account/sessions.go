package account

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Lifetimes of web sessions. NIST SP 800-63B-4 §2.1.3 has a session at AAL1 end
// after 30 days; §2.2.3 asks at AAL2 for a new proof within a day and after an
// hour of rest, and the sensitive pages ask for one after [ProofAge].
const (
	IdleLimit    = 14 * 24 * time.Hour // since the last use (OWASP ASVS 5 7.3.1)
	SessionLimit = 30 * 24 * time.Hour // since the sign-in (7.3.2)

	touchEvery  = time.Minute // how exact "last seen" is
	maxSessions = 50          // live web sessions of an account; the oldest end
)

// A token is base64url of the account's and the session's UUID and 32 random
// bytes: the account leads to the row, whichever database it is in.
const (
	tokenSecret = 32
	tokenBytes  = 16 + 16 + tokenSecret
)

func (s *Service) newToken(acc protocol.AccountID, id SessionID) (string, error) {
	a, err1 := uuid.Parse(string(acc))
	b, err2 := uuid.Parse(string(id))
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("account: make a token: %w", err)
	}
	raw := append(append(make([]byte, 0, tokenBytes), a[:]...), b[:]...)
	raw = raw[:tokenBytes]
	if _, err := io.ReadFull(s.c.Rand, raw[32:]); err != nil {
		return "", fmt.Errorf("account: make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func parseToken(token string) (protocol.AccountID, SessionID, bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return "", "", false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return "", "", false
	}
	return protocol.AccountID(uuid.UUID(raw[:16]).String()), SessionID(uuid.UUID(raw[16:32]).String()), true
}

func sessionOf(r store.WebSessionRow) Session {
	return Session{
		Account: r.Account, ID: SessionID(r.ID), Generation: r.Generation, Email: r.Email, Language: r.Language,
		Created: r.Created, Proved: r.Proved, Factors: r.Factors, Client: Client{Agent: r.Agent, IP: r.IP, Place: r.Place},
	}
}

// Authenticate returns the live session of a token, or ErrSignedOut (as
// ErrOldToken where another token has replaced it). It is asked for on each
// request; it writes at most once a minute per session.
func (s *Service) Authenticate(ctx context.Context, now time.Time, token string) (Session, error) {
	row, err := s.byToken(ctx, now, token)
	if errors.Is(err, ErrSignedOut) {
		return Session{}, err
	}
	if err != nil {
		return Session{}, fmt.Errorf("authenticate: %w", err)
	}
	if now.Sub(row.LastSeen) >= touchEvery {
		err := s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.TouchWebSession(row.Account, row.ID, now) })
		if err != nil && !errors.Is(err, store.ErrBusy) { // "last seen" may be late under load
			return Session{}, fmt.Errorf("authenticate: %w", err)
		}
	}
	return sessionOf(row), nil
}

// byToken finds a live session: ErrSignedOut where there is none, ErrOldToken
// beside the row where the token is one of the last few before.
func (s *Service) byToken(ctx context.Context, now time.Time, token string) (row store.WebSessionRow, err error) {
	acc, id, ok := parseToken(token)
	if !ok {
		return row, ErrSignedOut
	}
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.WebSession(acc, string(id))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return row, ErrSignedOut
	}
	if err != nil {
		return row, err
	}
	hash := []byte(protocol.DigestOf([]byte(token)))
	same := subtle.ConstantTimeCompare([]byte(row.TokenHash), hash) == 1
	before := slices.ContainsFunc(row.Previous, func(d protocol.Digest) bool {
		return subtle.ConstantTimeCompare([]byte(d), hash) == 1
	})
	switch {
	case now.Sub(row.LastSeen) >= IdleLimit, now.Sub(row.Created) >= SessionLimit, !same && !before:
		return row, ErrSignedOut
	case before:
		return row, ErrOldToken
	}
	return row, nil
}

// SignOutToken ends the web session of a token, also of one that a proof has
// replaced since: whoever signs out in one tab while a proof is under way in
// another is signed out (product rule D5). from is who asks. It returns whose
// session it was. Errors: ErrSignedOut.
func (s *Service) SignOutToken(ctx context.Context, now time.Time, token string, from Client) (protocol.AccountID, error) {
	row, err := s.byToken(ctx, now, token)
	if err != nil && !errors.Is(err, ErrOldToken) {
		if !errors.Is(err, ErrSignedOut) {
			err = fmt.Errorf("sign out: %w", err)
		}
		return "", err
	}
	who := sessionOf(row)
	who.Client = from
	return who.Account, s.SignOut(ctx, now, who)
}

// SignOut ends the web session. Ending one that is gone is no error.
func (s *Service) SignOut(ctx context.Context, now time.Time, who Session) error {
	_, err := s.end(ctx, now, who, who.ID, timeline.SignedOut)
	return err
}

// Revoke ends another web session of the account, and makes its device unknown
// unless it is that of who: its next sign-in is one of a new device, which the
// owner hears of. Errors: ErrSignedOut, ErrNoSession.
func (s *Service) Revoke(ctx context.Context, now time.Time, who Session, id SessionID) error {
	found, err := s.end(ctx, now, who, id, timeline.SessionRevoked)
	if err == nil && !found {
		return ErrNoSession
	}
	return err
}

// end ends session id for who, and tells whether it was live.
func (s *Service) end(ctx context.Context, now time.Time, who Session, id SessionID, kind timeline.Kind) (found bool, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		err := ActOnPages(tx, who, s.c.Changed)
		if errors.Is(err, ErrSignedOut) && id == who.ID {
			return nil // it has ended already
		}
		if err != nil {
			return err
		}
		target, err := tx.WebSession(who.Account, string(id))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.ForgetDeviceOf(who.Account, string(id), string(who.ID)); err != nil {
			return err
		}
		if found, err = tx.DeleteWebSession(who.Account, string(id)); err != nil || !found {
			return err
		}
		return who.Record(tx, now, timeline.Entry{Kind: kind, Subject: target.Agent})
	})
	if err != nil {
		return false, fmt.Errorf("end web session: %w", err)
	}
	return found, nil
}

// Sessions lists the account's live web sessions, the latest sign-in first.
func (s *Service) Sessions(ctx context.Context, who Session) ([]Listed, error) {
	var out []Listed
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.WebSessions(who.Account, maxSessions)
		for _, r := range rows {
			out = append(out, Listed{
				ID: SessionID(r.ID), Created: r.Created, LastSeen: r.LastSeen,
				Client: Client{Agent: r.Agent, IP: r.IP, Place: r.Place}, Current: SessionID(r.ID) == who.ID,
			})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list web sessions: %w", err)
	}
	return out, nil
}
