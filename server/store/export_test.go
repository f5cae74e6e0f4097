package store

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"strings"
)

// For the tests of the engine, which need a driver and therefore stand outside
// the package.

// Exec is tx.exec.
func (tx *Tx) Exec(query string, args ...any) (int64, error) { return tx.exec(query, args...) }

// ExecOne is tx.execOne.
func (tx *Tx) ExecOne(query string, args ...any) error { return tx.execOne(query, args...) }

// Row is tx.row(query, args...).Scan(dest).
func (tx *Tx) Row(dest any, query string, args ...any) error {
	return tx.row(query, args...).Scan(dest)
}

// Rows is tx.rows.
func (tx *Tx) Rows(each func(scan func(...any) error) error, query string, args ...any) error {
	return tx.rows(func(scan scanFunc) error { return each(scan) }, query, args...)
}

// DialectFS is how the migrations are read.
func DialectFS(steps fs.FS, dialect Dialect) fs.FS { return dialectFS{steps, dialect} }

// MigrateTo is what brings a schema forward, by the steps given.
func MigrateTo(ctx context.Context, db *sql.DB, dialect Dialect, steps fs.FS) error {
	return migrateTo(ctx, db, dialect, steps, slog.New(slog.DiscardHandler))
}

// Erased lists the tables of which an erasure removes an account's rows.
func Erased() []string { return erased }

// Table is the table that e is about.
func (e ExportTable) Table() string { return e.table }

// Given are the columns that the owner gets.
func (e ExportTable) Given() []string {
	var out []string
	for _, c := range strings.Fields(e.columns) {
		name, _, _ := strings.Cut(c, ":")
		out = append(out, name)
	}
	return out
}

// Columns are those that the owner gets and those that are left out knowingly.
func (e ExportTable) Columns() []string { return append(e.Given(), strings.Fields(e.without)...) }
