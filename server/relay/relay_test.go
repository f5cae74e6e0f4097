package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus/membus"
	"github.com/hearthkey/hearthkey/server/hub"
)

// set is a connection of a TV, and what it was sent.
type set struct {
	mu    sync.Mutex
	got   []protocol.Relay
	hold  chan struct{} // Send waits for it
	fails error
}

func (c *set) Send(messages ...[]byte) error {
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range messages {
		f, err := protocol.DecodeDown(m)
		if err != nil {
			return err
		}
		c.got = append(c.got, f.(protocol.Relay))
	}
	return c.fails
}

func (c *set) Ping() error       { return nil }
func (c *set) Prompt() bool      { return true }
func (c *set) Heard() time.Time  { return time.Now() }
func (c *set) Close(int, string) {}

// heard is what the TV was sent since the last call, without the ids.
func (c *set) heard() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, f := range c.got {
		out = append(out, fmt.Sprintf("%s|%s|%t", f.By, string(f.Frame), f.End))
	}
	c.got = nil
	return out
}

func (c *set) relay(t *testing.T) protocol.RelayID {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		t.Fatal("the TV was sent nothing")
	}
	return c.got[len(c.got)-1].ID
}

// nodes are two on one bus: the browser's, and the TV's, which holds the bedroom of
// account a.
type nodes struct {
	t       *testing.T
	bus     *membus.Bus
	browser *Switch
	tv      *Switch
	set     *set
	session *hub.Session
	log     strings.Builder
}

// within runs f with two nodes in a bubble.
func within(t *testing.T, f func(*nodes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &nodes{t: t, bus: &membus.Bus{}, set: &set{}}
		n.session = &hub.Session{Account: "a", Device: "bedroom", Conn: n.set, Relays: true}
		find := func(a protocol.AccountID, d protocol.DeviceID) *hub.Session {
			if a == n.session.Account && d == n.session.Device {
				return n.session
			}
			return nil
		}
		none := func(protocol.AccountID, protocol.DeviceID) *hub.Session { return nil }
		log := slog.New(slog.NewTextHandler(io.MultiWriter(&n.log), nil))
		n.browser = New(Config{Node: "one", Bus: n.bus, TV: none, Log: log})
		n.tv = New(Config{Node: "two", Bus: n.bus, TV: find, Log: log})
		f(n)
		n.browser.Close()
		n.tv.Close()
		n.bus.Close()
		if s := n.tv.Stats(); s.Lines != 0 {
			t.Errorf("%d lines are left", s.Lines)
		}
	})
}

func (n *nodes) open(a protocol.AccountID, d protocol.DeviceID) *Call {
	n.t.Helper()
	c, err := n.browser.Open(a, d, "two", "Mara")
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

// answers reads what the browser is told until its call ends, or nothing more waits.
func answers(c *Call) (frames []string, end protocol.RelayEnd) {
	synctest.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		f, err := c.Next(ctx)
		if ended, ok := errors.AsType[*EndedError](err); ok {
			return frames, ended.Why
		}
		if err != nil {
			return frames, ""
		}
		frames = append(frames, string(f))
	}
}

func TestRelayKeysGoThereAndScreensComeBack(t *testing.T) {
	within(t, func(n *nodes) {
		c := n.open("a", "bedroom")
		for i := range 3 {
			c.Send(protocol.Secret(fmt.Sprint("key ", i)))
		}
		id := n.set.relay(t)
		if d := cmp.Diff([]string{"Mara||false", "|key 0|false", "|key 1|false", "|key 2|false"}, n.set.heard()); d != "" {
			t.Errorf("the TV was sent (-want +got):\n%s", d)
		}
		n.tv.FromTV(n.session, protocol.RelayState{ID: id, Frame: "home"})
		n.tv.FromTV(n.session, protocol.RelayState{ID: id, Frame: "settings"})
		frames, end := answers(c)
		if d := cmp.Diff([]string{"home", "settings"}, frames); d != "" || end != "" {
			t.Errorf("the browser was told (-want +got), end %q:\n%s", end, d)
		}
		c.Close()
		c.Close()
		if d := cmp.Diff([]string{"||true"}, n.set.heard()); d != "" {
			t.Errorf("at the end (-want +got):\n%s", d)
		}
		if s := n.tv.Stats(); s.Lines != 0 {
			t.Errorf("%d lines after the end", s.Lines)
		}
		if text := n.log.String(); strings.Contains(text, "key ") {
			t.Errorf("a frame is in the log: %s", text)
		}
	})
}

