package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// epochStart is when every history begins.
var epochStart = time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)

// world is one history under way: an account, its TVs, the server's processes
// and the network. It belongs to one goroutine, and a seed replays it.
type world struct {
	seed    uint64
	dice    *rand.Rand // of the step under way
	tracing func(string)
	bug     bug
	lab     *lab
	now     time.Time
	lease   time.Duration
	ip      string

	nodes    []*node
	boots    int
	account  protocol.AccountID
	email    string
	browsers []*browser
	read     string // the user code that somebody read
	names    int
	top      protocol.Version

	tvs   []*television
	wires []*wire
	down  bool // no connection is made
	lossy bool // frames are lost and repeated
	rough bool // they may be late

	judge    *judge
	dirty    bool // the board may have changed
	calm     int  // above 0: nothing races
	backedUp *judge
	restored bool
}

// broken ends a history: a promise was broken.
type broken struct{ what string }

func (w *world) fail(format string, args ...any) { panic(broken{fmt.Sprintf(format, args...)}) }

func (w *world) trace(format string, args ...any) {
	if w.tracing != nil {
		w.tracing(w.now.Format("15:04:05.000 ") + fmt.Sprintf(format, args...))
	}
}

// n returns a number from 0 to n-1.
func (w *world) n(n int) int { return w.dice.IntN(n) }

// step gives a step dice of its own, so that leaving another out changes
// nothing in it but what follows from that.
func (w *world) step(i int) { w.dice = rand.New(rand.NewPCG(w.seed, uint64(i))) }

func (w *world) bytes() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(w.n(256))
	}
	return b
}

