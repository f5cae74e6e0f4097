package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the database/sql driver named "sqlite"

	"github.com/hearthkey/hearthkey/server/store"
)

// Config says where the database is. Only Path has to be set.
type Config struct {
	// Path of the database file. It and its folder are made where missing, for
	// this user only.
	Path string
	// Queue is how many transactions may wait to write before others get
	// store.ErrBusy. Default 1024.
	Queue int
	// Readers is how many Views run at once; others wait. Default: twice the
	// CPUs, 4 at least.
	Readers int
	// Group is how many transactions share one commit at most. Default 64.
	Group int
}

// Driver is a store.Driver over one SQLite file.
type Driver struct {
	writerDB *sql.DB
	readerDB *sql.DB
	scrubDB  *sql.DB // one connection at most
	writer   *writer
	readers  chan *session // as many as there may be, some not yet connected
	lock     *fileLock

	closing   chan struct{}
	closeOnce sync.Once
	closeErr  error
}

var _ store.Driver = (*Driver)(nil)

// Open opens or makes the database file. Its errors are those of package
// store, with the path: ErrInUse, ErrDamaged, ErrReadOnly, ErrFull, ErrIO.
func Open(ctx context.Context, cfg Config) (*Driver, error) {
	cfg.Queue = cmp.Or(cfg.Queue, 1024)
	cfg.Readers = cmp.Or(cfg.Readers, max(4, 2*runtime.NumCPU()))
	cfg.Group = cmp.Or(cfg.Group, 64)
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", cfg.Path, err)
	}
	d, err := open(ctx, path, cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, withClass(err))
	}
	return d, nil
}

func open(ctx context.Context, path string, cfg Config) (*Driver, error) {
	lock, err := prepareFile(path)
	if err != nil {
		return nil, err
	}
	return openLocked(ctx, path, cfg, lock)
}

// openLocked opens a file that is there. It releases lock where it fails.
func openLocked(ctx context.Context, path string, cfg Config, lock *fileLock) (*Driver, error) {
	d := &Driver{
		writerDB: openPool(path, "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)", "journal_size_limit(67108864)"),
		readerDB: openPool(path, "query_only(1)"),
		scrubDB:  openPool(path, "secure_delete(1)", "synchronous(FULL)", "busy_timeout("+scrubWait+")"),
		readers:  make(chan *session, cfg.Readers),
		lock:     lock,
		closing:  make(chan struct{}),
	}
	if err := check(ctx, d.writerDB, path); err != nil {
		return nil, errors.Join(err, d.writerDB.Close(), d.readerDB.Close(), d.scrubDB.Close(), lock.release())
	}
	d.scrubDB.SetMaxOpenConns(1)
	for range cfg.Readers {
		d.readers <- &session{db: d.readerDB}
	}
	d.writer = startWriter(&session{db: d.writerDB}, cfg.Queue, cfg.Group)
	return d, nil
}

// openPool returns a pool whose connections run the given pragmas first.
// sql.Open with a registered driver does not fail, and does not touch the file.
func openPool(path string, pragmas ...string) *sql.DB {
	query := url.Values{
		"_pragma":       pragmas,
		"_busy_timeout": {"4000"}, // ms, for another process's sqlite3; below store.TxLimit
		"_dqs":          {"0"},    // "x" is a column, never a string, as in PostgreSQL
	}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		panic(err)
	}
	return db
}

// quickCheckLimit is up to what size a file is read through at the start: this
// takes about a second.
const quickCheckLimit = 64 << 20

// check finds damage before anything is written.
func check(ctx context.Context, db *sql.DB, path string) error {
	var mode, found string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("%w: the file system does not allow write-ahead logging (journal mode %s)", store.ErrIO, mode)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > quickCheckLimit {
		return err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", store.ErrDamaged, strings.ReplaceAll(found, "\n", "; "))
	}
	return nil
}

// Dialect implements store.Driver.
func (d *Driver) Dialect() store.Dialect { return store.SQLite }

// Update implements store.Driver.
func (d *Driver) Update(ctx context.Context, fn func(store.Querier) error) error {
	return d.writer.update(ctx, fn)
}

// View implements store.Driver.
func (d *Driver) View(ctx context.Context, fn func(store.Querier) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-d.closing:
		return store.ErrClosed
	default:
	}
	var s *session
	select {
	case s = <-d.readers:
	case <-d.closing:
		return store.ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { d.readers <- s }()
	if err := s.exec("BEGIN"); err != nil {
		return err
	}
	defer s.rollback()
	return fn(&querier{s: s})
}

// Migrate implements store.Driver.
func (d *Driver) Migrate(_ context.Context, fn func(*sql.DB) error) error {
	return fn(d.writerDB)
}

// Skew implements store.Driver: the file has no clock.
func (d *Driver) Skew(context.Context) (time.Duration, error) { return 0, nil }

// Close implements store.Driver. It brings the write-ahead log back into the
// file and removes it.
func (d *Driver) Close() error {
	d.closeOnce.Do(func() {
		d.writer.stop()
		close(d.closing)
		var errs []error
		for range cap(d.readers) {
			errs = append(errs, (<-d.readers).close())
		}
		errs = append(errs, d.scrubDB.Close(), d.readerDB.Close(), d.writerDB.Close(), d.lock.release())
		d.closeErr = errors.Join(errs...)
	})
	return d.closeErr
}
