package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hearthkey/hearthkey/server/store"
)

const (
	// rewriteLimit is up to what size, in bytes, a table is written anew by a scrub:
	// nobody can use it meanwhile, about a second.
	rewriteLimit = 128 << 20
	// lockWait is for how long a scrub waits for a table: others wait behind it.
	lockWait = "1000" // ms
	// scrubTime bounds a whole scrub.
	scrubTime = 5 * time.Minute
	// readerWait is for how long it waits for transactions that see what was deleted.
	readerWait = store.TxLimit + grace
)

// Scrub implements store.Driver. In PostgreSQL a deleted row stays where it was until
// its place is used again, and VACUUM alone only marks it; so tables are written anew
// (VACUUM FULL), with what the planner keeps of their values (pg_statistic), where they
// are no larger than 128 MiB. Larger ones get a plain VACUUM: what was deleted there can
// no longer be read by SQL, and is overwritten as its place is used; an operator's own
// VACUUM FULL takes it away at once. The log of changes (WAL) is cut where this user
// may (the role pg_checkpoint, and the right to call pg_switch_wal), and has no old
// files where wal_recycle is off.
//
// Other databases that speak this language decide by themselves when old versions go:
// nothing is done there.
func (d *Driver) Scrub(ctx context.Context) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if !d.original {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, scrubTime, store.ErrBusy)
	defer cancel()
	cfg := d.cfg.Copy()
	delete(cfg.RuntimeParams, statementTimeout)
	cfg.RuntimeParams["lock_timeout"] = lockWait
	db := pool(*cfg, 1)
	defer db.Close()
	if err := oldReaders(ctx, db); err != nil {
		return err
	}
	if err := d.rewrite(ctx, db); err != nil {
		return err
	}
	for _, s := range []string{`SELECT pg_switch_wal()`, `CHECKPOINT`} {
		if _, err := db.ExecContext(ctx, s); err != nil && code(err) != codePrivilege {
			return fmt.Errorf("cut the log: %w", err)
		}
	}
	return nil
}

// oldReaders waits until no transaction of this user's sees what was there before now:
// what one sees is not taken away.
func oldReaders(ctx context.Context, db *sql.DB) error {
	var mark string
	if err := db.QueryRowContext(ctx, `SELECT CAST(CAST(pg_current_xact_id() AS xid) AS TEXT)`).Scan(&mark); err != nil {
		return err
	}
	for end := time.Now().Add(readerWait); ; {
		var n int
		err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
			AND backend_xmin IS NOT NULL AND age(backend_xmin) > age(CAST(CAST($1 AS TEXT) AS xid))`, mark).Scan(&n)
		if err != nil || n == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: %d transactions still read what was there before", store.ErrBusy, n)
		}
		timer := time.NewTimer(50 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// rewrite vacuums every table, each as its size allows.
func (d *Driver) rewrite(ctx context.Context, db *sql.DB) error {
	tables, err := sizes(ctx, db)
	if err != nil {
		return err
	}
	var large []string
	for _, t := range tables {
		how := `VACUUM (FULL, ANALYZE) `
		if t.size > rewriteLimit {
			how = `VACUUM (ANALYZE) `
			large = append(large, t.name)
		}
		if _, err := db.ExecContext(ctx, how+pgx.Identifier{t.name}.Sanitize()); err != nil {
			return fmt.Errorf("vacuum %s: %w", t.name, err)
		}
	}
	if len(large) > 0 {
		d.log.InfoContext(ctx, "large tables are vacuumed in place: what was deleted there leaves the disk as its place is used", "tables", strings.Join(large, " "))
	}
	_, err = db.ExecContext(ctx, `VACUUM FULL pg_catalog.pg_statistic`) // a warning where the database is another user's
	return err
}

type table struct {
	name string
	size int64
}

func sizes(ctx context.Context, db *sql.DB) (out []table, err error) {
	rows, err := db.QueryContext(ctx, `SELECT CAST(c.relname AS TEXT), pg_total_relation_size(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY c.relname`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.name, &t.size); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}
