package cache

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/dgraph-io/badger/v4"
)

// Config says where a cache is and under which key. Dir and Key are required,
// Dir not with InMemory.
type Config struct {
	Dir string   // its own folder; files beside it are named "<Dir>.…"
	Key [32]byte // data key, from the vault

	// InMemory keeps nothing on disk. What is in it is lost at Close.
	InMemory bool

	// SeqFloor is a number that no activity item of an earlier run has passed:
	// see [Mark.SeqFloor]. Without it, numbers that a killed run gave to items
	// it had not written yet are given again.
	SeqFloor int64

	Log  *slog.Logger                    // default: none
	Free func(dir string) (int64, error) // bytes free on dir's disk; default: statfs
}

// Cache is an open cache.
type Cache struct {
	cfg   Config
	log   *slog.Logger
	space space
	lock  *os.File // flock; nil in memory

	// Lock order: writing before mu.
	writing sync.Mutex // serialises writers; guards what follows
	closed  bool
	queue   queue
	written int // bytes since the tables were last counted

	mu      sync.RWMutex // guards what follows against Erase and Close
	db      *badger.DB   // nil after Close, and from Erase to Renew
	keys    keys
	rebuilt string // why the folder was set aside; empty: it was not
}

// Rebuilt says why the folder was found unusable and built anew, if it was.
// The caller then fetches everything again.
func (c *Cache) Rebuilt() (reason string, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.rebuilt, c.rebuilt != ""
}

// change is one key to set, or to delete where value is nil.
type change struct {
	key   []byte
	value []byte // plain
}

// A transaction stays well under Badger's own limit, 15 % of the memtable: 38
// KiB and about 400 keys.
const (
	maxBatchBytes = 30 << 10
	maxBatchKeys  = 256
)

// commit writes all changes in one transaction, on disk when it returns. The
// caller holds writing.
func (c *Cache) commit(changes ...change) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.db == nil {
		return ErrClosed
	}
	if err := errors.Join(c.space.check(needFree), c.compact()); err != nil {
		return err
	}
	err := guard("commit", func() error {
		return c.db.Update(func(txn *badger.Txn) error { return c.apply(txn, changes) })
	})
	if err != nil {
		return commitError(err)
	}
	return nil
}

func commitError(err error) error {
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return fmt.Errorf("cache: commit: %w", err)
}

func (c *Cache) apply(txn *badger.Txn, changes []change) error {
	for _, ch := range changes {
		if ch.value == nil {
			if err := txn.Delete(ch.key); err != nil {
				return err
			}
			c.written += len(ch.key)
			continue
		}
		sealed, err := c.keys.sealed(ch.key, ch.value)
		if err != nil {
			return err
		}
		if err := txn.Set(ch.key, sealed); err != nil {
			return err
		}
		c.written += len(ch.key) + len(sealed)
	}
	return nil
}

// commitAll writes changes in order, in as many transactions as it takes.
func (c *Cache) commitAll(changes []change) error {
	for len(changes) > 0 {
		n, size := 0, 0
		for n < len(changes) && n < maxBatchKeys && size < maxBatchBytes-maxValue {
			size += len(changes[n].key) + len(changes[n].value)
			n++
		}
		if err := c.commit(changes[:n]...); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// view runs fn over a consistent reading.
func (c *Cache) view(fn func(reader) error) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.db == nil {
		return ErrClosed
	}
	return guard("read", func() error {
		return c.db.View(func(txn *badger.Txn) error { return fn(reader{txn: txn, keys: c.keys}) })
	})
}

// reader reads and opens values within one transaction.
type reader struct {
	txn  *badger.Txn
	keys keys
}

// get returns the plain value of key, [ErrMissing] or [ErrDamaged].
func (r reader) get(key []byte) ([]byte, error) {
	item, err := r.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	var plain []byte
	err = item.Value(func(sealed []byte) error {
		plain, err = r.keys.opened(key, sealed)
		return err
	})
	if err != nil && !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, err
}

// names calls fn with every key that begins with prefix, in order.
func (r reader) names(prefix []byte, fn func(key []byte)) {
	o := badger.DefaultIteratorOptions
	o.PrefetchValues = false
	o.Prefix = prefix
	it := r.txn.NewIterator(o)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		fn(it.Item().KeyCopy(nil))
	}
}
