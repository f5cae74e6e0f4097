package hub

import (
	"context"
	"sync"
	"time"
)

// flushEvery is how long an ended connection waits to be written down together
// with others.
const flushEvery = 200 * time.Millisecond

// maxDepartures bounds what one call of Left is given.
const maxDepartures = 500

// Run pings the devices, polls the database and writes down what has ended,
// until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { h.Poll(ctx); every(ctx, h.cfg.Poll, func() { h.Poll(ctx) }) })
	loops.Go(func() { every(ctx, flushEvery, func() { h.gone.flush(ctx) }) })
	loops.Go(func() {
		var due []*Session
		every(ctx, h.cfg.Ping/slots, func() {
			due = h.wheel.tick(due[:0])
			h.counts.silent.Add(int64(beat(due, time.Now(), h.cfg.Ping)))
			clear(due)
		})
	})
	loops.Go(func() {
		var t tide
		every(ctx, time.Second, func() { t.look(time.Now(), h.counts.added.Load()) })
	})
	loops.Wait()
}

func every(ctx context.Context, interval time.Duration, f func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}

// Poll looks at what changed, nudges those accounts, and writes the node's sign
// of life. Where both succeed the node is fresh from the moment the poll began.
// Run calls it; a server calls it once before it serves.
func (h *Hub) Poll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	begun := time.Now()
	h.retry()
	since := begun
	if last := h.polled.Load(); last != nil && last.Before(begun) {
		since = *last
	}
	// A clock that was set back writes earlier times than the last poll's.
	if wall := begun.Round(0); wall.Before(since.Round(0)) {
		since = wall
	}
	if err := h.cfg.Changed(ctx, since.Add(-h.cfg.Overlap), h.Nudge); err != nil {
		h.cfg.Log.Warn("poll failed", "error", err)
		return
	}
	if err := h.cfg.Beat(ctx); err != nil {
		h.cfg.Log.Warn("heartbeat failed", "error", err)
		return
	}
	h.polled.Store(&begun)
}

// retry nudges the sessions whose push failed.
func (h *Hub) retry() {
	h.mu.Lock()
	failed := h.failed
	h.failed = nil
	h.mu.Unlock()
	for _, s := range failed {
		h.queue.add(Numbers{}, s)
	}
}

func (h *Hub) writeGone(ctx context.Context, gone []Departure) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	err := h.cfg.Left(ctx, gone)
	if err != nil {
		h.cfg.Log.Warn("ended connections not written down", "count", len(gone), "error", err)
	}
	return err
}

// departures collects connections that have ended. What is not written yet is
// covered by the node's heartbeat: a device's bound is later then, never earlier.
type departures struct {
	write func(context.Context, []Departure) error

	flushing sync.Mutex // one flush at a time; before mu

	mu   sync.Mutex
	list []*Session
}

func (d *departures) add(s *Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, s)
}

func (d *departures) flush(ctx context.Context) {
	d.flushing.Lock()
	defer d.flushing.Unlock()
	for {
		d.mu.Lock()
		n := min(len(d.list), maxDepartures)
		batch := d.list[:n:n]
		d.mu.Unlock()
		if n == 0 {
			return
		}
		gone := make([]Departure, n)
		for i, s := range batch {
			gone[i] = s.departure()
		}
		if d.write(ctx, gone) != nil {
			return
		}
		d.mu.Lock()
		d.list = append([]*Session(nil), d.list[n:]...)
		d.mu.Unlock()
	}
}
