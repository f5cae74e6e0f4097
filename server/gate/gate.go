// Package gate bounds how many connections of a listener may be between having been
// accepted and having asked for something.
//
// That is where a storm of returning devices costs most: a TLS handshake under way, and
// net/http's buffers, take tens of KiB each, and an accepted connection takes its turn
// from those before it. Those that find the gate full wait in the kernel's queue of the
// listener, where they cost next to nothing; nobody is refused.
//
// Somebody who connects and says nothing would hold a place until a timeout of seconds.
// So where the gate is full the connection that has held one longest gives it up, once
// it has had [Config.Patience]: to keep a gate of 512 shut takes 512 new connections each
// second, from then on.
//
// # Concurrency and duties
//
// All methods are safe for concurrent use. The caller serves a listener of [Gate.Listen]
// with an http.Server whose ConnState is [Gate.State]: without it every connection
// counts until it is evicted.
//
// # Tests
//
// Real connections on loopback through net/http: full gates, silent ones, TLS.
package gate

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Defaults of [Config].
const (
	// DefaultMost bounds what a storm takes: tens of KiB for each connection within.
	DefaultMost = 512
	// DefaultPatience is some round trips of a slow network.
	DefaultPatience = time.Second
)

// Config holds the settings of a [Gate]. The zero value is usable.
type Config struct {
	// Most is how many connections may be within. Default [DefaultMost].
	Most int
	// Patience is how long one is left within while others wait. Default [DefaultPatience].
	Patience time.Duration
}

// Gate counts connections that have not asked for anything yet. Make one with [New].
type Gate struct {
	cfg   Config
	freed chan struct{} // somebody left; holds one word

	mu     sync.Mutex
	within map[net.Conn]time.Time // since when
	order  []net.Conn             // the longest within first; some have left
	count  int                    // within, and those to come
	evicts int64
}

// New returns a Gate.
func New(cfg Config) *Gate {
	if cfg.Most <= 0 {
		cfg.Most = DefaultMost
	}
	if cfg.Patience <= 0 {
		cfg.Patience = DefaultPatience
	}
	return &Gate{cfg: cfg, freed: make(chan struct{}, 1), within: make(map[net.Conn]time.Time)}
}

// Evicted is how many connections gave up their place.
func (g *Gate) Evicted() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.evicts
}

// Listen returns a listener whose connections pass the gate. Its Accept is for one
// goroutine, as net/http's.
func (g *Gate) Listen(l net.Listener) net.Listener {
	return &listener{Listener: l, gate: g, closed: make(chan struct{})}
}

// State is for [http.Server.ConnState]: a connection that has asked for something, or has
// ended, leaves the gate.
func (g *Gate) State(c net.Conn, s http.ConnState) {
	if s == http.StateNew {
		return
	}
	for {
		outer, ok := c.(interface{ NetConn() net.Conn }) // TLS
		if !ok {
			break
		}
		c = outer.NetConn()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.within[c]; ok {
		delete(g.within, c)
		g.left()
	}
}

// left frees a place. The lock is held.
func (g *Gate) left() {
	g.count--
	select {
	case g.freed <- struct{}{}:
	default:
	}
}

// enter takes a place, or says how long to wait for one at most.
func (g *Gate) enter(now time.Time) (wait time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.count < g.cfg.Most {
		g.count++
		return 0, true
	}
	for len(g.order) > 0 {
		oldest := g.order[0]
		since, within := g.within[oldest]
		if !within {
			g.order[0] = nil
			g.order = g.order[1:]
			continue
		}
		if wait := since.Add(g.cfg.Patience).Sub(now); wait > 0 {
			return wait, false
		}
		delete(g.within, oldest)
		_ = oldest.Close()
		g.evicts++
		return 0, true // its place is taken over
	}
	return g.cfg.Patience, false
}

// came notes the connection that took a place.
func (g *Gate) came(c net.Conn, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.order) >= 2*g.cfg.Most { // most of them have left
		kept := g.order[:0]
		for _, o := range g.order {
			if _, ok := g.within[o]; ok {
				kept = append(kept, o)
			}
		}
		clear(g.order[len(kept):])
		g.order = kept
	}
	g.within[c] = now
	g.order = append(g.order, c)
}

type listener struct {
	net.Listener
	gate   *Gate
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a place, and then for a connection.
func (l *listener) Accept() (net.Conn, error) {
	for {
		wait, ok := l.gate.enter(time.Now())
		if ok {
			break
		}
		timer := time.NewTimer(wait)
		select {
		case <-l.gate.freed:
		case <-timer.C:
		case <-l.closed:
			timer.Stop()
			return nil, net.ErrClosed
		}
		timer.Stop()
	}
	c, err := l.Listener.Accept()
	if err != nil {
		l.gate.mu.Lock()
		l.gate.left()
		l.gate.mu.Unlock()
		return nil, err
	}
	l.gate.came(c, time.Now())
	return c, nil
}

// Close closes the listener; Accept returns.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
