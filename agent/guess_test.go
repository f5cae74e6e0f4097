package agent

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// testClock is a clock in the test's hands.
type testClock struct {
	mu  sync.Mutex
	now session.Now // guarded by mu
}

func newTestClock() *testClock {
	return &testClock{now: session.Now{Running: time.Minute, Boot: "boot 1", Wall: time.Now().UnixMilli()}}
}

func (c *testClock) read() session.Now {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) set(change func(*session.Now)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.now)
}

// pass lets time pass on both clocks, and the TV see it.
func (c *testClock) pass(v *tv, d time.Duration) {
	c.set(func(n *session.Now) { n.Running += d; n.Wall += d.Milliseconds() })
	v.tick()
}

// turn moves the wall clock alone.
func (c *testClock) turn(v *tv, d time.Duration) {
	c.set(func(n *session.Now) { n.Wall += d.Milliseconds() })
	v.tick()
}

func (v *tv) tick() {
	v.t.Helper()
	v.do(func(c *core) {
		c.sessionStep(session.Tick{})
		c.navStep(nav.Tick{At: c.now().Running})
	})
}

// onTestClock starts a TV on a test's clock and signs it in.
func onTestClock(t *testing.T, s *fakeServer, dir string) (*tv, *testClock) {
	t.Helper()
	clock := newTestClock()
	v := plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", Screen: "127.0.0.1:0", clock: clock.read})
	v.signIn()
	next(t, s.receipts)
	drain(s)
	return v, clock
}

// answered waits until no PIN is being checked, and returns its wait.
func (v *tv) answered() (wait time.Duration) {
	v.t.Helper()
	v.until("an answer", func(c *core) bool { wait = waitOf(c); return c.checking == "" })
	return wait
}

// TestP9_TurningTheClockEndsNoWait, by ten years in either direction, before and
// after a restart; and it forgives nothing.
func TestP9_TurningTheClockEndsNoWait(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v, clock := onTestClock(t, s, dir)
	v.press(keyseq.OK)
	for range 5 {
		v.wrong()
	}
	same := func(when string) {
		t.Helper()
		v.do(func(c *core) {
			l, _ := c.lock(robin)
			counter := pinlock.Settle(c.counter(l), c.pinNow())
			if left := waitOf(c); left != time.Minute || counter.Wrong != 5 {
				t.Errorf("%s: %v to wait and %d tries, want a minute and 5", when, left, counter.Wrong)
			}
		})
	}
	same("at once")
	for _, d := range []time.Duration{10 * year, -20 * year, 10 * year} {
		clock.turn(v, d)
		same(fmt.Sprint("clock turned by ", d))
	}
	v.unplug()
	clock.set(func(n *session.Now) { n.Boot, n.Running, n.Wall = "boot 2", 0, n.Wall+(10*year).Milliseconds() })
	v = plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read})
	v.waitScreen(nav.ScreenGate)
	same("after a restart ten years later")
	clock.pass(v, time.Minute)
	if left := v.answered(); left != 0 {
		t.Errorf("after a minute of running time: %v to wait, want none", left)
	}
}

// TestD7_TurningTheClockNeverProlongsALease: without contact, a clock turned
// forward ends it, one turned back does not, and what was seen is not unseen.
func TestD7_TurningTheClockNeverProlongsALease(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v, clock := onTestClock(t, s, dir)
	s.cut()
	v.until("out of contact", func(c *core) bool { return !c.world().Online })
	left := func() (d time.Duration) {
		v.do(func(c *core) { d = c.world().LeaseLeft })
		return d
	}
	before := left()
	clock.turn(v, -10*year)
	if got := left(); got > before || got < before-time.Minute {
		t.Errorf("ten years back: %v of the lease left, before %v", got, before)
	}
	clock.pass(v, time.Hour)
	if got := left(); got > before-time.Hour {
		t.Errorf("an hour later: %v left, before %v", got, before)
	}
	clock.turn(v, 20*year)
	v.waitScreen(nav.ScreenLeaseEnded)
	clock.turn(v, -20*year)
	if got := left(); got != 0 {
		t.Errorf("turned back again: %v left", got)
	}
	if d, err := v.Decide("t-hill", parental.Open); err != nil || d.Reason != parental.NoAccess {
		t.Errorf("Decide after the lease = %+v, %v", d, err)
	}
	v.unplug()
	clock.set(func(n *session.Now) { n.Boot, n.Running, n.Wall = "boot 2", 0, 0 })
	v = plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read})
	v.waitScreen(nav.ScreenLeaseEnded)
}

