package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/hearthkey/hearthkey/server/store"
)

// Pauses between two runs of one transaction, drawn from [0, pause): doubled each time.
const (
	firstPause = 2 * time.Millisecond
	mostPause  = 100 * time.Millisecond
)

// grace is how much longer than store.TxLimit the database has to end a statement
// itself, which keeps the connection, before this side gives it up.
const grace = time.Second

// Update implements store.Driver.
func (d *Driver) Update(ctx context.Context, fn func(store.Querier) error) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := d.attempt(ctx, fn)
		var again *againError
		if !errors.As(err, &again) {
			return err
		}
		d.retried.Add(1)
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", context.Cause(ctx), again.err)
		case <-timer.C:
		}
	}
}

// againError wraps what a transaction failed of and may run again after: nothing of
// it remains.
type againError struct{ err error }

func (e *againError) Error() string { return e.err.Error() }
func (e *againError) Unwrap() error { return e.err }

func again(err error) error {
	if err != nil && (conflicts(err) || lost(err)) {
		return &againError{err}
	}
	return err
}

// attempt runs fn once.
func (d *Driver) attempt(ctx context.Context, fn func(store.Querier) error) error {
	conn, err := d.connect(ctx, d.writers)
	if err != nil {
		return again(err)
	}
	defer conn.Close()
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), store.TxLimit+grace)
	defer cancel()
	tx, err := conn.BeginTx(work, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return again(err)
	}
	defer tx.Rollback() // nothing after a Commit; fn may not return
	q := &querier{tx: tx, work: work}
	err = fn(q)
	if q.failed != nil && again(q.failed) != q.failed {
		return again(q.failed) // whatever fn made of it
	}
	if err != nil {
		if conflicts(err) || closed(conn) { // found while rows were read
			return &againError{err}
		}
		return err
	}
	if q.failed != nil {
		return q.failed // swallowed: the database would not commit it either
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return committed(tx.Commit())
}

// closed reports whether a connection was lost.
func closed(conn *sql.Conn) (gone bool) {
	err := conn.Raw(func(c any) error {
		gone = c.(*stdlib.Conn).Conn().IsClosed()
		return nil
	})
	return gone || err != nil
}

// committed tells what an answer to COMMIT means.
func committed(err error) error {
	switch {
	case err == nil:
		return nil
	case conflicts(err):
		return &againError{err}
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return err // the database had given it up before
	case code(err) == "", lost(err):
		return fmt.Errorf("%w: no answer to COMMIT, which may have been done: %w", store.ErrIO, err)
	}
	return err
}

// connect takes a connection, or waits for one.
func (d *Driver) connect(ctx context.Context, from *sql.DB) (*sql.Conn, error) {
	if d.waiting.Add(1) > d.queue {
		d.waiting.Add(-1)
		return nil, store.ErrBusy
	}
	defer d.waiting.Add(-1)
	conn, err := from.Conn(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return conn, err
}

// View implements store.Driver.
func (d *Driver) View(ctx context.Context, fn func(store.Querier) error) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), store.TxLimit+grace)
	defer cancel()
	conn, tx, err := d.snapshot(ctx, work)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer tx.Rollback()
	return fn(&querier{tx: tx, work: work})
}

// snapshot begins a View. It tries again while there is no connection to be had.
func (d *Driver) snapshot(ctx, work context.Context) (*sql.Conn, *sql.Tx, error) {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		conn, err := d.connect(ctx, d.readers)
		if err == nil {
			var tx *sql.Tx
			if tx, err = conn.BeginTx(work, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}); err == nil {
				return conn, tx, nil
			}
			conn.Close()
		}
		if !lost(err) {
			return nil, nil, err
		}
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-timer.C:
		}
	}
}

// querier runs one function's statements.
type querier struct {
	tx     *sql.Tx
	work   context.Context // of this transaction only; outlives the request's
	failed error           // the first statement's error: PostgreSQL runs nothing after it
}

var _ store.Querier = (*querier)(nil)

// ExecContext implements store.Querier.
func (q *querier) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	res, err := q.tx.ExecContext(q.work, query, args...)
	return res, q.note(err)
}

// QueryContext implements store.Querier.
func (q *querier) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := q.ready(ctx); err != nil {
		return nil, err
	}
	rows, err := q.tx.QueryContext(q.work, query, args...)
	return rows, q.note(err)
}

func (q *querier) ready(ctx context.Context) error {
	if q.failed != nil {
		return q.failed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (q *querier) note(err error) error {
	if err != nil && q.failed == nil {
		q.failed = err
	}
	return err
}
