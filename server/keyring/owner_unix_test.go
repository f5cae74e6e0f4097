//go:build unix

package keyring

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFilesThatRootWritesAreTheFoldersOwners: the server reads them as its own user.
func TestFilesThatRootWritesAreTheFoldersOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can give files to another user")
	}
	const user = 12345
	b := newBench(t)
	if err := os.Chown(b.dir, user, user); err != nil {
		t.Fatal(err)
	}
	b.must(b.add)
	for _, name := range []string{listFile, nextFile} {
		info, err := os.Stat(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != user {
			t.Errorf("%s is of user %d, want %d", name, owner, user)
		}
	}
}
