package device

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	// staleGrant is how long after a change, or after its last heartbeat, a
	// node can still grant without having read the database: its last poll
	// vouches for 10 s.
	staleGrant = 10 * time.Second
	// skew is how far the clocks of nodes and database may differ: above it a
	// node is not ready.
	skew = 5 * time.Second
	// silence is the age of a heartbeat at which a node counts as dead.
	silence = 15 * time.Second
)

// contact is what the database knows of a device's grants.
type contact struct {
	connected   bool      // a node holds or held the connection and never said that it ended
	heartbeat   time.Time // of that node; zero: not known
	lastGrant   time.Time // exact unless connected; zero: none in this epoch
	lastContact time.Time // exact unless connected, else when it connected
	lease       time.Duration
}

func contactOf(r store.DeviceRow, heartbeat time.Time) contact {
	return contact{r.Connected, heartbeat, r.LastGrant, r.LastContact, r.Lease}
}

// online reports whether the device is connected to a node that lives.
func (c contact) online(now time.Time) bool { return c.connected && now.Sub(c.heartbeat) < silence }

// bound is how long a device can still show anything that was to stop at since
// (promise 1 of the product). Where the last grant is T0, its lease L and the
// last contact T1, it locks itself by T0 + L if it stays on, and has at most
// T0 + L − T1 of further use if it was switched off then. What is not known is
// replaced by the latest T0 and the earliest T1 that can be.
func (c contact) bound(now, since time.Time) Bound {
	granted := c.lastGrant
	if c.connected {
		// No node grants later than this: one that is alive has heard of the
		// change, or stopped; a dead one has stopped in any case.
		latest := earlier(now, since.Add(staleGrant+skew))
		if !c.online(now) && !c.heartbeat.IsZero() {
			latest = earlier(latest, c.heartbeat.Add(staleGrant+skew))
		}
		granted = later(granted, later(latest, c.lastContact))
	}
	if granted.IsZero() {
		return Bound{LocksBy: upToMinute(since)} // it never held a lease
	}
	ends := granted.Add(c.lease)
	use := min(max(ends.Sub(c.lastContact), 0), c.lease)
	return Bound{LocksBy: upToMinute(ends), FurtherUse: (use + time.Minute - 1).Truncate(time.Minute)}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// upToMinute rounds up to a whole minute: a bound is shown in minutes and must
// not become earlier by it.
func upToMinute(t time.Time) time.Time {
	if whole := t.Truncate(time.Minute); !whole.Equal(t) {
		return whole.Add(time.Minute)
	}
	return t
}

// wish says what should be true of a device and how far it is.
func wish(now time.Time, r store.DeviceRow, c contact) Wish {
	status, cause := effective(now, r)
	bound := func(since time.Time) Bound {
		b := c.bound(now, since)
		if r.EndsHeld {
			b.LocksBy = earlier(b.LocksBy, later(upToMinute(r.Ends), upToMinute(r.SignedIn)))
		}
		return b
	}
	w := Wish{Status: status, Since: cause.At.Time(), By: cause.By, Where: cause.Where}
	switch {
	case status == protocol.Active:
		w.By, w.Where = "", ""
		if !c.online(now) {
			w.Bound = bound(now) // what would hold if it were told to stop now
		}
	case r.AppliedStatus.Strictness() >= status.Strictness():
		w.Confirmed = r.AppliedAt
	case r.AppliedStatus.Strictness() >= protocol.SignedOut.Strictness():
		w.Left = r.AppliedAt // nothing is left on it that a bound would be about
	default:
		w.Bound = bound(w.Since)
	}
	return w
}
