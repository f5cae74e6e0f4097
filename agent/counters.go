package agent

import (
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

func (c *core) pinNow() pinlock.Now {
	now := c.now()
	return pinlock.Now{Boot: c.rec.Boots, Running: now.Running, Wall: now.Wall}
}

// counter returns the try counter of a PIN. A new PIN begins with a new counter:
// only the owner can set one. So does a PIN whose tries the owner forgave since
// they were last written.
func (c *core) counter(l lock) pinlock.Counter {
	n, ok := c.rec.PINs[l.id]
	switch {
	case !ok || n.Version != l.version:
		return pinlock.Counter{}
	case l.unlocks > n.Unlocks:
		return pinlock.Unlock(n.Counter, c.pinNow())
	}
	return n.Counter
}

// setCounter makes a counter durable.
func (c *core) setCounter(l lock, counter pinlock.Counter) error {
	c.noteCounter(l, counter)
	return c.save()
}

func (c *core) noteCounter(l lock, counter pinlock.Counter) {
	if c.rec.PINs == nil {
		c.rec.PINs = map[protocol.ProfileID]pinCount{}
	}
	n := pinCount{Version: l.version, Unlocks: l.unlocks, Counter: counter}
	if old := c.rec.PINs[l.id]; old.Version == l.version {
		n.At = old.At
	}
	if counter.Open {
		n.At = c.session.ServerTime(c.now())
	}
	c.rec.PINs[l.id] = n
}

// settleCounters writes the counters that time has changed, so that days without
// a wrong try add up across power cuts.
func (c *core) settleCounters() error {
	changed := false
	for id, n := range c.rec.PINs {
		if n.Counter.Total() == 0 {
			continue
		}
		n.Counter = pinlock.Settle(n.Counter, c.pinNow())
		c.rec.PINs[id], changed = n, true
	}
	if !changed {
		return nil
	}
	return c.save()
}

// dropCounters forgets the counters of PINs that are no more. They are gone from
// the disk with the next save.
func (c *core) dropCounters() {
	for id, n := range c.rec.PINs {
		if l, ok := c.lock(id); !ok || l.version > n.Version {
			delete(c.rec.PINs, id)
		}
	}
}

// tries is what this TV counts against each PIN, less a try that is being checked.
func (c *core) tries() []protocol.PINTry {
	var out []protocol.PINTry
	for _, l := range c.locks() {
		counter := pinlock.Settle(c.counter(l), c.pinNow())
		if counter.Open && c.checking == l.id {
			counter.Wrong--
		}
		if counter.Wrong > 0 && len(out) < protocol.MaxPINCounts {
			wrong := min(counter.Wrong, protocol.MaxWrong)
			out = append(out, protocol.PINTry{Profile: l.id, PIN: l.version, Wrong: wrong, At: c.rec.PINs[l.id].At})
		}
	}
	return out
}

// tellTries tells the session how this TV counts now.
func (c *core) tellTries() { c.sessionStep(session.PINsTried{Tries: c.tries()}) }

// keepCounts puts what the account's other devices count beside the TV's own
// counters.
func (c *core) keepCounts(counts protocol.PINCounts) error {
	c.told = &counts
	return c.placeCounts()
}

// placeCounts does so as far as the snapshot is here that has those PINs. Their
// number is only kept when all have found their place: else they are asked for
// again, at the latest with the next connection.
func (c *core) placeCounts() error {
	if c.told == nil {
		return nil
	}
	told := *c.told
	wrong, placed := map[lock]int{}, true
	for _, t := range told.Counts {
		l, ok := c.lock(t.Profile)
		switch {
		case !ok || l.version < t.PIN:
			placed = false
		case l.version == t.PIN:
			wrong[l] = t.Wrong
		}
	}
	for _, l := range c.locks() {
		before := c.counter(l)
		if after := pinlock.Told(before, wrong[l], c.pinNow()); after != before {
			c.noteCounter(l, after)
		}
	}
	kept := session.CountsKept{Epoch: c.rec.Session.Epoch}
	if placed {
		c.told, c.rec.Tries, kept.Number = nil, told.Number, told.Number
	}
	if err := c.save(); err != nil {
		return err
	}
	c.later(kept)
	return nil
}

// waits lists the PINs that cannot be tried yet.
func (c *core) waits() []nav.Wait {
	var out []nav.Wait
	for _, l := range c.locks() {
		counter := c.counter(l)
		if left := pinlock.Left(counter, c.pinNow()); left > 0 {
			out = append(out, nav.Wait{Profile: l.id, Left: left, Elsewhere: counter.Others > counter.Wrong})
		}
	}
	return out
}
