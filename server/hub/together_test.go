package hub

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// household adds n devices of one account.
func household(h *Hub, w *truth, n int) (conns []*fakeConn, sessions []*Session) {
	for i := range n {
		conns = append(conns, &fakeConn{})
		sessions = append(sessions, session(w, "a", protocol.DeviceID(fmt.Sprint(i)), 1, conns[i]))
		_ = h.Add(sessions[i])
	}
	return conns, sessions
}

// A nudge costs one read, whatever the number of the account's devices, and none where
// they have it already.
func TestNudgeReadsOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		conns, _ := household(h, w, 10)
		w.set("a", 2)
		for range 3 {
			h.Nudge("a", Numbers{Version: 2})
			synctest.Wait()
		}
		for i, c := range conns {
			if got, _ := c.state(); got != 1 {
				t.Errorf("device %d got %d messages, want 1", i, got)
			}
		}
		if w.reads != 1 || w.afters != 1 {
			t.Errorf("%d reads and %d times what is left to be done, want 1 of each", w.reads, w.afters)
		}
		if got := h.Stats(); got.Pushes != 10 || got.Nudges != 3 {
			t.Errorf("Stats = %+v", got)
		}
	})
}

// A device that does not take what it is sent holds up no other, of its account or of
// another.
func TestSlowDeviceHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 2)
		defer h.Close()
		conns, _ := household(h, w, 6)
		slow := make(chan struct{})
		conns[0].hold = slow
		w.set("a", 2)
		h.Nudge("a", Numbers{Version: 2})
		synctest.Wait()
		for i, c := range conns[1:] {
			if got, _ := c.state(); got != 1 {
				t.Errorf("device %d got %d messages, want 1", i+1, got)
			}
		}
		other := &fakeConn{}
		_ = h.Add(session(w, "other", "tv", 1, other))
		w.set("other", 5)
		h.Nudge("other", Numbers{Version: 5})
		synctest.Wait()
		if got, _ := other.state(); got != 1 {
			t.Errorf("another account's device got %d messages, want 1", got)
		}
		close(slow)
		synctest.Wait()
		if got, _ := conns[0].state(); got != 1 {
			t.Errorf("the slow device got %d messages in the end, want 1", got)
		}
	})
}

// A device whose turn somebody else has holds up no other of its account. (A mutex blocks
// no bubble of synctest, so this one waits for real.)
func TestBusyDeviceHoldsUpNoOther(t *testing.T) {
	w := newTruth()
	h := newHub(t, w, 2)
	defer h.Close()
	conns, sessions := household(h, w, 6)
	sessions[0].turn.Lock()
	w.set("a", 2)
	h.Nudge("a", Numbers{Version: 2})
	told := func(c *fakeConn) bool {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
			if sent, _ := c.state(); sent == 1 {
				return true
			}
		}
		return false
	}
	for i, c := range conns[1:] {
		if !told(c) {
			t.Errorf("device %d was not told", i+1)
		}
	}
	if sent, _ := conns[0].state(); sent != 0 {
		t.Errorf("%d messages beside whoever has the turn", sent)
	}
	sessions[0].turn.Unlock()
	if !told(conns[0]) {
		t.Error("the device that was busy was not told")
	}
}

// What changes while a household is told is told to all of it.
func TestNudgeWhileAllAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		conns, _ := household(h, w, 4)
		hold := make(chan struct{})
		for _, c := range conns {
			c.hold = hold
		}
		w.set("a", 2)
		h.Nudge("a", Numbers{Version: 2})
		synctest.Wait()
		w.set("a", 3)
		for range 5 {
			h.Nudge("a", Numbers{Version: 3})
		}
		close(hold)
		synctest.Wait()
		for i, c := range conns {
			if got, _ := c.state(); got != 2 {
				t.Errorf("device %d got %d messages, want 2", i, got)
			}
		}
	})
}

// Where the read for all fails, each is tried again with the next poll.
func TestFailedReadIsTriedForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		conns, _ := household(h, w, 3)
		w.set("a", 2)
		w.breakWith(errBroken)
		h.Nudge("a", Numbers{Version: 2})
		synctest.Wait()
		w.breakWith(nil)
		h.Poll(t.Context())
		time.Sleep(time.Second)
		synctest.Wait()
		for i, c := range conns {
			if got, _ := c.state(); got != 1 {
				t.Errorf("device %d got %d messages, want 1", i, got)
			}
		}
	})
}
