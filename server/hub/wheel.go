package hub

import (
	"sync"
	"time"
)

// wheel spreads the heartbeats of all sessions over one interval: a session
// sits in one slot, and one slot is due at each tick. It replaces a timer per
// session.
type wheel struct {
	mu    sync.Mutex
	slots [][]*Session
	fill  int // slot of the next session
	due   int // slot of the next tick
}

func newWheel(slots int) *wheel { return &wheel{slots: make([][]*Session, slots)} }

func (w *wheel) add(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.slot = int16(w.fill)
	s.place = int32(len(w.slots[s.slot]))
	w.slots[s.slot] = append(w.slots[s.slot], s)
	w.fill = (w.fill + 1) % len(w.slots)
}

func (w *wheel) remove(s *Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot := w.slots[s.slot]
	last := slot[len(slot)-1]
	slot[s.place], last.place = last, s.place
	slot[len(slot)-1] = nil
	w.slots[s.slot] = slot[:len(slot)-1]
}

// tick appends the sessions that are due to into.
func (w *wheel) tick(into []*Session) []*Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	into = append(into, w.slots[w.due]...)
	w.due = (w.due + 1) % len(w.slots)
	return into
}

// beat pings the sessions, and ends those that have been silent for two
// intervals and more: they did not answer the ping before this one.
func beat(due []*Session, now time.Time, interval time.Duration) (silent int) {
	for _, s := range due {
		if now.Sub(s.Conn.Heard()) > 2*interval {
			s.Conn.Close(closeGoingAway, "silent")
			silent++
			continue
		}
		_ = s.Conn.Ping() // where it fails the connection ends, and its owner hears of it
	}
	return silent
}
