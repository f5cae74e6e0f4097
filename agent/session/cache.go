package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

const (
	digestSize = 43
	fetchFirst = 10 * time.Second // without a wanted part, until it is asked for again
	fetchLast  = 5 * time.Minute  // at most, as that doubles
	fetchSlow  = 30 * time.Minute // of a stolen TV, which asks for no lease and learns nothing from grants
)

var errDigest = errors.New("document does not match its digest")

// cache is what is known of the TV's cache, and the documents on their way to
// it.
type cache struct {
	held     Held
	usable   bool // it holds a snapshot, of whatever version
	snapshot document
	catalog  document
	applying *ApplyCache // under way
	storing  int64       // version of the pins under way

	lost     bool          // it was lost since it last took a document
	doubtful bool          // say what we have at the first chance
	fetchAt  time.Duration // when to say it if nothing comes
	fetchIn  time.Duration // how long to wait the next time
	fetched  time.Duration // when it was last said
}

// document is a blob being put together, in order.
type document struct {
	blob *protocol.Blob
	data []byte
	done bool
}

// want sets what the cache should hold. Pieces of what is still wanted stay.
func (c *cache) want(s Saved) {
	c.snapshot.want(s.Snapshot, c.held.Snapshot)
	c.catalog.want(s.Catalog, c.held.Catalog)
}

func (d *document) want(b *protocol.Blob, held protocol.Digest) {
	if b == nil || b.Digest == held {
		*d = document{}
	} else if d.blob == nil || *d.blob != *b {
		*d = document{blob: b}
	}
}

// dropParts forgets unfinished documents: a new connection begins at their
// start.
func (c *cache) dropParts() {
	for _, d := range []*document{&c.snapshot, &c.catalog} {
		if !d.done {
			d.data = nil
		}
	}
}

// expect gives the server time to send what is wanted.
func (c *cache) expect(now time.Duration) {
	c.fetchIn = fetchFirst
	c.fetchAt = now + c.fetchIn
}

func (c *cache) doubt() { c.doubtful = true }

// current reports whether the cache holds what the newest state names.
func (m Model) current() bool {
	s, h := m.saved, m.cache.held
	return s.State != "" &&
		(s.Snapshot == nil || s.Snapshot.Digest == h.Snapshot) &&
		(s.Catalog == nil || s.Catalog.Digest == h.Catalog) &&
		(s.Pins == 0 || s.Pins == h.Pins)
}

// have says what this TV holds.
func (s *step) have() protocol.Have {
	h := s.cache.held
	return protocol.Have{
		Epoch: s.saved.Epoch, Version: s.saved.Version, Status: s.saved.Status,
		Snapshot: h.Snapshot, Catalog: h.Catalog, Pins: h.Pins, Keys: s.keysHeld(),
		Tries: h.Tries, Library: h.Library, Wishes: s.saved.Wishes, Ends: s.saved.Ends,
	}
}

// fetch says what we have where something is missing or in doubt, less and less
// often while nothing comes of it.
func (s *step) fetch() {
	due, ok := s.fetchDue()
	if !ok || s.now.Running < due {
		return
	}
	c := &s.cache
	c.doubtful, c.fetched = false, s.now.Running
	c.dropParts()
	c.fetchIn = min(max(2*c.fetchIn, fetchFirst), fetchLast)
	c.fetchAt = s.now.Running + c.fetchIn
	s.send(s.have())
}

func (m Model) fetchDue() (time.Duration, bool) {
	c := m.cache
	switch {
	case m.line.stage != live:
		return 0, false
	case c.doubtful && c.fetched == 0:
		return 0, true
	case c.doubtful:
		return c.fetched + askEvery, true
	case m.saved.Status == protocol.Stolen:
		return max(c.fetched, m.line.since) + fetchSlow, true
	case !m.active() || m.current() || c.applying != nil || c.storing != 0:
		return 0, false
	}
	return c.fetchAt, true
}

