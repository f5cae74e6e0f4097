package ecp

import (
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/hearthkey/hearthkey/agent/lan/home"
)

// Bounds on connections. A request takes milliseconds, and each has its own.
const (
	maxConnections = 64 // connections at once
	maxOfPeer      = 32 // connections at once from one address
)

// gate is a listener that lets in peers of the home network, some at a time; the
// others are closed before a byte of theirs is read. Where there are too many, the
// oldest connection of whoever has most is closed: it is the one that is slow.
type gate struct {
	net.Listener
	interfaces []string // by name; none: all
	blocked    func(netip.Addr) bool

	mu   sync.Mutex
	open []*visit // guarded by mu; oldest first
}

// Accept returns the next peer that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := home.AddrOf(conn.RemoteAddr())
		if atHome(from) && !g.blocked(from) && home.On(g.interfaces, home.AddrOf(conn.LocalAddr())) {
			return g.enter(conn, from), nil
		}
		_ = conn.Close() // there is nobody to tell
	}
}

// enter counts a connection, and closes another one where there are too many.
func (g *gate) enter(conn net.Conn, from netip.Addr) *visit {
	v := &visit{Conn: conn, gate: g, from: from}
	g.mu.Lock()
	defer g.mu.Unlock()
	open := make([]netip.Addr, 0, maxConnections)
	for _, o := range g.open {
		open = append(open, o.from)
	}
	if i := home.GivesWay(open, from, maxConnections, maxOfPeer); i >= 0 {
		_ = g.open[i].Conn.Close() // its reader hears of it
		g.open = slices.Delete(g.open, i, i+1)
	}
	g.open = append(g.open, v)
	return v
}

func (g *gate) leave(v *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = slices.DeleteFunc(g.open, func(o *visit) bool { return o == v })
}

// visit is one connection.
type visit struct {
	net.Conn
	gate *gate
	from netip.Addr
}

func (v *visit) Close() error {
	v.gate.leave(v)
	return v.Conn.Close()
}
