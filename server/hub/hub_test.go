package hub

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConfigNeedsItsFuncs(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Fatal("New(Config{}) = nil error, want one")
	}
}

func TestNudgeReachesThatAccountOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		mine, also, other := &fakeConn{}, &fakeConn{}, &fakeConn{}
		for _, s := range []*Session{session(w, "a", "1", 1, mine), session(w, "a", "2", 1, also), session(w, "b", "3", 1, other)} {
			if err := h.Add(s); err != nil {
				t.Fatal(err)
			}
		}
		w.set("a", 5)
		h.Nudge("a", Numbers{Version: 5})
		synctest.Wait()
		for _, tt := range []struct {
			name string
			conn *fakeConn
			want int
		}{{"first of a", mine, 1}, {"second of a", also, 1}, {"of b", other, 0}} {
			if got, _ := tt.conn.state(); got != tt.want {
				t.Errorf("device %s got %d messages, want %d", tt.name, got, tt.want)
			}
		}
	})
}

func TestNudgeAtAVersionAlreadySentReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		s := session(w, "a", "1", 1, &fakeConn{})
		_ = h.Add(s)
		w.set("a", 5)
		for range 3 {
			h.Nudge("a", Numbers{Version: 5})
			synctest.Wait()
		}
		if got := w.readCount(); got != 1 {
			t.Errorf("%d reads, want 1", got)
		}
	})
}

// A storm of nudges while one push is held up costs one more read, and that
// read sees the newest truth.
func TestStormIsCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		c := &fakeConn{hold: make(chan struct{})}
		s := session(w, "a", "1", 1, c)
		_ = h.Add(s)
		for v := protocol.Version(1); v <= 10_000; v++ {
			w.set("a", v)
			h.Nudge("a", Numbers{Version: v})
			if v == 1 {
				synctest.Wait() // the first push is in Send
			}
		}
		close(c.hold)
		synctest.Wait()
		if got := w.readCount(); got != 2 {
			t.Errorf("%d reads for 10,000 nudges, want 2", got)
		}
		if s.Sent.Version != 10_000 {
			t.Errorf("last version sent = %d, want 10000", s.Sent.Version)
		}
	})
}

// More stuck devices than the account of another has to wait for: each holds
// one worker, so with one worker left the others go on.
func TestSlowDevicesDoNotHoldUpOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 4)
		defer h.Close()
		hold := make(chan struct{})
		for i := range 3 {
			_ = h.Add(session(w, "slow", protocol.DeviceID(fmt.Sprint(i)), 1, &fakeConn{hold: hold, fails: errBroken}))
		}
		w.set("slow", 1)
		h.Nudge("slow", Numbers{Version: 1})
		synctest.Wait()
		var conns []*fakeConn
		for i := range 100 {
			a := protocol.AccountID(fmt.Sprint("quick", i))
			conns = append(conns, &fakeConn{})
			_ = h.Add(session(w, a, "q", 1, conns[i]))
			w.set(a, 1)
			h.Nudge(a, Numbers{Version: 1})
		}
		synctest.Wait()
		for i, c := range conns {
			if got, _ := c.state(); got != 1 {
				t.Fatalf("quick device %d got %d messages, want 1", i, got)
			}
		}
		close(hold)
	})
}

func TestNewerConnectionReplacesTheOlder(t *testing.T) {
	for _, tt := range []struct {
		name           string
		first, second  int64
		loser, staying int // index of the connection
		wantErr        bool
	}{
		{"in order", 4, 5, 0, 1, false},
		{"the older arrives late", 5, 4, 1, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTruth()
				h := newHub(t, w, 8)
				conns := []*fakeConn{{}, {}}
				first, second := session(w, "a", "1", tt.first, conns[0]), session(w, "a", "1", tt.second, conns[1])
				_ = h.Add(first)
				if err := h.Add(second); (err != nil) != tt.wantErr {
					t.Fatalf("Add = %v, want an error: %v", err, tt.wantErr)
				}
				w.set("a", 1)
				h.Nudge("a", Numbers{Version: 1})
				synctest.Wait()
				if _, code := conns[tt.loser].state(); code != 4014 {
					t.Errorf("close code of the loser = %d, want 4014", code)
				}
				if _, code := conns[tt.staying].state(); code != 0 {
					t.Errorf("the other was closed with %d", code)
				}
				if got := h.Stats().Connected; got != 1 {
					t.Errorf("%d connected, want 1", got)
				}
				h.Remove(first)
				h.Remove(second)
				h.Close()
				if got := h.Stats().Connected; got != 0 {
					t.Errorf("%d connected after both left, want 0", got)
				}
			})
		})
	}
}

func TestSilentDevicesAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.Run(ctx) })
		alive := &fakeConn{answers: true, heard: time.Now()}
		dead := &fakeConn{heard: time.Now()}
		_ = h.Add(session(w, "a", "1", 1, alive))
		_ = h.Add(session(w, "a", "2", 1, dead))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if alive.pings < 11 || alive.pings > 12 {
			t.Errorf("%d pings in 10 minutes at 50 s, want about 12", alive.pings)
		}
		if _, code := alive.state(); code != 0 {
			t.Errorf("the living device was closed with %d", code)
		}
		if _, code := dead.state(); code != closeGoingAway {
			t.Errorf("the silent device was closed with %d, want %d", code, closeGoingAway)
		}
		cancel()
		loops.Wait()
		h.Close()
	})
}

// With every nudge lost, a change still arrives within one poll.
func TestPollHealsLostNudges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.Run(ctx) })
		c := &fakeConn{answers: true, heard: time.Now()}
		_ = h.Add(session(w, "a", "1", 1, c))
		synctest.Wait()
		w.set("a", 9)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got, _ := c.state(); got != 1 {
			t.Errorf("%d messages 5 s after a change whose nudge was lost, want 1", got)
		}
		cancel()
		loops.Wait()
		h.Close()
		if w.beats < 2 {
			t.Errorf("%d heartbeats, want one per poll", w.beats)
		}
	})
}

// A node that cannot read the database stops vouching after 10 s, misses no
// change of the outage, and sends what failed.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.Run(ctx) })
		c := &fakeConn{answers: true, heard: time.Now()}
		_ = h.Add(session(w, "a", "1", 1, c))
		synctest.Wait()
		if !h.Fresh() {
			t.Error("not fresh after the first poll")
		}
		broke := time.Now()
		w.breakWith(errBroken)
		h.Nudge("a", Numbers{Version: 3})
		time.Sleep(10 * time.Second)
		if h.Fresh() {
			t.Error("fresh 10 s after the last successful poll")
		}
		time.Sleep(time.Hour + time.Second) // between two polls
		w.breakWith(nil)
		w.set("a", 3)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got, _ := c.state(); got != 1 {
			t.Errorf("%d messages after the outage, want 1", got)
		}
		if since := w.since[len(w.since)-1]; since.After(broke) {
			t.Errorf("the poll after the outage looked from %v, want before %v", since, broke)
		}
		cancel()
		loops.Wait()
		h.Close()
	})
}

// A push that failed is made after the next poll, also where no poll finds its
// change any more: the one that did was long before.
func TestFailedPushIsMadeAfterThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		c := &fakeConn{answers: true, heard: time.Now()}
		_ = h.Add(session(w, "a", "1", 1, c))
		for range 3 { // of an outage
			w.breakWith(errBroken)
			h.Nudge("a", Numbers{Version: 3})
			h.Poll(t.Context())
			synctest.Wait()
			time.Sleep(time.Hour)
		}
		w.breakWith(nil)
		h.Poll(t.Context())
		synctest.Wait()
		if got, _ := c.state(); got != 1 {
			t.Errorf("%d messages after the poll, want 1", got)
		}
	})
}

// A node that cannot write its sign of life may not grant leases either: if it
// died, their bound would be taken from the last one.
func TestNoHeartbeatNoGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		w.mute = errBroken
		h := newHub(t, w, 8)
		defer h.Close()
		h.Poll(t.Context())
		if h.Fresh() {
			t.Error("fresh without a heartbeat")
		}
		w.mute = nil
		h.Poll(t.Context())
		if !h.Fresh() {
			t.Error("not fresh after a heartbeat")
		}
	})
}

