package admit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// ASVS 2.4.1.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Slots: 1, Queue: 1})
		leave, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		queued := make(chan error)
		go func() {
			leave, err := g.Enter(t.Context())
			queued <- err
			leave()
		}()
		synctest.Wait() // one works, one waits
		var busy *BusyError
		if _, err := g.Enter(t.Context()); !errors.As(err, &busy) || busy.RetryAfter <= 0 {
			t.Errorf("Enter(full) = %v, want BusyError with a delay", err)
		}
		leave()
		if err := <-queued; err != nil {
			t.Errorf("the queued one: %v", err)
		}
		synctest.Wait()
		if leave, err = g.Enter(t.Context()); err != nil {
			t.Errorf("Enter(free again) = %v", err)
		}
		leave()
	})
}

func TestGateGivesUpWithTheContext(t *testing.T) {
	g := New(Config{Slots: 1, Queue: 1})
	leave, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	gone := errors.New("client gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	for range 3 { // a place in the queue is given back
		if _, err := g.Enter(ctx); !errors.Is(err, gone) {
			t.Errorf("Enter = %v, want %v", err, gone)
		}
	}
}

func TestNoQueue(t *testing.T) {
	g := New(Config{Slots: 1, Queue: -1})
	leave, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	var busy *BusyError
	if _, err := g.Enter(t.Context()); !errors.As(err, &busy) {
		t.Errorf("Enter = %v, want BusyError", err)
	}
}
