// Package natsbus carries nudges and messages between the nodes of one server over
// NATS (core NATS: nothing is stored there).
//
//	Publish ──▶ membus: this node's own subscriptions, at once
//	       └──▶ what waits for the network, joined by account ──▶ NATS
//	                            other nodes' NATS ──▶ their membus
//
// Nudges of an account go over the subject "hearthkey.nudge.S", where S is one of 256
// shards by the account's id, so that a large installation can have nodes, or NATS
// leaf nodes, take some only. Messages go over "hearthkey.node.N". What
// arrives is decoded strictly and bounded: a NATS that others can write to can make
// this node read its database, and no more.
//
// While NATS is out of reach a node goes on alone: its own subscriptions hear, what is
// for others is lost after the bounds of package membus, and the connection is tried
// again for ever, about twice a second. The database's poll brings what was missed.
//
// Each [Bus] has two goroutines of its own and those of the NATS client, which Close
// waits for. Tests: the suite of package bustest over one nats-server, over three, and
// over none; servers that are killed and started again; fuzzed nudges and addresses.
package natsbus

import (
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/bus"
	"github.com/hearthkey/hearthkey/server/bus/membus"
)

const (
	shards      = 256
	maxOutgoing = 1 << 10 // messages that wait for the network
	maxPending  = 1 << 16 // nudges and messages that wait for this node's membus
	pendingSize = 64 << 20

	reconnectWait = 500 * time.Millisecond // between tries of one server
	pingEvery     = 5 * time.Second        // twice without an answer: the connection is gone
	writeTime     = 5 * time.Second        // for a message to leave
)

// Bus implements bus.Bus. Make one with [Open].
type Bus struct {
	prefix string
	local  membus.Bus
	out    membus.Bus // nudges for others
	conn   *nats.Conn
	ended  chan struct{} // closed when the client has given up its goroutines
	sent   chan message
	stop   chan struct{}
	work   sync.WaitGroup
	once   sync.Once

	mu        sync.Mutex // guards receivers
	receivers map[string]*receiver
}

var _ bus.Bus = (*Bus)(nil)

type message struct {
	node string
	data []byte
}

// receiver is a node's subject, for as long as somebody receives for it here.
type receiver struct {
	sub   *nats.Subscription
	users int
}

// Open begins to connect, and returns at once: NATS may come later. An error is one of
// the address: [ErrAddress].
func Open(address string, log *slog.Logger) (*Bus, error) {
	a, err := parse(address)
	if err != nil {
		return nil, err
	}
	b := &Bus{
		prefix: a.prefix, ended: make(chan struct{}), sent: make(chan message, maxOutgoing), stop: make(chan struct{}),
		receivers: map[string]*receiver{},
	}
	options := append(a.options,
		nats.Name("hearthkey"), nats.NoEcho(), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectWait/2, reconnectWait/2), nats.ReconnectBufSize(-1),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2), nats.FlusherTimeout(writeTime), nats.Timeout(writeTime),
		nats.ClosedHandler(func(*nats.Conn) { close(b.ended) }),
		nats.ConnectHandler(func(*nats.Conn) { log.Info("bus connected") }),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("bus connected again") }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("bus cut off: changes of other nodes come by the database, up to 5 s later", "error", err)
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("bus", "error", err) }),
	)
	if b.conn, err = nats.Connect(a.servers, options...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if !b.conn.IsConnected() {
		log.Warn("bus not reached yet: this node works alone until it is")
	}
	if err := b.listen(); err != nil {
		b.Close()
		return nil, err
	}
	b.out.Subscribe(b.pass)
	b.work.Go(b.sender)
	return b, nil
}

// listen subscribes to the nudges of all accounts.
func (b *Bus) listen() error {
	sub, err := b.conn.Subscribe(b.prefix+".nudge.*", func(m *nats.Msg) {
		if n, err := decode(m.Data); err == nil {
			b.local.Publish(n)
		}
	})
	if err != nil {
		return fmt.Errorf("natsbus: subscribe: %w", err)
	}
	return sub.SetPendingLimits(maxPending, pendingSize)
}

// Connected reports whether NATS is in reach.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Publish implements bus.Bus.
func (b *Bus) Publish(n bus.Nudge) {
	b.local.Publish(n)
	b.out.Publish(n)
}

// pass hands one nudge to the client, which has a buffer and a goroutine that writes
// it. It may wait for a slow network; what comes meanwhile is joined by account.
func (b *Bus) pass(n bus.Nudge) {
	if data, err := encode(n); err == nil {
		_ = b.conn.Publish(subject(b.prefix, n.Account), data) // lost while cut off, as it may be
	}
}

func subject(prefix string, account protocol.AccountID) string {
	h := fnv.New32a()
	h.Write([]byte(account))
	return fmt.Sprint(prefix, ".nudge.", h.Sum32()%shards)
}

// Subscribe implements bus.Bus.
func (b *Bus) Subscribe(f func(bus.Nudge)) (cancel func()) { return b.local.Subscribe(f) }

// Send implements bus.Bus.
func (b *Bus) Send(node string, data []byte) {
	if len(data) > bus.MaxMessage || !named(node) {
		return
	}
	b.local.Send(node, data)
	select {
	case b.sent <- message{node, data}:
	default: // lost, as it may be
	}
}

// sender hands messages to the client, in their order.
func (b *Bus) sender() {
	for {
		select {
		case <-b.stop:
			return
		case m := <-b.sent:
			_ = b.conn.Publish(b.prefix+".node."+m.node, m.data)
		}
	}
}

// Receive implements bus.Bus.
func (b *Bus) Receive(node string, f func([]byte)) (cancel func()) {
	if !named(node) {
		return func() {}
	}
	b.join(node)
	end := b.local.Receive(node, f)
	leave := sync.OnceFunc(func() { b.leave(node) })
	return func() {
		leave()
		end()
	}
}

func (b *Bus) join(node string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.receivers[node]; r != nil {
		r.users++
		return
	}
	sub, err := b.conn.Subscribe(b.prefix+".node."+node, func(m *nats.Msg) {
		if len(m.Data) <= bus.MaxMessage {
			b.local.Send(node, m.Data)
		}
	})
	if err != nil {
		return // closed: nothing comes any more
	}
	_ = sub.SetPendingLimits(maxPending, pendingSize)
	b.receivers[node] = &receiver{sub, 1}
}

func (b *Bus) leave(node string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.receivers[node]
	if r == nil {
		return
	}
	if r.users--; r.users == 0 {
		_ = r.sub.Unsubscribe() // fails once closed
		delete(b.receivers, node)
	}
}

// Close implements bus.Bus.
func (b *Bus) Close() error {
	b.once.Do(func() {
		close(b.stop)
		b.conn.Close()
		<-b.ended
		b.out.Close()
		b.work.Wait()
		b.local.Close()
	})
	return nil
}
