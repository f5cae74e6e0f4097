package flash

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var cutsFlag = flag.Int("cuts", 30, "`number` of power cuts of TestR3_PowerCuts")

// instant copies what a disk holds now: a reflink of its file, which takes no time in
// which the disk could go on. The name is fresh: pages of an old file of that name may
// still be in memory.
func instant(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer dst.Close()
	return unix.IoctlFileClone(int(dst.Fd()), int(src.Fd()))
}

// reflinks makes an XFS in a file and returns where it is mounted.
func reflinks(t *testing.T) string {
	t.Helper()
	needsRoot(t, "mkfs.xfs", "mkfs.ext4", "mount")
	dir := scratch(t)
	file, at := filepath.Join(dir, "xfs"), filepath.Join(dir, "at")
	run(t, "truncate", "-s", "600M", file)
	run(t, "mkfs.xfs", "-q", "-m", "reflink=1", file)
	if err := mount(t, file, at, "xfs", "loop"); err != nil {
		t.Skipf("NOT TESTED on this machine: power cuts: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(at); err != nil {
			t.Error(err)
		}
	})
	return at
}

// box is a box whose disk is an ext4 in a file on the XFS.
func box(t *testing.T, xfs, name string) (disk, at string) {
	t.Helper()
	disk, at = filepath.Join(xfs, name), filepath.Join(xfs, name+".mounted")
	run(t, "truncate", "-s", "48M", disk)
	run(t, "mkfs.ext4", "-q", "-J", "size=4", disk)
	if err := mount(t, disk, at, "ext4", "loop,noatime"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unmount(at); err != nil {
			t.Error(err)
		}
	})
	return disk, at
}

// TestR3_PowerCuts: nothing that was said to be durable is lost by a power cut at any
// moment, of vault or cache, and both open; the control, which does not sync, does lose.
func TestR3_PowerCuts(t *testing.T) {
	t.Parallel()
	xfs := reflinks(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 3))
	disk, at := box(t, xfs, "disk")
	w := startWriter(t, "write", at)
	defer func() { w.kill() }()
	var acked int64
	for n := range *cutsFlag {
		if n%50 == 49 { // now and then the box starts anew
			w.kill()
			w = startWriter(t, "write", at)
			w.acked.Store(acked)
		}
		if err := w.until(acked + 1 + int64(dice.IntN(4))); err != nil {
			t.Fatal(err)
		}
		for range dice.IntN(20_000) { // a system call each: up to some milliseconds into the next round
			unix.Getppid()
		}
		acked = w.acked.Load()
		if err := cutAndLook(t, xfs, disk, n, acked); err != nil {
			t.Fatalf("cut %d: %v", n+1, err)
		}
	}
	t.Logf("%d cuts at up to round %d", *cutsFlag, acked)
	loses(t, xfs, dice)
}

// after opens a cut disk and does something with it.
func after(t *testing.T, cut string, do func(at string) error) error {
	t.Helper()
	at := cut + ".mounted"
	if err := mount(t, cut, at, "ext4", "loop,noatime"); err != nil {
		return err
	}
	err := do(at)
	if e := unmount(at); err == nil {
		err = e
	}
	os.Remove(at)
	return err
}

func cutAndLook(t *testing.T, xfs, disk string, n int, acked int64) error {
	t.Helper()
	cut := filepath.Join(xfs, fmt.Sprintf("cut-%d", n))
	if err := instant(disk, cut); err != nil {
		return err
	}
	defer os.Remove(cut)
	return after(t, cut, func(at string) error {
		f, crashes, err := look(at)
		if err == nil && crashes > 0 {
			err = fmt.Errorf("ended %d times before it opened", crashes)
		}
		if err == nil {
			// The writer goes on between the reading of what it said and the cut.
			if f.Round >= acked && f.Pins >= acked {
				acked = max(acked, f.Round-1)
			}
			err = f.holds(acked)
		}
		return err
	})
}

// loses holds that this test would see a loss.
func loses(t *testing.T, xfs string, dice *rand.Rand) {
	t.Helper()
	disk, at := box(t, xfs, "control")
	w := startWriter(t, "careless", at)
	defer w.kill()
	var file, db int
	rounds := 2 + *cutsFlag/10
	for n := range rounds {
		if err := w.until(w.acked.Load() + 5 + int64(dice.IntN(50))); err != nil {
			t.Fatal(err)
		}
		acked := w.acked.Load()
		cut := filepath.Join(xfs, fmt.Sprintf("control-%d", n))
		if err := instant(disk, cut); err != nil {
			t.Fatal(err)
		}
		if err := after(t, cut, func(at string) error {
			f, d := carelessRounds(at)
			if f < acked {
				file++
			}
			if d < acked {
				db++
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		os.Remove(cut)
	}
	if file == 0 || db == 0 {
		t.Errorf("without syncs a file lost rounds in %d of %d cuts and Badger in %d: this test is blind", file, rounds, db)
	}
	t.Logf("the control lost rounds in %d (file) and %d (Badger) of %d cuts", file, db, rounds)
}
