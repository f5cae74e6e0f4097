package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/hearthkey/hearthkey/server/store"
)

// Config says where the database is. Only URL has to be set.
type Config struct {
	// URL as PostgreSQL's own programs take it: postgres://user:password@host/name?sslmode=verify-full.
	// Its pool_max_conns is how many connections this process opens at most, 2 to
	// 1000, default 28; the rest is pgx's.
	URL string
	// Queue is how many transactions may wait for a connection before others get
	// store.ErrBusy. Default 1024.
	Queue int
	// Log hears of what makes the database unsafe, or different. Default: nobody.
	Log *slog.Logger
}

// Driver is a store.Driver over one PostgreSQL database.
type Driver struct {
	cfg      pgx.ConnConfig
	log      *slog.Logger
	writers  *sql.DB
	readers  *sql.DB
	queue    int64
	waiting  atomic.Int64
	retried  atomic.Int64
	original bool // PostgreSQL itself, not one that speaks its language

	mu      sync.RWMutex // guards closed, and running against Add after Wait
	closed  bool
	running sync.WaitGroup
}

var _ store.Driver = (*Driver)(nil)

// Open connects to the database and looks at what it is. Its errors say nothing of
// the password: [ErrURL], [ErrUnreachable], [ErrNoDatabase], [ErrRefused],
// [ErrVersion].
func Open(ctx context.Context, cfg Config) (*Driver, error) {
	conns, most, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	d := &Driver{cfg: *conns, log: cfg.Log, queue: int64(cfg.Queue)}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.queue <= 0 {
		d.queue = 1024
	}
	updates := max(1, most*4/7)
	d.writers, d.readers = pool(*conns, updates), pool(*conns, max(1, most-updates))
	if err := d.look(ctx); err != nil {
		d.Close()
		return nil, fmt.Errorf("open %s: %w", Name(cfg.URL), explained(err))
	}
	return d, nil
}

// maxIdle is how long a connection that nobody needs stays open, and maxAge how long
// any: behind a name that moved, the next one finds the new machine.
const (
	maxIdle = 5 * time.Minute
	maxAge  = time.Hour
)

func pool(cfg pgx.ConnConfig, most int) *sql.DB {
	db := stdlib.OpenDB(cfg)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(maxIdle)
	db.SetConnMaxLifetime(maxAge)
	return db
}

// Dialect implements store.Driver.
func (d *Driver) Dialect() store.Dialect { return store.Postgres }

// Retried is how many transactions have run again for another's sake.
func (d *Driver) Retried() int64 { return d.retried.Load() }

// Migrate implements store.Driver. A migration may take its time: what bounds other
// statements does not bound it.
func (d *Driver) Migrate(ctx context.Context, fn func(*sql.DB) error) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	cfg := d.cfg.Copy()
	delete(cfg.RuntimeParams, statementTimeout)
	delete(cfg.RuntimeParams, idleTimeout)
	db := pool(*cfg, 4)
	defer db.Close()
	return fn(db)
}

// enter keeps Close waiting until leave is called.
func (d *Driver) enter(ctx context.Context) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, store.ErrClosed
	}
	d.running.Add(1)
	return d.running.Done, nil
}

// Close implements store.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	closed := d.closed
	d.closed = true
	d.mu.Unlock()
	d.running.Wait()
	if closed {
		return nil
	}
	// What a server says to a goodbye changes nothing any more.
	_ = d.readers.Close()
	_ = d.writers.Close()
	return nil
}
