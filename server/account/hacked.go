package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// WalkStep is one step of "my account was hacked" (product rule V10).
type WalkStep string

// The steps, in their order. The first two are done by doing them, the others
// by having looked.
const (
	StepPassword   WalkStep = "password"   // a new password
	StepEverywhere WalkStep = "everywhere" // signed out everywhere
	StepContact    WalkStep = "contact"    // email and phone are the owner's
	StepFactors    WalkStep = "factors"    // second factors and passkeys too
	StepDevices    WalkStep = "devices"    //
	StepProfiles   WalkStep = "profiles"   //
	StepActivity   WalkStep = "activity"   //
)

// WalkSteps lists all steps in their order.
func WalkSteps() []WalkStep {
	return []WalkStep{StepPassword, StepEverywhere, StepContact, StepFactors, StepDevices, StepProfiles, StepActivity}
}

// Walk is how far an owner is.
type Walk struct {
	Begun time.Time  // zero: not begun
	Done  []WalkStep // in their order
	Next  WalkStep   // empty: all done
}

// BeginHacked begins the walk; what was done before it counts no more. Error:
// ErrSignedOut.
func (s *Service) BeginHacked(ctx context.Context, now time.Time, who Session) (Walk, error) {
	return s.walk(ctx, now, who, func(tx *store.Tx) error {
		return errors.Join(
			tx.PutWalk(store.WalkRow{Account: who.Account, Begun: now}),
			who.Record(tx, now, timeline.Entry{Kind: timeline.HackedBegun}),
		)
	})
}

// Hacked returns how far the owner is: a walk goes on in any session, after
// any time. Error: ErrSignedOut.
func (s *Service) Hacked(ctx context.Context, now time.Time, who Session) (Walk, error) {
	var w Walk
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		if err := Live(tx, who); err != nil {
			return err
		}
		w, err = readWalk(tx, who)
		return err
	})
	if err != nil {
		return Walk{}, fmt.Errorf("hacked: %w", err)
	}
	return w, nil
}

// LookedAt notes that the owner has looked at what a step shows, and found it
// right or mended it. Errors: ErrSignedOut; ErrStep where another step comes
// first, or this one is done by doing it.
func (s *Service) LookedAt(ctx context.Context, now time.Time, who Session, step WalkStep) (Walk, error) {
	return s.walk(ctx, now, who, func(tx *store.Tx) error {
		w, err := readWalk(tx, who)
		if err != nil {
			return err
		}
		if slices.Contains(w.Done, step) {
			return nil
		}
		if w.Begun.IsZero() || step != w.Next || step == StepPassword || step == StepEverywhere {
			return ErrStep
		}
		row, err := tx.Walk(who.Account)
		if err != nil {
			return err
		}
		row.Seen = strings.TrimSpace(row.Seen + " " + string(step))
		return tx.PutWalk(row)
	})
}

// EndHacked forgets the walk, finished or not. Error: ErrSignedOut.
func (s *Service) EndHacked(ctx context.Context, now time.Time, who Session) error {
	_, err := s.walk(ctx, now, who, func(tx *store.Tx) error { return tx.DeleteWalk(who.Account) })
	return err
}

// walk runs do for who and returns how far the walk is then.
func (s *Service) walk(ctx context.Context, now time.Time, who Session, do func(*store.Tx) error) (Walk, error) {
	var w Walk
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		var err error
		w, err = readWalk(tx, who)
		return err
	})
	if err != nil {
		return Walk{}, fmt.Errorf("hacked: %w", err)
	}
	return w, nil
}

// readWalk puts together what was looked at and what the timeline says was
// done since the walk began.
func readWalk(tx *store.Tx, who Session) (Walk, error) {
	row, err := tx.Walk(who.Account)
	if errors.Is(err, store.ErrNotFound) {
		return Walk{}, nil
	}
	if err != nil {
		return Walk{}, err
	}
	done := map[WalkStep]bool{}
	for _, step := range strings.Fields(row.Seen) {
		done[WalkStep(step)] = true
	}
	for step, kinds := range map[WalkStep][]timeline.Kind{
		StepPassword:   {timeline.PasswordChanged, timeline.PasswordRecovered},
		StepEverywhere: {timeline.SignedOutEverywhere},
	} {
		for _, kind := range kinds {
			has, err := tx.HasTimeline(who.Account, string(kind), row.Begun)
			if err != nil {
				return Walk{}, err
			}
			done[step] = done[step] || has
		}
	}
	return walkOf(row.Begun, done), nil
}

// walkOf orders the steps that are done. Only an unbroken row of them counts.
func walkOf(begun time.Time, done map[WalkStep]bool) Walk {
	w := Walk{Begun: begun}
	for _, step := range WalkSteps() {
		if !done[step] {
			w.Next = step
			return w
		}
		w.Done = append(w.Done, step)
	}
	return w
}
