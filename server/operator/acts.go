package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	findsPerHour  = 300 // of one operator: more is harvesting
	resetsPerDay  = 30  // of one operator, lifted ones too
	importsPerMin = 600 // batches of one operator
	maxLookup     = 320 // bytes of what is looked for
	// MaxBatch is how many lines one import may have.
	MaxBatch = 1000
	// MaxLine is the length of such a line in bytes.
	MaxLine = 16 << 10
)

var (
	findBudget   = account.Budget{Scope: "operator-find", Limit: findsPerHour, Per: time.Hour}
	resetBudget  = account.Budget{Scope: "operator-reset", Limit: resetsPerDay, Per: 24 * time.Hour}
	importBudget = account.Budget{Scope: "operator-import", Limit: importsPerMin, Per: time.Minute}
)

// Found is what an operator sees of an account.
type Found struct {
	Account      protocol.AccountID
	Email        string
	Phone        string // its last four digits are readable; empty: none
	Language     string
	Created      time.Time
	SecondFactor bool
	Reset        time.Time // when support removes it; zero: it does not
	Moved        time.Time // when support gives the account another address; zero: it does not
	Erased       time.Time // when the account is to be erased; zero: it is not
	Locked       time.Time // since when support keeps everybody out; zero: it does not
	Devices      []device.Row
}

// Find looks for an account by email address, by phone number in international
// form, by one of its devices or by its id. Errors: ErrLookup, ErrNobody,
// ErrToken, *account.ThrottledError.
func (s *Service) Find(ctx context.Context, now time.Time, by Operator, what string) (Found, error) {
	id, lookupErr := s.resolve(ctx, what)
	if lookupErr != nil && !errors.Is(lookupErr, ErrNobody) {
		return Found{}, lookupErr
	}
	var f Found
	err := s.noted(ctx, now, by, findBudget, Entry{Act: ActFind, About: string(id)}, func() (string, error) {
		if lookupErr != nil {
			return "nobody", nil
		}
		var err error
		f, err = s.show(ctx, now, id)
		return done, err
	})
	if err = errors.Join(err, lookupErr); err != nil {
		return Found{}, fmt.Errorf("find: %w", err)
	}
	return f, nil
}

// resolve returns whose account is meant.
func (s *Service) resolve(ctx context.Context, what string) (protocol.AccountID, error) {
	what = strings.TrimSpace(what)
	if what == "" || len(what) > maxLookup {
		return "", ErrLookup
	}
	if strings.Contains(what, "@") {
		id, err := s.c.Accounts.Find(ctx, what)
		switch {
		case errors.Is(err, account.ErrAddress):
			err = ErrLookup
		case errors.Is(err, account.ErrUnknownAccount):
			err = ErrNobody
		}
		return id, err
	}
	var id protocol.AccountID
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		id, err = resolveOther(tx, what)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && id == "" {
		err = ErrNobody
	}
	return id, err
}

func resolveOther(tx *store.Tx, what string) (protocol.AccountID, error) {
	switch {
	case protocol.DeviceID(what).Valid():
		row, err := tx.DeviceIndex(protocol.DeviceID(what))
		return row.Account, err
	case strings.Count(what, "-") == 4 && len(what) == 36: // a UUID
		row, err := tx.Account(protocol.AccountID(what))
		return row.ID, err
	}
	number, err := account.ParsePhone(what, "")
	if err != nil {
		return "", ErrLookup
	}
	row, err := tx.AccountByPhone(number)
	return row.ID, err
}

