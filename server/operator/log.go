package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/store"
)

// Act names what an operator did. Values are stored: they are append-only.
type Act string

// The acts.
const (
	ActAdd         Act = "operator-add"     // About: the name; Outcome: the role
	ActDisable     Act = "operator-disable" // About: the name
	ActFind        Act = "find"             // About: the account that was found
	ActImport      Act = "import"
	ActFactorReset Act = "factor-reset"
	ActFactorLift  Act = "factor-reset-lift"

	ActContactReset Act = "contact-reset"
	ActContactLift  Act = "contact-reset-lift"

	ActFindDevices   Act = "find-devices"     // by name; Outcome: how many
	ActSignOutDevice Act = "sign-out-device"  // About: the account; Outcome: the device
	ActSignOut       Act = "sign-out-account" // About: the account
	ActLock          Act = "lock"             // About: the account
	ActUnlock        Act = "unlock"           // About: the account

	ActHookAdd    Act = "webhook-add"    // About: its id; Outcome: its host
	ActHookRotate Act = "webhook-rotate" // About: its id
	ActHookRemove Act = "webhook-remove" // About: its id
	ActHookRetry  Act = "webhook-retry"  // About: its id; Outcome: how many events

	ActSweepAsk     Act = "sign-out-everyone"         // About: its id
	ActSweepApprove Act = "sign-out-everyone-approve" // About: its id
	ActSweepCancel  Act = "sign-out-everyone-cancel"  // About: its id
)

// Entry is one act in the log.
type Entry struct {
	ID       string
	At       time.Time
	Operator string // empty: with the data folder
	Act      Act
	About    string // an account's id or an operator's name
	Reason   string
	Outcome  string // empty: under way, or cut off
}

const (
	done       = "done"
	maxOutcome = 200 // characters
	// MaxLog is the largest number of entries that [Service.Log] returns.
	MaxLog  = 500
	logLife = 2 * 365 * 24 * time.Hour // the audit log is kept
)

// Log returns up to n entries (at most [MaxLog]), newest first, older than the
// entry before; an empty before starts at the newest.
func (s *Service) Log(ctx context.Context, before string, n int) ([]Entry, error) {
	if n <= 0 || n > MaxLog {
		n = MaxLog
	}
	var out []Entry
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.OperatorActs(before, n)
		out = make([]Entry, 0, len(rows))
		for _, r := range rows {
			out = append(out, Entry{r.ID, r.At, r.Operator, Act(r.Act), r.About, r.Reason, r.Outcome})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("operators' log: %w", err)
	}
	return out, nil
}

// Tidy removes entries that are older than the log is kept, of the audit log too.
func (s *Service) Tidy(ctx context.Context, now time.Time) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.DeleteOperatorActsBefore(now.Add(-logLife)), s.c.Audit.Trim(tx, now, now.Add(-logLife)))
	})
	if err != nil {
		return fmt.Errorf("tidy operators' log: %w", err)
	}
	return nil
}

// writeAct writes what was done in the transaction of e itself.
func writeAct(tx *store.Tx, log *audit.Log, now time.Time, e Entry) error {
	return log.Append(tx, now, audit.Entry{Actor: e.Operator, Act: string(e.Act), About: e.About, Reason: e.Reason, Outcome: e.Outcome})
}

// noted does an act that is in the log before, and says there how it went.
// Errors of its own: ErrToken, *account.ThrottledError; then it was not done.
func (s *Service) noted(ctx context.Context, now time.Time, by Operator, b account.Budget, e Entry, do func() (outcome string, err error)) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		if err := b.Take(tx, s.c.Keys, now, by.Name); err != nil {
			return err
		}
		return s.c.Audit.Append(tx, now, audit.Entry{ID: id.String(), Actor: by.Name, Act: string(e.Act), About: e.About, Reason: e.Reason})
	})
	if err != nil {
		return err
	}
	outcome, err := do()
	if err != nil {
		outcome = clip("not done: "+err.Error(), maxOutcome)
	}
	note := s.c.DB.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return s.c.Audit.Append(tx, now, audit.Entry{OutcomeOf: id.String(), Actor: by.Name, Act: audit.ActOutcome, Outcome: outcome})
	})
	return errors.Join(err, note)
}

// reasoned returns a reason that is one: ErrReason otherwise.
func reasoned(s string) (string, error) {
	if s = tidy(s); s == "" {
		return "", ErrReason
	}
	return s, nil
}

// tidy drops characters that hide, or act on what shows them, and cuts a reason to [account.MaxReason]
// characters.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || protocol.Hides(r) {
			return -1
		}
		return r
	}, s)
	return clip(strings.TrimSpace(s), account.MaxReason)
}

func clip(s string, characters int) string {
	if runes := []rune(s); len(runes) > characters {
		return string(runes[:characters])
	}
	return s
}
