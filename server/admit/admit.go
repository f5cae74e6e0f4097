// Package admit lets costly work in one piece at a time per core, with a short
// queue, and refuses the rest at once.
//
// Password and PIN hashes take 20 to 30 ms of a core and 7 to 19 MiB each. Run
// all together, 64 of them fall from 84 to 17 a second and take 2 GB; admitted
// in proportion to cores they run at the machine's full speed, and a flood of
// them delays nothing else.
//
// A [Gate] is safe for concurrent use; one is shared by everything that hashes.
package admit

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// BusyError refuses work because the queue is full. Nothing was done.
type BusyError struct {
	RetryAfter time.Duration // when a place is likely to be free
}

// Error tells when to come back.
func (e *BusyError) Error() string {
	return fmt.Sprintf("busy: try again in %s", e.RetryAfter)
}

// Config sizes a [Gate]. Its zero value suits every machine.
type Config struct {
	Slots int // pieces at work at once; 0: one per core (GOMAXPROCS)
	Queue int // pieces waiting at most; 0: 16 per slot, about half a second of hashing; negative: none
}

// Gate admits work. Make one with [New].
type Gate struct {
	slots  chan struct{}
	queued atomic.Int64
	limit  int64
}

// New returns a gate of the given size.
func New(c Config) *Gate {
	if c.Slots <= 0 {
		c.Slots = runtime.GOMAXPROCS(0)
	}
	switch {
	case c.Queue == 0:
		c.Queue = 16 * c.Slots
	case c.Queue < 0:
		c.Queue = 0
	}
	return &Gate{slots: make(chan struct{}, c.Slots), limit: int64(c.Queue)}
}

// Enter waits for a slot and returns the function that frees it, to be called
// exactly once. It fails with [*BusyError] at once where the queue is full, and
// with the context's error where that ends first.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.slots }
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	default:
	}
	if g.queued.Add(1) > g.limit {
		g.queued.Add(-1)
		return nil, &BusyError{RetryAfter: 2 * time.Second}
	}
	defer g.queued.Add(-1)
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
