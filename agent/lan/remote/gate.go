package remote

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// Bounds on peers that have not shown a paired key.
const (
	maxStrangers     = 16       // connections at once
	maxStrangersHost = 6        // of one address
	maxStrangerBytes = 64 << 10 // read from one: its certificate, hello and a few tries
	peersPerSecond   = 30       // of all, as many at once: each costs a handshake, and a TV has better things to do
)

// gate is a listener that lets in peers of the home network, a few strangers at a
// time. Where there are too many the oldest is closed: a paired remote needs
// milliseconds to say who it is, whoever waits for longer wants something else.
type gate struct {
	net.Listener
	interfaces []string // by name; none: all
	pace       *rate.Limiter
	open       context.Context // ends with Close
	shut       context.CancelFunc

	mu        sync.Mutex
	strangers []*guest // guarded by mu; oldest first
}

// guest is a peer's connection.
type guest struct {
	net.Conn
	gate *gate
	from netip.Addr
	left int         // bytes that it may still send as a stranger; its reader's
	home atomic.Bool // it is known
}

func newGate(l net.Listener, interfaces []string) *gate {
	g := &gate{Listener: l, interfaces: interfaces, pace: rate.NewLimiter(peersPerSecond, peersPerSecond)}
	g.open, g.shut = context.WithCancel(context.Background())
	return g
}

// Close stops listening.
func (g *gate) Close() error {
	g.shut()
	return g.Listener.Close()
}

// Accept returns the next peer that may come in. Where there are many they wait in the
// kernel's queue.
func (g *gate) Accept() (net.Conn, error) {
	for {
		if err := g.pace.Wait(g.open); err != nil {
			return nil, net.ErrClosed
		}
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if from := addrOf(conn.RemoteAddr()); atHome(from) && g.listensOn(addrOf(conn.LocalAddr())) {
			return g.enter(conn, from), nil
		}
		_ = conn.Close() // there is nobody to tell
	}
}

// enter counts a stranger, and shows the oldest one out where there are too many.
func (g *gate) enter(conn net.Conn, from netip.Addr) *guest {
	c := &guest{Conn: conn, gate: g, from: from, left: maxStrangerBytes}
	g.mu.Lock()
	defer g.mu.Unlock()
	same := slices.DeleteFunc(slices.Clone(g.strangers), func(o *guest) bool { return o.from != from })
	switch {
	case len(same) >= maxStrangersHost:
		g.out(same[0])
	case len(g.strangers) >= maxStrangers:
		g.out(g.strangers[0])
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
	if c.home.Load() {
		return c.Conn.Read(p)
	}
	if c.left <= 0 {
		return 0, errTalkative
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// known says that the peer is no stranger any more.
func (c *guest) known() {
	c.home.Store(true)
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.gate.forget(c)
}

// Close ends the connection.
func (c *guest) Close() error {
	c.known()
	return c.Conn.Close()
}

// listensOn reports whether the TV's end of a connection has an address of one of
// the interfaces that are listened on.
func (g *gate) listensOn(here netip.Addr) bool {
	if len(g.interfaces) == 0 {
		return true
	}
	for _, name := range g.interfaces {
		i, err := net.InterfaceByName(name)
		if err != nil {
			continue // not plugged in
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == here {
				return true
			}
		}
	}
	return false
}

// atHome reports whether an address is one of a home network: private (RFC 1918),
// unique local (RFC 4193), link-local, or this machine.
func atHome(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback()
}

// addrOf returns the address without its zone, or the zero Addr.
func addrOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}
