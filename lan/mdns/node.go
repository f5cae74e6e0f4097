package mdns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/lan/links"
)

// Bounds on a node.
const (
	MaxPackets = 300 // a second, of up to packetUnit bytes; a longer one counts as several, and more are dropped
	packetUnit = 512
	maxLinks   = 16 // the kernel lets a socket join 20 groups
	waiting    = 64 // packets that were read and are not handled yet
)

// Links are read at once when something changes, after a moment in which what
// belongs together is over, and not again within a second.
const (
	settleSoon = 30 * time.Millisecond
	settle     = time.Second
)

// ErrNoSocket is wrapped by [Start] where the mDNS port cannot be opened.
var ErrNoSocket = errors.New("mdns: no socket")

// Config is what a node does. Functions are called by its goroutine: they must return
// soon and not call the node.
type Config struct {
	Interfaces []string // by name; empty: all that can send to all but loopbacks
	Loopback   bool     // a loopback too, where Interfaces is empty

	Service   *Service              // optional: what to make known
	Announced func(instance string) // optional: it is known under this name on every link

	Browse string        // optional: the type to look for
	Found  func([]Found) // the whole list, whenever it changed

	Log *slog.Logger // nil: nothing is logged
}

// Node is a responder, a browser, or both, on the links of this machine.
type Node struct {
	config    Config
	log       *slog.Logger
	responder *Responder
	browser   *Browser // nil: nothing is looked for
	watch     *links.Watch
	sockets   []socket

	packets  chan arrived
	commands chan func(now time.Time) []Send
	stop     context.CancelFunc
	ended    chan struct{} // closed when the loop has ended
	readers  sync.WaitGroup
	closing  sync.Once

	// Owned by the loop.
	joined   map[int]membership
	near     map[int][]netip.Prefix
	links    []Link
	read     time.Time // when links were read
	settling bool
	budget   int // what is left of MaxPackets in this second
	second   time.Time
	known    string // the name that was told as announced
	found    []Found
	told     bool // found was told
}

// membership is on which sockets a link was joined.
type membership struct {
	v4, v6  bool
	carrier uint32
}

// Start opens the sockets, on the network namespace of its caller, reads the links
// and begins. Errors wrap [ErrNoSocket], or say that the kernel tells no links. That
// there is no link yet is no error.
func Start(c Config) (*Node, error) {
	n := &Node{
		config: c, log: c.Log,
		responder: NewResponder(c.Service, below),
		packets:   make(chan arrived, waiting),
		commands:  make(chan func(time.Time) []Send),
		ended:     make(chan struct{}),
		joined:    make(map[int]membership), near: make(map[int][]netip.Prefix),
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if c.Browse != "" {
		n.browser = NewBrowser(c.Browse, below)
	}
	if err := n.open(); err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	n.refresh(time.Now())
	for _, s := range n.sockets {
		n.readers.Go(func() { n.receive(s) })
	}
	go n.run(ctx)
	return n, nil
}

// below is a random time.
func below(d time.Duration) time.Duration { return rand.N(d) }

// open opens the sockets; one of the two protocols will do.
func (n *Node) open() error {
	var problems error
	for _, v6 := range []bool{false, true} {
		s, err := listen(v6)
		if err != nil {
			problems = errors.Join(problems, err)
			continue
		}
		n.sockets = append(n.sockets, s)
	}
	if len(n.sockets) == 0 {
		return fmt.Errorf("%w: %w", ErrNoSocket, problems)
	}
	var err error
	if n.watch, err = links.Open(); err != nil {
		return errors.Join(err, n.close())
	}
	return nil
}

func (n *Node) close() error {
	var err error
	for _, s := range n.sockets {
		err = errors.Join(err, s.Close())
	}
	if n.watch != nil {
		err = errors.Join(err, n.watch.Close())
	}
	return err
}

// Close says goodbye and ends everything that the node began. A second time does
// nothing.
func (n *Node) Close() (err error) {
	n.closing.Do(func() {
		n.stop()
		<-n.ended
		err = n.close()
		n.readers.Wait()
	})
	return err
}

// Update changes what is made known; nil takes it back.
func (n *Node) Update(s *Service) {
	n.do(func(now time.Time) []Send { return n.responder.Update(now, s) })
}

// Reconfirm asks for a service again that could not be reached; see
// [Browser.Reconfirm].
func (n *Node) Reconfirm(instance string) {
	if n.browser != nil {
		n.do(func(now time.Time) []Send { return n.browser.Reconfirm(now, instance) })
	}
}

// Links are those that the node is on.
func (n *Node) Links() []Link {
	var out []Link
	n.do(func(time.Time) []Send { out = slices.Clone(n.links); return nil })
	return out
}

// do runs f in the loop; after Close it does nothing.
func (n *Node) do(f func(now time.Time) []Send) {
	done := make(chan struct{})
	select {
	case n.commands <- func(now time.Time) []Send { defer close(done); return f(now) }:
		<-done
	case <-n.ended:
	}
}

// receive hands packets to the loop, and drops what it has no time for.
func (n *Node) receive(s socket) {
	b, oob := make([]byte, MaxPacket+1), make([]byte, 128)
	for {
		a, err := s.receive(b, oob)
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				n.log.Error("mdns socket broken", "error", err)
			}
			return
		}
		select {
		case n.packets <- a:
		default:
		}
	}
}

