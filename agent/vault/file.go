package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const fileSize = 2 * SlotSize

// slots is the vault's open file, whose blocks are all there: a Sync makes durable what
// was written into them, and leaves the file's times to the file system. They would
// cost the flash as much again.
type slots struct{ *os.File }

func (f slots) Sync() error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var synced error
	if err := raw.Control(func(fd uintptr) {
		for synced = unix.EINTR; errors.Is(synced, unix.EINTR); {
			synced = unix.Fdatasync(int(fd))
		}
	}); err != nil {
		return err
	}
	return synced
}

// openFile opens the vault's file, or creates it whole: a file under its final
// name always has both slots allocated and one of them valid.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return createFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: open: %w", err)
	}
	if err := grow(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func createFile(path string) (*os.File, error) {
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("vault: create: %w", err)
	}
	blank := append(slot{seq: 1}.encode(), make([]byte, SlotSize)...)
	err = writeSynced(f, blank, 0)
	if err == nil { // what is not whole never gets the name
		err = errors.Join(os.Rename(temp, path), syncFolder(path))
	}
	if err != nil {
		f.Close()
		os.Remove(temp)
		return nil, fmt.Errorf("vault: create: %w", err)
	}
	return f, nil
}

// grow gives a file that lost its end both slots again, as far as it is short.
func grow(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("vault: stat: %w", err)
	}
	if info.Size() >= fileSize {
		return nil
	}
	if err := writeSynced(f, make([]byte, fileSize-info.Size()), info.Size()); err != nil {
		return fmt.Errorf("vault: grow: %w", err)
	}
	return nil
}

func writeSynced(f *os.File, b []byte, off int64) error {
	if _, err := f.WriteAt(b, off); err != nil {
		return err
	}
	return f.Sync()
}

// syncFolder makes the names in path's folder durable.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// SetAside renames the damaged vault at path to "<path>.damaged", in place of
// an earlier one, and returns that name. The next [Open] makes a new vault.
func SetAside(path string) (string, error) {
	lock, err := acquire(path + ".lock")
	if err != nil {
		return "", err
	}
	defer lock.release()
	return asideName(path), setAside(path)
}

// setAside is SetAside for who holds the lock.
func setAside(path string) error {
	if err := errors.Join(os.Rename(path, asideName(path)), syncFolder(path)); err != nil {
		return fmt.Errorf("vault: set aside: %w", err)
	}
	return nil
}

func asideName(path string) string { return path + ".damaged" }

func removeAside(path string) error {
	err := os.Remove(asideName(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(err, syncFolder(path)); err != nil {
		return fmt.Errorf("vault: remove what was set aside: %w", err)
	}
	return nil
}

// lockFile is a held flock. The kernel lets go of it when the process ends.
type lockFile struct{ f *os.File }

// On a disk that cannot be written it is one that was there before.
func acquire(path string) (*lockFile, error) {
	made := os.MkdirAll(filepath.Dir(path), 0o700)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if refuses(err) {
		if old, opened := os.Open(path); opened == nil {
			f, err = old, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("vault: lock: %w", errors.Join(made, err))
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		f.Close()
		return nil, fmt.Errorf("%w: %s", ErrInUse, path)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("vault: lock %s: %w", path, err)
	}
	return &lockFile{f: f}, nil
}

func (l *lockFile) release() { l.f.Close() }