// What has ended is written down at once, in batches, again after a failure,
// and in any case before Close returns.
func TestDeparturesAreWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.Run(ctx) })
		granted := time.Now().Add(-time.Hour)
		w.breakWith(errBroken)
		for i := range 1_201 {
			s := session(w, "a", protocol.DeviceID(fmt.Sprint(i)), 7, &fakeConn{heard: time.Now()})
			s.Granted = granted
			_ = h.Add(s)
			h.Remove(s)
		}
		time.Sleep(time.Second)
		if len(w.left) != 0 {
			t.Fatalf("%d written to a broken database", len(w.left))
		}
		w.breakWith(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(w.left) != 1_201 {
			t.Errorf("%d written, want 1201", len(w.left))
		}
		if d := w.left[0]; !d.Granted.Equal(granted) || d.Number != 7 {
			t.Errorf("departure = %+v", d)
		}
		last := session(w, "b", "x", 1, &fakeConn{heard: time.Now()})
		_ = h.Add(last)
		cancel()
		loops.Wait()
		h.Remove(last)
		h.Close()
		if len(w.left) != 1_202 {
			t.Errorf("%d written after Close, want 1202", len(w.left))
		}
	})
}

func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		s := session(w, "a", "1", 1, &fakeConn{})
		_ = h.Add(s)
		if h.Current(s) {
			t.Error("current before the first poll")
		}
		h.Poll(t.Context())
		if !h.Current(s) {
			t.Error("not current after a poll with nothing new")
		}
		h.queue.limit = 0 // no worker yet
		h.Nudge("a", Numbers{Version: 2})
		if h.Current(s) {
			t.Error("current although version 2 is known and not sent")
		}
		w.set("a", 2)
		h.queue.limit = 1
		h.queue.mu.Lock()
		s.phase = idle
		h.queue.mu.Unlock()
		h.Nudge("a", Numbers{Version: 2})
		synctest.Wait()
		if !h.Current(s) {
			t.Error("not current after version 2 was sent")
		}
		time.Sleep(10 * time.Second)
		if h.Current(s) {
			t.Error("current 10 s after the last poll")
		}
	})
}

func TestDrainSpreadsTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTruth()
		h := newHub(t, w, 8)
		defer h.Close()
		var conns []*fakeConn
		for i := range 200 {
			conns = append(conns, &fakeConn{})
			_ = h.Add(session(w, "a", protocol.DeviceID(fmt.Sprint(i)), 1, conns[i]))
		}
		h.Drain(t.Context(), 30*time.Second)
		var early, late int
		for _, c := range conns {
			f, err := protocol.DecodeDown(c.sent[0])
			if err != nil {
				t.Fatal(err)
			}
			e := f.(protocol.Error)
			if e.Code != protocol.CodeBusy || e.RetryAfter < 0 || e.RetryAfter >= 30_000 || c.closed != closeServiceRestart {
				t.Fatalf("drained with %+v and close code %d", e, c.closed)
			}
			if e.RetryAfter < 15_000 {
				early++
			} else {
				late++
			}
		}
		if early < 50 || late < 50 {
			t.Errorf("%d return in the first half, %d in the second: not spread", early, late)
		}
	})
}

// Ten thousand devices come and go, from many goroutines, while nudges fly.
func TestTenThousandConnects(t *testing.T) {
	w := newTruth()
	h := newHub(t, w, 64)
	ctx, cancel := context.WithCancel(t.Context())
	var loops, comers sync.WaitGroup
	loops.Go(func() { h.Run(ctx) })
	for g := range 100 {
		comers.Go(func() {
			a := protocol.AccountID(fmt.Sprint(g % 50))
			for i := range 100 {
				s := session(w, a, protocol.DeviceID(fmt.Sprint(g, i%10)), int64(i), &fakeConn{heard: time.Now()})
				if err := h.Add(s); err != nil {
					t.Error(err)
				}
				h.Nudge(a, Numbers{Version: protocol.Version(i)})
				if i%2 == 0 {
					h.Remove(s)
				}
			}
		})
	}
	comers.Wait()
	for _, s := range h.sessions.all() {
		h.Remove(s)
	}
	cancel()
	loops.Wait()
	h.Close()
	if got := h.Stats().Connected; got != 0 {
		t.Errorf("%d connected at the end, want 0", got)
	}
	for i, slot := range h.wheel.slots {
		if len(slot) != 0 {
			t.Errorf("slot %d of the wheel still holds %d", i, len(slot))
		}
	}
	if len(w.left) != 10_000 {
		t.Errorf("%d departures written, want 10000", len(w.left))
	}
}
