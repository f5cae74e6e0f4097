package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/titles"
)

// openCache opens the cache, on the disk where that works, else in memory.
func (c *core) openCache() error {
	mark, inMemory := c.rec.Cache.Begin()
	c.rec.Cache = mark
	if err := c.saveAtStart(); err != nil {
		return err
	}
	dir := filepath.Join(c.agent.Dir, "cache")
	if inMemory {
		c.log.Error("the cache crashed twice in a row: set aside, this run keeps all in memory")
		if err := cache.SetAside(dir); err != nil {
			c.log.Error("cache not set aside", "error", err)
		}
	}
	// Without a vault that was written, its key may be none that lasts, and nobody counts crashes.
	inMemory = inMemory || c.vault.Stuck() != nil
	config := cache.Config{Dir: dir, Key: c.rec.dataKey(), Log: c.log, InMemory: inMemory, SeqFloor: mark.SeqFloor()}
	opened, err := cache.Open(config)
	if errors.Is(err, cache.ErrInUse) {
		return fmt.Errorf("agent: %w", err)
	}
	if err != nil {
		c.log.Error("cache not usable on the disk: this run keeps all in memory", "error", err)
		config.InMemory = true
		if opened, err = cache.Open(config); err != nil {
			return fmt.Errorf("agent: %w", err)
		}
	}
	c.cache = opened
	c.rec.Cache = mark.Opened()
	if err := c.saveAtStart(); err != nil {
		return errors.Join(err, opened.Close())
	}
	switch reason, rebuilt := opened.Rebuilt(); {
	case config.InMemory:
		c.storage = nav.StorageMemory
	case rebuilt:
		c.storage = nav.StorageRebuilding
		c.log.Warn("cache damaged: set aside and fetched again", "reason", reason)
	}
	return nil
}

// held says what the cache holds of what the vault expects. Anything else than
// that counts as not held and is asked for again.
func (c *core) held() session.Held {
	var h session.Held
	want := c.rec.Session
	if want.Snapshot != nil && c.snapshot != nil {
		h.Snapshot = want.Snapshot.Digest
	}
	if want.Catalog != nil && c.catalog != nil {
		h.Catalog = want.Catalog.Digest
	}
	h.Pins = c.cache.PinsVersion()
	// The libraries are asked for at every start: what was told to the server
	// since they were stored is not on this disk.
	h.Tries = c.rec.Tries
	return h
}

// loadDocuments reads the documents that the vault names from the cache.
func (c *core) loadDocuments() {
	c.snapshot = nil
	c.setCatalog(nil)
	if b := c.rec.Session.Snapshot; b != nil {
		c.snapshot = readDocument[protocol.Snapshot](c, b.Digest)
	}
	if b := c.rec.Session.Catalog; b != nil {
		c.setCatalog(readDocument[protocol.Catalog](c, b.Digest))
	}
}

func (c *core) setCatalog(doc *protocol.Catalog) {
	c.catalog, c.titles = doc, titles.New(doc)
}

// readDocument returns nil for what is missing, damaged or not of its kind.
func readDocument[T any](c *core, d protocol.Digest) *T {
	data, err := c.cache.Blob(d)
	if err != nil {
		if !errors.Is(err, cache.ErrMissing) {
			c.log.Warn("document not read", "error", err)
		}
		return nil
	}
	return decodeDocument[T](c, data)
}

func decodeDocument[T any](c *core, data []byte) *T {
	doc := new(T)
	if err := json.Unmarshal(data, doc); err != nil {
		c.log.Error("document not understood", "error", err)
		return nil
	}
	return doc
}

