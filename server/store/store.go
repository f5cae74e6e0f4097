package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// TxLimit is how long a transaction may take, its wait included. Other nodes
// rely on it when they look for recent changes: no row can appear with a time
// further back than this.
const TxLimit = 5 * time.Second

// DB is the server's database.
type DB struct {
	driver Driver
	heard  func(kind string) // nil: nobody wants to know
}

// Hear has f called for each entry of a timeline, with its kind, after the entry's
// commit. It is called before the first transaction, and f must not block.
func (db *DB) Hear(f func(kind string)) { db.heard = f }

// Open brings the schema up to date and returns the database. On an error the
// driver is still the caller's to close; otherwise [DB.Close] closes it.
func Open(ctx context.Context, driver Driver, log *slog.Logger) (*DB, error) {
	if err := migrate(ctx, driver, log); err != nil {
		return nil, fmt.Errorf("open database: %w", classified(driver, err))
	}
	return &DB{driver: driver}, nil
}

// Update runs fn in a transaction that may write. When it returns nil the
// change is durable and the functions given to [Tx.OnCommit] have run. It
// takes at most about [TxLimit], then fails with [ErrBusy].
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, TxLimit, ErrBusy)
	defer cancel()
	var last *Tx
	err := db.driver.Update(ctx, func(q Querier) error {
		last = &Tx{ctx: ctx, q: q, driver: db.driver, heard: db.heard}
		return last.run(fn)
	})
	if err != nil {
		return classified(db.driver, err)
	}
	for _, f := range last.onCommit {
		f()
	}
	return nil
}

// View runs fn in a transaction that only reads, on one snapshot.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, TxLimit, ErrBusy)
	defer cancel()
	err := db.driver.View(ctx, func(q Querier) error {
		return (&Tx{ctx: ctx, q: q, driver: db.driver}).run(fn)
	})
	return classified(db.driver, err)
}

// Scrub takes what was deleted before off the disk: see [Driver]. It may be called
// while transactions run, and fails with [ErrBusy] while one of them reads what was
// there before.
func (db *DB) Scrub(ctx context.Context) error {
	return classified(db.driver, db.driver.Scrub(ctx))
}

// Skew is how far the database's clock is ahead of this machine's.
func (db *DB) Skew(ctx context.Context) (time.Duration, error) {
	skew, err := db.driver.Skew(ctx)
	return skew, classified(db.driver, err)
}

// Close waits for running transactions and closes the driver.
func (db *DB) Close() error { return db.driver.Close() }

// classified adds the sentinel that err is a case of, unless it has it.
func classified(driver Driver, err error) error {
	if err == nil {
		return nil
	}
	class := driver.Classify(err)
	if class == nil || errors.Is(err, class) {
		return err
	}
	return fmt.Errorf("%w: %w", class, err)
}
