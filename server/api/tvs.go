package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/hub"
	"github.com/hearthkey/hearthkey/server/hub/poller"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/relay"
)

// TVConfig is what [TVs] need. The zero values of the last group are replaced
// by the defaults they name.
type TVConfig struct {
	Devices *device.Service
	// Profiles adds and changes profiles from TVs, and counts wrong tries.
	Profiles *profile.Service
	Grants   *grant.Service // what may play
	Hub      *hub.Hub
	Poller   *poller.Poller
	Origins  Origins
	// Relay carries the account page's remote. Nil: there is none.
	Relay *relay.Switch
	// Accounts signs TVs in by password. Nil: they sign in with a user code only.
	Accounts *account.Service
	Log      *slog.Logger
	// Refused hears with which code a device was told to go, Granted of each lease that
	// was granted. Optional. They must not block.
	Refused func(protocol.Code)
	Granted func()

	// Server is the service's name, part of what devices sign.
	Server string
	// Node names this process.
	Node string
	// Beat is when passwords typed at a TV are answered; see [OnBeat]. 0: the
	// constant [Beat].
	Beat time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time

	// MinCap is the least capability that is served. Default 1.
	MinCap protocol.Capability
	// ProofTime is how long a connection may stay without having proved
	// anything. While a user code is shown it may stay until that ends.
	// Default 20 s.
	ProofTime time.Duration
	// EndedTime is how long a device that is to stop keeps its connection.
	// Default 2 min.
	EndedTime time.Duration
	// Proofs is how many signatures are checked at the same time. Default 64.
	Proofs int
	// Unproved bounds the connections that have proved nothing yet: in all and
	// per address. Defaults 20,000 and 256.
	Unproved, UnprovedPerAddress int
}

func (c TVConfig) withDefaults() (TVConfig, error) {
	if c.Devices == nil || c.Profiles == nil || c.Grants == nil || c.Hub == nil || c.Poller == nil || c.Log == nil || c.Server == "" || c.Node == "" {
		return c, errors.New("api: Devices, Profiles, Grants, Hub, Poller, Log, Server and Node are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.MinCap = max(c.MinCap, 1)
	for _, d := range []struct {
		p   *time.Duration
		def time.Duration
	}{{&c.ProofTime, 20 * time.Second}, {&c.EndedTime, 2 * time.Minute}, {&c.Beat, Beat}} {
		if *d.p <= 0 {
			*d.p = d.def
		}
	}
	for _, n := range []struct {
		p   *int
		def int
	}{{&c.Proofs, 64}, {&c.Unproved, 20_000}, {&c.UnprovedPerAddress, 256}} {
		if *n.p <= 0 {
			*n.p = n.def
		}
	}
	return c, nil
}

// TVs serves the devices' WebSocket. Make one with [NewTVs].
type TVs struct {
	cfg     TVConfig
	door    *door
	proofs  chan struct{} // one element per signature being checked
	told    *pace         // activity, in items
	words   *pace         // everything else that a device has stored
	relayed *pace         // what a device answers to remotes

	mu      sync.Mutex
	pending map[protocol.DeviceID]*tv // connections that show a user code
	closed  bool
	asking  sync.WaitGroup // goroutines of tv.wake
}

// NewTVs checks the configuration and returns the handler.
func NewTVs(cfg TVConfig) (*TVs, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &TVs{
		cfg:     cfg,
		door:    newDoor(cfg.Unproved, cfg.UnprovedPerAddress, cfg.Now),
		proofs:  make(chan struct{}, cfg.Proofs),
		told:    newPace(activityEach, activityBurst),
		words:   newPace(wordEach, wordBurst),
		relayed: newPace(relayedEach, relayedBurst),
		pending: make(map[protocol.DeviceID]*tv),
	}, nil
}

// ServeHTTP takes over the connection of a device and returns at once.
func (t *TVs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !poller.Offered(r) {
		w.Header().Set("Upgrade", "websocket")
		WriteProblem(w, r, t.cfg.Log, errUpgrade)
		return
	}
	addr := t.cfg.Origins.Addr(r)
	leave, err := t.door.enter(addr)
	if err != nil {
		WriteProblem(w, r, t.cfg.Log, err)
		return
	}
	t.cfg.Log.Debug("device connects", "ip", addr.String(), "program", fmt.Sprintf("%.64q", r.UserAgent()))
	err = t.cfg.Poller.Accept(w, r, func(c poller.Conn) poller.Handler {
		return t.open(c, addr.String(), leave)
	})
	if err != nil {
		leave(false)
		t.cfg.Log.Debug("upgrade failed", "ip", addr.String(), "error", err)
	}
}

// Decided tells the connection that shows a user code that the owner has
// answered: device.Config.Decided. It does not block.
func (t *TVs) Decided(id protocol.DeviceID) {
	t.mu.Lock()
	waiting := t.pending[id]
	t.mu.Unlock()
	if waiting != nil {
		waiting.wake()
	}
}

// Run asks every 2 s what became of the user codes that are shown, since a
// hint can get lost, until ctx ends.
func (t *TVs) Run(ctx context.Context) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, waiting := range t.waiting() {
				waiting.wake()
			}
			t.door.tidy()
		}
	}
}

// Close waits for what [TVs.Decided] and [TVs.Run] have begun.
func (t *TVs) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.asking.Wait()
}

// start runs f in a goroutine that Close waits for.
func (t *TVs) start(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.asking.Go(f)
	}
}

func (t *TVs) waiting() []*tv {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*tv, 0, len(t.pending))
	for _, v := range t.pending {
		out = append(out, v)
	}
	return out
}

// wait makes v the connection that hears what becomes of a device's request.
// One that was there before is told that it was replaced.
func (t *TVs) wait(id protocol.DeviceID, v *tv) {
	t.mu.Lock()
	before := t.pending[id]
	t.pending[id] = v
	t.mu.Unlock()
	if before != nil && before != v {
		before.conn.Close(protocol.CloseBase+int(protocol.CodeReplaced), protocol.Codes[protocol.CodeReplaced].Name)
	}
}

func (t *TVs) stopWaiting(id protocol.DeviceID, v *tv) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending[id] == v {
		delete(t.pending, id)
	}
}

// delay is how long a device that was sent away should wait: at least d, and
// spread, so that many do not return together.
func delay(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d + rand.N(d)
}

// Unproved is the number of connections that have proved nothing yet.
func (t *TVs) Unproved() int { return t.door.inside() }

// Pending is the number of connections that show a user code.
func (t *TVs) Pending() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.pending)
}
