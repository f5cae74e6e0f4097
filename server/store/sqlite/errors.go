package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"

	"github.com/hearthkey/hearthkey/server/store"
)

// Result codes (sqlite.org/rescode.html). The low byte is the primary code.
const (
	codeError      = 1
	codePerm       = 3
	codeBusy       = 5
	codeLocked     = 6
	codeNoMem      = 7
	codeReadOnly   = 8
	codeInterrupt  = 9
	codeIOErr      = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCantOpen   = 14
	codeNotADB     = 26
	codeForeignKey = 787
	codePrimaryKey = 1555
	codeUnique     = 2067
	codeRowID      = 2579
	codeSHMSize    = 4874 // SQLITE_IOERR_SHMSIZE: no room for the WAL's index
)

// code returns the extended result code of err, or 0 if it is none of SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// Classify implements store.Driver.
func (d *Driver) Classify(err error) error {
	switch code(err) {
	case codeUnique, codePrimaryKey, codeRowID:
		return store.ErrExists
	case codeForeignKey:
		return store.ErrReference
	case codeSHMSize:
		return store.ErrFull
	}
	switch code(err) & 0xff {
	case codeBusy, codeLocked:
		return store.ErrBusy
	case codeReadOnly, codePerm, codeCantOpen:
		return store.ErrReadOnly
	case codeFull:
		return store.ErrFull
	case codeNotADB, codeCorrupt:
		return store.ErrDamaged
	case codeIOErr:
		return store.ErrIO
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return store.ErrReadOnly
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return store.ErrFull
	}
	return nil
}

func rollsBack(err error) bool {
	switch code(err) & 0xff {
	case codeFull, codeIOErr, codeNoMem, codeBusy, codeInterrupt, codeCorrupt:
		return true
	}
	return false
}
