package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// Backup writes a copy of the database at path into the new file to, as of one
// moment, while a server may write to it. The copy holds nothing that was deleted
// by then, is checked, and appears complete or not at all. Errors: fs.ErrNotExist
// (no database), fs.ErrExist (to is there), and those of Open.
func Backup(ctx context.Context, path, to string) error {
	path, err1 := filepath.Abs(path)
	to, err2 := filepath.Abs(to)
	err := errors.Join(err1, err2)
	if err == nil {
		err = backup(ctx, path, to)
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", path, withClass(err))
	}
	return nil
}

func backup(ctx context.Context, path, to string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s: %w", to, fs.ErrExist))
	}
	partial := to + ".partial"
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // empty: SQLite fills it; O_EXCL follows no link
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	defer file.Close()
	db := openPool(path)
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", partial); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := sound(ctx, partial); err != nil {
		return err
	}
	if err := os.Rename(partial, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// sound reads a file through that nobody writes to.
func sound(ctx context.Context, path string) error {
	db := openPool(path, "query_only(1)")
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", store.ErrDamaged, strings.ReplaceAll(found, "\n", "; "))
	}
	return nil
}

// Restore puts a copy of the backup from in the place of the database at path, whose
// server must not run, once prepare has made it ready: prepare gets the driver of
// the copy, and that of the database that it replaces, or nil where there is none
// that can be read. The replaced one is kept beside it under the name returned
// (empty: there was none). A crash leaves the one or the other in place, never
// neither. Errors: ErrInUse, ErrDamaged (the backup), and those of prepare.
func Restore(ctx context.Context, path, from string, now time.Time, prepare func(fresh, old store.Driver) error) (aside string, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	if aside, err = restore(ctx, path, from, now, prepare); err != nil {
		return "", fmt.Errorf("restore %s: %w", from, withClass(err))
	}
	return aside, nil
}

func restore(ctx context.Context, path, from string, now time.Time, prepare func(fresh, old store.Driver) error) (aside string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	lock, err := takeLock(path + ".lock")
	if err != nil {
		return "", err
	}
	defer lock.release()
	copied := path + ".restoring"
	defer removeAll(copied)
	if err := copyFile(from, copied); err != nil {
		return "", err
	}
	if err := sound(ctx, copied); err != nil {
		return "", err
	}
	fresh, err := Open(ctx, Config{Path: copied})
	if err != nil {
		return "", err
	}
	aside = path + ".before-restore-" + now.UTC().Format("20060102T150405.000")
	err = errors.Join(withOld(ctx, path, aside, func(old store.Driver) error { return prepare(fresh, old) }), fresh.Close())
	if err != nil {
		return "", err
	}
	if aside, err = setAside(path, aside); err != nil {
		return "", err
	}
	if err := os.Rename(copied, path); err != nil {
		return "", err
	}
	return aside, syncFolder(filepath.Dir(path))
}

// withOld runs do with the database that is to be replaced, or with nil where there
// is none that can be opened. The log of such a one is kept aside: opening it may
// have thrown it away.
func withOld(ctx context.Context, path, aside string, do func(store.Driver) error) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 {
		return do(nil)
	}
	if err := copyFile(path+"-wal", aside+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	old, err := openLocked(ctx, path, Config{Queue: 1, Readers: 1, Group: 1}, nil)
	if err != nil {
		return do(nil)
	}
	return errors.Join(do(old), old.Close(), removeIfThere(aside+"-wal")) // its log is in the file now
}

// setAside keeps the database under another name too.
func setAside(path, aside string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := os.Link(path, aside); err != nil { // not every file system knows two names
		if err := copyFile(path, aside); err != nil {
			return "", err
		}
	}
	err := errors.Join(removeIfThere(path+"-wal"), removeIfThere(path+"-shm"), syncFolder(filepath.Dir(path)))
	return aside, err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeAll removes what a restore worked with.
func removeAll(copied string) {
	for _, part := range []string{"", "-wal", "-shm", ".lock"} {
		os.Remove(copied + part)
	}
}

// copyFile copies a file to disk, for this user only.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	removeAll(to) // a log of an earlier try must not meet this file
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// withClass adds the sentinel that err is a case of.
func withClass(err error) error {
	if class := (*Driver)(nil).Classify(err); class != nil && !errors.Is(err, class) {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}