func TestRelayReachesOnlyTheAccountsTV(t *testing.T) {
	within(t, func(n *nodes) {
		for _, c := range []*Call{n.open("b", "bedroom"), n.open("a", "kitchen")} {
			c.Send("key")
			if frames, end := answers(c); len(frames) > 0 || end != protocol.RelayOver {
				t.Errorf("another's TV: %v, %q", frames, end)
			}
			c.Close()
		}
		n.session.Relays = false // an older agent
		c := n.open("a", "bedroom")
		if _, end := answers(c); end != protocol.RelayOver {
			t.Errorf("an older agent: %q", end)
		}
		if got := n.set.heard(); len(got) > 0 {
			t.Errorf("the TV was sent %v", got)
		}
	})
}

// A TV cannot speak into the call of another, nor into one that has ended.
func TestRelayTakesAnswersOnlyFromItsTV(t *testing.T) {
	within(t, func(n *nodes) {
		c := n.open("a", "bedroom")
		id := n.set.relay(t)
		other := &hub.Session{Account: "a", Device: "kitchen", Conn: &set{}, Relays: true}
		n.tv.FromTV(other, protocol.RelayState{ID: id, Frame: "forged", End: protocol.RelayRefused})
		n.tv.FromTV(n.session, protocol.RelayState{ID: "AAAAAAAAAAAAAAAAAAAAAA", Frame: "of nothing"})
		if frames, end := answers(c); len(frames) > 0 || end != "" {
			t.Errorf("the browser was told %v, %q", frames, end)
		}
		n.tv.FromTV(n.session, protocol.RelayState{ID: id, Frame: "last", End: protocol.RelayRefused})
		n.tv.FromTV(n.session, protocol.RelayState{ID: id, Frame: "late"})
		frames, end := answers(c)
		if d := cmp.Diff([]string{"last"}, frames); d != "" || end != protocol.RelayRefused {
			t.Errorf("refused: %q, frames (-want +got):\n%s", end, d)
		}
		n.set.heard()
		c.Send("stale")
		if got := n.set.heard(); len(got) > 0 {
			t.Errorf("a key after the end came through: %v", got)
		}
	})
}

func TestRelayEndsWithTheTVsConnection(t *testing.T) {
	within(t, func(n *nodes) {
		c, again := n.open("a", "bedroom"), n.open("a", "bedroom")
		n.set.heard()
		n.tv.Gone(n.session)
		for _, c := range []*Call{c, again} {
			if _, end := answers(c); end != protocol.RelayOver {
				t.Errorf("end %q, want over", end)
			}
		}
		n.set.fails = io.ErrClosedPipe
		broken := n.open("a", "bedroom")
		if _, end := answers(broken); end != protocol.RelayOver {
			t.Errorf("a connection that breaks: %q", end)
		}
	})
}

// The browser's node dies: nothing comes over the line any more, and it ends.
func TestRelayEndsWhenNothingComes(t *testing.T) {
	within(t, func(n *nodes) {
		c := n.open("a", "bedroom")
		for range 20 {
			time.Sleep(protocol.RelayBeat * time.Second)
			c.Send("ping")
		}
		if got := len(n.set.heard()); got != 21 {
			t.Errorf("%d frames, want 21", got)
		}
		time.Sleep(lineIdle + time.Second)
		if d := cmp.Diff([]string{"||true"}, n.set.heard()); d != "" {
			t.Errorf("the TV was sent (-want +got):\n%s", d)
		}
		if _, end := answers(c); end != protocol.RelayOver {
			t.Errorf("end %q, want over", end)
		}
	})
}

