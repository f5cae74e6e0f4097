package remote

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/agent/lan/home"
)

// Bounds on peers that have not shown a paired key.
const (
	maxStrangers     = 16       // connections at once
	maxStrangersHost = 6        // of one address
	maxStrangerBytes = 64 << 10 // read from one: its certificate, hello and a few tries
	peersPerSecond   = 30       // of all, as many at once: each costs a handshake, and a TV has better things to do
	hostPerSecond    = 10       // of one address; more are closed unread, or they would take the others' turns
	hostBurst        = 20       // of one address at once
	maxHosts         = 64       // addresses whose pace is kept
)

// gate is a listener that lets in peers of the home network, a few strangers at a
// time. Where there are too many the oldest of whoever has most is closed: a paired
// remote needs milliseconds to say who it is, and a phone whose person reads the code
// off the screen is one.
type gate struct {
	net.Listener
	interfaces []string // by name; none: all
	pace       *rate.Limiter
	open       context.Context // ends with Close
	shut       context.CancelFunc

	mu        sync.Mutex
	strangers []*guest                     // guarded by mu; oldest first
	hosts     map[netip.Addr]*rate.Limiter // guarded by mu; the pace of each
}

// guest is a peer's connection.
type guest struct {
	net.Conn
	gate   *gate
	from   netip.Addr
	left   int         // bytes that it may still send as a stranger; its reader's
	paired atomic.Bool // it has shown a paired key
}

func newGate(l net.Listener, interfaces []string) *gate {
	g := &gate{Listener: l, interfaces: interfaces, pace: rate.NewLimiter(peersPerSecond, peersPerSecond), hosts: map[netip.Addr]*rate.Limiter{}}
	g.open, g.shut = context.WithCancel(context.Background())
	return g
}

// Close stops listening.
func (g *gate) Close() error {
	g.shut()
	return g.Listener.Close()
}

// Accept returns the next peer that may come in. Where there are many they wait in the
// kernel's queue; those of one address that come too fast do not: they are closed.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := home.AddrOf(conn.RemoteAddr())
		if !home.Is(from) || !g.patient(from) || !home.On(g.interfaces, home.AddrOf(conn.LocalAddr())) {
			_ = conn.Close() // there is nobody to tell
			continue
		}
		if err := g.pace.Wait(g.open); err != nil {
			return nil, errors.Join(net.ErrClosed, conn.Close())
		}
		return g.enter(conn, from), nil
	}
}

// patient reports whether an address comes no faster than one may. Whose pace is
// forgotten begins anew: somebody with very many addresses waits with everybody.
func (g *gate) patient(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hosts[from] == nil {
		if len(g.hosts) >= maxHosts {
			maps.DeleteFunc(g.hosts, func(_ netip.Addr, l *rate.Limiter) bool { return l.Tokens() >= hostBurst })
		}
		if len(g.hosts) >= maxHosts {
			clear(g.hosts)
		}
		g.hosts[from] = rate.NewLimiter(hostPerSecond, hostBurst)
	}
	return g.hosts[from].Allow()
}

// enter counts a stranger, and shows another one out where there are too many.
func (g *gate) enter(conn net.Conn, from netip.Addr) *guest {
	c := &guest{Conn: conn, gate: g, from: from, left: maxStrangerBytes}
	g.mu.Lock()
	defer g.mu.Unlock()
	open := make([]netip.Addr, 0, maxStrangers)
	for _, o := range g.strangers {
		open = append(open, o.from)
	}
	if i := home.GivesWay(open, from, maxStrangers, maxStrangersHost); i >= 0 {
		g.out(g.strangers[i])
	}
	g.strangers = append(g.strangers, c)
	return c
}

// out closes a stranger's connection. g.mu is held.
func (g *gate) out(c *guest) {
	g.forget(c)
	_ = c.Conn.Close() // its reader hears of it
}

// forget stops counting c. g.mu is held.
func (g *gate) forget(c *guest) {
	g.strangers = slices.DeleteFunc(g.strangers, func(o *guest) bool { return o == c })
}

// errTalkative means that a stranger sent more than any needs.
var errTalkative = errors.New("remote: a stranger sends too much")

// Read reads from the peer; of a stranger so much and no more.
func (c *guest) Read(p []byte) (int, error) {
	if c.paired.Load() {
		return c.Conn.Read(p)
	}
	if c.left <= 0 {
		return 0, errTalkative
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// known says that the peer is no stranger any more. Nor is its address one that comes
// too often: a script may press each key over a connection of its own.
func (c *guest) known() {
	c.paired.Store(true)
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.forget(c)
	delete(c.gate.hosts, c.from)
}

// Close ends the connection.
func (c *guest) Close() error {
	c.gate.mu.Lock()
	c.gate.forget(c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
