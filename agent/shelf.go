package agent

import (
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/library"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// openShelf opens the library of the profile in use, and of no other (product rule
// P10): as the server last told it, and on top what it does not know yet. Where it
// has told nothing, which of a new profile it has no reason to, that is empty.
func (c *core) openShelf() {
	c.shelf, c.library = library.Shelf{}, nil
	if c.profile == "" {
		return
	}
	shelf := c.storedShelf(c.profile)
	items, err := c.cache.Pending(cache.MaxQueue)
	if err != nil {
		c.log.Error("activity not read", "error", err)
	}
	for _, it := range items {
		if it.Profile == c.profile {
			shelf = shelf.Apply(it, c.titles)
		}
	}
	c.setShelf(shelf)
}

// setShelf shows the library of the profile in use.
func (c *core) setShelf(s library.Shelf) {
	c.shelf = s
	c.library = &nav.Library{Profile: c.profile, List: s.List, Watched: s.Begun()}
}

// keepLibrary takes the server's word on all profiles. The first of a run is
// stored at once; later ones wait for [core.storeShelves], since one comes with
// every title that is begun or left. A pulled plug loses nothing by that: every
// run asks the server anew.
func (c *core) keepLibrary(e session.KeepLibrary) {
	all := make(map[protocol.ProfileID]library.Shelf, len(e.Profiles))
	for _, l := range e.Profiles {
		all[l.Profile] = c.shelfOf(l.Profile).Replace(l, c.titles)
	}
	first := c.shelves == nil
	c.shelves, c.unstored = all, true
	if first {
		if err := c.storeShelves(); err != nil {
			c.cacheLost(err)
			return
		}
	}
	c.openShelf()
	c.later(session.LibraryKept{Epoch: c.rec.Session.Epoch, Number: e.Number})
}

// storeShelves writes the libraries where they have changed.
func (c *core) storeShelves() error {
	if !c.unstored {
		return nil
	}
	if err := c.onDisk(func() error { return c.cache.PutShelves(c.shelves) }); err != nil {
		return fmt.Errorf("store the libraries: %w", err)
	}
	c.unstored = false
	return nil
}

// storedShelf is the server's newest word on a profile, without what waits to be
// told.
func (c *core) storedShelf(id protocol.ProfileID) library.Shelf {
	if c.shelves != nil {
		return c.shelves[id]
	}
	s, err := c.cache.Shelf(id)
	if err != nil && !errors.Is(err, cache.ErrMissing) {
		c.log.Warn("library not read", "error", err)
	}
	return s
}

// shelfOf is what is known of a profile's library.
func (c *core) shelfOf(id protocol.ProfileID) library.Shelf {
	if id == c.profile {
		return c.shelf
	}
	return c.storedShelf(id)
}

// did queues what a profile did with a title, offers it to the server, and shows
// it at once. After a sign-out there is nobody to tell it to: the title that
// played ends only then, and leaves nothing behind.
func (c *core) did(it protocol.ActivityItem) {
	if c.rec.Session.Status != protocol.Active {
		return
	}
	it.At = c.session.ServerTime(c.now())
	if _, err := c.enqueue(it); err != nil {
		c.log.Error("activity not kept", "error", err)
		if errors.Is(err, cache.ErrItem) || errors.Is(err, cache.ErrClosed) {
			return
		}
	}
	if it.Profile == c.profile {
		c.setShelf(c.shelf.Apply(it, c.titles))
	}
	c.sessionStep(session.ActivityReady{Items: c.waiting()})
}

// enqueue keeps an item. In contact the server mostly has it within milliseconds, and
// it is never written: flash wears. Where that takes longer it is, so that a pulled plug
// hides nothing from a parent.
func (c *core) enqueue(it protocol.ActivityItem) (int64, error) {
	if !c.session.Status(c.now()).Online {
		return c.cache.Enqueue(it)
	}
	if !c.owing {
		c.owing = true
		c.owed.Reset(writeWithin)
	}
	return c.cache.EnqueueWaiting(it)
}

// writeOwed writes what the server has not acknowledged in time.
func (c *core) writeOwed() {
	c.owing = false
	if !c.cache.Unwritten() {
		return
	}
	if err := c.onDisk(c.cache.Flush); err != nil {
		c.log.Error("activity not written", "error", err)
	}
}

// watched tells how far a profile is in a title.
func (c *core) watched(what protocol.ActivityKind, p nav.Playback) {
	c.did(protocol.ActivityItem{Profile: p.Profile, Title: p.Title, What: what, Position: p.Position, Length: p.Length})
}

// listed puts a title on a profile's own list, or takes it off.
func (c *core) listed(e nav.ListTitle) {
	what := protocol.Unlisted
	if e.On {
		what = protocol.Listed
	}
	c.did(protocol.ActivityItem{Profile: e.Profile, Title: e.Title, What: what})
}