// part adds a piece to the document that it is of. Pieces come in order; one
// that does not fit is left for the next time that the document is sent.
func (s *step) part(f protocol.Part) {
	c := &s.cache
	for _, d := range []*document{&c.snapshot, &c.catalog} {
		if d.blob == nil || d.done || d.blob.Digest != f.Digest {
			continue
		}
		if err := d.add(f); err != nil {
			s.log("part ignored", err)
			continue
		}
		c.fetchAt = max(c.fetchAt, s.now.Running+fetchFirst)
	}
}

func (d *document) add(f protocol.Part) error {
	if f.Total != d.blob.Size {
		return fmt.Errorf("%w: %d bytes, want %d", errBounds, f.Total, d.blob.Size)
	}
	if f.Offset == 0 {
		d.data = make([]byte, 0, d.blob.Size)
	}
	if f.Offset != len(d.data) || len(d.data)+len(f.Data) > d.blob.Size {
		return nil
	}
	d.data = append(d.data, f.Data...)
	if len(d.data) < d.blob.Size {
		return nil
	}
	if protocol.DigestOf(d.data) != d.blob.Digest {
		d.data = nil
		return errDigest
	}
	d.done = true
	return nil
}

// applyDocuments hands complete documents to the cache. A snapshot does not wait
// for a catalogue that is still on its way: a lock must be in force at once.
func (s *step) applyDocuments() {
	c := &s.cache
	if c.applying != nil || !s.active() || (!c.snapshot.done && !c.catalog.done) {
		return
	}
	c.applying = &ApplyCache{
		Epoch: s.saved.Epoch, Version: s.saved.Version,
		Snapshot: c.snapshot.take(), Catalog: c.catalog.take(),
	}
	s.do(*c.applying)
}

// take returns the complete document and forgets it.
func (d *document) take() *Document {
	if !d.done {
		return nil
	}
	out := &Document{d.blob.Digest, d.data}
	*d = document{}
	return out
}

// cached handles what the agent says of the cache.
func (s *step) cached(what What) {
	c := &s.cache
	switch w := what.(type) {
	case CacheApplied:
		s.cacheApplied(w)
	case PinsStored:
		if c.storing != 0 && w.Epoch == s.saved.Epoch && w.Version == c.storing {
			c.held.Pins, c.storing = w.Version, 0
		}
	case CacheLost:
		s.log("cache lost", w.Err)
		c.held, c.usable = w.Held, w.Held.Snapshot != ""
		c.applying, c.storing = nil, 0
		s.counting.heard, s.shelf = 0, shelf{}
		c.want(s.saved)
		if c.expect(s.now.Running); !c.lost { // at once the first time: a family is waiting
			c.lost = true
			c.doubt()
		}
	case StartOver:
		s.fetchAll()
	}
}

// fetchAll has everything sent again that the server sends, at once.
func (s *step) fetchAll() {
	c := &s.cache
	c.held = Held{}
	s.counting.heard, s.shelf = 0, shelf{}
	c.want(s.saved)
	c.doubt()
	c.fetched = 0 // not later, now
}

func (s *step) cacheApplied(w CacheApplied) {
	c := &s.cache
	a := c.applying
	if a == nil || w.Epoch != a.Epoch || w.Version != a.Version || w.Epoch != s.saved.Epoch {
		return
	}
	c.applying, c.lost = nil, false
	if a.Snapshot != nil {
		c.held.Snapshot, c.usable = a.Snapshot.Digest, true
	}
	if a.Catalog != nil {
		c.held.Catalog = a.Catalog.Digest
	}
	c.want(s.saved)
}

// pins hands PIN material on, which stays nowhere here.
func (s *step) pins(jws string) {
	var c protocol.PinsClaims
	err := s.verify(jws, protocol.TypPins, &c)
	if err == nil && (c.Device != s.saved.Device || c.Epoch != s.saved.Epoch || !s.active()) {
		err = fmt.Errorf("%w: device %.64q, epoch %d", errNotOurs, c.Device, c.Epoch)
	}
	if err == nil && c.Version < 1 {
		err = errBounds
	}
	if err != nil {
		s.log("pins ignored", err)
		return
	}
	if c.Version < s.saved.Pins || c.Version == s.cache.held.Pins || c.Version <= s.cache.storing {
		return
	}
	s.cache.storing = c.Version
	s.do(StorePins{c})
}
