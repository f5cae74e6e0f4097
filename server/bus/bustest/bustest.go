// Package bustest is the conformance suite of bus.Bus. A bus's own tests call
// [Run].
//
// A bus may lose nudges and messages, so the suite sends them again until one
// arrives, and gives up after [Patience].
package bustest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
)

// Patience is how long a calm bus may take for one nudge, repeated.
const Patience = 20 * time.Second

// Opener returns the ends of one bus at several nodes, or the only end of a
// bus within a process. The suite closes them.
type Opener func(t *testing.T) (nodes []bus.Bus)

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	tests := []struct {
		name string
		run  func(*testing.T, []bus.Bus)
	}{
		{"everybody hears", testEverybodyHears},
		{"many accounts", testManyAccounts},
		{"both numbers", testBothNumbers},
		{"one call at a time", testSerial},
		{"publisher never waits", testNeverWaits},
		{"cancel", testCancel},
		{"publish within a call", testPublishWithin},
		{"close", testClose},
		{"all at once", testAllAtOnce},
		{"one node hears", testOneNodeHears},
		{"messages in order", testInOrder},
		{"messages are whole", testMessagesAreWhole},
		{"messages never wait", testMessagesNeverWait},
		{"receive ends", testReceiveEnds},
		{"messages all at once", testMessagesAllAtOnce},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nodes := open(t)
			t.Cleanup(func() {
				for _, node := range nodes {
					if err := node.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				}
			})
			test.run(t, nodes)
		})
	}
}

// ear is a subscription that remembers the highest numbers of each account.
type ear struct {
	mu    sync.Mutex // guards heard
	heard map[protocol.AccountID]bus.Nudge
	any   chan struct{}
}

func listen(t *testing.T, b bus.Bus) *ear {
	e := &ear{heard: map[protocol.AccountID]bus.Nudge{}, any: make(chan struct{}, 1)}
	t.Cleanup(b.Subscribe(e.hear))
	return e
}

func (e *ear) hear(n bus.Nudge) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard[n.Account] = n.Join(e.heard[n.Account])
	select {
	case e.any <- struct{}{}:
	default:
	}
}

func (e *ear) newest(account protocol.AccountID) bus.Nudge {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard[account]
}

// until publishes n at from again and again until e has heard it.
func (e *ear) until(t *testing.T, from bus.Bus, n bus.Nudge) {
	t.Helper()
	again, late := time.NewTicker(50*time.Millisecond), time.After(Patience)
	defer again.Stop()
	from.Publish(n)
	for n.Join(e.newest(n.Account)) != e.newest(n.Account) {
		select {
		case <-e.any:
		case <-again.C:
			from.Publish(n)
		case <-late:
			t.Fatalf("%v not heard within %v", n, Patience)
		}
	}
	if got := e.newest(n.Account); got.Version > n.Version && n.Version > 0 || got.Library > n.Library && n.Library > 0 {
		t.Errorf("heard %+v, want %+v", got, n)
	}
}

func testEverybodyHears(t *testing.T, nodes []bus.Bus) {
	var ears []*ear
	for _, node := range nodes {
		ears = append(ears, listen(t, node), listen(t, node))
	}
	for i, from := range nodes {
		for _, e := range ears {
			e.until(t, from, bus.Nudge{Account: "a", Version: protocol.Version(i + 1)})
		}
	}
}

func testManyAccounts(t *testing.T, nodes []bus.Bus) {
	e := listen(t, nodes[len(nodes)-1])
	for i := range 300 {
		n := bus.Nudge{Account: protocol.AccountID(fmt.Sprint("account ", i%100)), Version: protocol.Version(i + 1)}
		e.until(t, nodes[0], n)
	}
}

// testBothNumbers has the two numbers travel alone and together: neither moves
// or hides the other.
func testBothNumbers(t *testing.T, nodes []bus.Bus) {
	e := listen(t, nodes[len(nodes)-1])
	e.until(t, nodes[0], bus.Nudge{Account: "a", Library: 1 << 41})
	e.until(t, nodes[0], bus.Nudge{Account: "a", Version: 1})
	e.until(t, nodes[0], bus.Nudge{Account: "a", Version: 2, Library: 1<<41 + 1})
	if got, want := e.newest("a"), (bus.Nudge{Account: "a", Version: 2, Library: 1<<41 + 1}); got != want {
		t.Errorf("heard %+v, want %+v", got, want)
	}
	// A storm of one number does not hide the other.
	for i := range 1000 {
		nodes[0].Publish(bus.Nudge{Account: "b", Library: int64(i)})
	}
	e.until(t, nodes[0], bus.Nudge{Account: "b", Version: 7})
	e.until(t, nodes[0], bus.Nudge{Account: "b", Library: 1000})
	if got := e.newest("b"); got.Version != 7 {
		t.Errorf("heard %+v, want version 7 still", got)
	}
}

