package agent

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/library"
	"github.com/hearthkey/hearthkey/agent/link"
	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// queueSize bounds what waits for the core. Senders wait while it is full.
const queueSize = 64

// upkeepEvery is how often keepUp runs: seldom, since it wakes the flash.
const upkeepEvery = time.Hour

// writeWithin is how long activity may wait for the server's acknowledgement before it
// is written to the disk.
const writeWithin = 5 * time.Second

// freeAfter is when the memory goes back to the system that a connection and what came
// over it took: by itself the runtime gives it back over minutes.
const freeAfter = 3 * time.Second

// core owns the agent's state. All its fields but the queue belong to the
// goroutine that runs loop (to Start before that, to Close after it).
type core struct {
	agent  *Agent
	log    *slog.Logger
	server *url.URL
	now    func() session.Now
	awake  func() time.Duration // running time without standby; nil: unknown

	queue chan func()
	keys  chan keyPress   // of the remote at this TV
	ctx   context.Context // the agent's life: what work of the core's own is bounded by
	work  sync.WaitGroup  // goroutines that report to the queue

	vault *vault.Vault[record]
	rec   record // what the vault holds
	cache *cache.Cache

	session  session.Model
	nav      nav.Model
	pending  []session.What // events that effects gave rise to, still to be stepped
	stepping bool           // sessionStep is under way

	remotes remotes
	relays  relays // the account page's remote
	ecp     ecpControl
	link    *link.Link
	finder  *finder      // of a server on the home network; nil: it is where its URL says
	proven  atomic.Int64 // the last proven server time, in ms: read by the link too
	wake    *time.Timer  // for session
	navWake *time.Timer  // for nav
	upkeep  *time.Timer  // for what is written only now and then
	owed    *time.Timer  // for activity that is not acknowledged soon
	owing   bool         // owed runs
	free    *time.Timer  // for memory that is not needed any more
	look    *time.Ticker // for standby
	standby standby

	looping bool      // loop runs: until then, and after it, there are no keys
	writing bool      // onDisk waits for the disk
	heldKey *keyPress // waits for the disk

	closed   bool
	checking protocol.ProfileID  // whose PIN is being hashed; "" for none
	unsaved  bool                // rec takes a right PIN's try back, and the vault does not yet
	told     *protocol.PINCounts // other devices' counts that have no place yet, or nil

	snapshot   *protocol.Snapshot // what the cache holds of it, decoded
	catalog    *protocol.Catalog
	titles     *titles.Index                        // of catalog
	profile    protocol.ProfileID                   // who is watching
	reported   nav.Playback                         // what the integrator's own player plays; zero: nothing
	shelf      library.Shelf                        // of profile
	library    *nav.Library                         // the same, as nav shows it; nil at the gate
	shelves    map[protocol.ProfileID]library.Shelf // of all profiles, as the server told this run; nil: it has not
	renewal    bool                                 // the cache was erased and is not open yet
	unstored   bool                                 // shelves are not in the cache yet
	storage    nav.Storage
	lastStatus *local.Status // that the local API was told; nil: none yet
	offline    int64         // wall clock when contact was lost, in ms; 0 while online
	qr         qrCode
	pinQR      qrCode // of where a new PIN is set
	accountQR  qrCode // of the account page
}

// newCore opens the vault and the cache.
func newCore(ctx context.Context, a *Agent, server *url.URL) (*core, error) {
	c := &core{
		agent: a, log: a.Log, server: server, now: a.clock, awake: a.awake, ctx: ctx,
		queue:   make(chan func(), queueSize),
		keys:    make(chan keyPress),
		wake:    stoppedTimer(),
		navWake: stoppedTimer(),
		owed:    stoppedTimer(),
		free:    stoppedTimer(),
		relays:  relays{timer: stoppedTimer()},
		upkeep:  time.NewTimer(upkeepEvery),
		look:    time.NewTicker(lookSeldom),
	}
	if err := c.startFinder(); err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, errors.Join(err, c.finder.close())
	}
	c.watchClock()
	return c, nil
}

