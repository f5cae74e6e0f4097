package store

import (
	"context"
	"errors"
	"fmt"
)

var (
	errTxEnded   = errors.New("store: transaction used after its end")
	errTxReading = errors.New("store: statement while the rows of another are read")
)

// Tx is one transaction. It must not be kept or shared between goroutines.
type Tx struct {
	ctx      context.Context // of this transaction only
	q        Querier
	driver   Driver
	failed   error // the first statement's error; the transaction is lost
	reading  bool  // inside rows: no second statement (PostgreSQL has one at a time)
	onCommit []func()
	heard    func(kind string) // see [DB.Hear]
}

// OnCommit has f run after this transaction has been committed durably, in the
// goroutine that called [DB.Update] and in the order of the calls. It does not
// run if the transaction fails, nor in a View. A crash in between loses it, so
// it may only carry hints (wake somebody up), never a duty.
func (tx *Tx) OnCommit(f func()) { tx.onCommit = append(tx.onCommit, f) }

func (tx *Tx) run(fn func(*Tx) error) error {
	defer func() { tx.failed = errTxEnded }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.failed
}

// exec runs a statement that returns no rows and tells how many it affected.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if err := tx.ready(); err != nil {
		return 0, err
	}
	res, err := tx.q.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	n, err := res.RowsAffected()
	return n, tx.fail(err)
}

// execOne is exec for a statement that must affect exactly one row: none is
// [ErrNotFound].
func (tx *Tx) execOne(query string, args ...any) error {
	switch n, err := tx.exec(query, args...); {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	case n > 1:
		return tx.fail(fmt.Errorf("store: statement affected %d rows instead of one", n))
	}
	return nil
}

// row runs a query for one row; its Scan returns [ErrNotFound] if there is
// none. Further rows are left aside.
func (tx *Tx) row(query string, args ...any) row { return row{tx, query, args} }

type row struct {
	tx    *Tx
	query string
	args  []any
}

// Scan runs the query and copies the columns into dest.
func (r row) Scan(dest ...any) error {
	found := false
	err := r.tx.rows(func(scan scanFunc) error {
		if found {
			return nil
		}
		found = true
		return scan(dest...)
	}, r.query, r.args...)
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// scanFunc copies the current row's columns into dest.
type scanFunc func(dest ...any) error

// rows runs a query and calls each for every row of its answer. An error of
// each ends it and is returned. each must not run other statements.
func (tx *Tx) rows(each func(scan scanFunc) error, query string, args ...any) (err error) {
	if err := tx.ready(); err != nil {
		return err
	}
	rows, err := tx.q.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return tx.fail(err)
	}
	tx.reading = true
	defer func() {
		tx.reading = false
		if closeErr := rows.Close(); err == nil {
			err = tx.fail(closeErr)
		}
	}()
	scan := func(dest ...any) error { return tx.fail(rows.Scan(dest...)) }
	for rows.Next() {
		if tx.ctx.Err() != nil {
			return tx.fail(context.Cause(tx.ctx))
		}
		if err := each(scan); err != nil {
			return err
		}
	}
	return tx.fail(rows.Err())
}

// ready tells why no further statement may run.
func (tx *Tx) ready() error {
	if tx.failed != nil {
		return fmt.Errorf("store: transaction has failed before: %w", tx.failed)
	}
	if tx.reading {
		return tx.fail(errTxReading)
	}
	if tx.ctx.Err() != nil {
		return tx.fail(context.Cause(tx.ctx))
	}
	return nil
}

// fail remembers that the transaction is lost, as PostgreSQL would have it,
// and returns err with its class.
func (tx *Tx) fail(err error) error {
	if err == nil {
		return nil
	}
	err = classified(tx.driver, err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}
