//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/hearthkey/hearthkey/server/store"
)

// fileLock says that this process has the database. The kernel drops it when
// the process ends, however it ends. It is a file of its own because closing
// any descriptor of the database file would drop SQLite's own locks on it.
type fileLock struct{ file *os.File }

func takeLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w%s", store.ErrInUse, holder(file))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The number only helps a person; the lock is what counts.
	if err := file.Truncate(0); err == nil {
		file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &fileLock{file}, nil
}

// holder names the process that wrote its number into the lock file.
func holder(file *os.File) string {
	text := make([]byte, 20)
	n, _ := file.ReadAt(text, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (number %d)", pid)
}

// release leaves the file: removing it could take away another's lock. No lock is
// one that somebody else holds and releases.
func (l *fileLock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}
