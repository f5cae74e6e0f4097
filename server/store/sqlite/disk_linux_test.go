package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// mountDisk mounts a file system of 2 MiB in memory and returns its folder.
func mountDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("NOT TESTED: mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := mountDisk(t)
	path, filler := filepath.Join(dir, "x.db"), filepath.Join(dir, "filler")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT)`)
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	acked := 0
	var err error
	for err == nil && acked < 10_000 {
		if err = update(t.Context(), d, `INSERT INTO t VALUES ($1, $2)`, acked, strings.Repeat("x", 5000)); err == nil {
			acked++
		}
	}
	if d.Classify(err) != store.ErrFull || acked == 0 {
		t.Errorf("after %d commits: %v, want ErrFull", acked, err)
	}
	wantRows(t, d, acked) // reading goes on
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, d, `INSERT INTO t VALUES (-1, 'there is room again')`)
	mustClose(t, d)
	d = mustOpen(t, Config{Path: path})
	wantRows(t, d, acked+1)
	mustClose(t, d)
}

func TestFullDiskAtStart(t *testing.T) {
	dir := mountDisk(t)
	if err := os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: filepath.Join(dir, "x.db")}); !errors.Is(err, store.ErrFull) {
		t.Errorf("Open on a full disk = %v, want ErrFull", err)
	}
}

// TestFullDiskAtRestart: the database is there, but nothing can be written
// beside it.
func TestFullDiskAtRestart(t *testing.T) {
	dir := mountDisk(t)
	path, filler := filepath.Join(dir, "x.db"), filepath.Join(dir, "filler")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT)`)
	mustClose(t, d)
	if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("fill the disk: %v", err)
	}
	if _, err := Open(t.Context(), Config{Path: path}); !errors.Is(err, store.ErrFull) {
		t.Errorf("Open on a full disk = %v, want ErrFull", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, Config{Path: path})
	wantRows(t, d, 0)
	mustClose(t, d)
}

func TestReadOnlyDisk(t *testing.T) {
	dir := mountDisk(t)
	path := filepath.Join(dir, "x.db")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT)`)
	mustClose(t, d)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: path}); !errors.Is(err, store.ErrReadOnly) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open on a read-only disk = %v, want ErrReadOnly with the path", err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	d = mustOpen(t, Config{Path: path})
	wantRows(t, d, 0)
	mustClose(t, d)
}
