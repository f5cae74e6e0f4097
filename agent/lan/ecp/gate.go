package ecp

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Bounds on connections.
const (
	maxConnections = 24 // at once
	maxOfPeer      = 6  // at once from one address
)

// gate is a listener that lets in peers of the home network, a few at a time. The
// others are closed before a byte of theirs is read.
type gate struct {
	net.Listener
	interfaces []string // by name; none: all
	blocked    func(netip.Addr) bool

	mu   sync.Mutex
	open map[netip.Addr]int // guarded by mu: connections of each peer
	all  int                // guarded by mu
}

// Accept returns the next peer that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addrOf(conn.RemoteAddr())
		if home(from) && !g.blocked(from) && g.offered(addrOf(conn.LocalAddr())) && g.enter(from) {
			return &visit{Conn: conn, gate: g, from: from}, nil
		}
		_ = conn.Close() // there is nobody to tell
	}
}

// offered reports whether the address is on an interface that this is meant for.
func (g *gate) offered(to netip.Addr) bool {
	if len(g.interfaces) == 0 {
		return true
	}
	for _, name := range g.interfaces {
		card, err := net.InterfaceByName(name)
		if err != nil {
			continue // it is gone
		}
		addrs, err := card.Addrs()
		if err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
			p, err := netip.ParsePrefix(a.String())
			return err == nil && p.Addr().Unmap() == to
		}) {
			return true
		}
	}
	return false
}

func (g *gate) enter(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= maxConnections || g.open[from] >= maxOfPeer {
		return false
	}
	if g.open == nil {
		g.open = map[netip.Addr]int{}
	}
	g.open[from]++
	g.all++
	return true
}

func (g *gate) leave(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.open[from]--; g.open[from] == 0 {
		delete(g.open, from)
	}
}

// visit is one connection.
type visit struct {
	net.Conn
	gate *gate
	from netip.Addr
	once sync.Once
}

func (v *visit) Close() error {
	v.once.Do(func() { v.gate.leave(v.from) })
	return v.Conn.Close()
}