func (w *world) uuid() string {
	b := w.bytes()[:16]
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// newWorld makes an account with an owner at a browser, and its TVs; the first
// is signed in, as a rule.
func newWorld(l *lab, seed uint64, b bug, trace func(string)) *world {
	w := &world{seed: seed, bug: b, lab: l, now: epochStart, judge: newJudge(), tracing: trace}
	w.step(0)
	w.lease = []time.Duration{10 * time.Minute, time.Hour, 8 * time.Hour}[w.n(3)]
	w.ip = fmt.Sprintf("10.%d.%d.%d", byte(seed>>16), byte(seed>>8), byte(seed))
	if err := l.ready(); err != nil {
		w.fail("database: %v", err)
	}
	if err := w.found(); err != nil {
		w.fail("account: %v", err)
	}
	for range 1 + w.n(2) {
		n := &node{}
		if err := w.boot(n); err != nil {
			w.fail("boot: %v", err)
		}
		w.nodes = append(w.nodes, n)
	}
	w.browsers = append(w.browsers, w.comes(""))
	w.enters(w.browsers[0], w.nodes[0])
	for i := range 1 + w.n(2) {
		t := &television{w: w, index: i, disk: disk{saved: []byte("{}")}}
		t.watch.tv = t
		w.tvs = append(w.tvs, t)
		t.boot()
	}
	if w.n(6) > 0 {
		w.join(w.tvs[0])
	}
	w.rough = true
	return w
}

// join signs a TV in.
func (w *world) join(t *television) {
	w.calm++
	defer func() { w.calm-- }()
	if !t.on {
		return
	}
	t.step(session.SignIn{})
	w.flow(30)
	w.read = ""
	if c := t.code(); c != "" {
		w.read = c
		w.approve(w.nodes[0], w.browsers[0])
	}
	w.flow(60)
}

// act does one random thing.
func (w *world) act() {
	switch w.n(26) {
	case 0, 1, 2, 3, 4, 5:
		w.owner()
	case 6, 7, 8:
		w.flow(1 + w.n(6))
	case 9, 10:
		w.flow(100)
	case 11, 12:
		w.advance(time.Duration(w.n(20))*time.Second, true)
	case 13, 14:
		w.advance(time.Duration(w.n(40))*time.Minute, true)
	case 15:
		w.advance(time.Duration(w.n(700))*time.Minute, w.n(3) > 0)
	case 16, 17, 18:
		w.person(w.tvs[w.n(len(w.tvs))])
	case 19, 20, 21:
		w.plug(w.tvs[w.n(len(w.tvs))])
	case 22, 23:
		w.network()
	case 24:
		w.process(w.nodes[w.n(len(w.nodes))])
	case 25:
		if w.n(2) == 0 {
			w.operator()
			break
		}
		w.process(w.nodes[w.n(len(w.nodes))])
	}
	w.flow(w.n(40))
	w.tell()
	w.check()
}

// person does something at a TV.
func (w *world) person(t *television) {
	if !t.on {
		t.boot()
	}
	switch w.n(8) {
	case 0, 1, 2, 3:
		t.step(session.SignIn{})
	case 4:
		t.step(session.SignOutHere{})
	case 5:
		t.step([]session.What{session.Deactivate{}, session.CancelSignIn{}}[w.n(2)])
	case 6:
		t.step(session.StartOver{})
	case 7:
		t.step(session.TryAgain{})
	}
}

// plug does something to a box.
func (w *world) plug(t *television) {
	switch w.n(6) {
	case 0, 1:
		if t.on {
			t.unplug()
		} else {
			t.boot()
		}
	case 2:
		if t.on { // the agent alone is killed
			t.start()
		}
	case 3:
		t.cutIn = 1 + w.n(10)
	case 4:
		t.wall = []time.Duration{0, time.Duration(w.n(20*365)-10*365) * 24 * time.Hour}[w.n(2)]
	case 5:
		t.full = !t.full && w.n(3) == 0
	}
}

// network does something to the connections.
func (w *world) network() {
	switch w.n(5) {
	case 0:
		w.down = !w.down && w.n(2) == 0
		if w.down {
			for _, wi := range slices.Clone(w.wires) {
				w.cut(wi)
			}
		}
	case 1:
		w.lossy = !w.lossy
	case 2:
		if len(w.wires) > 0 {
			w.cut(w.wires[w.n(len(w.wires))])
		}
	case 3, 4:
		for _, wi := range w.wires {
			wi.stick(w)
		}
	}
}

// process does something to a process of the server.
func (w *world) process(n *node) {
	switch w.n(4) {
	case 0, 1:
		n.cut = !n.cut
		n.catchUp()
	case 2:
		w.restart(n, true)
	case 3:
		w.restart(n, false)
	}
}

// operator backs up, and now and then restores.
func (w *world) operator() {
	if w.backedUp == nil || w.n(2) == 0 {
		if err := w.lab.backup(); err != nil {
			w.fail("backup: %v", err)
		}
		w.backedUp = w.judge.clone()
		return
	}
	w.trace("operator: restore")
	for _, n := range w.nodes {
		n.cut, n.left = true, nil
		for _, p := range slices.Clone(n.peers) {
			p.closed()
			w.cut(p.wire)
		}
	}
	if err := w.lab.restore(); err != nil {
		w.fail("restore: %v", err)
	}
	w.race()
	for _, n := range w.nodes {
		if err := w.boot(n); err != nil {
			w.fail("boot: %v", err)
		}
	}
	w.restored, w.dirty = true, true
	w.judge.goesBack(w, w.backedUp)
}

// race has the database tell of each transaction before it begins: now and then
// something else happens first.
func (w *world) race() {
	w.lab.driver.between = func() {
		if w.calm > 0 || w.n(24) > 0 {
			return
		}
		w.calm++
		defer func() { w.calm-- }()
		w.trace("meanwhile:")
		w.owner()
		w.trace("so much for that")
	}
}

// advance lets time pass, with all that is due meanwhile.
func (w *world) advance(d time.Duration, awake bool) {
	w.trace("%s pass", d)
	for end := w.now.Add(d); w.now.Before(end); {
		next := end
		soonest := func(at time.Time) {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		for _, t := range w.tvs {
			if t.on {
				soonest(w.now.Add(t.model.Wake() - t.running))
			}
		}
		for _, n := range w.nodes {
			if !n.cut && (n.seen < w.top || len(n.left) > 0) {
				soonest(n.polled.Add(pollEvery))
			}
			for _, p := range n.peers {
				soonest(p.expires)
			}
		}
		for _, wi := range w.wires {
			soonest(wi.tellTV)
			soonest(wi.tellPeer)
			if wi.stuck {
				soonest(wi.freeAt)
			}
		}
		w.pass(max(next.Sub(w.now), time.Millisecond), awake)
	}
}

// pass moves all clocks by d and does what is due then.
func (w *world) pass(d time.Duration, awake bool) {
	w.now = w.now.Add(d)
	for _, t := range w.tvs {
		t.pass(d, awake)
	}
	w.check()
	for _, t := range w.tvs {
		if t.on && t.running >= t.model.Wake() {
			t.step(session.Tick{})
		}
	}
	for _, n := range w.nodes {
		if n.seen < w.top || len(n.left) > 0 {
			n.catchUp()
		}
		for _, p := range slices.Clone(n.peers) {
			if due(p.expires, w.now) {
				p.closed()
				w.cut(p.wire)
			}
		}
	}
	w.tell()
	w.flow(200)
	w.check()
}

// heal mends everything; then all must agree.
func (w *world) heal() {
	w.trace("all heals")
	w.down, w.lossy, w.rough = false, false, false
	for _, n := range w.nodes {
		n.cut = false
		n.catchUp()
	}
	for _, wi := range w.wires {
		wi.stuck = false
	}
	for _, t := range w.tvs {
		t.full, t.cutIn = false, 0
		if !t.on {
			t.boot()
		}
		t.step(session.TryAgain{})
	}
	w.advance(50*time.Minute, true)
	w.judge.settled(w)
}
