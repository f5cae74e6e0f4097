// Package storetest is the conformance suite of store.Driver: whatever passes
// it can stand under the server. A driver's own tests call [Run].
//
// Each test opens databases of its own in a temporary folder and closes them.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// Opener opens the database that belongs to dir, and makes it where it is
// missing. Two calls with one dir, the first closed in between, open the same
// data.
type Opener func(ctx context.Context, dir string) (store.Driver, error)

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	tests := []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"error rolls back", testErrorRollsBack},
		{"panic rolls back and goes on", testPanic},
		{"exit rolls back", testGoexit},
		{"sees its own writes", testOwnWrites},
		{"view is one snapshot", testSnapshot},
		{"view sees what was committed", testReadYourWrites},
		{"view cannot write", testViewReadOnly},
		{"durable after reopening", testReopen},
		{"errors by class", testClassify},
		{"concurrent counters", testConcurrentCounters},
		{"failures disturb nobody", testIndependence},
		{"context ended before", testEndedContext},
		{"context ended within", testContextEndsWithin},
		{"values come back", testValues},
		{"shared SQL", testSharedSQL},
		{"close waits", testCloseWaits},
		{"closed", testClosed},
		{"migrations", testMigrations},
		{"newer schema", testNewerSchema},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newSuite(t, open))
		})
	}
}

// suite is one test's database with two small tables.
type suite struct {
	store.Driver
	open Opener
	dir  string
}

func newSuite(t *testing.T, open Opener) *suite {
	s := &suite{open: open, dir: t.TempDir()}
	s.reopen(t)
	err := s.Migrate(t.Context(), func(db *sql.DB) error {
		for _, query := range []string{
			`CREATE TABLE owners (id TEXT NOT NULL PRIMARY KEY, name TEXT, lookup TEXT, n BIGINT NOT NULL DEFAULT 0)`,
			`CREATE UNIQUE INDEX owners_lookup ON owners (lookup) WHERE lookup IS NOT NULL`,
			fmt.Sprintf(`CREATE TABLE things (owner_id TEXT NOT NULL REFERENCES owners (id), id TEXT NOT NULL, data %s, PRIMARY KEY (owner_id, id))`, s.blob()),
		} {
			if _, err := db.ExecContext(t.Context(), query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("make the tables: %v", err)
	}
	return s
}

// reopen closes the database, if it is open, and opens it again.
func (s *suite) reopen(t *testing.T) {
	t.Helper()
	if s.Driver != nil {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	driver, err := s.open(t.Context(), s.dir)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	s.Driver = driver
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func (s *suite) blob() string {
	if s.Dialect() == store.Postgres {
		return "BYTEA"
	}
	return "BLOB"
}

// must runs statements in one Update of their own.
func (s *suite) must(t *testing.T, query string, args ...any) {
	t.Helper()
	err := s.Update(t.Context(), func(q store.Querier) error { return exec(t.Context(), q, query, args...) })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// count returns the single number that query asks for, in a View of its own.
func (s *suite) count(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	err := s.View(t.Context(), func(q store.Querier) (err error) {
		n, err = number(t.Context(), q, query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// wantOwners checks how many owners there are.
func (s *suite) wantOwners(t *testing.T, want int64) {
	t.Helper()
	if got := s.count(t, `SELECT count(*) FROM owners`); got != want {
		t.Errorf("%d owners, want %d", got, want)
	}
}

const addOwner = `INSERT INTO owners (id) VALUES ($1)`

func exec(ctx context.Context, q store.Querier, query string, args ...any) error {
	_, err := q.ExecContext(ctx, query, args...)
	return err
}

// scan copies the only row of an answer into dest.
func scan(ctx context.Context, q store.Querier, dest []any, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if rows.Err() != nil {
			return rows.Err()
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	if rows.Next() {
		return fmt.Errorf("more than one row: %s", query)
	}
	return rows.Err()
}

func number(ctx context.Context, q store.Querier, query string, args ...any) (n int64, err error) {
	err = scan(ctx, q, []any{&n}, query, args...)
	return n, err
}

// within fails the test if done is not closed in good time.
func within(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: still waiting after 20 s", what)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
