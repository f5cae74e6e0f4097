package main

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// epochStart is when every history begins.
var epochStart = time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)

// world is one history under way: one or two accounts, TVs, the server's processes
// and the network. It belongs to one goroutine, and a seed replays it.
type world struct {
	seed    uint64
	dice    *rand.Rand // of the step under way
	tracing func(string)
	bug     bug
	lab     *lab
	now     time.Time

	// What the operator set.
	lease   time.Duration
	devices int // per account
	streams int // per account; 0: any number

	nodes []*node
	boots int
	homes []*household
	read  string // the user code that somebody read
	names int

	passwords int // that may still be typed at a TV: each is hashed
	attempts  map[protocol.ChallengeID]attempt
	tickets   []ticket
	answers   map[string]bool // that a node gave about tickets

	keysDir    string // in which keys change; "": they do not
	keyChanges int
	keysNumber int64           // of the newest list
	leaked     map[string]bool // keys that were said to have leaked

	sweeping     bool // everyone is being signed out
	sweepAt      time.Time
	sweepingThen bool // as of the backup

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
	copied   bool // by hand, without the command
	covered  coverage
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

// newWorld makes accounts, each with an owner at a browser, and TVs; they are
// signed in to the first, as a rule.
func newWorld(l *lab, seed uint64, b bug, trace func(string)) *world {
	w := &world{
		seed: seed, bug: b, lab: l, now: epochStart, judge: newJudge(), tracing: trace, covered: newCoverage(),
		attempts: map[protocol.ChallengeID]attempt{}, answers: map[string]bool{}, leaked: map[string]bool{},
	}
	w.step(0)
	w.lease = []time.Duration{10 * time.Minute, time.Hour, 8 * time.Hour}[w.n(3)]
	w.devices = []int{1, 50, 50, 50}[w.n(4)]
	w.streams = w.n(3)
	if w.n(8) == 0 {
		w.passwords = 2
	}
	if err := l.ready(); err != nil {
		w.fail("database: %v", err)
	}
	w.people()
	if w.n(5) == 0 {
		if err := w.rotating(); err != nil {
			w.fail("keys: %v", err)
		}
	}
	for range 1 + w.n(2) {
		n := &node{}
		if err := w.boot(n); err != nil {
			w.fail("boot: %v", err)
		}
		w.nodes = append(w.nodes, n)
	}
	for _, h := range w.homes {
		w.enters(w.comes(h, ""), w.nodes[0])
	}
	for i := range 1 + w.n(2) {
		t := &television{w: w, index: i, disk: disk{saved: []byte("{}")}}
		t.watch.tv = t
		w.tvs = append(w.tvs, t)
		t.boot()
	}
	for _, t := range w.tvs {
		if w.n(5) > 0 {
			w.join(t)
		}
	}
	w.rough = true
	return w
}

// people makes the accounts and has the lab tell what happens to them.
func (w *world) people() {
	for range 1 + w.n(2) {
		if err := w.found(); err != nil {
			w.fail("account: %v", err)
		}
	}
	w.lab.changed = w.changed
	w.lab.notify = func(n account.Notice) {
		if h := w.home(n.Account); h != nil && n.Kind == account.NoticeAccessCode {
			h.code = n.Code
		}
	}
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
		w.approve(w.nodes[0], w.homes[0].browsers[0], t)
	}
	w.flow(60)
}

// act does one random thing.
func (w *world) act() {
	t := w.tvs[w.n(len(w.tvs))]
	if w.keysDir != "" && w.n(3) == 0 {
		w.rotate()
	}
	switch w.n(28) {
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
		w.person(t)
	case 19, 20, 21:
		w.plug(t)
	case 22, 23:
		w.network()
	case 24:
		w.process(w.nodes[w.n(len(w.nodes))])
	case 25:
		if w.n(2) == 0 {
			w.backups()
			break
		}
		w.process(w.nodes[w.n(len(w.nodes))])
	case 26:
		w.support()
	case 27:
		for _, t := range w.tvs {
			w.plays(t)
		}
	}
	w.flow(w.n(40))
	w.tell()
	w.dirty = w.dirty || len(w.tickets) > 0
	w.check()
}

// person does something at a TV.
func (w *world) person(t *television) {
	if !t.on {
		t.boot()
	}
	act := w.n(10)
	w.did([]string{
		"ask for a user code", "ask for a user code", "ask for a user code", "ask for a user code", "sign out at the TV",
		"deactivate at the TV, or cancel", "start over", "try again", "type at the TV", "play or stop a film",
	}[act])
	switch act {
	case 0, 1, 2, 3:
		w.asks(t)
	case 4:
		t.step(session.SignOutHere{})
	case 5:
		t.step([]session.What{session.Deactivate{}, session.CancelSignIn{}}[w.n(2)])
	case 6:
		t.step(session.StartOver{})
	case 7:
		t.step(session.TryAgain{})
	case 8:
		w.types(t)
	case 9:
		w.plays(t)
	}
}

// asks is a person at a TV that is signed out who has it show a code. As a rule
// somebody is there who types it, or types a password.
func (w *world) asks(t *television) {
	for _, o := range w.tvs {
		if o.on && o.model.Saved().Status != protocol.Active && w.n(2) == 0 {
			t = o
		}
	}
	if t.model.Saved().Status == protocol.Active && w.n(2) == 0 {
		t.step(session.SignOutHere{}) // a visitor, with an account of their own
		w.flow(20)
	}
	t.step(session.SignIn{})
	w.flow(20 + w.n(20))
	w.types(t)
	ready, h := w.ready(), w.homes[w.n(len(w.homes))]
	b := h.browsers[len(h.browsers)-1]
	if len(ready) == 0 || w.n(3) == 0 {
		return
	}
	if !b.begun {
		w.enters(b, ready[0])
	}
	if b.begun {
		w.approve(ready[0], b, t)
	}
}

// plug does something to a box.
func (w *world) plug(t *television) {
	act := w.n(6)
	w.did([]string{"plug in or out", "plug in or out", "kill an agent", "cut the power soon", "change a TV's clock", "fill a TV's disk, or empty it"}[act])
	switch act {
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
	act := w.n(5)
	w.did([]string{"network down, or up", "network loses frames, or stops that", "cut a connection", "delay frames", "delay frames"}[act])
	switch act {
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
	act := w.n(4)
	w.did([]string{"node off the database, or back", "node off the database, or back", "restart a node in order", "crash a node"}[act])
	switch act {
	case 0, 1:
		n.cut = !n.cut
		n.catchUp()
	case 2:
		w.restart(n, true)
	case 3:
		w.restart(n, false)
	}
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
		if w.n(4) == 0 {
			w.support()
		} else {
			w.owner()
		}
		w.trace("so much for that")
	}
}
