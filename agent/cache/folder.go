package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockFolder holds an flock on "<dir>.lock". It is beside the folder, so that it
// stays held while the folder is renamed or removed.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cache: lock: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("%w: %s", ErrInUse, dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// makeFolder makes dir where it is missing, and refuses one that cannot be
// written: that is for the operator to mend, not damage.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("cache: %s cannot be written: %w", dir, err)
	}
	return nil
}

// SetAside renames the folder to "<dir>.damaged-1", in place of an earlier one.
// It must not be open. No folder is no error.
func SetAside(dir string) error {
	if err := removeAside(dir); err != nil {
		return err
	}
	err := os.Rename(dir, asideName(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, syncParent(dir)); err != nil {
		return fmt.Errorf("cache: set aside: %w", err)
	}
	return nil
}

func asideName(dir string) string { return dir + ".damaged-1" }

func removeAside(dir string) error {
	if err := os.RemoveAll(asideName(dir)); err != nil {
		return fmt.Errorf("cache: remove what was set aside: %w", err)
	}
	return nil
}

// removeFolder removes the folder and what was set aside of it.
func removeFolder(dir string) error {
	err := errors.Join(os.RemoveAll(dir), removeAside(dir), syncParent(dir))
	if err != nil {
		return fmt.Errorf("cache: erase: %w", err)
	}
	return nil
}

func syncParent(dir string) error {
	d, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
