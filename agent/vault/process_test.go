package vault

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// saverPath tells a re-executed test binary to save for ever, printing the
// number of each save that returned nil.
const saverPath = "HEARTHKEY_VAULT_SAVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(saverPath); path != "" {
		saveForEver(path)
	}
	os.Exit(m.Run())
}

func saveForEver(path string) {
	v, err := Open[record](path, nil)
	for i := v.Load().Epoch + 1; err == nil; i++ {
		if err = v.Save(record{Epoch: i}); err == nil {
			fmt.Println(i)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilledWhileSaving kills a saving process 30 times (HEARTHKEY_KILLS sets
// another number; -short 5). No save that was reported may be missing.
func TestKilledWhileSaving(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault")
	open(t, path, nil).Close()
	var last int64
	for kill := range kills(t) {
		reported := saveUntilKilled(t, path, 1+kill%7)
		v := open(t, path, nil)
		got := v.Load().Epoch
		if got < reported || got < last || got > reported+64 {
			t.Errorf("kill %d: epoch %d, but %d was reported durable", kill, got, reported)
		}
		last = got
		v.Close()
	}
}

func kills(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("HEARTHKEY_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 5
	}
	return 30
}

func saveUntilKilled(t *testing.T, path string, saves int) (reported int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), saverPath+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		reported, _ = strconv.ParseInt(lines.Text(), 10, 64)
		if n == saves {
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the saver ended by itself")
	}
	return reported
}

func TestFullDiskCannotStopASave(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: mounting a small tmpfs needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("NOT TESTED: mount tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	v := open(t, filepath.Join(dir, "vault"), nil)
	fill := filepath.Join(dir, "fill")
	if err := os.WriteFile(fill, make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	for i := range int64(4) {
		save(t, v, record{Epoch: i + 1})
	}
	v = reopen(t, v)
	if got := v.Load().Epoch; got != 4 {
		t.Errorf("epoch %d, want 4", got)
	}
	v.Close()
	other := open(t, filepath.Join(dir, "other"), nil)
	if err := other.Save(record{Epoch: 1}); !errors.Is(err, unix.ENOSPC) || !errors.Is(other.Stuck(), unix.ENOSPC) {
		t.Errorf("Save in a new vault on a full disk = %v, Stuck = %v, want ENOSPC", err, other.Stuck())
	}
	if _, err := os.Stat(other.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a vault that could not be made is there: %v", err)
	}
	os.Remove(fill)
	save(t, other, record{Epoch: 2})
	if err := other.Stuck(); err != nil {
		t.Errorf("Stuck with room = %v", err)
	}
	if got := reopen(t, other).Load().Epoch; got != 2 {
		t.Errorf("epoch %d, want 2", got)
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: mounting needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("NOT TESTED: mount tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path := filepath.Join(dir, "vault")
	v := open(t, path, nil)
	save(t, v, record{Epoch: 6})
	v.Close()
	remount := func(flags uintptr) {
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	v = open(t, path, nil)
	if err := v.Save(record{Epoch: 7}); !errors.Is(err, unix.EROFS) || !errors.Is(v.Stuck(), unix.EROFS) || v.Load().Epoch != 6 {
		t.Errorf("on a read-only disk: Save = %v, Stuck = %v, epoch %d; want EROFS and 6", err, v.Stuck(), v.Load().Epoch)
	}
	if _, err := Open[record](path, nil); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open on a read-only disk = %v, want ErrInUse", err)
	}
	fresh := open(t, filepath.Join(dir, "folder", "new"), nil)
	if err := fresh.Save(record{Epoch: 1}); !errors.Is(err, unix.EROFS) {
		t.Errorf("Save in a new vault on a read-only disk = %v, want EROFS", err)
	}
	remount(0)
	save(t, v, record{Epoch: 8})
	save(t, fresh, record{Epoch: 9})
	if got := [2]int64{reopen(t, v).Load().Epoch, reopen(t, fresh).Load().Epoch}; got != [2]int64{8, 9} {
		t.Errorf("epochs %d, want 8 and 9", got)
	}
}

// TestDamagedOnAReadOnlyDisk: what cannot be read and cannot be set aside is as good
// as nothing, and is set aside when the disk lets it.
func TestDamagedOnAReadOnlyDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: mounting needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("NOT TESTED: mount tmpfs: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path := filepath.Join(dir, "vault")
	if err := os.WriteFile(path, make([]byte, fileSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	v := open(t, path, nil)
	if err := v.Save(record{Epoch: 1}); !errors.Is(err, unix.EROFS) || v.Load().Epoch != 0 {
		t.Errorf("Save = %v, epoch %d; want EROFS and nothing", err, v.Load().Epoch)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	save(t, v, record{Epoch: 2})
	if _, err := os.Stat(asideName(path)); err != nil {
		t.Errorf("what was damaged is not set aside: %v", err)
	}
	if got := reopen(t, v).Load().Epoch; got != 2 {
		t.Errorf("epoch %d, want 2", got)
	}
}
