package hub

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// A library's number counts apart from the version: either being behind is
// enough for a read, and a device that takes no library is left alone.
func TestNudgeComparesBothNumbers(t *testing.T) {
	for _, c := range []struct {
		name    string
		nudge   Numbers
		library bool // the device takes libraries
		reads   int
	}{
		{"version", Numbers{Version: 6}, true, 1},
		{"library", Numbers{Library: 12}, true, 1},
		{"both", Numbers{6, 12}, true, 1},
		{"both known", Numbers{5, 11}, true, 0},
		{"lower version, higher library", Numbers{4, 12}, true, 1},
		{"higher version, lower library", Numbers{6, 10}, true, 1},
		{"nothing", Numbers{}, true, 0},
		{"library, not taken", Numbers{Library: 12}, false, 0},
		{"both, library not taken", Numbers{6, 12}, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTruth()
				h := newHub(t, w, 8)
				defer h.Close()
				s := session(w, "a", "1", 1, &fakeConn{})
				s.Library, s.Sent = c.library, Numbers{5, 11}
				_ = h.Add(s)
				w.set("a", 6)
				w.setLibrary("a", 12)
				h.Nudge("a", c.nudge)
				synctest.Wait()
				if got := w.readCount(); got != c.reads {
					t.Errorf("%d reads, want %d", got, c.reads)
				}
			})
		})
	}
}

// A storm of both kinds while a push is held up costs one more read.
func TestStormOfBothNumbersIsCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		c := &fakeConn{hold: make(chan struct{})}
		s := session(w, "a", "1", 1, c)
		_ = h.Add(s)
		for i := int64(1); i <= 5_000; i++ {
			w.set("a", protocol.Version(i))
			h.Nudge("a", Numbers{Version: protocol.Version(i)})
			w.setLibrary("a", i)
			h.Nudge("a", Numbers{Library: i})
			if i == 1 {
				synctest.Wait()
			}
		}
		close(c.hold)
		synctest.Wait()
		if got := w.readCount(); got != 2 {
			t.Errorf("%d reads for 10,000 nudges, want 2", got)
		}
		if want := (Numbers{5_000, 5_000}); s.Sent != want {
			t.Errorf("last sent = %+v, want %+v", s.Sent, want)
		}
	})
}

// With every nudge lost, a library still arrives within one poll, and only at
// devices that take it.
func TestPollHealsLostLibraries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.Run(ctx) })
		takes, old := &fakeConn{answers: true, heard: time.Now()}, &fakeConn{answers: true, heard: time.Now()}
		_ = h.Add(session(w, "a", "1", 1, takes))
		s := session(w, "a", "2", 1, old)
		s.Library = false
		_ = h.Add(s)
		synctest.Wait()
		w.setLibrary("a", 4)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, _ := takes.state(); got != 1 {
			t.Errorf("%d messages a minute after a library whose nudge was lost, want 1", got)
		}
		if got, _ := old.state(); got != 0 {
			t.Errorf("%d messages to a device that takes no library", got)
		}
		cancel()
		loops.Wait()
		h.Close()
	})
}

// A lease is granted without a read whatever a library's number is: it has no
// part in the state that is granted.
func TestLibraryHoldsUpNoGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		s := session(w, "a", "1", 1, &fakeConn{})
		_ = h.Add(s)
		h.Poll(t.Context())
		h.queue.limit = 0 // no worker: what was nudged is not sent
		h.Nudge("a", Numbers{Library: 3})
		if !h.Current(s) {
			t.Error("not current with a library to come")
		}
		h.Nudge("a", Numbers{Version: 1})
		if h.Current(s) {
			t.Error("current with a version to come")
		}
	})
}

// An idle device costs one allocation of this size: Go's class of 160 bytes.
func TestSessionStaysSmall(t *testing.T) {
	if got := reflect.TypeFor[Session]().Size(); got > 160 {
		t.Errorf("a Session has %d bytes, want at most 160", got)
	}
}

// The wheel holds more devices than its places' smaller types could, were they
// chosen too small.
func TestWheelHoldsManyDevices(t *testing.T) {
	w := newWheel(2)
	all := make([]*Session, 1<<17)
	for i := range all {
		all[i] = &Session{}
		w.add(all[i])
	}
	for _, s := range all {
		w.remove(s)
	}
	for i, slot := range w.slots {
		if len(slot) != 0 {
			t.Errorf("slot %d still holds %d", i, len(slot))
		}
	}
}
