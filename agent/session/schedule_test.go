package session

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
)

var (
	schedules = flag.Int("schedules", 300, "random schedules in TestSchedules")
	seed      = flag.Uint64("seed", 0, "run only this schedule")
)

// TestSchedules (R4, R9): partitions, lossy networks, power cuts between any two
// effects, wrong clocks, standby, full disks and everything that an owner and a
// person at the TV can do, in random order. Then all heals, and must agree.
func TestSchedules(t *testing.T) {
	var total time.Duration
	for i := range *schedules {
		n := uint64(i + 1)
		if *seed != 0 {
			n = *seed
		}
		total += schedule(rand.New(rand.NewPCG(n, n)).IntN, func(format string, args ...any) {
			t.Helper()
			t.Fatalf("-seed=%d: "+format, append([]any{n}, args...)...)
		})
		if *seed != 0 {
			break
		}
	}
	t.Logf("%.1f years simulated", total.Hours()/24/365)
}

// TestScheduleShrinks is the same with the dice of rapid, which finds a short
// schedule for a fault.
func TestScheduleShrinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schedule(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "die") }, t.Fatalf)
	})
}

// schedule plays one and returns the time that it simulated.
func schedule(dice func(int) int, fail func(string, ...any)) time.Duration {
	h := newHome(dice, fail)
	h.join()
	for range dice(40) {
		h.act()
		h.settle()
	}
	h.heal()
	return h.total
}

// join signs the TV in where the person and the owner want to.
func (h *home) join() {
	if s := h.model.Saved(); s.member() || s.Status == protocol.Stolen {
		return
	}
	h.step(SignIn{})
	h.settle()
	h.server.approve(h.id(), h.peer)
	h.settle()
}

// act does one random thing.
func (h *home) act() {
	minutes := func(n int) time.Duration { return time.Duration(h.dice(n)) * time.Minute }
	switch h.dice(22) {
	case 0, 1, 2:
		h.wait(minutes(100))
	case 3:
		h.sleep(minutes(600))
	case 4:
		h.cut(minutes(1000))
	case 5:
		h.start() // the agent alone was killed
	case 6:
		h.cutIn = 1 + h.dice(12)
	case 7:
		h.wall += int64(h.dice(20*365)-10*365) * 24 * 3600 * 1000
	case 8:
		h.down = !h.down
		h.unplug()
	case 9:
		h.evil = !h.evil
	case 10:
		h.noDisk = h.dice(3) == 0
	case 11, 12:
		h.owner()
	case 13:
		h.person()
	case 14, 15:
		h.join()
	case 16:
		h.watch()
	case 17:
		h.step(StartOver{})
	case 18:
		h.guess(h.dice(3) - 1)
	case 19:
		h.ask([]What{AddProfile{Name: "Ada", Avatar: "owl", Level: 3}, EditProfile{Profile: "p", Name: "Bo", Avatar: "owl"}, AddProfile{}}[h.dice(3)])
	case 20:
		h.serverBecomes(protocol.Capability(1 + h.dice(3)))
	case 21:
		h.rotate()
	}
}

// rotate changes the keys of the server: another one signs at once, with or without
// the one before on the list, or the root key changes. Nobody is told.
func (h *home) rotate() {
	s := h.server
	before := s.kid
	switch h.dice(3) {
	case 0:
		s.rotate(fmt.Sprintf("k%d", s.lists.number+1))
		s.lists.newest(s.authority, before, s.kid)
	case 1:
		s.rotate(fmt.Sprintf("k%d", s.lists.number+1))
		s.lists.newest(s.authority, s.kid)
	case 2:
		s.lists.changeRoot(s.authority, s.kid)
	}
}

// serverBecomes starts the server anew, with another capability.
func (h *home) serverBecomes(c protocol.Capability) {
	h.server.cap = c
	h.hang()
	h.step(Closed{Conn: h.conn})
}

