package session

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// D1: a TV that knows its end date shows nothing after so much running time, however
// often it is unplugged meanwhile, also where the date came after the lease that it has.
func TestD1_RebootsDoNotPutOffTheEnd(t *testing.T) {
	h := newHome(func(n int) int { return n - 1 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	if left := h.model.Status(h.now()).Left; left < 7*time.Hour {
		t.Fatalf("a lease of %s", left)
	}
	h.server.ends = h.server.now() + protocol.Millis(time.Hour/time.Millisecond)
	h.server.version++
	h.server.push(h.peer)
	h.settle()
	if in := h.model.Status(h.now()).EndsIn; in != time.Hour {
		t.Fatalf("the end is known to come in %s", in)
	}
	h.down = true
	h.unplug()
	shown := time.Duration(0)
	for range 40 {
		for range 40 {
			if h.model.Status(h.now()).Phase == PhaseActive {
				shown += time.Minute
			}
			h.wait(time.Minute)
		}
		h.cut(0)
	}
	if shown > time.Hour+BootCharge {
		t.Errorf("profiles were shown for %s, the end was in one hour", shown)
	}
	h.down = false
	h.server.ends += protocol.Millis(100 * time.Hour / time.Millisecond)
	h.server.version++
	h.wait(5 * time.Minute)
	if s := h.model.Status(h.now()); s.Phase != PhaseActive || s.Left < 7*time.Hour {
		t.Errorf("with a later end it shows %d for %s", s.Phase, s.Left)
	}
}

// D1: a server that was restored to before an end date was set, and has counted
// as many changes since, is believed: the page says that there is none.
func TestD1_AnEndDateThatTheServerLostIsNone(t *testing.T) {
	h := newHome(func(n int) int { return n - 1 }, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) })
	h.join()
	h.server.ends = h.server.now() + protocol.Millis(time.Hour/time.Millisecond)
	h.server.version++
	h.server.push(h.peer)
	h.settle()
	h.unplug()
	h.server.ends = 0
	h.cut(0)
	h.wait(2 * time.Hour)
	if s := h.model.Status(h.now()); s.Phase != PhaseActive || s.Ends != 0 {
		t.Errorf("phase %d, ends %d", s.Phase, s.Ends)
	}
}
