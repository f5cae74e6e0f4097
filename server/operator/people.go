package operator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	tokenBytes   = 32          // random bytes of a token; ASVS 11.5.1: 128 bits or more
	tokenPrefix  = "hko_"      // so that scanners for secrets know one
	maxToken     = 64          // bytes that are looked at
	maxOperators = 500         // disabled ones included
	touchEvery   = time.Minute // how exactly the last use is kept
	wrongTokens  = 60          // an hour from one address, then they are answered "later"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9.-]{0,31}$`)

var wrongTokenBudget = account.Budget{Scope: "operator-token", Limit: wrongTokens, Per: time.Hour}

// First adds an operator to a database that no server has open, by whoever
// holds its folder: the first one, or one after all tokens are lost. Errors:
// ErrName, ErrRole, ErrTaken, ErrTooMany.
func First(ctx context.Context, db *store.DB, log *audit.Log, random io.Reader, now time.Time, name string, role Role) (Token, error) {
	var token Token
	err := db.Update(ctx, func(tx *store.Tx) (err error) {
		token, err = add(tx, random, now, "", name, role)
		if err != nil {
			return err
		}
		return writeAct(tx, log, now, Entry{Act: ActAdd, About: name, Outcome: string(role)})
	})
	if err != nil {
		return "", fmt.Errorf("add operator: %w", err)
	}
	return token, nil
}

// Add makes an operator and returns the token, which is not kept. Errors:
// ErrName, ErrRole, ErrTaken, ErrTooMany, ErrToken.
func (s *Service) Add(ctx context.Context, now time.Time, by Operator, name string, role Role, reason string) (Token, error) {
	var token Token
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if err := live(tx, by); err != nil {
			return err
		}
		token, err = add(tx, s.c.Rand, now, by.Name, name, role)
		if err != nil {
			return err
		}
		return writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: ActAdd, About: name, Reason: tidy(reason), Outcome: string(role)})
	})
	if err != nil {
		return "", fmt.Errorf("add operator: %w", err)
	}
	return token, nil
}

func add(tx *store.Tx, random io.Reader, now time.Time, by, name string, role Role) (Token, error) {
	if !nameForm.MatchString(name) {
		return "", ErrName
	}
	if role.rank() == 0 {
		return "", ErrRole
	}
	n, err := tx.CountOperators("")
	if err != nil {
		return "", err
	}
	if n >= maxOperators {
		return "", ErrTooMany
	}
	secret := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("random bytes: %w", err)
	}
	token := Token(tokenPrefix + base64.RawURLEncoding.EncodeToString(secret))
	err = tx.InsertOperator(store.OperatorRow{Name: name, Role: string(role), TokenHash: hash(token), CreatedBy: by, Created: now})
	if errors.Is(err, store.ErrExists) {
		err = ErrTaken
	}
	return token, err
}

// hash is what is stored of a token. It is found by this hash, so how long that
// takes says nothing about a token.
func hash(t Token) string {
	sum := sha256.Sum256([]byte(t))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Disable ends an operator's rights for good. Errors: ErrUnknown, ErrLastAdmin,
// ErrToken.
func (s *Service) Disable(ctx context.Context, now time.Time, by Operator, name, reason string) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		row, err := tx.Operator(name)
		if errors.Is(err, store.ErrNotFound) || err == nil && !row.Disabled.IsZero() {
			return ErrUnknown
		}
		if err != nil {
			return err
		}
		if err := othersRemain(tx, Role(row.Role)); err != nil {
			return err
		}
		return errors.Join(
			tx.DisableOperator(name, now),
			writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: ActDisable, About: name, Reason: tidy(reason), Outcome: done}),
		)
	})
	if err != nil {
		return fmt.Errorf("disable operator: %w", err)
	}
	return nil
}

// othersRemain fails where one of role is the last admin.
func othersRemain(tx *store.Tx, role Role) error {
	if role != Admin {
		return nil
	}
	n, err := tx.CountOperators(string(Admin))
	if err == nil && n <= 1 {
		err = ErrLastAdmin
	}
	return err
}

// live fails with ErrToken where by has lost the rights since it was
// authenticated.
func live(tx *store.Tx, by Operator) error {
	row, err := tx.Operator(by.Name)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!row.Disabled.IsZero() || Role(row.Role) != by.Role) {
		return ErrToken
	}
	return err
}

// List returns the operators by name, the disabled ones too.
func (s *Service) List(ctx context.Context) ([]Operator, error) {
	var out []Operator
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Operators(maxOperators)
		out = make([]Operator, 0, len(rows))
		for _, r := range rows {
			out = append(out, operatorOf(r))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return out, nil
}

func operatorOf(r store.OperatorRow) Operator {
	return Operator{Name: r.Name, Role: Role(r.Role), CreatedBy: r.CreatedBy, Created: r.Created, Disabled: r.Disabled, LastUsed: r.LastUsed}
}

// Authenticate returns who has a token. from is the address it came from: wrong
// ones are counted by it, and never keep a right one out. Errors: ErrToken,
// *account.ThrottledError.
func (s *Service) Authenticate(ctx context.Context, now time.Time, token Token, from string) (Operator, error) {
	row, err := s.holder(ctx, token)
	if err == nil && now.Sub(row.LastUsed) >= touchEvery {
		err = s.c.DB.Update(ctx, func(tx *store.Tx) error { return tx.TouchOperator(row.Name, now) })
	}
	if errors.Is(err, ErrToken) {
		if later := s.countWrong(ctx, now, from); later != nil {
			err = later
		}
	}
	if err != nil {
		return Operator{}, fmt.Errorf("authenticate operator: %w", err)
	}
	return operatorOf(row), nil
}

func (s *Service) holder(ctx context.Context, token Token) (row store.OperatorRow, err error) {
	if len(token) > maxToken || !strings.HasPrefix(string(token), tokenPrefix) {
		return row, ErrToken
	}
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.OperatorByToken(hash(token))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && !row.Disabled.IsZero() {
		err = ErrToken
	}
	return row, err
}

// countWrong reads before it writes, so that a flood of wrong tokens does not
// keep the database's writer busy.
func (s *Service) countWrong(ctx context.Context, now time.Time, from string) error {
	err := s.c.DB.View(ctx, func(tx *store.Tx) error { return wrongTokenBudget.Check(tx, s.c.Keys, now, from) })
	if err != nil {
		return err
	}
	return s.c.DB.Update(ctx, func(tx *store.Tx) error { return wrongTokenBudget.Take(tx, s.c.Keys, now, from) })
}
