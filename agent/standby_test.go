package agent

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/screen"
)

// TestD10_StandbyIsTheDifferenceOfTwoClocks is a table of readings, one after the
// other.
func TestD10_StandbyIsTheDifferenceOfTwoClocks(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name  string
		reads [][2]time.Duration // running, awake
		want  []bool
	}{
		{"never asleep", [][2]time.Duration{{10 * s, 10 * s}, {500 * s, 500 * s}}, []bool{false, false}},
		{"asleep before the start", [][2]time.Duration{{5000 * s, 10 * s}, {5001 * s, 11 * s}}, []bool{false, false}},
		{"asleep once", [][2]time.Duration{{10 * s, 10 * s}, {20 * s, 11 * s}, {21 * s, 12 * s}}, []bool{false, true, false}},
		{"asleep twice", [][2]time.Duration{{10 * s, 10 * s}, {20 * s, 11 * s}, {31 * s, 12 * s}}, []bool{false, true, true}},
		{"two seconds", [][2]time.Duration{{10 * s, 10 * s}, {13 * s, 11 * s}}, []bool{false, true}},
		{"a moment", [][2]time.Duration{{10 * s, 10 * s}, {13 * s, 11*s + 1}}, []bool{false, false}},
		{"held up between two readings", [][2]time.Duration{{10 * s, 10 * s}, {11 * s, 16 * s}, {17 * s, 17 * s}}, []bool{false, false, false}},
		{"and asleep after that", [][2]time.Duration{{10 * s, 10 * s}, {11 * s, 16 * s}, {27 * s, 17 * s}}, []bool{false, false, true}},
	} {
		var b standby
		for i, r := range c.reads {
			if got := b.slept(r[0], r[1]); got != c.want[i] {
				t.Errorf("%s: reading %d: slept = %t, want %t", c.name, i, got, c.want[i])
			}
		}
	}
}

// sleeper is a TV whose clocks and standby are in the test's hands.
func sleeper(t *testing.T) (v *tv, sleep func(time.Duration)) {
	t.Helper()
	clock := newTestClock()
	begun, asleep := clock.read().Running, time.Duration(0)
	s := newFakeServer(t)
	v = plugInAs(t, &Agent{Server: s.url(), Dir: t.TempDir(), Name: "Test TV", Screen: "127.0.0.1:0", clock: clock.read,
		awake: func() time.Duration {
			clock.mu.Lock()
			defer clock.mu.Unlock()
			return clock.now.Running - begun - asleep
		}})
	v.signIn()
	drain(s)
	return v, func(d time.Duration) {
		clock.mu.Lock()
		defer clock.mu.Unlock()
		clock.now.Running += d
		clock.now.Wall += d.Milliseconds()
		asleep += d
	}
}

// TestD10_TheGateComesAfterStandby, by the clocks alone: no integrator has to say
// so, and the key that wakes the box finds the gate.
func TestD10_TheGateComesAfterStandby(t *testing.T) {
	v, sleep := sleeper(t)
	enter := func() {
		t.Helper()
		v.waitScreen(nav.ScreenGate)
		v.press(keyseq.OK)
		v.enter(robinPIN)
		v.waitScreen(nav.ScreenHome)
	}
	enter()
	sleep(time.Hour)
	v.press(keyseq.Down) // wakes it
	if got := v.View().Screen; got != nav.ScreenGate {
		t.Errorf("after standby and a key: %s, want the gate", got)
	}
	enter()
	sleep(time.Minute)
	v.press(keyseq.OK) // on the gate, where the profile of before has the focus
	if got := v.View().Screen; got != nav.ScreenPIN {
		t.Errorf("after standby and OK: %s, want the PIN", got)
	}
	v.press(keyseq.Back)
	enter()
	sleep(leastStandby)
	v.core.post(func() {}) // as when the kernel tells of it: without any key
	v.waitScreen(nav.ScreenGate)
	enter()
	sleep(leastStandby - 1)
	v.press(keyseq.Down)
	if got := v.View().Screen; got != nav.ScreenHome {
		t.Errorf("after a moment: %s, want home", got)
	}
}

// TestRealClockJumps sets the clock of a machine that is there for it (tools/boxmachine): the
// kernel tells of that in the same way as of the end of standby, each time.
func TestRealClockJumps(t *testing.T) {
	if os.Getenv("HEARTHKEY_SETS_CLOCK") == "" {
		t.Skip("NOT TESTED on this machine: that the kernel tells of a clock that jumps, since it would be set (make bench-box boots one for that)")
	}
	timer, err := jumpTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.Close()
	for range 3 {
		if err := timer.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
			t.Fatal(err)
		}
		now.Sec += 5
		if err := unix.ClockSettime(unix.CLOCK_REALTIME, &now); err != nil {
			t.Fatal(err)
		}
		if !jumped(timer) {
			t.Fatal("the clock jumped, and nobody was told")
		}
	}
}

// TestTheWallClocksTimerEnds: it is quiet while nobody sets the clock, and what waits for it
// ends with it.
func TestTheWallClocksTimerEnds(t *testing.T) {
	timer, err := jumpTimer()
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan bool)
	go func() { told <- jumped(timer) }()
	if err := timer.Close(); err != nil {
		t.Fatal(err)
	}
	if <-told {
		t.Error("a timer that is closed says that the clock jumped")
	}
}

// TestD10_MiddlewareSaysThatStandbyIsOver, over the page's socket, where the
// processor stayed awake.
func TestD10_MiddlewareSaysThatStandbyIsOver(t *testing.T) {
	v, _ := sleeper(t)
	v.press(keyseq.OK)
	v.enter(robinPIN)
	v.waitScreen(nav.ScreenHome)
	page := openSocket(t, v)
	defer page.close()
	page.say(screen.KeyMessage{Resumed: true})
	if got := v.View().Screen; got != nav.ScreenGate {
		t.Errorf("the screen is %s, want the gate", got)
	}
}

// TestP8_MiddlewareLaunchesATitle, over the page's socket: it goes through the gate,
// the PIN and the same decision as any other.
func TestP8_MiddlewareLaunchesATitle(t *testing.T) {
	v, _ := sleeper(t)
	page := openSocket(t, v)
	defer page.close()
	page.say(screen.KeyMessage{Launch: "t-hill"})
	if got := v.View().Screen; got != nav.ScreenGate {
		t.Fatalf("the screen is %s, want the gate", got)
	}
	v.press(keyseq.OK)
	v.enter(robinPIN)
	if got := v.waitScreen(nav.ScreenPlayer); got.Player == nil || got.Player.Title != "The Hill" {
		t.Errorf("%+v plays", got.Player)
	}
	page.say(screen.KeyMessage{Launch: "t-unknown"})
	if got := v.View(); got.Screen != nav.ScreenPlayer || got.Toast == "" {
		t.Errorf("an unknown title: %s, toast %q", got.Screen, got.Toast)
	}
}
