package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/server/store"
)

// "Sign out every device of everyone" (product rule O3): one operator asks, a
// second one approves within the hour, and then account after account gets its
// next generation, at the pace that was asked for. How far it is stands in the
// database and moves in the transactions that sign out: see [Service.Sweep].
const (
	approveWithin = time.Hour      // a second operator may approve
	trustedAfter  = 24 * time.Hour // one operator made by another approves
	// Accounts a second: bounds, and what is done where nobody says.
	MinPace, MaxPace, DefaultPace = 1, 1000, 50
	// MaxSweeps is how many are listed.
	MaxSweeps = 50
)

// State is where a sign-out of everyone is.
type State string

// The states.
const (
	SweepWaiting   State = "waiting"   // for a second operator
	SweepRunning   State = "running"   //
	SweepDone      State = "done"      //
	SweepCancelled State = "cancelled" //
	SweepVoid      State = "void"      // nobody approved it in time
)

// Sweep is one sign-out of everyone.
type Sweep struct {
	store.SweepRow
	State State
	// Left is how long the rest takes at its pace, where it runs.
	Left time.Duration
}

func sweepOf(r store.SweepRow, now time.Time) Sweep {
	out := Sweep{SweepRow: r}
	switch {
	case !r.Cancelled.IsZero():
		out.State = SweepCancelled
	case !r.Finished.IsZero():
		out.State = SweepDone
	case !r.Approved.IsZero():
		out.State = SweepRunning
		out.Left = time.Duration(max(0, r.Total-r.Done-r.Failed)) * time.Second / time.Duration(max(1, r.PerSecond))
	case now.Before(r.Expires):
		out.State = SweepWaiting
	default:
		out.State = SweepVoid
	}
	return out
}

// AskSweep asks for a sign-out of everyone, perSecond accounts a second (0:
// [DefaultPace]); tell says whether each owner gets a notice. Nothing happens
// before [Service.ApproveSweep]. Errors: ErrReason, ErrPace, ErrSweepOpen,
// ErrToken.
func (s *Service) AskSweep(ctx context.Context, now time.Time, by Operator, reason string, perSecond int, tell bool) (Sweep, error) {
	reason, err := reasoned(reason)
	if err != nil {
		return Sweep{}, err
	}
	if perSecond == 0 {
		perSecond = DefaultPace
	}
	if perSecond < MinPace || perSecond > MaxPace {
		return Sweep{}, ErrPace
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Sweep{}, fmt.Errorf("sign out everyone: %w", err)
	}
	row := store.SweepRow{
		ID: id.String(), Operator: by.Name, Reason: reason, Asked: now, Expires: now.Add(approveWithin), PerSecond: perSecond, Tell: tell,
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		switch _, err := tx.OpenSweep(now); {
		case err == nil:
			return ErrSweepOpen
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		return errors.Join(
			tx.InsertSweep(row),
			writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: ActSweepAsk, About: row.ID, Reason: reason, Outcome: "waits for a second operator"}),
		)
	})
	if err != nil {
		return Sweep{}, fmt.Errorf("sign out everyone: %w", err)
	}
	return sweepOf(row, now), nil
}

// ApproveSweep lets the one that waits begin. by must be another operator than
// the one who asked, whose rights must not have ended; and one who was made with
// the data folder or at least a day ago, so that nobody makes the second operator
// for the occasion. Errors: ErrReason, ErrNoSweep, ErrSecond, ErrTooNew, ErrToken.
func (s *Service) ApproveSweep(ctx context.Context, now time.Time, by Operator, id, reason string) (Sweep, error) {
	var out Sweep
	err := s.change(ctx, now, by, ActSweepApprove, id, reason, func(tx *store.Tx, row store.SweepRow) error {
		if err := second(tx, now, by, row.Operator); err != nil {
			return err
		}
		if err := tx.ApproveSweep(id, by.Name, now); err != nil {
			return orNoSweep(err)
		}
		row, err := tx.OpenSweep(now)
		out = sweepOf(row, now)
		tx.OnCommit(s.wakeUp)
		return err
	})
	return out, err
}

// second fails where by is nobody to approve what asker asked for.
func second(tx *store.Tx, now time.Time, by Operator, asker string) error {
	if by.Name == asker {
		return ErrSecond
	}
	first, err := tx.Operator(asker)
	if err != nil {
		return err
	}
	if !first.Disabled.IsZero() {
		return ErrNoSweep
	}
	me, err := tx.Operator(by.Name)
	if err != nil {
		return err
	}
	if me.CreatedBy != "" && now.Sub(me.Created) < trustedAfter {
		return ErrTooNew
	}
	return nil
}

// CancelSweep ends the one that waits or runs: the accounts that were not
// reached stay signed in. Errors: ErrReason, ErrNoSweep, ErrToken.
func (s *Service) CancelSweep(ctx context.Context, now time.Time, by Operator, id, reason string) error {
	return s.change(ctx, now, by, ActSweepCancel, id, reason, func(tx *store.Tx, _ store.SweepRow) error {
		return orNoSweep(tx.CancelSweep(id, by.Name, now))
	})
}

// change does something to the open sweep, with its reason.
func (s *Service) change(ctx context.Context, now time.Time, by Operator, act Act, id, reason string, do func(*store.Tx, store.SweepRow) error) error {
	reason, err := reasoned(reason)
	if err != nil {
		return err
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := live(tx, by); err != nil {
			return err
		}
		row, err := tx.OpenSweep(now)
		if errors.Is(err, store.ErrNotFound) || err == nil && row.ID != id {
			return ErrNoSweep
		}
		if err != nil {
			return err
		}
		return errors.Join(
			do(tx, row),
			writeAct(tx, s.c.Audit, now, Entry{Operator: by.Name, Act: act, About: id, Reason: reason, Outcome: done}),
		)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

func orNoSweep(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNoSweep
	}
	return err
}

// Sweeps returns the newest ones, at most [MaxSweeps].
func (s *Service) Sweeps(ctx context.Context, now time.Time) ([]Sweep, error) {
	var out []Sweep
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Sweeps(MaxSweeps)
		out = make([]Sweep, 0, len(rows))
		for _, r := range rows {
			out = append(out, sweepOf(r, now))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list sign-outs of everyone: %w", err)
	}
	return out, nil
}
