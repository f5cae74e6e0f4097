package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Refusals after connections that proved nothing: one more each second, 120 at
// once. A household or a hotel behind one address never gets there; a
// connection that proves itself costs nothing.
const (
	unprovedRate  = rate.Limit(1)
	unprovedBurst = 120
)

// door counts the connections that have proved nothing yet, in all and per
// network, and slows networks whose connections keep proving nothing. Loopback
// is the machine's own, or a proxy that is not trusted to name its clients:
// there only the whole is bounded.
type door struct {
	limit, each int
	now         func() time.Time

	mu   sync.Mutex
	all  int
	from map[netip.Prefix]*visitor
}

type visitor struct {
	inside int
	rate   *rate.Limiter
}

func newDoor(limit, each int, now func() time.Time) *door {
	return &door{limit: limit, each: each, now: now, from: make(map[netip.Prefix]*visitor)}
}

// enter lets one connection in. What it returns is called once, when the
// connection has proved itself or has ended without.
func (d *door) enter(a netip.Addr) (leave func(proved bool), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all >= d.limit {
		return nil, errFull
	}
	if !a.IsValid() || a.IsLoopback() {
		d.all++
		return func(bool) { d.out(nil, false) }, nil
	}
	v := d.from[network(a)]
	if v == nil {
		v = &visitor{rate: rate.NewLimiter(unprovedRate, unprovedBurst)}
		d.from[network(a)] = v
	}
	if v.inside >= d.each || v.rate.TokensAt(d.now()) < 1 {
		return nil, errTooMany
	}
	d.all++
	v.inside++
	return func(proved bool) { d.out(v, proved) }, nil
}

func (d *door) out(v *visitor, proved bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all--
	if v == nil {
		return
	}
	v.inside--
	if !proved {
		v.rate.AllowN(d.now(), 1)
	}
}

// tidy forgets networks about which nothing is left to know.
func (d *door) tidy() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for net, v := range d.from {
		if v.inside == 0 && v.rate.TokensAt(d.now()) >= unprovedBurst {
			delete(d.from, net)
		}
	}
}

func (d *door) inside() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all
}
