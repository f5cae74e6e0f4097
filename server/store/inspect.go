package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// Inspection is what a database says of itself to one that only looks.
type Inspection struct {
	Schema int64     // the number of its last migration; 0: there is none
	Newest time.Time // the latest change of an account; zero: there is none
}

// Schema is the number of the last migration that this program knows.
func Schema() int64 {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(steps) == 0 {
		return 0
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(steps[len(steps)-1], "migrations/"), "_")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Inspect reads what a database says of itself, in a transaction of an engine's, and
// migrates nothing. Where the schema is newer than this program Newest is not read.
func Inspect(ctx context.Context, q Querier) (Inspection, error) {
	var i Inspection
	if err := one(ctx, q, &i.Schema, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`); err != nil {
		return i, err
	}
	if i.Schema == 0 || i.Schema > Schema() {
		return i, nil
	}
	var updated int64
	if err := one(ctx, q, &updated, `SELECT COALESCE(MAX(updated), 0) FROM accounts`); err != nil {
		return i, err
	}
	if updated > 0 {
		i.Newest = time.UnixMilli(updated)
	}
	return i, nil
}

// one reads the one value of a query.
func one(ctx context.Context, q Querier, into *int64, query string) (err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return errors.Join(sql.ErrNoRows, rows.Err())
	}
	return rows.Scan(into)
}