// run is the loop that owns the machines.
func (n *Node) run(ctx context.Context) {
	defer close(n.ended)
	due, settled := time.NewTimer(0), time.NewTimer(time.Hour)
	defer due.Stop()
	defer settled.Stop()
	for {
		var out []Send
		select {
		case <-ctx.Done():
			n.send(n.responder.Close())
			return
		case f := <-n.commands:
			out = f(time.Now())
		case a := <-n.packets:
			out = n.handle(time.Now(), a)
		case <-n.watch.Changed():
			if now := time.Now(); !n.settling {
				n.settling = true
				settled.Reset(max(settleSoon, n.read.Add(settle).Sub(now)))
			}
		case <-settled.C:
			n.settling = false
			n.refresh(time.Now())
		case <-due.C:
		}
		now := time.Now()
		n.send(append(out, n.tick(now)...))
		n.tell()
		if next, ok := n.next(); ok {
			due.Reset(max(0, next.Sub(now)))
		} else {
			due.Stop()
		}
	}
}

func (n *Node) tick(now time.Time) []Send {
	out := n.responder.Tick(now)
	if n.browser != nil {
		out = append(out, n.browser.Tick(now)...)
	}
	return out
}

func (n *Node) next() (time.Time, bool) {
	next, ok := n.responder.Next()
	if n.browser == nil {
		return next, ok
	}
	if other, found := n.browser.Next(); found && (!ok || other.Before(next)) {
		return other, true
	}
	return next, ok
}

// handle gives a packet to the machines, if it is one.
func (n *Node) handle(now time.Time, a arrived) []Send {
	if now.Sub(n.second) >= time.Second {
		n.second, n.budget = now, MaxPackets
	}
	if n.budget -= 1 + len(a.b)/packetUnit; n.budget < 0 {
		return nil
	}
	prefixes, ok := n.near[a.link]
	near := slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.from.Addr().WithZone("")) })
	if !ok || !a.toAll && !near {
		return nil // not by a link of ours, or from beyond it (RFC 6762, section 11)
	}
	m, err := Decode(a.b)
	if err != nil {
		return nil // others' packets may be anything
	}
	p := Packet{Link: a.link, V6: a.v6, From: a.from, Near: near, Message: m}
	out := n.responder.Receive(now, p)
	if n.browser != nil {
		out = append(out, n.browser.Receive(now, p)...)
	}
	return out
}

// send writes what is to be sent. What cannot be is not tried again: the protocol
// repeats itself.
func (n *Node) send(all []Send) {
	for i := range all {
		b, err := all[i].Encode()
		if err != nil {
			n.log.Error("mdns message not sent", "error", err)
			continue
		}
		for _, s := range n.sockets {
			if s.v6 && !all[i].V6 || !s.v6 && !all[i].V4 {
				continue
			}
			if err := s.send(b, all[i].Link, all[i].To); err != nil {
				n.log.Debug("mdns packet not sent", "error", err)
			}
		}
	}
}

// tell calls back what changed.
func (n *Node) tell() {
	if n.responder.Announced() && n.responder.Instance() != n.known {
		n.known = n.responder.Instance()
		if n.config.Announced != nil {
			n.config.Announced(n.known)
		}
	}
	if n.browser == nil || !n.browser.Changed() {
		return
	}
	list := n.browser.List()
	if n.told && slices.EqualFunc(list, n.found, Found.Equal) {
		return
	}
	n.found, n.told = list, true
	if n.config.Found != nil {
		n.config.Found(slices.Clone(list))
	}
}

var _ io.Closer = (*Node)(nil)
