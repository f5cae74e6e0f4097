package store

import "errors"

// The errors of this package, to be told apart with errors.Is.
var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("store: not found")
	// ErrExists: a row with this key is there already (unique constraint).
	ErrExists = errors.New("store: exists already")
	// ErrReference: the row refers to one that is not there, or is still
	// referred to (foreign key).
	ErrReference = errors.New("store: reference to a missing row, or row still referred to")
	// ErrBusy: too many transactions are waiting, or one took longer than
	// TxLimit. Nothing was changed; the caller may try again later.
	ErrBusy = errors.New("store: busy")
	// ErrClosed: the database was closed.
	ErrClosed = errors.New("store: closed")
	// ErrNewerSchema: the database was written by a newer version of the
	// program. It was not touched.
	ErrNewerSchema = errors.New("store: database from a newer version of this program")
	// ErrInUse: another process has the database open.
	ErrInUse = errors.New("store: database in use by another process")
	// ErrDamaged: the file is not a database of ours, or is damaged. It was
	// left as it is.
	ErrDamaged = errors.New("store: not a database, or damaged: set it aside and restore a backup")
	// ErrReadOnly: the database or its folder cannot be written.
	ErrReadOnly = errors.New("store: database cannot be written")
	// ErrFull: the disk is full. What was stored before is intact.
	ErrFull = errors.New("store: disk full")
	// ErrIO: the disk failed in another way.
	ErrIO = errors.New("store: disk error")
)