// program is what the server's log calls this program.
func (a *Agent) program() string {
	if !plainID(a.Build) {
		return "hearthkey-agent"
	}
	return "hearthkey-agent/" + a.Build
}

// open makes the link, and opens the vault and the cache.
func (c *core) open() (err error) {
	if c.link, err = link.New(link.Config{
		URL: c.agent.Server, TLS: c.tlsConfig(c.server), Program: c.agent.program(), Dial: c.dialer(),
	}, c.heard); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err := c.sessionConfig(session.IdentityOf(ed25519.NewKeyFromSeed(randomKey()))).Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if err := c.openVault(); err != nil {
		return err
	}
	c.finder.begin(c.rec.Found)
	if err := c.useService(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrSettings, err), c.vault.Close())
	}
	if err := c.openCache(); err != nil {
		return errors.Join(err, c.vault.Close())
	}
	return nil
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// serverTime is a time that a server proved and what was run since, or long ago.
func (c *core) serverTime() time.Time { return time.UnixMilli(c.proven.Load()) }

// begin steps the machines for the first time, so that there is a view.
func (c *core) begin() {
	c.session = session.New(c.sessionConfig(session.IdentityOf(c.rec.key())))
	c.offline = c.lastContact()
	c.loadDocuments()
	c.sessionStep(session.Start{Saved: c.rec.Session, Held: c.held()})
	c.tellTries()
	c.beginECP()
}

func (c *core) sessionConfig(id session.Identity) session.Config {
	return session.Config{Identity: id, Name: c.agent.Name, Model: c.agent.Model, Kind: c.agent.Kind}
}

// loop is the core's goroutine.
func (c *core) loop(ctx context.Context) {
	defer c.work.Wait()
	c.looping = true
	defer func() { c.looping = false }()
	for {
		var do func()
		select {
		case <-ctx.Done():
			return
		case do = <-c.queue:
		case k := <-c.keys:
			do = func() { c.take(k) }
		case <-c.wake.C:
			do = func() { c.sessionStep(session.Tick{}) }
		case <-c.navWake.C:
			do = func() { c.navStep(nav.Tick{At: c.now().Running}) }
		case <-c.upkeep.C:
			do = func() { c.keepUp(); c.upkeep.Reset(upkeepEvery) }
		case <-c.owed.C:
			do = c.writeOwed
		case <-c.free.C:
			do = func() { c.work.Go(debug.FreeOSMemory) }
		case <-c.look.C:
			do = func() {}
		case <-c.relays.timer.C:
			do = c.lookAtRelays
		case <-c.remotes.noted:
			do = c.remotesChanged
		case <-c.foundServer():
			do = c.serverNoted
		}
		c.noticeStandby()
		do()
		if c.heldKey != nil {
			c.noticeStandby()
			c.takeHeld()
		}
	}
}

// keepUp writes what may wait: days of good behaviour at the PIN, and how far
// titles have played.
func (c *core) keepUp() {
	if err := c.settleCounters(); err != nil {
		c.log.Error("PIN counters not written", "error", err)
	}
	c.tellTries()
	if err := errors.Join(c.storeShelves(), c.onDisk(c.cache.Flush)); err != nil {
		c.log.Error("activity not written", "error", err)
	}
}

// post queues fn from one of the core's own goroutines. It reports false where
// the agent ends first.
func (c *core) post(fn func()) bool {
	select {
	case c.queue <- fn:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// call runs fn in the core and waits for it. There may be no core, before Start.
func (c *core) call(fn func()) error {
	if c == nil {
		return ErrClosed
	}
	done := make(chan struct{})
	if !c.post(func() { defer close(done); fn() }) {
		return ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-c.ctx.Done():
		return ErrClosed
	}
}

// close ends what loop has left open. It can be called twice.
func (c *core) close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.link.Close()
	for _, t := range []*time.Timer{c.wake, c.navWake, c.owed, c.free, c.upkeep, c.relays.timer} {
		t.Stop()
	}
	c.look.Stop()
	return errors.Join(c.finder.close(), c.settleCounters(), c.storeShelves(), c.cache.Close(), c.vault.Close())
}
