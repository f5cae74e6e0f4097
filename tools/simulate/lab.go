package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// serverName is what the server is called in its handshake.
const serverName = "tv.example"

// sharedBy is how many histories use one database file, one after the other,
// each with an account of its own.
const sharedBy = 20

// lab is what one worker runs histories on: the server's real database, in a
// file, its keys, and what of the server knows nothing of time. It belongs to
// one goroutine.
type lab struct {
	dir  string
	keys *keyring.Ring

	db     *store.DB
	driver *racing
	used   int
	wrap   func(store.Driver) store.Driver // a planted bug's; nil: none

	staff
}

// newLab makes keys and an empty database of the newest schema in dir.
func newLab(dir string) (*lab, error) {
	keys, err := keyring.Open(filepath.Join(dir, "keys"), serverName, rand.NewChaCha8([32]byte{}))
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, keys: keys, driver: &racing{}}
	if err := l.open(l.path("template")); err != nil {
		return nil, err
	}
	if l.db, err = store.Open(context.Background(), l.driver, slog.New(slog.DiscardHandler)); err != nil {
		return nil, errors.Join(err, l.close())
	}
	if err := l.hire(); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, l.close()
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, name+".db") }

// open puts the database in path behind l.db.
func (l *lab) open(path string) error {
	driver, err := sqlite.Open(context.Background(), sqlite.Config{Path: path, Readers: 2})
	if err != nil {
		return err
	}
	l.driver.Driver = driver
	if l.wrap != nil {
		l.driver.Driver = l.wrap(driver)
	}
	return nil
}

func (l *lab) close() error {
	if l.driver.Driver == nil {
		return nil
	}
	err := l.driver.Close()
	l.driver.Driver = nil
	return err
}

// ready gives the next history a database.
func (l *lab) ready() error {
	if l.driver.Driver != nil && l.used < sharedBy {
		l.used++
		return nil
	}
	l.used = 1
	return l.replace(l.path("template"))
}

// backup copies the database as it is, with its log. Nobody writes meanwhile.
func (l *lab) backup() error { return copyDatabase(l.path("live"), l.path("backup")) }

// restore replaces the database by the backup, as an operator does: the
// server is stopped for it.
func (l *lab) restore() error { return l.replace(l.path("backup")) }

func (l *lab) replace(from string) error {
	if err := l.close(); err != nil {
		return err
	}
	if err := copyDatabase(from, l.path("live")); err != nil {
		return err
	}
	return l.open(l.path("live"))
}

// copyDatabase copies a file and its write-ahead log, where it has one.
func copyDatabase(from, to string) error {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(to + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(from + end)
		if errors.Is(err, fs.ErrNotExist) && end != "" {
			continue
		}
		if err := cmp.Or(err, os.WriteFile(to+end, data, 0o600)); err != nil {
			return fmt.Errorf("copy database: %w", err)
		}
	}
	return nil
}

// racing is a driver that lets something else happen just before a transaction
// begins: calls that take several can be raced at each of their borders, and a
// seed replays it.
type racing struct {
	store.Driver
	between func() // nil: nothing
}

// Update implements [store.Driver].
func (r *racing) Update(ctx context.Context, fn func(store.Querier) error) error {
	r.race()
	return r.Driver.Update(ctx, fn)
}

// View implements [store.Driver].
func (r *racing) View(ctx context.Context, fn func(store.Querier) error) error {
	r.race()
	return r.Driver.View(ctx, fn)
}

func (r *racing) race() {
	if r.between != nil {
		r.between()
	}
}