func TestRelayIsBounded(t *testing.T) {
	within(t, func(n *nodes) {
		for i := range protocol.MaxRelays + 1 {
			_, end := answers(n.open("a", "bedroom"))
			if want := i == protocol.MaxRelays; (end == protocol.RelayBusy) != want {
				t.Errorf("call %d: end %q", i+1, end)
			}
		}
	})
	within(t, func(n *nodes) { // a browser that does not read
		c := n.open("a", "bedroom")
		id := n.set.relay(t)
		for range maxWaiting + 1 {
			n.tv.FromTV(n.session, protocol.RelayState{ID: id, Frame: "x"})
			synctest.Wait()
		}
		if frames, end := answers(c); len(frames) != maxWaiting || end != protocol.RelayOver {
			t.Errorf("%d frames, end %q", len(frames), end)
		}
	})
	within(t, func(n *nodes) { // a TV that does not read: its own line waits, and no other
		n.set.hold = make(chan struct{})
		c := n.open("a", "bedroom")
		synctest.Wait()
		for range 10 * maxWaiting {
			c.Send("x")
			synctest.Wait()
		}
		n.bus.Send("two", []byte(`{"relay":"AAAAAAAAAAAAAAAAAAAAAA","device":"kitchen","account":"a","from":"one"}`))
		synctest.Wait()
		c.Close()
		close(n.set.hold)
		got := n.set.heard()
		if len(got) > maxWaiting+2 {
			t.Errorf("%d frames waited", len(got))
		}
		if got[len(got)-1] != "||true" {
			t.Errorf("the TV does not hear that it is over: %q", got[len(got)-1])
		}
	})
	within(t, func(n *nodes) {
		calls := make([]*Call, 0, maxCalls)
		for range maxCalls {
			calls = append(calls, n.open("b", "none"))
		}
		if _, err := n.browser.Open("b", "none", "two", "x"); !errors.Is(err, ErrFull) {
			t.Errorf("one more call: %v, want ErrFull", err)
		}
		for _, c := range calls {
			c.Close()
		}
	})
}

func TestRelayIgnoresWhatItDoesNotUnderstand(t *testing.T) {
	within(t, func(n *nodes) {
		c := n.open("a", "bedroom")
		n.set.heard()
		for _, data := range []string{"", "x", "[]", `{"relay":7}`, `{"relay":"AAAAAAAAAAAAAAAAAAAAAA","frame":"x"}`} {
			n.bus.Send("one", []byte(data))
			n.bus.Send("two", []byte(data))
		}
		if frames, end := answers(c); len(frames) > 0 || end != "" || len(n.set.heard()) > 0 {
			t.Errorf("the browser was told %v, %q", frames, end)
		}
	})
}

// A closed switch opens nothing and leaves nobody waiting.
func TestRelayCloses(t *testing.T) {
	within(t, func(n *nodes) {
		c := n.open("a", "bedroom")
		synctest.Wait()
		waits := make(chan error)
		go func() { _, err := c.Next(context.Background()); waits <- err }()
		synctest.Wait()
		n.tv.Close()
		n.browser.Close()
		if err := <-waits; !errors.As(err, new(*EndedError)) {
			t.Errorf("Next = %v, want that it ended", err)
		}
		if _, err := n.browser.Open("a", "bedroom", "two", "x"); !errors.Is(err, ErrFull) {
			t.Errorf("Open after Close: %v", err)
		}
	})
}

// FuzzReceive has anything come over the bus: what is no message of ours is passed over.
func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"relay":"AAECAwQFBgcICQoLDA0ODw","account":"a","device":"bedroom","from":"one","by":"Mara"}`))
	f.Add([]byte(`{"relay":"AAECAwQFBgcICQoLDA0ODw","account":"a","device":"bedroom","from":"one","frame":"x","ends":true}`))
	f.Add([]byte(`{"relay":"AAECAwQFBgcICQoLDA0ODw","frame":"x","end":"refused"}`))
	f.Add([]byte(`{"relay":7}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		within(t, func(n *nodes) {
			c := n.open("a", "bedroom")
			n.browser.receive(data)
			n.tv.receive(data)
			answers(c)
			n.set.heard()
		})
	})
}
