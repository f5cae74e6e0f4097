package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	sweepIdle   = 5 * time.Second // another node's approval is seen after
	sweepRetry  = time.Second     // after an error of the database
	maxTogether = 20              // accounts in one transaction: others get their turn between
	maxBacklog  = 500             // due messages in the outbox: no more notices before it is less
)

// errMoved: another node did this batch, or the sweep was cancelled meanwhile.
var errMoved = errors.New("operator: the sweep has moved on")

// Woken is sent to when a sign-out of everyone was approved here: it is time for
// [Service.Sweep].
func (s *Service) Woken() <-chan struct{} { return s.wake }

func (s *Service) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Sweep does the next batch of what was approved, where one is due, and returns
// when to call it again. A batch is one transaction, with the progress: a crash
// leaves all of it or nothing, and two nodes never do the same account. Where one
// account fails the batch is done again one by one, and that one is left out,
// counted and logged.
func (s *Service) Sweep(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	var row store.SweepRow
	var ids []protocol.AccountID
	due := 0
	err = s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		row, ids = store.SweepRow{}, nil
		if row, err = tx.OpenSweep(now); err != nil || row.Approved.IsZero() {
			return err
		}
		if row.Tell {
			if due, err = tx.DueMessages(now.Add(-time.Second), maxBacklog); err != nil {
				return err
			}
		}
		ids, err = tx.AccountsFrom(row.Reached, row.Approved, together(row.PerSecond))
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && row.Approved.IsZero():
		return sweepIdle, nil
	case err != nil:
		return sweepRetry, fmt.Errorf("sweep: %w", err)
	case row.Next.After(now):
		return min(row.Next.Sub(now), sweepIdle), nil
	case due >= maxBacklog:
		return sweepRetry, nil
	case len(ids) == 0:
		return 0, s.finishSweep(ctx, now, row)
	}
	return s.batch(ctx, now, row, ids)
}

// together is how many accounts a batch has: ten batches a second or more.
func together(perSecond int) int { return max(1, min(perSecond/10, maxTogether)) }

func (s *Service) batch(ctx context.Context, now time.Time, row store.SweepRow, ids []protocol.AccountID) (time.Duration, error) {
	err := s.signOutAll(ctx, now, row, ids, 0)
	if waits(err) {
		return sweepRetry, fmt.Errorf("sweep: %w", err)
	}
	if err == nil || errors.Is(err, errMoved) {
		return pause(row, len(ids)), nil
	}
	for _, id := range ids { // one of them does not let itself be signed out
		one := []protocol.AccountID{id}
		err := s.signOutAll(ctx, now, row, one, 0)
		if err != nil && !waits(err) && !errors.Is(err, errMoved) {
			s.c.Log.ErrorContext(ctx, "account not signed out: left out", "sweep", row.ID, "account", id, "error", err)
			err = s.signOutAll(ctx, now, row, one, 1)
		}
		if err != nil {
			return sweepRetry, fmt.Errorf("sweep: %w", err)
		}
		row.Reached = id
	}
	return pause(row, len(ids)), nil
}

// waits reports whether an error is the database's own, and not an account's.
func waits(err error) bool {
	for _, e := range []error{store.ErrBusy, store.ErrClosed, store.ErrFull, store.ErrIO, store.ErrReadOnly, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func pause(row store.SweepRow, n int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(max(1, row.PerSecond))
}

// signOutAll signs accounts out and moves the progress past them, in one
// transaction; with failed it only does the latter.
func (s *Service) signOutAll(ctx context.Context, now time.Time, row store.SweepRow, ids []protocol.AccountID, failed int) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		err := tx.MoveSweep(row.ID, row.Reached, ids[len(ids)-1], len(ids)-failed, failed, now.Add(pause(row, len(ids))))
		if errors.Is(err, store.ErrNotFound) {
			return errMoved
		}
		if err != nil || failed > 0 {
			return err
		}
		for _, id := range ids {
			err := s.c.Accounts.SignOutInSweep(tx, now, id, row.Operator, row.Reason, row.Tell)
			if errors.Is(err, store.ErrNotFound) { // erased a moment ago
				continue
			}
			if err != nil {
				return fmt.Errorf("account %s: %w", id, err)
			}
		}
		return nil
	})
}

func (s *Service) finishSweep(ctx context.Context, now time.Time, row store.SweepRow) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.FinishSweep(row.ID, now); err != nil {
			return err
		}
		return writeAct(tx, s.c.Audit, now, Entry{
			Operator: row.Operator, Act: ActSweepAsk, About: row.ID, Reason: row.Reason,
			Outcome: fmt.Sprintf("finished: %d signed out, %d left out; approved by %s", row.Done, row.Failed, row.ApprovedBy),
		})
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("sweep: %w", err)
	}
	s.c.Log.InfoContext(ctx, "everyone was signed out", "sweep", row.ID, "done", row.Done, "failed", row.Failed)
	return nil
}