// guesses is how many PINs the guessing tests try: all of them in the long tests
// (HEARTHKEY_GUESSES=10000), else enough to see the time of all.
func guesses() int {
	if n, err := strconv.Atoi(os.Getenv("HEARTHKEY_GUESSES")); err == nil {
		return n
	}
	return 200
}

// quickDir is a folder in memory where there is one: each guess writes twice.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "guess")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// guessAll enters wrong PINs as fast as the TV takes them, in the time of the
// test's clock, and holds that all 10,000 would take over a year.
func guessAll(t *testing.T, n int, press func(v *tv, keys ...keyseq.Key)) {
	t.Helper()
	s := newFakeServer(t)
	v, clock := onTestClock(t, s, quickDir(t))
	begun := clock.read().Running
	press(v, keyseq.OK)
	var last time.Duration
	made := 0
	for guess := 0; made < n; guess++ {
		digits := fmt.Sprintf("%04d", guess)
		if digits == robinPIN {
			continue // it is the last that is tried
		}
		press(v, keysOf(digits)...)
		made++
		wait := v.answered()
		if made > 12 && made%50 == 0 { // keys while it waits are nothing
			press(v, keysOf(robinPIN)...)
			if again := v.answered(); again != wait || v.View().Screen != nav.ScreenPIN {
				t.Fatalf("guess %d: keys while it waits: %v to wait, before %v; the screen is %s", made, again, wait, v.View().Screen)
			}
		}
		last = wait
		clock.pass(v, wait)
		v.granted(clock)
	}
	var fresh int
	v.do(func(c *core) { l, _ := c.lock(robin); fresh = c.counter(l).Fresh })
	if fresh != n {
		t.Errorf("%d guesses are counted as %d", n, fresh)
	}
	took := clock.read().Running - begun
	all := took + time.Duration(10_000-n)*last
	t.Logf("%d guesses took %.1f days; the last wait was %v: all 10,000 take %.0f days", n, took.Hours()/24, last, all.Hours()/24)
	if last != time.Hour || all <= year {
		t.Errorf("all 10,000 PINs take %v, want over a year", all)
	}
	clock.pass(v, time.Hour)
	press(v, keysOf(robinPIN)...) // and the right one still opens
	v.waitScreen(nav.ScreenHome)
}

// granted waits until the TV is in contact and has a lease of more than any wait.
func (v *tv) granted(clock *testClock) {
	v.t.Helper()
	for tries := range 5000 {
		var ok bool
		v.do(func(c *core) { w := c.world(); ok = w.Online && w.LeaseLeft > 7*time.Hour })
		if ok {
			return
		}
		if tries%50 == 49 {
			clock.pass(v, time.Second) // or no back-off would end
		}
		select {
		case <-v.views:
		case <-time.After(time.Millisecond):
		}
	}
	v.t.Fatal("never a grant")
}

func keysOf(digits string) []keyseq.Key {
	var out []keyseq.Key
	for _, d := range digits {
		out = append(out, keyseq.Digit0+keyseq.Key(d-'0'))
	}
	return out
}

// NIST SP 800-63B-4 §3.2.10: through the API that an integrator has.
func TestP9_GuessingThroughPressTakesOverAYear(t *testing.T) {
	guessAll(t, guesses(), func(v *tv, keys ...keyseq.Key) {
		t.Helper()
		v.press(keys...)
	})
}

// NIST SP 800-63B-4 §3.2.10: through the socket of the screen's page, a new one
// now and then, which counts nothing anew.
func TestP9_GuessingThroughThePageTakesOverAYear(t *testing.T) {
	var page *socket
	defer func() { page.close() }()
	keys := 0
	guessAll(t, guesses(), func(v *tv, pressed ...keyseq.Key) {
		t.Helper()
		if keys++; page == nil || keys%40 == 0 {
			page.close()
			page = openSocket(t, v)
		}
		for _, k := range pressed {
			page.press(k)
		}
	})
}

