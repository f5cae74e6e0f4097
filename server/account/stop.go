package account

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// A mail with an access code carries a link that stops the attempt which asked for
// it: sign-in, TV's sign-in, recovery, check, change or sign-up, and nothing else.
// Its token is the attempt and purpose of the code, as the database knows them,
// with a keyed hash that covers the code's own: it needs no row, lives as long as
// the code, and another code makes it void. It opens nothing: whoever has it can
// only stop what the mail is about. Looking changes nothing (product rule V9).

// Stop is an attempt that a mail's link stops.
type Stop struct {
	Purpose Purpose
	Asked   time.Time // when the code was asked for
	Expires time.Time // of the code, and of the link
}

// stopToken is the token of the link in the mail of a code.
func (s *Service) stopToken(row store.AccessCodeRow) string {
	return row.Attempt + "." + row.Purpose + "." + base64.RawURLEncoding.EncodeToString(s.stopMAC(row))
}

func (s *Service) stopMAC(row store.AccessCodeRow) []byte {
	return s.c.Keys.MAC(keyring.AccessCodes, "stop", row.Attempt, row.Purpose, string(row.Hash))
}

// LookStop tells what a link in the mail of a code would stop, and changes nothing.
// Error: ErrLink.
func (s *Service) LookStop(ctx context.Context, now time.Time, token string) (Stop, error) {
	var row store.AccessCodeRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = s.readStop(tx, now, token)
		return err
	})
	if err != nil {
		return Stop{}, fmt.Errorf("look at link: %w", err)
	}
	return stopOf(row), nil
}

// StopAttempt stops the attempt that the mail of a code is about: no code of it is
// taken any more, and it cannot go on. Works once. Error: ErrLink (also where it
// was completed a moment ago).
func (s *Service) StopAttempt(ctx context.Context, now time.Time, token string, from Client) (Stop, error) {
	var row store.AccessCodeRow
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if row, err = s.readStop(tx, now, token); err != nil {
			return err
		}
		if err := errors.Join(tx.DeleteAccessCodes(row.Attempt), endAttempt(tx, row)); err != nil || row.Account == "" {
			return err
		}
		from := from.tidy()
		return timeline.Add(tx, row.Account, timeline.Entry{
			Kind: timeline.AttemptStopped, At: now, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: stoppedText[Purpose(row.Purpose)],
		})
	})
	if err != nil {
		return Stop{}, fmt.Errorf("stop attempt: %w", err)
	}
	return stopOf(row), nil
}

// stoppedText is what the timeline says of it.
var stoppedText = map[Purpose]string{
	ForSignIn:   "It stopped a sign-in.",
	ForCheck:    "It stopped a change in the account.",
	ForRecovery: "It stopped a recovery.",
	ForEmail:    "It stopped a change of the email address, at the new address.",
}

// readStop finds the code that a token is of, where there is still something to
// stop.
func (s *Service) readStop(tx *store.Tx, now time.Time, token string) (store.AccessCodeRow, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return store.AccessCodeRow{}, ErrLink
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return store.AccessCodeRow{}, ErrLink
	}
	row, err := tx.AccessCode(parts[0], parts[1])
	if err != nil {
		return row, orLink(err)
	}
	if !hmac.Equal(mac, s.stopMAC(row)) || !now.Before(row.Expires) {
		return row, ErrLink
	}
	if row.Used.IsZero() {
		return row, nil
	}
	if Purpose(row.Purpose) == ForRecovery { // proved: the new password is still to come
		_, err = tx.Recovery(row.Attempt)
		return row, orLink(err)
	}
	return row, ErrLink
}

// endAttempt ends what a code was asked for. A check, and a change of address, are
// nothing without their code.
func endAttempt(tx *store.Tx, row store.AccessCodeRow) error {
	var err error
	switch Purpose(row.Purpose) {
	case ForSignUp:
		err = tx.DeleteAttempt(row.Attempt)
	case ForSignIn:
		err = tx.DeleteSignIn(row.Attempt)
	case ForRecovery:
		err = tx.DeleteRecovery(row.Attempt)
	}
	return orLink(err)
}

func stopOf(row store.AccessCodeRow) Stop {
	return Stop{Purpose: Purpose(row.Purpose), Asked: row.Sent, Expires: row.Expires}
}
