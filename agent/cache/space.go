package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Badger writes through mapped files, and a full disk ends the process with
// SIGBUS in its own goroutine. So nothing is written with less than needFree
// left, and a ballast file is held ready to make that room at the next start.
const (
	ballastSize = 1 << 20
	needFree    = 768 << 10  // a log of 256 KiB, the table it turns into, the next log's pages
	plentyFree  = 4 << 20    // above it the ballast is made again
	jffs2Magic  = 0x000072b6 // linux/magic.h
	mostFree    = 1<<62 - 1  // what an in-memory cache reports
)

// space watches the room on the disk of one folder.
type space struct {
	dir  string
	free func(dir string) (int64, error)
}

// statfsFree returns the bytes that an unprivileged process may still write.
func statfsFree(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("cache: statfs %s: %w", dir, err)
	}
	free := st.Bavail * uint64(st.Bsize)
	return int64(min(free, mostFree)), nil
}

// checkFilesystem refuses what cannot map a file for writing.
func checkFilesystem(dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("cache: statfs %s: %w", dir, err)
	}
	return filesystemError(dir, int64(st.Type))
}

func filesystemError(dir string, magic int64) error {
	if magic == jffs2Magic {
		return fmt.Errorf("%w: %s is JFFS2, which cannot map files; use ext4, f2fs, ubifs or vfat", ErrFilesystem, dir)
	}
	return nil
}

// probe maps a new file for writing, as Badger does, and says why it cannot.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := f.Truncate(maxLog); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, maxLog, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("%w: %s cannot map files: %w", ErrFilesystem, dir, err)
	}
	if err != nil {
		return fmt.Errorf("cache: map a file in %s: %w", dir, err)
	}
	return unix.Munmap(b)
}

func (s space) ballast() string { return s.dir + ".ballast" }

// check returns [ErrDiskFull] where fewer than need bytes are free.
func (s space) check(need int64) error {
	free, err := s.free(s.dir)
	if err != nil {
		return err
	}
	if free < need {
		return fmt.Errorf("%w: %d KiB free on the disk of %s, at least %d needed", ErrDiskFull, free>>10, s.dir, need>>10)
	}
	return nil
}

// makeRoom is check after giving up the ballast, where that is what it takes.
func (s space) makeRoom(need int64) error {
	err := s.check(need)
	if !errors.Is(err, ErrDiskFull) {
		return err
	}
	if removed := os.Remove(s.ballast()); removed != nil {
		return err
	}
	return s.check(need)
}

// restore makes the ballast again while there is plenty of room. Failing to is
// no error: without ballast a full disk stops the next start sooner, no more.
func (s space) restore() {
	if _, err := os.Stat(s.ballast()); !errors.Is(err, fs.ErrNotExist) || s.check(plentyFree) != nil {
		return
	}
	if err := writeBallast(s.ballast()); err != nil {
		os.Remove(s.ballast())
	}
}

// writeBallast takes real blocks: fallocate, or zeros where the file system has
// no fallocate.
func writeBallast(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, ballastSize); err == nil {
		return nil
	}
	chunk := make([]byte, 64<<10)
	for range ballastSize / len(chunk) {
		if _, err := f.Write(chunk); err != nil {
			return err
		}
	}
	return f.Sync()
}
