package api

import (
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// What one device may have stored or passed on, however often it connects. An honest one
// never gets there: what it kept while offline is within the burst.
const (
	activityEach  = 6 * time.Second // one item
	activityBurst = 4096            // items: twice what an agent keeps while offline
	wordEach      = 2 * time.Second // who watches, wrong tries, an asked change
	wordBurst     = 60
	relayedEach   = 10 * time.Millisecond // what is shown at a remote of the account page, and the answers to its keys
	relayedBurst  = 300
)

// pace holds devices to so many things in a while: a bucket for each, as the one
// instant at which it is full again. Full ones are forgotten.
type pace struct {
	each  time.Duration // until there is one more
	burst int

	mu    sync.Mutex
	full  map[protocol.DeviceID]time.Time
	prune int // at this size what is full is looked for
}

func newPace(each time.Duration, burst int) *pace {
	return &pace{each: each, burst: burst, full: map[protocol.DeviceID]time.Time{}, prune: 1024}
}

// take counts n things of a device, all or none: *account.ThrottledError says
// when there is room for them.
func (p *pace) take(id protocol.DeviceID, n int, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.full[id]
	if next.Before(now) {
		next = now
	}
	next = next.Add(time.Duration(n) * p.each)
	if over := next.Sub(now) - time.Duration(p.burst)*p.each; over > 0 {
		return &account.ThrottledError{RetryAfter: over}
	}
	p.full[id] = next
	if len(p.full) >= p.prune {
		for id, at := range p.full {
			if !at.After(now) {
				delete(p.full, id)
			}
		}
		p.prune = max(1024, 2*len(p.full))
	}
	return nil
}
