package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Recovery codes stand in for a lost second factor: ten, each once, 80 random
// bits each (product rule V3 asks for 64; NIST SP 800-63B-4 §3.1.2 too).
const (
	recoveryCodes = 10
	recoveryBytes = 10 // 16 letters of base32
)

// makeRecoveryCodes voids the account's codes and returns ten others, to be
// shown once.
func (s *Service) makeRecoveryCodes(tx *store.Tx, now time.Time, acc protocol.AccountID) ([]string, error) {
	codes := make([]string, recoveryCodes)
	hashes := make([][]byte, recoveryCodes)
	for i := range codes {
		raw := make([]byte, recoveryBytes)
		if _, err := io.ReadFull(s.c.Rand, raw); err != nil {
			return nil, err
		}
		t := strings.ToLower(base32Text.EncodeToString(raw))
		codes[i] = t[:4] + "-" + t[4:8] + "-" + t[8:12] + "-" + t[12:]
		hashes[i] = s.recoveryHash(acc, codes[i])
	}
	return codes, tx.ReplaceRecoveryCodes(acc, hashes, now)
}

// firstCodes makes codes where the account has none.
func (s *Service) firstCodes(tx *store.Tx, now time.Time, acc protocol.AccountID) ([]string, error) {
	n, err := tx.RecoveryCodesLeft(acc)
	if err != nil || n > 0 {
		return nil, err
	}
	return s.makeRecoveryCodes(tx, now, acc)
}

// NewRecoveryCodes voids the account's recovery codes and returns ten others:
// show them once, they cannot be shown again. With everywhere, all else is
// signed out. Errors: ErrProofNeeded, ErrSignedOut.
func (s *Service) NewRecoveryCodes(ctx context.Context, now time.Time, who Session, everywhere bool) (Web, []string, error) {
	var codes []string
	web, err := s.changeFactor(ctx, now, who, everywhere, func(tx *store.Tx, acc store.AccountRow) (c factorChange, err error) {
		if codes, err = s.makeRecoveryCodes(tx, now, acc.ID); err != nil {
			return c, err
		}
		return factorChange{"New recovery codes were made; those before are void.", timeline.Entry{Kind: timeline.RecoveryCodesMade}}, nil
	})
	return web, codes, err
}

// useRecoveryCode uses a code up and tells the owner: errWrongFactor where it
// is none of the account's.
func (s *Service) useRecoveryCode(tx *store.Tx, now time.Time, acc store.AccountRow, code string, from Client) error {
	hash := s.recoveryHash(acc.ID, code)
	err := tx.UseRecoveryCode(acc.ID, hash)
	if errors.Is(err, store.ErrNotFound) {
		return errWrongFactor
	}
	if err == nil {
		err = s.strike(tx, now, acc.ID, hash)
	}
	if err != nil {
		return err
	}
	left, err := tx.RecoveryCodesLeft(acc.ID)
	if err != nil {
		return err
	}
	from = from.tidy()
	n := noticeTo(acc, NoticeRecoveryCode, now, from)
	n.Detail = fmt.Sprint(left)
	return errors.Join(
		timeline.Add(tx, acc.ID, timeline.Entry{
			Kind: timeline.RecoveryCodeUsed, At: now, Actor: protocol.ByOwner, Agent: from.Agent, IP: from.IP, Place: from.Place, Detail: n.Detail,
		}),
		s.Notify(tx, n),
	)
}

// recoveryHash is keyed; how the code is grouped and capitalised is all one.
func (s *Service) recoveryHash(acc protocol.AccountID, code string) []byte {
	return s.c.Keys.MAC(keyring.SavedCodes, string(acc), tidyRecoveryCode(code))
}

// tidyRecoveryCode returns the 16 letters of a code, or "" where it is none.
// The digits 0, 1 and 8, which base32 lacks, are read as what they look like.
func tidyRecoveryCode(code string) string {
	if len(code) > 64 {
		return ""
	}
	t := strings.NewReplacer("0", "O", "1", "I", "8", "B").Replace(strings.ToUpper(tidyCode(code)))
	raw, err := base32Text.DecodeString(t)
	if err != nil || len(raw) != recoveryBytes {
		return ""
	}
	return base32Text.EncodeToString(raw)
}
