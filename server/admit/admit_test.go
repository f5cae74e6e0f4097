package admit

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
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

func TestSizes(t *testing.T) {
	cores := int64(runtime.GOMAXPROCS(0))
	for _, tt := range []struct {
		c            Config
		slots, queue int64
	}{
		{Config{}, cores, 16 * cores}, {Config{Slots: -1}, cores, 16 * cores}, {Config{Slots: 3}, 3, 48},
		{Config{Slots: 2, Queue: 1}, 2, 1}, {Config{Slots: 2, Queue: -1}, 2, 0},
	} {
		if g := New(tt.c); int64(cap(g.slots)) != tt.slots || g.limit != tt.queue {
			t.Errorf("New(%+v) has %d slots and a queue of %d, want %d and %d", tt.c, cap(g.slots), g.limit, tt.slots, tt.queue)
		}
	}
}

// Those who are refused leave no trace: when there is room others get in.
func TestRefusalsTakeNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Slots: 1, Queue: 2})
		leave, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 2)
		wait := func() {
			leave, err := g.Enter(t.Context())
			if err == nil {
				leave()
			}
			served <- err
		}
		go wait()
		go wait()
		synctest.Wait()
		for range 10 {
			var busy *BusyError
			if _, err := g.Enter(t.Context()); !errors.As(err, &busy) || busy.RetryAfter != 2*time.Second {
				t.Fatalf("Enter(full) = %v, want BusyError for 2 s", err)
			}
		}
		leave()
		for range 2 {
			if err := <-served; err != nil {
				t.Errorf("who waited: %v", err)
			}
		}
		synctest.Wait()
		if got := g.queued.Load(); got != 0 {
			t.Errorf("%d wait in an empty queue", got)
		}
	})
}
