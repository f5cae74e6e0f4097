package session

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// endGrace is for how long a TV whose end date has come waits, locked, for a server
// that may have made it later, before it ends by itself.
const endGrace = 2 * time.Minute

// ending is about an end date that has come.
type ending struct {
	until time.Duration // running time at which the TV ends by itself; 0: not yet
}

// over reports whether the end date has come by time that the server proved: no
// wrong clock ends a session.
func (m Model) over(now Now) bool {
	left, ok := m.endsIn(now)
	return ok && left == 0
}

// endsIn is the most that is left until the end date; false where there is none.
func (m Model) endsIn(now Now) (time.Duration, bool) {
	if !m.active() || m.saved.Ends == 0 {
		return 0, false
	}
	return time.Duration(max(m.saved.Ends-m.saved.Clock.AtLeast(now), 0)) * time.Millisecond, true
}

// shorten has the lease end by the end date at the latest, also where the date came
// after it: a reboot, which forgets how long the TV ran, is charged against the lease.
func (s *step) shorten() {
	if left, ok := s.endsIn(s.now); ok {
		l := &s.saved.Lease
		l.Length = min(l.Length, max(l.Ran(s.now)+left, 1)) // 0 would be a lease that was never granted
	}
}

// endByDate ends the session at its end date, also without the server: the date is
// signed, and so is the time that it goes by. For a moment the TV is only locked, so
// that a date that was made later while it slept is heard of first.
func (s *step) endByDate() {
	switch {
	case !s.over(s.now):
		s.ending = ending{}
	case s.vault.failed:
	case s.ending.until == 0:
		s.ending.until = s.now.Running + endGrace
		s.ask.soon = true
	case s.now.Running >= s.ending.until:
		s.leave(protocol.SignedOut, protocol.Cause{By: protocol.ByEndDate, At: s.saved.Ends})
	}
}
