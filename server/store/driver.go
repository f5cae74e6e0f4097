package store

import (
	"context"
	"database/sql"
	"time"
)

// Dialect names the SQL that a driver speaks.
type Dialect string

// The dialects the migrations are written for.
const (
	SQLite   Dialect = "sqlite3"
	Postgres Dialect = "postgres"
)

// Querier runs statements inside one transaction, one at a time: the rows of a
// query are closed before the next statement.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Driver is what an SQL engine must do for a [DB]. Callers of the server's
// domain use DB, never a Driver. Package storetest holds its conformance suite.
type Driver interface {
	Dialect() Dialect

	// Update runs fn in a serializable transaction and returns nil only once
	// its effects are on durable storage. If fn fails or panics, nothing of it
	// remains, and other transactions are not disturbed. fn may be run again
	// after a conflict. A context that ends before fn has started prevents it;
	// one that ends later ends the statements to come (with context.Cause). A
	// full queue is an immediate ErrBusy.
	Update(ctx context.Context, fn func(Querier) error) error

	// View runs fn in a read-only transaction on one snapshot. It sees every
	// Update that had returned before it began. Writing fails.
	View(ctx context.Context, fn func(Querier) error) error

	// Migrate lends fn a handle for changing the schema. It is called before
	// any Update or View.
	Migrate(ctx context.Context, fn func(*sql.DB) error) error

	// Scrub takes what was deleted or overwritten before it began off the disk: when
	// it returns nil the engine's files hold nothing of it any more. ErrBusy where
	// something still reads what was there before: call it again.
	Scrub(ctx context.Context) error

	// Skew is how far the engine's clock is ahead of this machine's; zero where there
	// is only one.
	Skew(ctx context.Context) (time.Duration, error)

	// Classify returns the sentinel of this package that err is a case of, by
	// the engine's error code and never by its text, or nil.
	Classify(err error) error

	// Close waits for running transactions and releases the database. Later
	// calls of the other methods return ErrClosed. It may be called twice.
	Close() error
}
