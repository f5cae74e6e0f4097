package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// home is a TV with its vault, cache, clocks and network, against a model
// server. Everything is decided by dice, so that a seed replays it.
type home struct {
	dice   func(n int) int // 0 to n-1
	fail   func(format string, args ...any)
	server *modelServer

	// The box.
	boot    int
	running time.Duration
	wall    int64
	total   time.Duration // simulated
	used    time.Duration // ran, awake; with a broken disk, and not locked
	granted time.Duration // of used, when the server last signed a lease

	// What survives a power cut.
	disk     []byte
	identity int
	held     Held
	queue    []protocol.ActivityItem

	// What does not.
	model   Model
	pending []What
	entropy int
	cutIn   int // effects until a power cut; 0 for none
	noDisk  bool
	wrong   int // wrong tries at the profile's PIN

	// The network.
	down   bool // no connection is made
	evil   bool // frames are lost, repeated and swapped
	conn   uint64
	peer   *peer
	up     []protocol.Frame
	items  int
	silent time.Duration              // since the connection broke, of which the link tells in time
	saved  map[protocol.Digest]bool   // proofs that ever reached the vault
	joined map[protocol.DeviceID]bool // identities that the vault ever held as signed in
	last   Saved                      // of the disk
	saves  int                        // of the vault
}

// silence is how long the link waits for a sign of life.
const silence = 125 * time.Second

func newHome(dice func(int) int, fail func(string, ...any)) *home {
	h := &home{
		dice: dice, fail: fail, disk: []byte("{}"), wall: noon2026,
		saved: make(map[protocol.Digest]bool), joined: make(map[protocol.DeviceID]bool),
	}
	h.server = newModelServer([]int64{600, 3600, 28800}[dice(3)])
	h.server.now = func() protocol.Millis { return protocol.Millis(noon2026 + h.total.Milliseconds()) }
	h.server.granted = func() { h.granted = h.used }
	h.server.fault = func(s string) { fail("server: %s", s) }
	h.start()
	return h
}

func (h *home) config() Config { return testConfig(fmt.Sprintf("tv %d", h.identity)) }

func (h *home) id() protocol.DeviceID { return h.config().Identity.Device }

func (h *home) now() Now {
	return Now{Running: h.running, Boot: fmt.Sprintf("boot %d", h.boot), Wall: h.wall}
}

// start starts the agent from what survived.
func (h *home) start() {
	h.hang()
	h.pending, h.cutIn = nil, 0
	var s Saved
	if err := json.Unmarshal(h.disk, &s); err != nil {
		h.fail("vault: %v", err)
	}
	held := h.held
	if s.Snapshot == nil || s.Snapshot.Digest != held.Snapshot || s.Catalog == nil || s.Catalog.Digest != held.Catalog {
		held = Held{}
	}
	held.Tries, held.Library = h.held.Tries, 0
	h.model = New(h.config())
	h.step(Start{Saved: s, Held: held})
	h.step(PINsTried{h.tries()})
}

// cut is a power cut; the box is off for a while.
func (h *home) cut(off time.Duration) {
	h.boot++
	h.running = time.Duration(h.dice(20)) * time.Second
	h.total += off
	h.wall += off.Milliseconds()
	if h.dice(3) == 0 {
		h.wall = 0 // no clock
	}
	h.start()
}

func (h *home) hang() { h.peer, h.up, h.silent = nil, nil, 0 }

// step gives one event to the machine, runs its effects and checks what must
// always hold.
func (h *home) step(w What) {
	h.entropy++
	before := h.model.Saved()
	m, effects := Step(h.model, Event{Now: h.now(), Entropy: testEntropy(h.entropy), Unsent: int64(len(h.queue)), What: w})
	h.model = m
	h.neverBack(before, m.Saved())
	if h.effects(effects) {
		h.check()
	}
}

// effects runs them; false where the box or the vault failed.
func (h *home) effects(effects []Effect) bool {
	for _, e := range effects {
		if h.cutIn > 0 {
			if h.cutIn--; h.cutIn == 0 {
				h.cut(time.Duration(h.dice(100)) * time.Minute)
				return false
			}
		}
		if !h.run(e) {
			h.step(VaultFailed{errDigest})
			return false
		}
	}
	return true
}