func (s *Service) show(ctx context.Context, now time.Time, id protocol.AccountID) (f Found, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		acc, err := tx.Account(id)
		if err != nil {
			return err
		}
		phone, err := tx.Phone(id)
		if err != nil {
			return err
		}
		reset, err := tx.FactorReset(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		moved, err := tx.ContactReset(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		erasure, err := tx.Erasure(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		lock, err := tx.Lock(id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		f = Found{
			Account: id, Email: acc.Email, Phone: masked(phone.Number), Language: acc.Language, Created: acc.Created,
			SecondFactor: acc.SecondFactor, Reset: reset.Due, Moved: moved.Due, Erased: erasure.Due, Locked: lock.At,
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return Found{}, ErrNobody
	}
	if err != nil {
		return Found{}, err
	}
	f.Devices, err = s.c.Devices(ctx, now, id)
	return f, err
}

// masked leaves the last four digits of a number.
func masked(number string) string {
	if len(number) <= 4 {
		return number
	}
	return strings.Repeat("•", len(number)-4) + number[len(number)-4:]
}

// ResetFactor begins the removal of an account's second factor; see
// [account.Service.AskFactorReset] for the wait and the notices. who is as for
// Find. Errors: those of Find and of AskFactorReset.
func (s *Service) ResetFactor(ctx context.Context, now time.Time, by Operator, who, reason string) (due time.Time, err error) {
	err = s.about(ctx, now, by, ActFactorReset, who, reason, func(id protocol.AccountID, reason string) (string, error) {
		due, err = s.c.Accounts.AskFactorReset(ctx, now, id, by.Name, reason)
		return "due " + due.UTC().Format(time.RFC3339), err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reset factor: %w", err)
	}
	return due, nil
}

// LiftFactorReset stops it. Errors: those of Find, account.ErrNoReset.
func (s *Service) LiftFactorReset(ctx context.Context, now time.Time, by Operator, who, reason string) error {
	err := s.about(ctx, now, by, ActFactorLift, who, reason, func(id protocol.AccountID, reason string) (string, error) {
		return done, s.c.Accounts.GiveUpFactorReset(ctx, now, id, by.Name, reason)
	})
	if err != nil {
		return fmt.Errorf("lift reset: %w", err)
	}
	return nil
}

// ResetContact begins to give an account another address, for an owner who has lost
// mailbox, phone and factors; see [account.Service.AskContactReset] for the wait and
// the notices. Errors: those of Find and of AskContactReset.
func (s *Service) ResetContact(ctx context.Context, now time.Time, by Operator, who, reason, email string) (due time.Time, err error) {
	err = s.about(ctx, now, by, ActContactReset, who, reason, func(id protocol.AccountID, reason string) (string, error) {
		due, err = s.c.Accounts.AskContactReset(ctx, now, id, by.Name, reason, email)
		return "due " + due.UTC().Format(time.RFC3339), err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("reset contact: %w", err)
	}
	return due, nil
}

// LiftContactReset stops it. Errors: those of Find, account.ErrNoMove.
func (s *Service) LiftContactReset(ctx context.Context, now time.Time, by Operator, who, reason string) error {
	err := s.about(ctx, now, by, ActContactLift, who, reason, func(id protocol.AccountID, reason string) (string, error) {
		return done, s.c.Accounts.GiveUpContactReset(ctx, now, id, by.Name, reason)
	})
	if err != nil {
		return fmt.Errorf("lift contact reset: %w", err)
	}
	return nil
}

// about does an act about one account.
func (s *Service) about(ctx context.Context, now time.Time, by Operator, act Act, who, reason string, do func(protocol.AccountID, string) (string, error)) error {
	reason, err := reasoned(reason)
	if err != nil {
		return err
	}
	id, err := s.resolve(ctx, who)
	if err != nil && !errors.Is(err, ErrNobody) {
		return err
	}
	return s.noted(ctx, now, by, resetBudget, Entry{Act: act, About: string(id), Reason: reason}, func() (string, error) {
		if err != nil {
			return "", err
		}
		return do(id, reason)
	})
}

// LineError says why a line of an import was left out.
type LineError struct {
	Line int // of the batch, from 0
	Err  error
}

// ErrLine: a line of an import is not one JSON object that is known here.
var ErrLine = errors.New("operator: not a JSON object with email, passwordHash, language and phone")

// Import adds accounts of another system: lines of JSON, each an
// [account.ImportRow]; empty ones are passed over. Errors: ErrReason,
// ErrTooManyLines, ErrToken, *account.ThrottledError.
func (s *Service) Import(ctx context.Context, now time.Time, by Operator, reason string, lines []string) (added int, left []LineError, err error) {
	if reason, err = reasoned(reason); err != nil {
		return 0, nil, err
	}
	if len(lines) > MaxBatch {
		return 0, nil, ErrTooManyLines
	}
	rows, at, left := readLines(lines)
	err = s.noted(ctx, now, by, importBudget, Entry{Act: ActImport, Reason: reason}, func() (string, error) {
		n, bad, err := s.c.Accounts.Import(ctx, now, by.Name+": "+reason, rows)
		added = n
		for _, b := range bad {
			left = append(left, LineError{at[b.Row], b.Err})
		}
		if err != nil {
			return "", fmt.Errorf("%d added, then: %w", n, err)
		}
		return fmt.Sprintf("%d added, %d left out", n, len(left)), nil
	})
	if err != nil {
		return added, nil, fmt.Errorf("import: %w", err)
	}
	slices.SortFunc(left, func(a, b LineError) int { return a.Line - b.Line })
	return added, left, nil
}

// ErrTooManyLines: a batch has at most [MaxBatch] lines.
var ErrTooManyLines = errors.New("operator: too many lines")

// readLines returns the rows, the lines that they stand in, and what is none.
func readLines(lines []string) (rows []account.ImportRow, at []int, left []LineError) {
	for i, line := range lines {
		row, ok, err := readLine(line)
		if err != nil {
			left = append(left, LineError{i, err})
		}
		if ok {
			rows, at = append(rows, row), append(at, i)
		}
	}
	return rows, at, left
}

// readLine reads one line; an empty one is no row.
func readLine(line string) (row account.ImportRow, ok bool, err error) {
	if len(line) > MaxLine {
		return row, false, ErrLine
	}
	text := bytes.TrimSpace([]byte(line))
	if len(text) == 0 {
		return row, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if text[0] != '{' || d.Decode(&row) != nil {
		return row, false, ErrLine
	}
	if _, err := d.Token(); err != io.EOF {
		return row, false, ErrLine
	}
	return row, true, nil
}
