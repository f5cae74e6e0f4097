package hub

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// WebSocket close codes (RFC 6455, section 7.4.1, and IANA's registry).
const (
	closeGoingAway      = 1001
	closeServiceRestart = 1012
)

// Config says how a [Hub] reaches the truth. The funcs are required, the rest
// has defaults.
type Config struct {
	// Changed calls each for every account that changed at or after since. It
	// is one read of the database: its success is what makes this node fresh.
	Changed func(ctx context.Context, since time.Time, each func(protocol.AccountID, Numbers)) error
	// Beat writes this node's sign of life, by which others bound what it may
	// have granted if it dies.
	Beat func(ctx context.Context) error
	// Left writes down connections that have ended, at most [maxDepartures]
	// at once. Failed ones are offered again.
	Left func(ctx context.Context, gone []Departure) error
	Log  *slog.Logger
	// Pushed hears how long each push to the devices of a changed account took, until
	// their frames were handed to the sockets of all that do not keep a writer waiting.
	// Optional. It must not block.
	Pushed func(time.Duration)

	// Ping is the interval of heartbeats. Default 50 s.
	Ping time.Duration
	// Poll is how often Changed and Beat are called. Default 5 s.
	Poll time.Duration
	// Overlap is how far before the last poll each poll looks, against
	// transactions that were open then and clocks that differ. Default 60 s.
	Overlap time.Duration
	// Fresh is how long a poll vouches for what this process knows. Default 10 s.
	Fresh time.Duration
	// Pushes is how many devices are written to at the same time. Default 256.
	Pushes int
}

func (c Config) withDefaults() (Config, error) {
	if c.Changed == nil || c.Beat == nil || c.Left == nil || c.Log == nil {
		return c, errors.New("hub: Changed, Beat, Left and Log are required")
	}
	for _, d := range []struct {
		p   *time.Duration
		def time.Duration
	}{{&c.Ping, 50 * time.Second}, {&c.Poll, 5 * time.Second}, {&c.Overlap, time.Minute}, {&c.Fresh, 10 * time.Second}} {
		if *d.p <= 0 {
			*d.p = d.def
		}
	}
	if c.Pushes <= 0 {
		c.Pushes = 256
	}
	return c, nil
}

// slots is the number of parts of one heartbeat interval.
const slots = 50

// readTimeout bounds one call of the Config's funcs.
const readTimeout = 6 * time.Second

// Hub knows this process's devices. Make one with [New].
type Hub struct {
	cfg    Config
	ctx    context.Context // of the workers
	cancel context.CancelFunc

	sessions *registry
	wheel    *wheel
	queue    *queue
	gone     departures
	polled   atomic.Pointer[time.Time] // when the last successful poll began
	edition  atomic.Int32              // newest that NudgeAll was told of
	counts   counts

	mu     sync.Mutex
	failed []*Session // to be tried again at the next poll
}

type counts struct {
	connected, added                             atomic.Int64
	nudges, pushes, failures, silent, superseded atomic.Int64
}

// Stats are counts since the start, except Connected.
type Stats struct {
	Connected  int64 // devices now
	Nudges     int64 // nudges for accounts with devices here
	Pushes     int64 // reads of the truth that were sent
	Failures   int64 // pushes that failed
	Silent     int64 // devices dropped for their silence
	Superseded int64 // connections replaced by newer ones
}

// New returns a Hub. The caller must call [Hub.Close].
func New(cfg Config) (*Hub, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Hub{cfg: cfg, sessions: newRegistry(), wheel: newWheel(slots)}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.queue = &queue{limit: cfg.Pushes}
	h.queue.push = func(s []*Session) {
		ctx, cancel := context.WithTimeout(h.ctx, readTimeout)
		defer cancel()
		begun := time.Now()
		h.push(ctx, s, h.queue)
		if cfg.Pushed != nil {
			cfg.Pushed(time.Since(begun))
		}
	}
	h.gone.write = h.writeGone
	return h, nil
}

// Add makes s the connection of its device. An older connection of the device
// on this node is told that it was replaced; where s is the older one it is
// told so itself, and [ErrGone] is returned.
func (h *Hub) Add(s *Session) error {
	loser := h.sessions.add(s)
	if loser == s {
		h.counts.superseded.Add(1)
		Fail(s.Conn, protocol.CodeReplaced, 0, "")
		return ErrGone
	}
	h.wheel.add(s)
	h.counts.connected.Add(1)
	h.counts.added.Add(1)
	if loser != nil {
		h.counts.superseded.Add(1)
		h.forget(loser)
		// The close code alone: the old socket may be stuck, and the new one waits.
		loser.Conn.Close(protocol.CloseBase+int(protocol.CodeReplaced), protocol.Codes[protocol.CodeReplaced].Name)
	}
	return nil
}

