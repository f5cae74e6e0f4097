package hub

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/hearthkey/hearthkey/protocol"
)

// everybody adds n devices of as many accounts.
func everybody(h *Hub, w *truth, n int, hold chan struct{}) []*fakeConn {
	conns := make([]*fakeConn, n)
	for i := range conns {
		conns[i] = &fakeConn{hold: hold}
		_ = h.Add(session(w, protocol.AccountID(fmt.Sprint("account", i)), "tv", 1, conns[i]))
	}
	return conns
}

// Another edition of the catalogue reaches every device once, whatever the
// number of calls.
func TestNudgeAllReachesEveryDeviceOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		conns := everybody(h, w, 100, nil)
		w.setCatalog(2)
		for range 3 {
			h.NudgeAll(t.Context(), 2)
		}
		h.NudgeAll(t.Context(), 1) // late
		for i, c := range conns {
			if got, _ := c.state(); got != 1 {
				t.Fatalf("device %d got %d messages, want 1", i, got)
			}
		}
		if got := w.readCount(); got != 100 {
			t.Errorf("%d reads, want 100", got)
		}
	})
}

// While every device is being sent a catalogue, and none takes it, a change of
// one account is sent at once.
func TestNudgeAllHoldsUpNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 16)
		defer h.Close()
		hold := make(chan struct{})
		everybody(h, w, 50, hold)
		w.setCatalog(2)
		var all sync.WaitGroup
		all.Go(func() { h.NudgeAll(t.Context(), 2) })
		synctest.Wait()
		mine := &fakeConn{}
		_ = h.Add(session(w, "mine", "tv", 1, mine))
		w.set("mine", 9)
		h.Nudge("mine", Numbers{Version: 9})
		synctest.Wait()
		if got, _ := mine.state(); got != 1 {
			t.Errorf("%d messages, want 1", got)
		}
		if got := w.readCount(); got != 3 { // two of 16 at a time
			t.Errorf("%d reads, want 3", got)
		}
		close(hold)
		all.Wait()
	})
}

// A device that could not be told is told at the next poll.
func TestNudgeAllIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		conns := everybody(h, w, 5, nil)
		w.setCatalog(2)
		w.breakWith(errBroken)
		h.NudgeAll(t.Context(), 2)
		w.breakWith(nil)
		h.Poll(t.Context())
		synctest.Wait()
		for i, c := range conns {
			if got, _ := c.state(); got != 1 {
				t.Errorf("device %d got %d messages, want 1", i, got)
			}
		}
	})
}
