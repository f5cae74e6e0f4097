// Package servertest opens what the tests of the domain packages run on: a
// real database and real keys, in a temporary folder, and a clock that only
// moves when it is told to.
package servertest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/storetest"
)

// DB returns a new database that is closed when the test ends, in the engine that
// [Engine] names.
func DB(tb testing.TB) *store.DB {
	tb.Helper()
	driver := Driver(tb)
	if os.Getenv("HEARTHKEY_TEST_TWICE") != "" {
		driver = rerun{driver}
	}
	db, err := store.Open(context.Background(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	drivers.Store(db, driver)
	tb.Cleanup(func() {
		drivers.Delete(db)
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// drivers are those of the databases that are open, by database.
var drivers sync.Map

// Rows returns every row of a database that DB has opened, by table: for tests
// of what must leave the state as it was.
func Rows(tb testing.TB, db *store.DB) map[string][]string {
	tb.Helper()
	driver, ok := drivers.Load(db)
	if !ok {
		tb.Fatal("the database was not opened here, or is closed")
	}
	return storetest.Dump(tb, driver.(store.Driver))
}

// Keys returns new keys of a server named "tv.example".
func Keys(tb testing.TB) *keyring.Ring {
	tb.Helper()
	keys, err := keyring.Open(filepath.Join(tb.TempDir(), "keys"), "tv.example", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// Clock is a time that only moves when it is told to. It is safe for
// concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock at a fixed time.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)}
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time by d and returns it.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Owner makes an account without profiles in the database, and without the
// cost of a password.
func Owner(tb testing.TB, db *store.DB, now time.Time, email string) protocol.AccountID {
	tb.Helper()
	id := protocol.AccountID(newID(tb))
	err := db.Update(context.Background(), func(tx *store.Tx) error {
		row := store.AccountRow{ID: id, Email: email, Password: noPassword, Language: "de", Created: now}
		return tx.InsertAccount(row, email)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// WebSession begins a web session of an account that Owner made.
func WebSession(tb testing.TB, db *store.DB, now time.Time, acc protocol.AccountID, agent string) (id string, generation int64) {
	tb.Helper()
	id = newID(tb)
	err := db.Update(context.Background(), func(tx *store.Tx) error {
		row, err := tx.Account(acc)
		if err != nil {
			return err
		}
		generation = row.Generation
		return tx.BeginWebSession(store.WebSessionRow{
			Account: acc, ID: id, Generation: generation, Created: now, Agent: agent, IP: "192.0.2.8",
		}, noPassword)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return id, generation
}

// noPassword is a hash that no password has.
const noPassword = "none"

func newID(tb testing.TB) string {
	tb.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		tb.Fatal(err)
	}
	return id.String()
}
