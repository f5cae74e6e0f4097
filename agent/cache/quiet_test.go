package cache

import (
	"testing"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Badger's two caches have a clock each, where quiet looks for them: a newer Badger that
// keeps them elsewhere would wake every box again.
func TestTheClocksOfBadgersCachesAreStopped(t *testing.T) {
	db, err := badger.Open(badgerOptions("", testKey[:]).WithInMemory(true))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 { // stopping twice is once
		if got := quiet(db); got != 2 {
			t.Errorf("quiet stopped %d clocks, want 2", got)
		}
	}
	without, err := badger.Open(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil).WithCompression(options.None).WithBlockCacheSize(0))
	if err != nil {
		t.Fatal(err)
	}
	defer without.Close()
	if got := quiet(without); got != 0 {
		t.Errorf("without caches quiet stopped %d clocks", got)
	}
}
