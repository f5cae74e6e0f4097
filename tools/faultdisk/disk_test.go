package faultdisk

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted is a disk that is taken away at the test's end.
func mounted(t *testing.T) (d *Disk, back, at string) {
	t.Helper()
	back, at = t.TempDir(), t.TempDir()
	d, err := Mount(back, at)
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("NOT TESTED on this machine: disks that fail: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return d, back, at
}

// TestDisk: what a program does on the disk is what becomes of the folder behind it,
// also through a mapped page, and the rule sees all of it.
func TestDisk(t *testing.T) {
	d, back, at := mounted(t)
	var mu sync.Mutex
	seen := map[Kind]int{}
	d.Use(func(op Op) syscall.Errno {
		mu.Lock()
		defer mu.Unlock()
		seen[op.Kind]++
		return 0
	})
	path := filepath.Join(at, "folder", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("hello"), 0o600)); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(8192); err != nil {
		t.Fatal(err)
	}
	// A page that this process asks itself for must not be waited for while all of its
	// goroutines are stopped, as at a collection.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC()
	page, err := unix.Mmap(int(f.Fd()), 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	copy(page[5000:], "mapped")
	if err := errors.Join(unix.Msync(page, unix.MS_SYNC), unix.Munmap(page)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatalf("flock: %v", err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(folder.Sync(), folder.Close(), os.Rename(path, path+"2"), f.Sync()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(back, "folder", "file2"))
	if err != nil || len(data) != 8192 || !bytes.HasPrefix(data, []byte("hello")) || string(data[5000:5006]) != "mapped" {
		t.Errorf("behind the disk: %d bytes, %v", len(data), err)
	}
	if err := os.Remove(path + "2"); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, k := range []Kind{Open, Create, Write, Sync, Resize, Rename, Remove, MakeDir} {
		if seen[k] == 0 {
			t.Errorf("no %s was seen: %v", k, seen)
		}
	}
}

// TestMine: what any thread of this process asks is its own, and what another process
// asks is not.
func TestMine(t *testing.T) {
	d, _, at := mounted(t)
	var mu sync.Mutex
	threads, others := map[int]bool{}, 0
	d.Use(func(op Op) syscall.Errno {
		mu.Lock()
		defer mu.Unlock()
		if op.Mine() {
			threads[op.Thread] = true
		} else {
			others++
		}
		return 0
	})
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 4 {
		all.Go(func() {
			runtime.LockOSThread() // and never back: another thread for each
			<-begin
			if err := os.WriteFile(filepath.Join(at, strconv.Itoa(i)), nil, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	close(begin)
	all.Wait()
	mu.Lock()
	mine, strange := len(threads), others
	mu.Unlock()
	if mine != 4 || strange != 0 {
		t.Errorf("%d threads, and %d operations of others, want 4 and none", mine, strange)
	}
	if err := exec.Command("touch", filepath.Join(at, "other")).Run(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if others == 0 {
		t.Error("what another process asks is taken for this one's")
	}
}

// TestFailures: the operation that the rule refuses fails with its error, changes
// nothing, and the next one works.
func TestFailures(t *testing.T) {
	d, _, at := mounted(t)
	path := filepath.Join(at, "file")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, do := range map[Kind]func() error{
		Open: func() error { _, err := os.ReadFile(path); return err },
		Read: func() error { _, err := os.ReadFile(path); return err },
		Write: func() error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("after"), 0)
			return errors.Join(err, f.Close())
		},
		Create:  func() error { return os.WriteFile(filepath.Join(at, "new"), nil, 0o600) },
		Resize:  func() error { return os.Truncate(path, 1) },
		Rename:  func() error { return os.Rename(path, path+"2") },
		Remove:  func() error { return os.Remove(path) },
		MakeDir: func() error { return os.Mkdir(filepath.Join(at, "folder"), 0o700) },
	} {
		d.Use(func(op Op) syscall.Errno {
			if op.Kind == kind {
				return syscall.EIO
			}
			return 0
		})
		if err := do(); !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v, want EIO", kind, err)
		}
		d.Use(nil)
		if data, err := os.ReadFile(path); err != nil || string(data) != "before" {
			t.Errorf("after a failed %s: %q, %v", kind, data, err)
		}
	}
}