// applyCache stores new documents. The vault names them already; documents that
// nothing names any more are dropped.
func (c *core) applyCache(e session.ApplyCache) {
	c.free.Reset(freeAfter)
	if err := c.onDisk(func() error { return c.putDocuments(e) }); err != nil {
		c.cacheLost(fmt.Errorf("apply the state: %w", err))
		return
	}
	if e.Snapshot != nil {
		c.snapshot = decodeDocument[protocol.Snapshot](c, e.Snapshot.Data)
	}
	if e.Catalog != nil {
		c.setCatalog(decodeDocument[protocol.Catalog](c, e.Catalog.Data))
	}
	if e.Snapshot != nil {
		c.newLocks()
	}
	if c.storage == nav.StorageRebuilding {
		c.storage = nav.StorageFine
	}
	c.later(session.CacheApplied{Epoch: e.Epoch, Version: e.Version})
}

// newLocks follows a new snapshot: its PINs are counted, and no others.
func (c *core) newLocks() {
	c.dropCounters()
	if err := c.placeCounts(); err != nil {
		c.log.Error("PIN counts not written", "error", err)
	}
	c.later(session.PINsTried{Tries: c.tries()})
}

func (c *core) putDocuments(e session.ApplyCache) error {
	for _, d := range []*session.Document{e.Snapshot, e.Catalog} {
		if d != nil {
			if err := c.cache.PutBlob(d.Digest, d.Data); err != nil {
				return err
			}
		}
	}
	var keep []protocol.Digest
	for _, b := range []*protocol.Blob{c.rec.Session.Snapshot, c.rec.Session.Catalog} {
		if b != nil {
			keep = append(keep, b.Digest)
		}
	}
	return c.cache.DropBlobsExcept(keep...)
}

// cacheLost goes on in memory where the disk does not take what must be kept.
func (c *core) cacheLost(cause error) {
	c.log.Error("cache lost: this run keeps all in memory", "error", cause)
	if err := c.inMemory(); err != nil {
		c.log.Error("no cache at all", "error", err)
	}
	c.loadDocuments()
	c.later(session.CacheLost{Held: c.held(), Err: cause})
}

// inMemory replaces the cache by an empty one in memory.
func (c *core) inMemory() error {
	if err := c.cache.Close(); err != nil {
		c.log.Warn("cache not closed", "error", err)
	}
	fresh, err := cache.Open(cache.Config{Key: c.rec.dataKey(), Log: c.log, InMemory: true, SeqFloor: c.rec.Cache.SeqFloor()})
	if err != nil {
		return err
	}
	c.cache, c.storage = fresh, nav.StorageMemory
	return nil
}

// eraseCache removes the files. What is left where the disk does not let it cannot be
// read: its key is gone already.
func (c *core) eraseCache() {
	c.renewal = true
	if err := c.onDisk(c.cache.Erase); err != nil {
		c.log.Error("cache files not removed", "error", err)
	}
}

// renewCache opens an empty cache after an erasing, under the new key. That takes a
// moment, so it comes after what waited for the erasing: the receipt.
func (c *core) renewCache() {
	if !c.renewal {
		return
	}
	c.renewal = false
	if err := c.onDisk(func() error { return c.cache.Renew(c.rec.dataKey()) }); err != nil {
		c.log.Error("no cache on the disk after an erasing: this run keeps all in memory", "error", err)
		if err := c.inMemory(); err != nil {
			c.log.Error("no cache at all", "error", err)
		}
	}
}

// unsent is the number of activity items that the server has not acknowledged.
func (c *core) unsent() int64 {
	pending, _ := c.cache.Queued()
	return int64(pending)
}

// waiting returns the oldest activity items that the server has not
// acknowledged.
func (c *core) waiting() []protocol.ActivityItem {
	items, err := c.cache.Pending(protocol.MaxActivity)
	if err != nil {
		c.log.Error("activity not read", "error", err)
		return nil
	}
	return items
}

// offerActivity gives them to the session in the current round.
func (c *core) offerActivity() {
	if items := c.waiting(); len(items) > 0 {
		c.later(session.ActivityReady{Items: items})
	}
}

func (c *core) activityAcked(through int64) {
	if err := c.onDisk(func() error { return c.cache.Acknowledge(through) }); err != nil {
		c.log.Error("activity not forgotten", "error", err)
		return // it is sent again, and counts once
	}
	c.offerActivity()
}
