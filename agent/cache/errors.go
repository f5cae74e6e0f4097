package cache

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// Errors of this package, to be told apart with errors.Is.
var (
	// ErrMissing: there is nothing under this name. A locked profile whose
	// verifier is missing stays locked.
	ErrMissing = errors.New("cache: missing")
	// ErrDamaged: there is something, and it cannot be trusted.
	ErrDamaged = errors.New("cache: damaged")
	// ErrDiskFull: too little room to write safely; nothing was written.
	ErrDiskFull = errors.New("cache: disk is full")
	// ErrTooLarge: a value is over its bound; nothing was written.
	ErrTooLarge = errors.New("cache: too large")
	// ErrDigest: the bytes are not those of the digest they came with.
	ErrDigest = errors.New("cache: digest does not match")
	// ErrInUse: another process has this folder open.
	ErrInUse = errors.New("cache: in use by another process")
	// ErrFilesystem: the file system cannot hold a cache (JFFS2).
	ErrFilesystem = errors.New("cache: file system cannot be used")
	// ErrClosed: the cache was closed.
	ErrClosed = errors.New("cache: closed")
)

// errOtherKey means that a folder was written under another key.
var errOtherKey = errors.New("cache: written under another key")

// guard runs fn and turns a panic into [ErrDamaged], also the fault of a mapped
// page that the disk no longer gives. It cannot catch what happens in Badger's
// own goroutines, or its log.Fatal: inspect looks for their causes beforehand.
func guard(op string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %s: %.200v", ErrDamaged, op, r)
		}
	}()
	return fn()
}