// check holds the machine to its promises after every step.
func (h *home) check() {
	after := h.model.Saved()
	s := h.model.Status(h.now())
	if lease := time.Duration(h.server.lease) * time.Second; s.Phase == PhaseActive && h.used-h.granted > lease {
		h.fail("active after %s of use, the lease is %s", h.used-h.granted, lease)
	}
	if (s.Phase == PhaseActive || s.Phase == PhaseStarting) != (after.Status == protocol.Active) && s.Phase != PhaseLeaseEnded && s.Phase != PhaseStopped {
		h.fail("phase %d with status %q", s.Phase, after.Status)
	}
	if h.model.Wake() <= h.running {
		h.fail("wants to be woken in the past")
	}
}

// neverBack compares two records of which one follows the other.
func (h *home) neverBack(a, b Saved) {
	switch {
	case b.Conn < a.Conn:
		h.fail("connection number went from %d to %d", a.Conn, b.Conn)
	case a.Device != b.Device || a.Device == "":
	case b.Epoch < a.Epoch:
		h.fail("epoch went from %d to %d", a.Epoch, b.Epoch)
	case b.Epoch > a.Epoch:
	case b.Version < a.Version:
		h.fail("version went from %d to %d", a.Version, b.Version)
	case b.Status.Strictness() < a.Status.Strictness():
		h.fail("status went from %s to %s", a.Status, b.Status)
	}
}

// run runs one effect; false where the vault failed.
func (h *home) run(e Effect) bool {
	switch e := e.(type) {
	case SaveVault:
		return h.save(e.Saved)
	case Dial:
		h.dial(e.Conn)
	case Hangup:
		if e.Conn == h.conn {
			h.hang()
		}
	case Send:
		h.send(e)
	case ApplyCache:
		h.apply(e)
	case StorePins:
		h.held.Pins = e.Claims.Version
		h.pending = append(h.pending, PinsStored{e.Claims.Epoch, e.Claims.Version})
	case Erase:
		h.erase(e)
	case KeepCounts:
		if h.noDisk {
			return false
		}
		h.held.Tries = e.Counts.Number
		h.pending = append(h.pending, CountsKept{h.last.Epoch, e.Counts.Number})
	case KeepLibrary:
		h.held.Library = e.Number
		h.pending = append(h.pending, LibraryKept{h.last.Epoch, e.Number})
	case WantActivity:
		h.offer()
	case ActivityAcked:
		h.queue = slices.DeleteFunc(h.queue, func(it protocol.ActivityItem) bool { return it.Seq <= e.Through })
		h.offer()
	case Log:
		if e.Message == "impossible event" {
			h.fail("%v", e.Err)
		}
	}
	return true
}

func (h *home) save(s Saved) bool {
	if h.noDisk {
		return false
	}
	h.neverBack(h.last, s)
	h.last, h.saves = s, h.saves+1
	if s.Status == protocol.Active {
		h.joined[s.Device] = true
	}
	h.disk, _ = json.Marshal(s)
	for _, p := range s.Proofs {
		h.saved[p.Digest] = true
	}
	return true
}

func (h *home) dial(conn uint64) {
	h.hang()
	h.conn = conn
	if h.down || (h.evil && h.dice(4) == 0) {
		h.pending = append(h.pending, Closed{Conn: conn})
		return
	}
	h.entropy++
	h.peer = h.server.connect(testEntropy(h.entropy))
	h.pending = append(h.pending, Connected{conn})
}

func (h *home) send(e Send) {
	if e.Conn != h.conn || h.peer == nil {
		return
	}
	switch f := e.Frame.(type) {
	case protocol.Receipt:
		h.mustBeErased()
	case protocol.SignedOutHere:
		h.mustBeErased()
	case protocol.Auth:
		if f.Conn > h.last.Conn {
			h.fail("auth sent before its number was saved")
		}
	}
	h.up = append(h.up, e.Frame)
}

// mustBeErased holds the TV to its receipts.
func (h *home) mustBeErased() {
	if h.model.Saved().Status != protocol.Active && (h.held != Held{} || len(h.queue) > 0) {
		h.fail("a proof of erasing was sent before the erasing")
	}
}

