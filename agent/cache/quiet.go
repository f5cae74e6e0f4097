package cache

import (
	"reflect"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// quiet stops the clocks of Badger's two caches, which wake the box every 2.5 s each to
// look for values with an end: there are none. No option of Badger's reaches them, so they
// are found by their names; where a newer Badger has others, nothing is stopped, and a test
// says so. It returns how many were. It is called before anything is read or written.
func quiet(db *badger.DB) (stopped int) {
	for _, name := range []string{"blockCache", "indexCache"} {
		cache := reflect.ValueOf(db).Elem().FieldByName(name)
		if cache.Kind() != reflect.Pointer || cache.IsNil() || cache.Elem().Kind() != reflect.Struct {
			continue
		}
		ticker := cache.Elem().FieldByName("cleanupTicker")
		if !ticker.IsValid() || ticker.Type() != reflect.TypeFor[*time.Ticker]() || ticker.IsNil() {
			continue
		}
		(*time.Ticker)(ticker.UnsafePointer()).Stop()
		stopped++
	}
	return stopped
}
