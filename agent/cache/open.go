package cache

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Open opens or makes the cache. A folder that cannot be used is set aside and
// built anew, which [Cache.Rebuilt] reports; [ErrDiskFull], [ErrInUse],
// [ErrFilesystem] and a folder that cannot be written are errors.
func Open(cfg Config) (*Cache, error) {
	if cfg.Dir == "" && !cfg.InMemory {
		return nil, errors.New("cache: Config.Dir is empty")
	}
	c := &Cache{cfg: cfg, log: cfg.Log, space: space{dir: cfg.Dir, free: cfg.Free}}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.space.free == nil {
		c.space.free = statfsFree
	}
	if cfg.InMemory {
		c.space.free = func(string) (int64, error) { return mostFree, nil }
	} else if err := c.prepare(); err != nil {
		return nil, err
	}
	if err := c.openUnder(cfg.Key); err != nil {
		c.unlock()
		return nil, err
	}
	return c, nil
}

// prepare locks and checks the folder's place.
func (c *Cache) prepare() (err error) {
	if err := makeFolder(c.cfg.Dir); err != nil {
		return err
	}
	if c.lock, err = lockFolder(c.cfg.Dir); err != nil {
		return err
	}
	if err := checkFilesystem(c.cfg.Dir); err != nil {
		c.unlock()
		return err
	}
	return nil
}

func (c *Cache) unlock() {
	if c.lock != nil {
		c.lock.Close()
	}
}

// openUnder opens the database under key and loads the queue. The caller holds
// mu, or is alone.
func (c *Cache) openUnder(key [32]byte) error {
	k, err := deriveKeys(key)
	if err != nil {
		return err
	}
	c.keys = k
	if c.cfg.InMemory {
		return c.openDB("", true)
	}
	if err := c.space.makeRoom(needFree); err != nil {
		return err
	}
	err = inspect(c.cfg.Dir, k.badger)
	if err == nil {
		if err = c.openDB(c.cfg.Dir, false); err != nil {
			// Badger's errors hide their cause. Every file was sound, so first
			// ask whether this place can hold a cache at all.
			err = cmp.Or(c.space.check(needFree), probe(c.cfg.Dir), err)
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, errOtherKey):
		err = c.rebuild(err, removeFolder)
	case errors.Is(err, ErrDamaged):
		err = c.rebuild(err, SetAside)
	}
	if err != nil {
		return err
	}
	c.space.restore()
	return nil
}

// rebuild makes way with clear and opens an empty folder.
func (c *Cache) rebuild(reason error, clear func(dir string) error) error {
	c.rebuilt = reason.Error()
	c.log.Warn("cache cannot be used: built anew", "dir", c.cfg.Dir, "reason", c.rebuilt)
	if err := clear(c.cfg.Dir); err != nil {
		return err
	}
	if err := makeFolder(c.cfg.Dir); err != nil {
		return err
	}
	return c.openDB(c.cfg.Dir, false)
}

// openDB starts Badger, merges what many short runs left, and loads the queue.
// [ErrDamaged] where any of it fails.
func (c *Cache) openDB(dir string, inMemory bool) error {
	o := badgerOptions(dir, c.keys.badger).WithInMemory(inMemory)
	if allocatorFaulty() && !insideEnvelope(o) {
		return errors.New("cache: Badger's options are outside what this build can hold without corruption")
	}
	var db *badger.DB
	err := guard("open", func() (err error) {
		if !inMemory {
			if err := ensureDataKey(dir, c.keys.badger, o.EncryptionKeyRotationDuration); err != nil {
				return err
			}
		}
		db, err = badger.Open(o)
		return err
	})
	if err != nil {
		return openError(err)
	}
	quiet(db)
	err = guard("load", func() error {
		flatten(db, c.space, c.log)
		return c.loadQueue(db)
	})
	if err != nil {
		return errors.Join(openError(err), closeDB(db))
	}
	c.db = db
	return nil
}

func openError(err error) error {
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrDiskFull) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// closeTime bounds a close: without its folder Badger tries to write for ever.
const closeTime = 10 * time.Second

// errStuck means that Badger did not close. What was committed is not lost; its
// goroutines stay until the process ends.
var errStuck = errors.New("cache: Badger did not close in time")

func closeDB(db *badger.DB) error {
	done := make(chan error, 1)
	go func() { done <- guard("close", db.Close) }()
	select {
	case err := <-done:
		return err
	case <-time.After(closeTime):
		return errStuck
	}
}

// Close writes what waits and ends every goroutine. It can be called twice. It
// returns [ErrDiskFull] where even the ballast does not give Badger the room to
// close: then it is left as it is, which loses nothing that was committed, and
// the process should end.
func (c *Cache) Close() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed {
		return nil
	}
	flushed := c.flush()
	c.closed = true
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.shut()
	c.unlock()
	return errors.Join(flushed, err)
}

// shut closes the database. The caller holds writing and mu.
func (c *Cache) shut() error {
	db := c.db
	if db == nil {
		return nil
	}
	c.db = nil
	if err := c.space.makeRoom(needFree); err != nil {
		return err
	}
	if err := closeDB(db); err != nil {
		return fmt.Errorf("cache: close: %w", err)
	}
	return nil
}

// Erase removes everything, also what was set aside, and leaves the cache shut until
// [Cache.Renew]: what waits for the erasing need not wait for that. The caller first
// puts another key in its vault in place of the old one (vault.Replace): after that,
// nobody can read what the flash may still hold, and an Erase that was cut off is
// finished by the next [Open]. After an error what was in it is as erased as the disk
// allows.
func (c *Cache) Erase() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if err := c.shut(); err != nil {
		c.log.Warn("cache closed badly before it was erased", "error", err)
	}
	c.rebuilt = ""
	c.queue, c.written = queue{last: c.queue.last}, 0
	if c.cfg.InMemory {
		return nil
	}
	return errors.Join(removeFolder(c.cfg.Dir), makeFolder(c.cfg.Dir))
}

// Renew goes on under a new key after an [Cache.Erase], empty. After an error the
// cache is as after Close.
func (c *Cache) Renew(key [32]byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if c.db != nil {
		return errNotErased
	}
	return c.openUnder(key)
}

var errNotErased = errors.New("cache: renewed without an erasure")