func testSerial(t *testing.T, nodes []bus.Bus) {
	var inside, calls atomic.Int32
	cancel := nodes[0].Subscribe(func(bus.Nudge) {
		if inside.Add(1) != 1 {
			t.Error("two calls at once")
		}
		calls.Add(1)
		inside.Add(-1)
	})
	defer cancel()
	e := listen(t, nodes[0])
	var wg sync.WaitGroup
	for p := range 8 {
		wg.Go(func() {
			for v := range 500 {
				nodes[p%len(nodes)].Publish(bus.Nudge{Account: protocol.AccountID(fmt.Sprint(p)), Version: protocol.Version(v)})
			}
		})
	}
	wg.Wait()
	e.until(t, nodes[0], bus.Nudge{Account: "last", Version: 1})
}

// testNeverWaits has a subscriber that never returns: publishing goes on, and
// the other subscribers hear.
func testNeverWaits(t *testing.T, nodes []bus.Bus) {
	stuck, finish := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(stuck) })
	cancel := nodes[0].Subscribe(func(bus.Nudge) { once(); <-finish })
	defer cancel()
	defer close(finish)
	e := listen(t, nodes[0])
	e.until(t, nodes[0], bus.Nudge{Account: "first", Version: 1})
	select {
	case <-stuck:
	case <-time.After(Patience):
		t.Skip("the nudge to the stuck subscriber was lost, as it may be")
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range 100_000 {
			nodes[0].Publish(bus.Nudge{Account: protocol.AccountID(fmt.Sprint(i)), Version: 1})
		}
	}()
	select {
	case <-published:
	case <-time.After(Patience):
		t.Fatal("publishing waits for a subscriber")
	}
	e.until(t, nodes[0], bus.Nudge{Account: "last", Version: 1})
}

func testCancel(t *testing.T, nodes []bus.Bus) {
	var canceled atomic.Bool
	cancel := nodes[0].Subscribe(func(bus.Nudge) {
		if canceled.Load() {
			t.Error("called after cancel had returned")
		}
	})
	e := listen(t, nodes[0])
	e.until(t, nodes[0], bus.Nudge{Account: "a", Version: 1})
	for i := range 1000 {
		nodes[0].Publish(bus.Nudge{Account: protocol.AccountID(fmt.Sprint(i)), Version: 1})
	}
	cancel()
	canceled.Store(true)
	cancel()
	e.until(t, nodes[0], bus.Nudge{Account: "a", Version: 2})
}

func testPublishWithin(t *testing.T, nodes []bus.Bus) {
	cancel := nodes[0].Subscribe(func(n bus.Nudge) {
		if n.Version < 10 {
			nodes[0].Publish(bus.Nudge{Account: "echo", Version: n.Version + 1})
		}
	})
	defer cancel()
	e := listen(t, nodes[0])
	nodes[0].Publish(bus.Nudge{Account: "echo", Version: 1})
	e.until(t, nodes[0], bus.Nudge{Account: "echo", Version: 10})
}

func testClose(t *testing.T, nodes []bus.Bus) {
	var closed atomic.Bool
	hear := func(bus.Nudge) {
		if closed.Load() {
			t.Error("called after Close had returned")
		}
	}
	cancel := nodes[0].Subscribe(hear)
	nodes[0].Publish(bus.Nudge{Account: "a", Version: 1})
	if err := nodes[0].Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	closed.Store(true)
	nodes[0].Publish(bus.Nudge{Account: "a", Version: 2})
	nodes[0].Subscribe(hear)()
	cancel()
	if err := nodes[0].Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// testAllAtOnce is for the race detector.
func testAllAtOnce(t *testing.T, nodes []bus.Bus) {
	var wg sync.WaitGroup
	for i := range 12 {
		node := nodes[i%len(nodes)]
		wg.Go(func() {
			for v := range 200 {
				cancel := node.Subscribe(func(bus.Nudge) {})
				node.Publish(bus.Nudge{Account: protocol.AccountID(fmt.Sprint(v % 7)), Version: protocol.Version(v)})
				cancel()
			}
		})
	}
	e := listen(t, nodes[0])
	wg.Wait()
	e.until(t, nodes[0], bus.Nudge{Account: "last", Version: 1})
}