// Remove forgets s after its connection has ended. It does nothing where s
// was replaced or never added.
func (h *Hub) Remove(s *Session) {
	if h.sessions.remove(s) {
		h.forget(s)
	}
}

func (h *Hub) forget(s *Session) {
	h.wheel.remove(s)
	h.counts.connected.Add(-1)
	h.gone.add(s)
}

// Find returns the connection of an account's device to this process, or nil.
func (h *Hub) Find(a protocol.AccountID, d protocol.DeviceID) *Session { return h.sessions.find(a, d) }

// Nudge says that an account is at n; a number of 0 says nothing. It returns at
// once. Devices that take no library are left alone where n is about that, and so
// are those that have it already.
func (h *Hub) Nudge(a protocol.AccountID, n Numbers) {
	found := false
	var behind [8]*Session // enough for most: it stays off the heap
	due := behind[:0]
	h.sessions.each(a, func(s *Session) {
		if m := n.of(s); m != (Numbers{}) {
			found = true
			if !s.has(m) {
				due = append(due, s)
			}
		}
	})
	if found {
		h.counts.nudges.Add(1)
	}
	h.queue.add(n, due...)
}

// of is what n means for s.
func (n Numbers) of(s *Session) Numbers {
	if !s.Library {
		n.Library = 0
	}
	return n
}

// NudgeAll says that what all devices share is at an edition. It brings
// them there a few at a time, so that what concerns one account waits for none of
// it, and returns when that is done or ctx ends. What could not be sent is sent
// again with the next poll.
func (h *Hub) NudgeAll(ctx context.Context, edition int32) {
	for old := h.edition.Load(); old < edition && !h.edition.CompareAndSwap(old, edition); old = h.edition.Load() {
	}
	all := h.sessions.all()
	var next atomic.Int64
	var pushing sync.WaitGroup
	for range min(max(h.cfg.Pushes/allShare, 1), len(all)) {
		pushing.Go(func() {
			h.pushEach(func() []*Session {
				i := int(next.Add(1)) - 1
				if i >= len(all) || ctx.Err() != nil {
					return nil
				}
				return all[i : i+1]
			})
		})
	}
	pushing.Wait()
}

// allShare is the part of the pushes, one in this many, that NudgeAll may use.
const allShare = 8

// Current reports whether this node may grant s a lease without asking the
// database: it is fresh, and knows of no version newer than what s was sent. A
// newer library has no part in it. The caller holds the turn.
func (h *Hub) Current(s *Session) bool {
	return h.Fresh() && h.queue.wanted(s).Version <= s.Sent.Version
}

// Fresh reports whether this node has read what changed, and written its sign
// of life, so recently that it may grant leases: a node that is cut off stops.
// Both clocks must agree: the monotonic one stands still while a machine
// sleeps, and the wall clock can be set back.
func (h *Hub) Fresh() bool {
	last := h.polled.Load()
	if last == nil {
		return false
	}
	now := time.Now()
	wall := now.Round(0).Sub(last.Round(0))
	return now.Sub(*last) < h.cfg.Fresh && wall >= 0 && wall < h.cfg.Fresh
}

// Stats returns the counts.
func (h *Hub) Stats() Stats {
	c := &h.counts
	return Stats{c.connected.Load(), c.nudges.Load(), c.pushes.Load(), c.failures.Load(), c.silent.Load(), c.superseded.Load()}
}

// Drain tells every device to come back after a delay drawn from [0, spread)
// and ends its connection, so that they do not all return at once. When ctx
// ends it leaves the rest.
func (h *Hub) Drain(ctx context.Context, spread time.Duration) {
	var done sync.WaitGroup
	defer done.Wait()
	limit := make(chan struct{}, h.cfg.Pushes)
	for _, s := range h.sessions.all() {
		select {
		case limit <- struct{}{}:
		case <-ctx.Done():
			return
		}
		done.Go(func() {
			defer func() { <-limit }()
			delay := rand.N(max(spread, time.Millisecond))
			_ = Send(s.Conn, protocol.Error{Code: protocol.CodeBusy, RetryAfter: delay.Milliseconds()})
			s.Conn.Close(closeServiceRestart, "restarting")
		})
	}
}

// Close stops pushing and writes down what connections have ended. It is
// called after the last Remove.
func (h *Hub) Close() {
	h.queue.close()
	h.gone.flush(h.ctx)
	h.cancel()
}
