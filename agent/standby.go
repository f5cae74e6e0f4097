package agent

import (
	"context"
	"errors"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
)

// lookEvery is how often standby is looked for where nothing else happens and the kernel
// does not tell of it; what was on the screen before it is not there for longer after it.
// Where the kernel tells, it is looked for seldom: each look wakes the box.
const (
	lookEvery  = 2 * time.Second
	lookSeldom = time.Minute
)

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

// watchClock has the core look at the clocks when the kernel's wall clock has jumped: it
// does at the end of every standby.
func (c *core) watchClock() {
	timer, err := jumpTimer()
	if err != nil {
		c.log.Warn("the kernel does not tell of standby: it is looked for", "every", lookEvery, "error", err)
		c.look.Reset(lookEvery)
		return
	}
	closed := context.AfterFunc(c.ctx, func() { timer.Close() })
	c.work.Go(func() {
		for jumped(timer) && c.post(func() {}) { // whatever wakes the core, it notices standby
		}
		closed()
		timer.Close()
	})
}

// jumpTimer returns a timer of the wall clock that is far away. What it is for is that it is
// cancelled when that clock is set, or goes on after standby, and wakes nobody until then
// (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
func jumpTimer() (*os.File, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	timer := os.NewFile(uintptr(fd), "wall clock")
	never := unix.ItimerSpec{Value: unix.Timespec{Sec: math.MaxInt32}} // on 32 bits, and after 2038 it fires once
	if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &never, nil); err != nil {
		return nil, errors.Join(os.NewSyscallError("timerfd_settime", err), timer.Close())
	}
	return timer, nil
}

// jumped waits until the clock has jumped. It returns false when the timer is closed.
func jumped(timer *os.File) bool {
	var times [8]byte
	_, err := timer.Read(times[:])
	return err == nil || errors.Is(err, unix.ECANCELED)
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
