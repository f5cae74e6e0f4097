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

// ImportRow is an account of another system (product rule O3). The operator
// answers for its address and number having been proved there.
type ImportRow struct {
	Email        string `json:"email"`
	PasswordHash string `json:"passwordHash"` // bcrypt, PBKDF2 as Django or passlib write it, argon2id, argon2i
	Language     string `json:"language"`     // BCP 47; empty: en
	Phone        string `json:"phone"`        // in international form; empty: none
}

// ImportError says why a row was left out.
type ImportError struct {
	Row int   // from 0
	Err error // ErrAddress, ErrPhone, ErrHash, ErrAddressTaken or ErrPhoneTaken
}

// Error says which row.
func (e ImportError) Error() string { return fmt.Sprintf("row %d: %v", e.Row+1, e.Err) }

// Unwrap returns the cause.
func (e ImportError) Unwrap() error { return e.Err }

// ErrHash: not a password hash that can be verified here.
var ErrHash = errors.New("account: not a password hash that is known here")

// importBatch is how many rows share a transaction.
const importBatch = 100

// Import adds accounts with their passwords as another system hashed them; each
// is hashed anew when its owner signs in. why is who does it and for what reason,
// for the timelines. Rows that cannot be used are left out and returned; the
// others are added. An error ends it after whole batches: running it again
// leaves out what is there.
func (s *Service) Import(ctx context.Context, now time.Time, why string, rows []ImportRow) (added int, left []ImportError, err error) {
	for from := 0; from < len(rows); from += importBatch {
		batch := rows[from:min(from+importBatch, len(rows))]
		var bad []ImportError
		err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
			bad = nil
			for i, row := range batch {
				reason, err := s.importOne(tx, now, why, row)
				if err != nil {
					return err
				}
				if reason != nil {
					bad = append(bad, ImportError{from + i, reason})
				}
			}
			return nil
		})
		if err != nil {
			return added, left, fmt.Errorf("import: %w", err)
		}
		added, left = added+len(batch)-len(bad), append(left, bad...)
	}
	return added, left, nil
}

// importOne adds an account, or says why not.
func (s *Service) importOne(tx *store.Tx, now time.Time, why string, row ImportRow) (reason, err error) {
	address, key, err := parseAddress(row.Email)
	if err != nil {
		return err, nil
	}
	if checkHash(row.PasswordHash) != nil {
		return ErrHash, nil
	}
	number := ""
	if row.Phone != "" {
		if number, err = parseMobile(row.Phone, ""); err != nil {
			return err, nil
		}
	}
	if reason, err := inUse(tx, key, number); reason != nil || err != nil {
		return reason, err
	}
	id, err := newID(s.c.Rand)
	if err != nil {
		return nil, err
	}
	acc := store.AccountRow{
		ID: protocol.AccountID(id), Email: address, Password: row.PasswordHash, Language: parseLanguage(row.Language), Created: now,
	}
	if err := tx.InsertAccount(acc, key); err != nil {
		return nil, err
	}
	if number != "" {
		if err := tx.SetPhone(store.PhoneRow{Account: acc.ID, Number: number, Proved: now}); err != nil {
			return nil, err
		}
	}
	return nil, errors.Join(
		s.c.Household(tx, now, acc.ID, acc.Language),
		timeline.Add(tx, acc.ID, timeline.Entry{Kind: timeline.AccountImported, At: now, Actor: protocol.ByOperator, Subject: why}),
	)
}

// inUse says which of an address and a number (empty: none) has an account.
func inUse(tx *store.Tx, key, number string) (reason, err error) {
	_, err = tx.AccountByEmail(key)
	if err == nil {
		return ErrAddressTaken, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if number == "" {
		return nil, nil
	}
	_, err = tx.AccountByPhone(number)
	if err == nil {
		return ErrPhoneTaken, nil
	}
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return nil, err
}

// Find returns the account of an email address, for operators. Errors:
// ErrAddress, ErrUnknownAccount.
func (s *Service) Find(ctx context.Context, email string) (protocol.AccountID, error) {
	_, key, err := parseAddress(email)
	if err != nil {
		return "", err
	}
	var id protocol.AccountID
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		acc, err := tx.AccountByEmail(key)
		id = acc.ID
		return orUnknown(err)
	})
	if err != nil {
		return "", fmt.Errorf("find account: %w", err)
	}
	return id, nil
}
