package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/server/store"
)

// prepareFile makes the folder and the file where missing, for this user only,
// and takes the lock. It changes nothing in a file that is there.
func prepareFile(path string) (*fileLock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	lock, err := takeLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return lock, nil
}

func createFile(path string) error {
	if err := refuseOrphanLog(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is not a regular file", store.ErrDamaged)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(info.Mode().Perm() &^ 0o077); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(path))
}

// refuseOrphanLog protects a write-ahead log whose database file is missing or
// empty: SQLite would take the file for new and delete the log.
func refuseOrphanLog(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil
	}
	info, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: its write-ahead log is there, but the file itself is missing or empty", store.ErrDamaged)
}

// syncFolder makes a new name in the folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
