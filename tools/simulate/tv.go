package main

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// disk is what survives a pulled plug: the vault's record as of its last
// completed save, and the cache.
type disk struct {
	saved    []byte // session.Saved as JSON
	identity int    // how often the identity was replaced
	cache    map[protocol.Digest][]byte
	pins     int64
}

// television is a TV: the real session machine, and around it what the agent
// does, with a disk, clocks and a plug.
type television struct {
	w     *world
	index int
	disk  disk

	// The box.
	on      bool
	boots   int
	running time.Duration
	wall    time.Duration // what its clock is wrong by
	cutIn   int           // effects until the plug is pulled; 0: it is not
	full    bool          // the disk takes nothing

	// What a pulled plug takes.
	model   session.Model
	pending []session.What
	wire    *wire
	steps   int
	unsaved []byte        // of the planted bug that does not sync
	oldest  string        // of that which takes older states
	kept    string        // of that which keeps a grant
	until   time.Duration // running time at which a film is over

	watch watch // the judge's
}

func (t *television) key(identity int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "identity %d %d %d", t.w.seed, t.index, identity))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (t *television) identity() session.Identity { return session.IdentityOf(t.key(t.disk.identity)) }

func (t *television) id() protocol.DeviceID { return t.identity().Device }

func (t *television) now() session.Now {
	return session.Now{
		Running: t.running, Boot: fmt.Sprintf("boot %d", t.boots), Wall: t.w.now.Add(t.wall).UnixMilli(),
	}
}

// boot switches the box on.
func (t *television) boot() {
	t.boots++
	t.running = time.Duration(t.w.n(20)) * time.Second
	if t.w.bug == frozenBoots {
		t.forgetUse()
	}
	t.on = true
	t.start()
}

// saved is the record on the disk.
func (t *television) saved() (s session.Saved) {
	if err := json.Unmarshal(t.disk.saved, &s); err != nil {
		t.w.fail("vault: %v", err)
	}
	return s
}

// start starts the agent, from what is on the disk.
func (t *television) start() {
	t.drop()
	t.pending, t.cutIn, t.unsaved, t.kept = nil, 0, nil, ""
	s := t.saved()
	t.model = session.New(session.Config{Identity: t.identity(), Name: "Living room", Model: "Lumen 55", Kind: "tv"})
	held := session.Held{Pins: t.disk.pins}
	if s.Snapshot != nil && t.disk.cache[s.Snapshot.Digest] != nil {
		held.Snapshot = s.Snapshot.Digest
	}
	if t.w.bug == forgottenProofs {
		s.Proofs = nil
	}
	if t.w.bug == forgottenThefts && s.Status == protocol.Stolen {
		s.Status = protocol.SignedOut
	}
	t.watch.begins(s)
	t.step(session.Start{Saved: s, Held: held})
}

// drop is a connection that ends with the process that held it. What was sent
// may still arrive; the server is told, or has to notice.
func (t *television) drop() {
	w := t.wire
	if w == nil {
		return
	}
	if !w.broken && !w.peerGone && len(w.up) == 0 && !w.stuck {
		w.peer.hears()
	}
	t.wire, w.tvGone, w.down = nil, true, nil
	if w.broken || w.peerGone {
		return
	}
	if t.w.n(2) == 0 {
		w.up = append(w.up, packet{ends: true})
		return
	}
	w.tellPeer = t.w.now.Add(silence)
}

// unplug pulls the plug.
func (t *television) unplug() {
	t.drop()
	t.on, t.pending, t.cutIn, t.unsaved = false, nil, 0, nil
	t.watch.unplugged()
	if t.w.n(6) == 0 { // the cache's last writes are lost
		t.disk.cache, t.disk.pins = nil, 0
	}
}

// hear is what the link tells of a connection.
func (t *television) hear(w *wire, p packet) {
	if w.tvGone && !p.ends || t.wire != w && t.wire != nil || !t.on {
		return
	}
	if p.ends {
		w.tvGone = true
		t.later(session.Closed{Conn: w.conn, Code: p.code})
		return
	}
	f, err := protocol.DecodeDown(p.frame)
	if err != nil {
		t.w.fail("TV %d: %v", t.index, err)
		return
	}
	if _, ok := f.(protocol.Keys); ok && t.w.bug == deafLists {
		return
	}
	t.later(session.Received{Conn: w.conn, Frame: f})
	if state, ok := f.(protocol.State); ok && t.w.bug == olderStates {
		t.oldest = cmp.Or(t.oldest, state.JWS)
		t.forgetVersion(t.oldest) // the network repeats its first
	}
}

// later queues an event.
func (t *television) later(what session.What) { t.pending = append(t.pending, what) }

// next deals with the oldest event that waits.
func (t *television) next() {
	what := t.pending[0]
	t.pending = t.pending[1:]
	t.step(what)
}

// step steps the machine and runs the effects in order, as the agent does.
func (t *television) step(what session.What) {
	if !t.on {
		return
	}
	t.steps++
	ev := session.Event{Now: t.now(), What: what, Entropy: sha256.Sum256(fmt.Appendf(nil, "%d %d %d", t.w.seed, t.index, t.steps))}
	t.w.trace("TV %d: %T", t.index, what)
	var effects []session.Effect
	t.model, effects = session.Step(t.model, ev)
	for _, e := range effects {
		if t.cutIn > 0 {
			if t.cutIn--; t.cutIn == 0 {
				t.unplug()
				return
			}
		}
		if err := t.effect(e); err != nil {
			t.pending = slices.Insert(t.pending, 0, session.What(session.VaultFailed{Err: err}))
			t.next()
			return
		}
	}
}

