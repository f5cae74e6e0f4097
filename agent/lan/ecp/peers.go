package ecp

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Bounds on what peers ask for.
const (
	requestsPerSecond = 20               // of one peer; fast typists and scenes of home automation stay below
	requestsBurst     = 40               // requests of one peer at once
	allPerSecond      = 60               // of all peers together
	maxPeers          = 32               // peers that are known at once; the one that has been quiet for longest is forgotten
	maxHeldKeys       = 8                // keys of one peer, down at once
	heldFor           = 10 * time.Second // a key whose release never comes counts as held
)

// peers is what is kept of each peer: how much it asked for, and what it holds down.
type peers struct {
	working sync.WaitGroup // requests under way

	mu    sync.Mutex
	ended bool                 // guarded by mu
	known map[netip.Addr]*peer // guarded by mu
	all   *rate.Limiter        // guarded by mu
}

type peer struct {
	requests *rate.Limiter
	last     time.Time
	held     map[keyseq.Key]time.Time // since when
}

// begin counts a request that is under way, unless there are to be no more.
func (p *peers) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.working.Add(1)
	}
	return !p.ended
}

// end lets no more requests begin and waits for those that have.
func (p *peers) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.working.Wait()
}

// admit counts a request and reports whether it may be served.
func (p *peers) admit(a netip.Addr, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known, p.all = map[netip.Addr]*peer{}, rate.NewLimiter(allPerSecond, allPerSecond)
	}
	one := p.known[a]
	if one == nil {
		p.makeRoom()
		one = &peer{requests: rate.NewLimiter(requestsPerSecond, requestsBurst), held: map[keyseq.Key]time.Time{}}
		p.known[a] = one
	}
	one.last = now
	// One that is over its own share takes nothing of the others'.
	return one.requests.AllowN(now, 1) && p.all.AllowN(now, 1)
}

// makeRoom forgets the peer that has been quiet for longest. p.mu is held.
func (p *peers) makeRoom() {
	if len(p.known) < maxPeers {
		return
	}
	var oldest netip.Addr
	for a, one := range p.known {
		if !oldest.IsValid() || one.last.Before(p.known[oldest].last) {
			oldest = a
		}
	}
	delete(p.known, oldest)
}

// down notes that a key was pressed and is held, and reports whether it was held
// already, which makes this one an auto-repeat. A release that never came is
// forgotten after a while.
func (p *peers) down(a netip.Addr, k keyseq.Key, now time.Time) (repeat bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.known[a]
	if one == nil {
		return false // forgotten since it was admitted
	}
	since, held := one.held[k]
	repeat = held && now.Sub(since) < heldFor
	if repeat || len(one.held) < maxHeldKeys {
		one.held[k] = now
	}
	return repeat
}

// up notes that a key was let go of.
func (p *peers) up(a netip.Addr, k keyseq.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one := p.known[a]; one != nil {
		delete(one.held, k)
	}
}
