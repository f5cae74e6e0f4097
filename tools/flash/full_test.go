package flash

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var fillsFlag = flag.Int("fills", 20, "`number` of points to which TestR8_FillPoints fills a disk")

// TestR8_FillPoints fills a disk up to one point after another, with up to 2 MB left, while
// vault and cache are in use. Nothing ends a process but its own word that the disk is
// full, and nothing that was durable is lost.
func TestR8_FillPoints(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	dir := scratch(t)
	at := filepath.Join(dir, "small")
	if err := mount(t, "tmpfs", at, "tmpfs", "size=12m"); err != nil {
		t.Skipf("NOT TESTED on this machine: full disks: %v", err)
	}
	defer func() {
		if err := unmount(at); err != nil {
			t.Error(err)
		}
	}()
	var acked int64
	refused := 0
	for n := range *fillsFlag {
		left := int64(n) * (2 << 20) / int64(*fillsFlag)
		if n%2 == 1 { // whoever filled the disk took the reserve too
			os.Remove(filepath.Join(at, "cache.ballast"))
		}
		filler := fill(t, at, left)
		w := startWriter(t, "write", at)
		w.acked.Store(acked)
		if err := w.until(acked + 3); err != nil {
			if !strings.Contains(err.Error(), "disk is full") && !strings.Contains(err.Error(), "no space left") {
				t.Fatalf("with %d bytes left: %v", left, err)
			}
			refused++
		} else {
			w.kill()
		}
		acked = w.acked.Load()
		os.Remove(filler)
		f, crashes, err := look(at)
		if err == nil && crashes > 0 {
			err = errors.New("it ended before it opened")
		}
		if err == nil {
			// Where the cache is refused, the vault is a round ahead, and one more at each try.
			f.Round = min(f.Round, acked+2)
			err = f.holds(acked)
		}
		if err != nil {
			t.Fatalf("after a disk with %d bytes left, round %d: %v", left, acked, err)
		}
		acked = max(acked, f.Pins)
	}
	t.Logf("%d points, at %d of them the disk was too full", *fillsFlag, refused)
	if refused == 0 {
		t.Error("the disk was never full: this test is blind")
	}
}

// fill leaves so many bytes free in a file system.
func fill(t *testing.T, at string, left int64) string {
	t.Helper()
	path := filepath.Join(at, "somebody-elses-file")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Statfs(at, &st); err != nil {
		t.Fatal(err)
	}
	if size := int64(st.Bavail)*int64(st.Bsize) - left; size > 0 {
		if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil && !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	return path
}