var errFull = errors.New("disk full")

func (t *television) effect(e session.Effect) error {
	switch e := e.(type) {
	case session.SaveVault:
		return t.save(e.Saved)
	case session.ApplyCache:
		if e.Snapshot != nil {
			t.disk.cache = map[protocol.Digest][]byte{e.Snapshot.Digest: e.Snapshot.Data}
		}
		t.later(session.CacheApplied{Epoch: e.Epoch, Version: e.Version})
	case session.StorePins:
		t.disk.pins = e.Claims.Version
		t.later(session.PinsStored{Epoch: e.Claims.Epoch, Version: e.Claims.Version})
	case session.KeepCounts:
		t.later(session.CountsKept{Epoch: t.model.Saved().Epoch, Number: e.Counts.Number})
	case session.KeepLibrary:
		t.later(session.LibraryKept{Epoch: t.model.Saved().Epoch, Number: e.Number})
	case session.Erase:
		return t.erase(e)
	case session.Dial:
		t.dial(e.Conn)
	case session.Send:
		t.send(e)
	case session.Hangup:
		if t.wire != nil && t.wire.conn == e.Conn {
			t.drop()
		}
	case session.Log:
		t.w.trace("TV %d: %s: %v", t.index, e.Message, e.Err)
		if errors.Is(e.Err, session.ErrImpossible) {
			t.w.trace("TV %d: impossible", t.index)
		}
	}
	return nil
}

// save makes the record durable.
func (t *television) save(s session.Saved) error {
	if t.full {
		return errFull
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if t.w.bug == lateSync {
		// What was written is on the disk only with the next write.
		if t.unsaved != nil {
			t.disk.saved = t.unsaved
		}
		t.unsaved = data
		return nil
	}
	if t.w.bug == longLeases && s.Lease.Length > 0 {
		s.Lease.Length = protocol.MaxLease * time.Second
		data, _ = json.Marshal(s)
	}
	if t.w.bug == forgottenCounts {
		s.Conn = t.saved().Conn
		data, _ = json.Marshal(s)
	}
	t.disk.saved = data
	return nil
}

// erase renews the keys in the vault, which makes the cache unreadable.
func (t *television) erase(e session.Erase) error {
	if t.full {
		return errFull
	}
	if t.w.bug != keptCache {
		t.disk.cache, t.disk.pins = nil, 0
	}
	done := session.Erased{}
	if e.Identity {
		t.disk.identity++
		id := t.identity()
		done.New = &id
	}
	t.later(done)
	return nil
}

func (t *television) dial(conn uint64) {
	t.drop()
	n := t.w.nodes[t.w.n(len(t.w.nodes))]
	if t.w.down || n.cut {
		t.later(session.Closed{Conn: conn})
		return
	}
	n.catchUp()
	w := &wire{tv: t, conn: conn, ip: t.address()}
	t.wire = w
	t.w.wires = append(t.w.wires, w)
	n.accept(w)
	if t.w.n(12) == 0 {
		w.stick(t.w)
	}
	t.later(session.Connected{Conn: conn})
}

// address is where a connection comes from: the household's network, or another.
func (t *television) address() string {
	net := 10
	if t.w.n(8) == 0 {
		net = 11
	}
	return fmt.Sprintf("%d.%d.%d.%d", net, byte(t.w.seed>>16), byte(t.w.seed>>8), byte(t.w.seed))
}

func (t *television) send(e session.Send) {
	if t.wire == nil || t.wire.conn != e.Conn || t.wire.broken || t.wire.peerGone {
		return
	}
	data, err := protocol.Encode(e.Frame)
	if err != nil {
		t.w.fail("TV %d sends %s: %v", t.index, e.Frame.Type(), err)
		return
	}
	t.watch.said(t, e.Frame)
	t.wire.up = append(t.wire.up, packet{frame: data})
}

// forgetUse is the planted bug of a TV that forgets at a boot what it used.
func (t *television) forgetUse() {
	s := t.saved()
	s.Lease.Boot, s.Lease.Written, s.Lease.Carried = t.now().Boot, s.Lease.From, 0
	s.Lease.MaxWall, t.wall = s.Lease.Base, -time.Duration(t.w.now.UnixNano()) // nor has it a clock that goes on
	t.running = s.Lease.From
	t.disk.saved, _ = json.Marshal(s)
}

// forgetVersion is the planted bug of a TV that takes an older state: it forgets
// what it has, so that what comes is newer.
func (t *television) forgetVersion(jws string) {
	s := t.model.Saved()
	if t.wire == nil || s.Status != protocol.Active {
		return
	}
	var c struct{ Version protocol.Version }
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(jws, ".")[1])
	if err != nil || json.Unmarshal(body, &c) != nil || c.Version >= s.Version {
		return
	}
	s.Version, s.State = c.Version-1, ""
	data, _ := json.Marshal(s)
	t.disk.saved = data
	t.start()
}

// shows reports whether profiles are on the screen, or a key away.
func (t *television) shows() bool {
	return t.on && t.model.Status(t.now()).Phase == session.PhaseActive
}

// code is what the screen shows to be approved.
func (t *television) code() string {
	if st := t.model.Status(t.now()); t.on && st.Code != nil {
		return st.Code.Text
	}
	return ""
}

// pass lets the box run for d, awake or not.
func (t *television) pass(d time.Duration, awake bool) {
	if !t.on {
		return
	}
	if awake && t.shows() {
		t.watch.used += d
	}
	if !awake && t.w.bug == stoppedClock {
		t.wall -= d
		return
	}
	t.running += d
}
