package store

import "io/fs"

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
