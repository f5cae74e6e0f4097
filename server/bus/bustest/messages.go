package bustest

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
)

// letters is a receiver that remembers what it was sent, but for the tries of until.
type letters struct {
	mu    sync.Mutex // guards what follows
	all   []string
	found map[string]bool
	any   chan struct{}
}

func receive(t *testing.T, b bus.Bus, node string) *letters {
	l := &letters{found: map[string]bool{}, any: make(chan struct{}, 1)}
	t.Cleanup(b.Receive(node, l.take))
	return l
}

func (l *letters) take(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found[string(data)] = true
	l.all = append(l.all, string(data))
	select {
	case l.any <- struct{}{}:
	default:
	}
}

func (l *letters) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.found[text]
}

// list is what came, in its order.
func (l *letters) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.all...)
}

// until sends a text from a node again and again until it was received.
func (l *letters) until(t *testing.T, from bus.Bus, node, text string) {
	t.Helper()
	again, late := time.NewTicker(50*time.Millisecond), time.After(Patience)
	defer again.Stop()
	from.Send(node, []byte(text))
	for !l.has(text) {
		select {
		case <-l.any:
		case <-again.C:
			from.Send(node, []byte(text))
		case <-late:
			t.Fatalf("%q not received within %v", text, Patience)
		}
	}
}

// testOneNodeHears has every end send to every node: whoever receives there gets it,
// and nobody else.
func testOneNodeHears(t *testing.T, nodes []bus.Bus) {
	first, again := receive(t, nodes[0], "node-1"), receive(t, nodes[len(nodes)-1], "node-1")
	other := receive(t, nodes[0], "node-2")
	for i, from := range nodes {
		text := fmt.Sprint("for one, from ", i)
		first.until(t, from, "node-1", text)
		again.until(t, from, "node-1", text)
		other.until(t, from, "node-2", fmt.Sprint("for two, from ", i))
	}
	for _, text := range other.list() {
		if text[:7] != "for two" {
			t.Errorf("node 2 heard %q", text)
		}
	}
	nodes[0].Send("nobody", []byte("lost"))
}

// testInOrder sends more than waits anywhere: what arrives is in order, whatever is
// lost.
func testInOrder(t *testing.T, nodes []bus.Bus) {
	from := nodes[len(nodes)-1]
	l := receive(t, nodes[0], "n")
	l.until(t, from, "n", "0")
	for i := 1; i < 5000; i++ {
		from.Send("n", []byte(strconv.Itoa(i)))
	}
	l.until(t, from, "n", "5000")
	before := 0
	for _, text := range l.list() {
		n, err := strconv.Atoi(text)
		if err != nil || n < before {
			t.Fatalf("%q after %d", text, before)
		}
		before = n
	}
}

// testMessagesAreWhole sends the longest message, and one that is longer.
func testMessagesAreWhole(t *testing.T, nodes []bus.Bus) {
	from := nodes[len(nodes)-1]
	l := receive(t, nodes[0], "n")
	long := make([]byte, bus.MaxMessage)
	for i := range long {
		long[i] = byte(i)
	}
	l.until(t, from, "n", "ready")
	from.Send("n", append(long, 0))
	l.until(t, from, "n", string(long))
	for _, text := range l.list() {
		if len(text) > bus.MaxMessage {
			t.Errorf("a message of %d bytes came", len(text))
		}
	}
}

// testMessagesNeverWait has a receiver that never returns, and a nudge that goes past it.
func testMessagesNeverWait(t *testing.T, nodes []bus.Bus) {
	stuck, finish := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(stuck) })
	cancel := nodes[0].Receive("n", func([]byte) { once(); <-finish })
	defer cancel()
	defer close(finish)
	receive(t, nodes[0], "m").until(t, nodes[0], "m", "first")
	nodes[0].Send("n", []byte("stuck"))
	select {
	case <-stuck:
	case <-time.After(Patience):
		t.Skip("not tested: the message to the stuck receiver was lost, as it may be")
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range 20_000 {
			nodes[0].Send("n", []byte("more"))
		}
	}()
	select {
	case <-sent:
	case <-time.After(Patience):
		t.Fatal("sending waits for a receiver")
	}
	receive(t, nodes[0], "m").until(t, nodes[0], "m", "last")
	listen(t, nodes[0]).until(t, nodes[0], bus.Nudge{Account: "last", Version: 1})
}

// testReceiveEnds cancels receivers, within storms and by Close.
func testReceiveEnds(t *testing.T, nodes []bus.Bus) {
	var ended atomic.Bool
	hear := func([]byte) {
		if ended.Load() {
			t.Error("called after cancel or Close had returned")
		}
	}
	cancel := nodes[0].Receive("n", hear)
	closed := nodes[0].Receive("n", hear)
	receive(t, nodes[0], "n").until(t, nodes[0], "n", "a")
	for range 1000 {
		nodes[0].Send("n", []byte("b"))
	}
	cancel()
	cancel()
	if err := nodes[0].Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	ended.Store(true)
	nodes[0].Send("n", []byte("c"))
	nodes[0].Receive("n", hear)()
	closed()
}

// testMessagesAllAtOnce is for the race detector: senders, receivers that answer, and
// nudges.
func testMessagesAllAtOnce(t *testing.T, nodes []bus.Bus) {
	var wg sync.WaitGroup
	for i := range 8 {
		node := nodes[i%len(nodes)]
		name := strconv.Itoa(i)
		wg.Go(func() {
			for v := range 100 {
				cancel := node.Receive(name, func(data []byte) { node.Send("answers", data) })
				node.Send(strconv.Itoa(v%8), []byte(name))
				node.Publish(bus.Nudge{Account: protocol.AccountID(name), Version: protocol.Version(v)})
				cancel()
			}
		})
	}
	wg.Wait()
	receive(t, nodes[0], "answers").until(t, nodes[0], "answers", "last")
}
