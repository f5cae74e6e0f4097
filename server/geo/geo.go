// Package geo tells where an address is, approximately, from databases in
// MaxMind DB form: MaxMind's own (country, city, ASN) and those of
// ip-location-db (country_code and flat fields). An address says where a
// provider is rather than a person; callers that show a place say
// "approximate".
//
// A [DB] is safe for concurrent use. Databases are held in memory, so a file
// may be replaced, overwritten or removed while the server runs; the caller
// calls [DB.Refresh] now and then (it looks at the files at most once a minute)
// and readers go on meanwhile. Without a database every place is empty.
//
// Tests build small databases with a writer of their own; one reads the real
// country database where `make` has fetched it.
package geo

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	checkEvery = time.Minute // whether the file is another one
	maxFile    = 1 << 30     // bytes; city databases have about 100 MB
)

// ErrDatabase is why a file is no database.
var ErrDatabase = errors.New("geo: not a MaxMind DB")

// DB looks up addresses in its files, in their order: the first that knows a
// field gives it. Make one with [Open].
type DB struct {
	files []*file

	mu      sync.Mutex // guards checked; held during a refresh
	checked time.Time
}

// file is one database.
type file struct {
	path   string
	reader atomic.Pointer[maxminddb.Reader]
	// Of what reader was read from; guarded by DB.mu after Open.
	modified time.Time
	size     int64
}

// Open reads the databases at paths; with none, every place is empty. Errors:
// [ErrDatabase], those of reading a file ([fs.ErrNotExist] and so on).
func Open(paths ...string) (*DB, error) {
	db := &DB{}
	for _, p := range paths {
		f := &file{path: p}
		if _, err := f.load(); err != nil {
			return nil, err
		}
		db.files = append(db.files, f)
	}
	return db, nil
}

// Refresh reads the files that have changed since they were read, and tells
// whether there were any. It does nothing within a minute of its last work.
// With an error the database of before stays in use, and the next call after a
// minute tries again.
func (db *DB) Refresh(now time.Time) (changed bool, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if since := now.Sub(db.checked); since >= 0 && since < checkEvery {
		return false, nil
	}
	db.checked = now
	for _, f := range db.files {
		did, e := f.load()
		changed = changed || did
		err = errors.Join(err, e)
	}
	return changed, err
}

// load reads the file where it is not the one that was read last.
func (f *file) load() (bool, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return false, fmt.Errorf("geo: %w", err)
	}
	if f.reader.Load() != nil && info.ModTime().Equal(f.modified) && info.Size() == f.size {
		return false, nil
	}
	if info.Mode()&fs.ModeType != 0 || info.Size() > maxFile {
		return false, fmt.Errorf("%w: %s is no file of up to %d bytes", ErrDatabase, f.path, maxFile)
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return false, fmt.Errorf("geo: %w", err)
	}
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return false, fmt.Errorf("%w: %s: %w", ErrDatabase, f.path, err)
	}
	f.reader.Store(reader)
	f.modified, f.size = info.ModTime(), info.Size()
	return true, nil
}

// Lookup returns what is known of an address; of a private, local or
// otherwise unrouted one nothing is.
func (db *DB) Lookup(addr netip.Addr) Place {
	addr = addr.Unmap().WithZone("")
	if !public(addr) {
		return Place{}
	}
	var p Place
	for _, f := range db.files {
		r := f.reader.Load()
		if addr.Is6() && r.Metadata.IPVersion == 4 {
			continue
		}
		var record map[string]any
		if err := r.Lookup(addr).Decode(&record); err != nil {
			continue // a damaged record is none
		}
		p.fill(record)
	}
	return p
}

// shared is the address space between a provider and its customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}