func (h *home) apply(e ApplyCache) {
	if h.dice(20) == 0 {
		h.held, h.queue = Held{Tries: h.held.Tries}, nil
		h.pending = append(h.pending, CacheLost{Held: h.held, Err: errDigest})
		return
	}
	if e.Snapshot != nil {
		h.held.Snapshot = e.Snapshot.Digest
	}
	if e.Catalog != nil {
		h.held.Catalog = e.Catalog.Digest
	}
	h.pending = append(h.pending, CacheApplied{e.Epoch, e.Version})
}

func (h *home) erase(e Erase) {
	h.held, h.queue, h.wrong = Held{}, nil, 0
	done := Erased{}
	if e.Identity {
		h.identity++
		id := h.config().Identity
		done.New = &id
	}
	h.pending = append(h.pending, done)
}

// tries is what the TV counts of its own.
func (h *home) tries() []protocol.PINTry {
	if h.wrong == 0 {
		return nil
	}
	return []protocol.PINTry{{Profile: "p", PIN: 1, Wrong: h.wrong, At: 1}}
}

// guess is a wrong PIN, or a day in which one is forgiven.
func (h *home) guess(n int) {
	if h.model.Saved().Status != protocol.Active {
		return
	}
	h.wrong = max(h.wrong+n, 0)
	h.step(PINsTried{h.tries()})
}

// ask asks for a profile, unless an answer is awaited.
func (h *home) ask(what What) {
	if h.model.Status(h.now()).Request.Asking {
		return
	}
	h.step(what)
}

// watch queues something watched, with a number as the agent gives it.
func (h *home) watch() {
	if h.model.Saved().Status != protocol.Active {
		return
	}
	seq := h.model.Saved().NextActivity
	if n := len(h.queue); n > 0 {
		seq = h.queue[n-1].Seq + 1
	}
	h.items++
	h.queue = append(h.queue, protocol.ActivityItem{
		Seq: seq, Profile: protocol.ProfileID(fmt.Sprint(h.items)), Title: "t",
		What: []protocol.ActivityKind{protocol.Started, protocol.Listed}[h.dice(2)],
	})
	h.offer()
}

func (h *home) offer() {
	if len(h.queue) > 0 {
		h.pending = append(h.pending, ActivityReady{h.queue[:min(len(h.queue), protocol.MaxActivity)]})
	}
}

// settle exchanges events and frames until nothing is left to do.
func (h *home) settle() {
	for range 10000 {
		switch {
		case len(h.pending) > 0:
			w := h.pending[0]
			h.pending = h.pending[1:]
			h.step(w)
		case h.peer != nil && len(h.up) > 0:
			for _, f := range h.noise(&h.up) {
				h.server.handle(h.peer, f)
			}
		case h.peer != nil && len(h.peer.out) > 0:
			for _, f := range h.noise(&h.peer.out) {
				h.pending = append(h.pending, Received{h.conn, f})
			}
		default:
			return
		}
	}
	h.fail("never settles")
}

// noise takes the next frames of a direction, or loses, repeats or swaps them.
func (h *home) noise(from *[]protocol.Frame) []protocol.Frame {
	q := *from
	f := q[0]
	*from = q[1:]
	if !h.evil {
		return []protocol.Frame{f}
	}
	switch h.dice(16) {
	case 0:
		return nil
	case 1:
		return []protocol.Frame{f, f}
	case 2:
		if len(q) > 1 {
			*from = q[2:]
			return []protocol.Frame{q[1], f}
		}
	case 3:
		if h.dice(3) == 0 {
			h.hang()
			h.pending = append(h.pending, Closed{Conn: h.conn})
			return nil
		}
	}
	return []protocol.Frame{f}
}

// run lets the box run, awake, with a Tick whenever one is due.
func (h *home) wait(d time.Duration) {
	for d > 0 {
		step := min(h.model.Wake()-h.running, d)
		d -= step
		if !h.noDisk || h.model.Status(h.now()).Phase == PhaseActive {
			h.used += step
		}
		h.running, h.total = h.running+step, h.total+step
		h.wall += step.Milliseconds()
		if h.silent += step; h.peer == nil && h.silent > silence {
			h.pending = append(h.pending, Closed{Conn: h.conn})
		}
		h.step(Tick{})
		h.settle()
	}
}

// sleep is standby: the running time goes on, the TV is not used.
func (h *home) sleep(d time.Duration) {
	h.running, h.total = h.running+d, h.total+d
	h.wall += d.Milliseconds()
	h.step(Tick{})
	h.settle()
}
