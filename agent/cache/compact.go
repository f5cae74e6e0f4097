package cache

import (
	"fmt"
	"log/slog"

	"github.com/dgraph-io/badger/v4"
)

// There are no compactors, which would wake the box 200 times a second: tables
// are merged here. Writes hang for ever at stallTables, so they are refused
// before, at fullTables, where a full disk kept tables from being merged.
const (
	flattenAt   = 2  // tables of level 0, 0.2 MB each: more would not fit in a megabyte
	fullTables  = 48 // the same
	stallTables = 64 // Badger's NumLevelZeroTablesStall

	countEvery = 128 << 10 // bytes written between two counts: half a table
)

// compact merges tables where enough was written since it last looked. The
// caller holds writing and, for reading, mu.
func (c *Cache) compact() error {
	if c.written < countEvery {
		return nil
	}
	c.written = 0
	var left int
	err := guard("compact", func() error {
		left = flatten(c.db, c.space, c.log)
		return nil
	})
	if err != nil {
		return err
	}
	if left >= fullTables {
		c.written = countEvery // look again before the next write
		return fmt.Errorf("%w: no room to merge %d tables", ErrDiskFull, left)
	}
	return nil
}

// flatten merges all tables where level 0 has at least flattenAt of them and the
// disk has room for a second copy. It returns how many level 0 has then.
func flatten(db *badger.DB, s space, log *slog.Logger) int {
	zero, size := countTables(db)
	if zero < flattenAt {
		return zero
	}
	if err := s.check(needFree + size); err != nil {
		log.Warn("cache has no room to merge its tables", "tables", zero, "error", err)
		return zero
	}
	if err := db.Flatten(1); err != nil {
		log.Warn("cache did not merge its tables", "tables", zero, "error", err)
	}
	zero, _ = countTables(db)
	return zero
}

// countTables returns the tables of level 0 and the bytes of all.
func countTables(db *badger.DB) (zero int, size int64) {
	for _, l := range db.Levels() {
		if l.Level == 0 {
			zero = l.NumTables
		}
		size += l.Size
	}
	return zero, size
}