// NIST SP 800-63B-4 §3.2.10: from the home network, by a remote that was paired with
// this TV. It may enter PINs, and each is a try like any other.
func TestP9_GuessingFromAPairedRemoteTakesOverAYear(t *testing.T) {
	paired := nav.Source{Kind: nav.Paired, ID: "phone"}
	guessAll(t, guesses(), func(v *tv, keys ...keyseq.Key) {
		t.Helper()
		pressFrom(v, paired, keys...)
	})
}

func pressFrom(v *tv, from nav.Source, keys ...keyseq.Key) {
	v.t.Helper()
	for _, k := range keys {
		if err := v.Press(k, from, false); err != nil {
			v.t.Fatal(err)
		}
	}
}

// TestP9_RelayedAndECPKeysTryNoPIN: what comes through the server or from anything
// on the home network enters no digit, so no PIN is checked, however many are sent,
// and the right one opens nothing. Nor does it use up the tries of the household.
func TestP9_RelayedAndECPKeysTryNoPIN(t *testing.T) {
	s := newFakeServer(t)
	v, _ := onTestClock(t, s, quickDir(t))
	v.press(keyseq.OK)
	v.waitScreen(nav.ScreenPIN)
	arrows := []keyseq.Key{keyseq.Up, keyseq.OK, keyseq.Left, keyseq.Left, keyseq.Right, keyseq.Right, keyseq.Down, keyseq.OK}
	for _, kind := range []nav.SourceKind{nav.Relayed, nav.ECP} {
		from := nav.Source{Kind: kind, ID: "stranger"}
		for guess := range guesses() {
			pressFrom(v, from, keysOf(fmt.Sprintf("%04d", guess))...)
		}
		pressFrom(v, from, keysOf(robinPIN)...)
		pressFrom(v, from, arrows...)
		v.do(func(c *core) {
			l, _ := c.lock(robin)
			if n := c.counter(l); n.Fresh != 0 || n.Wrong != 0 || c.checking != "" {
				t.Errorf("%s: %+v counted, checking %q; want no try", kind, n, c.checking)
			}
		})
		if view := v.View(); view.Screen != nav.ScreenPIN || view.PIN == nil || view.PIN.Entered != 0 || view.PIN.Group {
			t.Errorf("%s: the screen is %s, %+v entered, want nothing entered", kind, view.Screen, view.PIN)
		}
	}
	v.enter(robinPIN) // the household's own remote goes on
	v.waitScreen(nav.ScreenHome)
}

// socket is a page's, in the hands of a program.
type socket struct {
	t       *testing.T
	conn    *websocket.Conn
	n       uint64
	dropped uint64
}

func openSocket(t *testing.T, v *tv) *socket {
	t.Helper()
	url := "ws" + strings.TrimPrefix(v.ScreenURL(), "http") + "screen"
	conn, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return &socket{t: t, conn: conn}
}

func (s *socket) close() {
	if s != nil {
		s.conn.Close()
	}
}

// press sends a key until it is taken, and waits until it is handled.
func (s *socket) press(k keyseq.Key) {
	s.t.Helper()
	for s.send(k) {
	}
}

// send sends a key, and reports whether it was dropped: it came too fast.
func (s *socket) send(k keyseq.Key) (again bool) {
	s.t.Helper()
	return s.say(screen.KeyMessage{Key: k})
}

// say sends any message, as send.
func (s *socket) say(m screen.KeyMessage) (again bool) {
	s.t.Helper()
	s.n++
	m.N = s.n
	if err := s.conn.WriteJSON(m); err != nil {
		s.t.Fatal(err)
	}
	if err := s.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	for {
		var m screen.Message
		if err := s.conn.ReadJSON(&m); err != nil {
			s.t.Fatal(err)
		}
		if m.Dropped > s.dropped {
			s.dropped = m.Dropped
			return true
		}
		if m.Ack >= s.n {
			return false
		}
	}
}
