//go:build !unix

package sqlite

import (
	"fmt"
	"os"

	"github.com/hearthkey/hearthkey/server/store"
)

// fileLock says that this process has the database. Systems without flock
// refuse to remove a file that is open, so a file that can be removed is not
// in use.
type fileLock struct {
	file *os.File
	path string
}

func takeLock(path string) (*fileLock, error) {
	os.Remove(path)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if os.IsExist(err) {
		return nil, fmt.Errorf("%w", store.ErrInUse)
	}
	if err != nil {
		return nil, err
	}
	return &fileLock{file, path}, nil
}

func (l *fileLock) release() error {
	if l == nil { // somebody else's
		return nil
	}
	err := l.file.Close()
	os.Remove(l.path)
	return err
}
