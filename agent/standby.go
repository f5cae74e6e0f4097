package agent

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
)

// lookEvery is how often standby is looked for where nothing else happens: what
// was on the screen before it is not there for longer after it.
const lookEvery = 2 * time.Second

// leastStandby is the least time asleep that is standby. What is shorter no person
// has switched off.
const leastStandby = 2 * time.Second

// awakeClock is the running time of this machine without standby: CLOCK_MONOTONIC,
// which stops where CLOCK_BOOTTIME goes on.
func awakeClock() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // as in systemClock
	return time.Duration(ts.Nano())
}

// standby tells from two clocks whether the box slept. The zero value is ready.
type standby struct {
	asleep time.Duration // the most that running was ahead of awake
	begun  bool
}

// slept reports whether the box was in standby since it was asked last. The clocks
// must be read in this order: whatever comes between the two readings makes their
// difference smaller, and a smaller one counts for nothing.
func (s *standby) slept(running, awake time.Duration) bool {
	asleep := running - awake
	grown := s.begun && asleep-s.asleep >= leastStandby
	if !s.begun || asleep > s.asleep {
		s.asleep, s.begun = asleep, true
	}
	return grown
}

// noticeStandby shows the gate where the box was in standby. It is called before
// whatever woke the core, so that a key which woke the box finds the gate.
func (c *core) noticeStandby() {
	if c.awake == nil {
		return
	}
	running := c.now().Running
	if c.standby.slept(running, c.awake()) {
		c.log.Info("standby is over")
		c.resume()
	}
}

// resume shows the gate: the box comes out of standby (product rule D10).
func (c *core) resume() {
	c.navStep(nav.Resumed{At: c.now().Running})
	c.sessionStep(session.Tick{})
}