// unplug cuts the connection where the network is down.
func (h *home) unplug() {
	if h.down && h.peer != nil {
		h.hang()
		if h.dice(2) == 0 { // else it is noticed later
			h.step(Closed{Conn: h.conn})
		}
	}
}

func (h *home) owner() {
	switch h.dice(8) {
	case 6:
		h.server.guessedElsewhere()
	case 7:
		h.server.watchedElsewhere()
	case 0, 1:
		h.server.change(h.dice(2) == 0)
	case 2:
		h.server.revoke(h.id(), protocol.SignedOut)
	case 3:
		h.server.doubt(h.id())
	case 4:
		h.server.revoke(h.id(), protocol.Stolen)
	case 5:
		h.server.revoke(h.id(), protocol.Deactivated)
	}
	if h.dice(4) > 0 { // else the nudge is lost
		h.server.push(h.peer)
	}
}

func (h *home) person() {
	switch h.dice(4) {
	case 0:
		h.step(SignOutHere{})
	case 1:
		h.step(Deactivate{})
	case 2:
		h.step(ProfileSelected{"p"})
	case 3:
		h.step(CancelSignIn{})
	}
}

// heal mends everything, and then both sides must agree.
func (h *home) heal() {
	h.down, h.evil, h.noDisk, h.cutIn = false, false, false, 0
	h.serverBecomes(protocol.CurrentCapability)
	h.step(TryAgain{})
	h.settle()
	h.server.push(h.peer)
	h.settle()
	h.wait(45 * time.Minute)
	s := h.model.Saved()
	for d := range h.saved {
		if !h.server.proofs[d] {
			h.fail("a proof was never delivered")
		}
	}
	if len(s.Proofs) > 0 {
		h.fail("%d proofs are still kept", len(s.Proofs))
	}
	r := h.server.rows[s.Device]
	if r == nil || r.epoch != s.Epoch || !h.joined[s.Device] {
		return // approved, and never heard of it
	}
	if protocol.Stricter(s.Status, r.status) != r.status || (s.member() && r.status != s.Status) {
		h.fail("status is %s, the server's is %s", s.Status, r.status)
	}
	if s.Status == protocol.Active {
		h.mustBeInContact()
	}
}

// mustBeInContact holds an active TV to being current, and to staying open
// whatever its clock does.
func (h *home) mustBeInContact() {
	st := h.model.Status(h.now())
	if st.Phase != PhaseActive || !st.Online || !st.Current {
		h.fail("not up to date after all healed: %+v", st)
	}
	if got, want := h.server.applied[h.id()], h.server.version; got != want {
		h.fail("receipt for version %d, want %d", got, want)
	}
	if got, want := h.model.keysHeld(), h.server.lists.number; got != want {
		h.fail("key list %d, want %d", got, want)
	}
	if len(h.queue) > 0 {
		h.fail("%d activity items wait", len(h.queue))
	}
	h.mustAgreeAboutTheHousehold()
	for range 5 {
		h.wall = int64(h.dice(80)) * year
		h.step(Tick{})
		if p := h.model.Status(h.now()).Phase; p != PhaseActive {
			h.fail("phase %d after the clock moved in contact", p)
		}
		h.settle()
		h.wait(time.Duration(h.dice(120)) * time.Minute)
		if p := h.model.Status(h.now()).Phase; p != PhaseActive {
			h.fail("phase %d in contact", p)
		}
	}
}

// mustAgreeAboutTheHousehold: each side counts as the other does, and every
// request has its answer.
func (h *home) mustAgreeAboutTheHousehold() {
	if h.held.Tries != h.server.others.Number || h.held.Library != h.server.library.Number {
		h.fail("counts %d and library %d, the server's are %d and %d",
			h.held.Tries, h.held.Library, h.server.others.Number, h.server.library.Number)
	}
	if got := h.server.tries[h.id()].Wrong; h.wrong > 0 && got != h.wrong {
		h.fail("the server was told of %d wrong tries, want %d", got, h.wrong)
	}
	if h.model.Status(h.now()).Request.Asking {
		h.fail("a request is never answered")
	}
}
