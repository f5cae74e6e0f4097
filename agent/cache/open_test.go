package cache

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestOpenErrors(t *testing.T) {
	if _, err := Open(Config{}); err == nil {
		t.Error("Open without a folder succeeded")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: file}); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("Open of a file = %v", err)
	}
}

func TestInUse(t *testing.T) {
	c := open(t, config(t))
	if _, err := Open(c.cfg); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open = %v, want ErrInUse", err)
	}
	if _, ok := reopen(t, c).Rebuilt(); ok {
		t.Error("rebuilt after a refused Open")
	}
}

func TestFilesystem(t *testing.T) {
	for magic, want := range map[int64]error{jffs2Magic: ErrFilesystem, 0xef53: nil, 0x24051905: nil, 0x4d44: nil} {
		if err := filesystemError("/data", magic); !errors.Is(err, want) {
			t.Errorf("filesystemError(%#x) = %v, want %v", magic, err, want)
		}
	}
	if err := probe(t.TempDir()); err != nil {
		t.Errorf("probe = %v", err)
	}
	if err := probe("/proc"); err == nil {
		t.Error("probe of a folder that takes no files succeeded")
	}
}

// filled returns the configuration of a closed cache with a document, verifiers
// and an activity item in tables and a log.
func filled(t *testing.T) (Config, protocol.Digest) {
	t.Helper()
	c := open(t, config(t))
	digest, data := document(1, 100<<10)
	set := map[protocol.ProfileID]Verifier{"p": verifier(5)}
	if err := errors.Join(c.PutBlob(digest, data), c.PutVerifiers(5, set)); err != nil {
		t.Fatal(err)
	}
	enqueue(t, c, protocol.Started)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return c.cfg, digest
}

func TestOtherKeyRemovesTheFolder(t *testing.T) {
	cfg, digest := filled(t)
	cfg.Key = [32]byte{99}
	c := open(t, cfg)
	if reason, ok := c.Rebuilt(); !ok || !strings.Contains(reason, "another key") {
		t.Errorf("Rebuilt() = %q, %v", reason, ok)
	}
	if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
		t.Errorf("Blob = %v, want ErrMissing", err)
	}
	if _, err := os.Stat(asideName(cfg.Dir)); !os.IsNotExist(err) {
		t.Errorf("the folder under the old key was kept: %v", err)
	}
}

// TestPlantedEmptyFiles plants what a kill leaves and Badger stumbles over.
func TestPlantedEmptyFiles(t *testing.T) {
	cfg, digest := filled(t)
	for _, name := range []string{"00001.mem", "00007.mem", "000001.vlog", "000099.vlog", "DISCARD", "REWRITE-KEYREGISTRY"} {
		path := filepath.Join(cfg.Dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zeros := filepath.Join(cfg.Dir, "00008.mem")
	if err := os.WriteFile(zeros, make([]byte, maxLog), 0o600); err != nil {
		t.Fatal(err)
	}
	c := open(t, cfg)
	if reason, ok := c.Rebuilt(); ok {
		t.Errorf("rebuilt because %s", reason)
	}
	if _, err := c.Blob(digest); err != nil {
		t.Errorf("Blob = %v", err)
	}
	if got := c.PinsVersion(); got != 5 {
		t.Errorf("PinsVersion = %d, want 5", got)
	}
}

func TestMissingFiles(t *testing.T) {
	for _, name := range []string{badger.ManifestFilename, badger.KeyRegistryFileName, "*.sst"} {
		cfg, digest := filled(t)
		paths, _ := filepath.Glob(filepath.Join(cfg.Dir, name))
		if len(paths) == 0 {
			t.Fatalf("there is no %s", name)
		}
		os.Remove(paths[0])
		c := open(t, cfg)
		if reason, ok := c.Rebuilt(); !ok || reason == "" {
			t.Errorf("%s removed: not rebuilt", name)
		}
		if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
			t.Errorf("%s removed: Blob = %v, want ErrMissing", name, err)
		}
		if _, err := c.Verifier("p"); !errors.Is(err, ErrMissing) {
			t.Errorf("%s removed: Verifier = %v, want ErrMissing", name, err)
		}
	}
}

func TestOnlyOneFolderIsKeptAside(t *testing.T) {
	for range 3 {
		cfg, _ := filled(t)
		for range 3 {
			os.Remove(filepath.Join(cfg.Dir, badger.ManifestFilename))
			c := open(t, cfg)
			enqueue(t, c, protocol.Started)
			c.Close()
		}
		entries, _ := os.ReadDir(filepath.Dir(cfg.Dir))
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		want := []string{"cache", "cache.ballast", "cache.damaged-1", "cache.lock"}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("beside the folder:\n%s", diff)
		}
	}
}

// TestClockOf1970 makes a registry the way a TV without a clock would: its
// "last data key" of 1970 is younger than the rotation.
func TestClockOf1970(t *testing.T) {
	dir := t.TempDir()
	key := make([]byte, 32)
	if err := ensureDataKey(dir, key, 200*365*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	registry, err := openRegistry(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	if dataKey, err := registry.DataKey(1); err != nil || len(dataKey.GetData()) != 32 {
		t.Errorf("DataKey(1) = %v, %v; want a key", dataKey, err)
	}
}

func TestFilesArePrivateAndSealed(t *testing.T) {
	cfg := config(t)
	c := open(t, cfg)
	text := []byte(strings.Repeat("plain-text-of-a-household ", 500))
	if err := c.PutBlob(protocol.DigestOf(text), text); err != nil {
		t.Fatal(err)
	}
	c.Close()
	err := filepath.WalkDir(cfg.Dir, func(path string, d os.DirEntry, err error) error {
		if d.IsDir() {
			if info, _ := d.Info(); info.Mode().Perm() != 0o700 {
				t.Errorf("folder has mode %v", info.Mode())
			}
			return err
		}
		if raw, _ := os.ReadFile(path); strings.Contains(string(raw), "household") {
			t.Errorf("%s holds plain text", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEnvelope holds what keeps tables whole on 32-bit machines.
func TestEnvelope(t *testing.T) {
	o := badgerOptions("/x", make([]byte, 32))
	if !insideEnvelope(o) {
		t.Error("our own options are outside the envelope")
	}
	if insideEnvelope(badger.DefaultOptions("/x")) {
		t.Error("Badger's defaults are inside the envelope")
	}
	wide := o
	wide.BaseTableSize = 512 << 10 // exactly a power of two: twice it leaves no room
	if insideEnvelope(wide) {
		t.Error("a table of half a power of two is inside the envelope")
	}
	if is32 := ^uint(0)>>32 == 0; allocatorFaulty() != is32 {
		t.Errorf("allocatorFaulty() = %v; 32-bit is %v: ristretto changed", allocatorFaulty(), is32)
	}
}

func TestMark(t *testing.T) {
	var m Mark
	var got []bool
	for _, crash := range []bool{false, true, false, true, true, false, true, true, false, false} {
		next, inMemory := m.Begin()
		got = append(got, inMemory)
		if next.SeqFloor() <= m.SeqFloor() {
			t.Errorf("SeqFloor %d after %d", next.SeqFloor(), m.SeqFloor())
		}
		if m = next; !crash {
			m = next.Opened()
		}
	}
	want := []bool{false, false, false, false, false, true, false, false, true, false}
	if !slices.Equal(got, want) {
		t.Errorf("in memory: %v\nwant       %v", got, want)
	}
}

func TestSetAsideOfNothing(t *testing.T) {
	if err := SetAside(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("SetAside = %v", err)
	}
}

// fakeDisk reports the room that a test says.
type fakeDisk struct{ free int64 }

func (d *fakeDisk) report(string) (int64, error) { return d.free, nil }

func TestLittleRoom(t *testing.T) {
	disk := &fakeDisk{free: plentyFree}
	cfg := config(t)
	cfg.Free = disk.report
	c := open(t, cfg)
	digest, data := document(1, 50<<10)
	disk.free = needFree - 1
	for name, err := range map[string]error{
		"PutBlob": c.PutBlob(digest, data), "PutVerifiers": c.PutVerifiers(1, nil),
	} {
		if !errors.Is(err, ErrDiskFull) || !strings.Contains(err.Error(), "KiB free") {
			t.Errorf("%s = %v, want ErrDiskFull", name, err)
		}
	}
	seq, err := c.Enqueue(item("a", protocol.Started))
	if !errors.Is(err, ErrDiskFull) || !slices.Equal(seqs(t, c), []int64{seq}) {
		t.Errorf("Enqueue = %d, %v; want it in memory and ErrDiskFull", seq, err)
	}
	disk.free = needFree
	if err := errors.Join(c.PutBlob(digest, data), c.Flush()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := seqs(t, reopen(t, c)); !slices.Equal(got, []int64{seq}) {
		t.Errorf("after a restart: %v, want %d", got, seq)
	}
}

// TestBallast gives up the ballast at open, and only then.
func TestBallast(t *testing.T) {
	cfg := config(t)
	ballast := space{dir: cfg.Dir}.ballast()
	disk := &fakeDisk{}
	cfg.Free = func(string) (int64, error) {
		if _, err := os.Stat(ballast); err != nil {
			return disk.free + ballastSize, nil
		}
		return disk.free, nil
	}
	disk.free = plentyFree
	c := open(t, cfg)
	var st unix.Stat_t
	if err := unix.Stat(ballast, &st); err != nil || st.Blocks*512 < ballastSize {
		t.Fatalf("ballast has %d blocks, %v", st.Blocks, err)
	}
	disk.free = 0
	if err := c.PutVerifiers(1, nil); !errors.Is(err, ErrDiskFull) {
		t.Errorf("PutVerifiers = %v, want ErrDiskFull", err)
	}
	c = reopen(t, c)
	if _, err := os.Stat(ballast); !os.IsNotExist(err) {
		t.Errorf("the ballast is still there: %v", err)
	}
	if err := c.PutVerifiers(1, nil); err != nil {
		t.Errorf("PutVerifiers on the ballast's room = %v", err)
	}
	c.Close()
	disk.free = -ballastSize
	if _, err := Open(cfg); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Open without any room = %v, want ErrDiskFull", err)
	}
	disk.free = plentyFree
	c = open(t, cfg)
	if _, err := os.Stat(ballast); err != nil || c.PinsVersion() != 1 {
		t.Errorf("with room again: ballast %v, pins %d", err, c.PinsVersion())
	}
}

// TestEraseWithoutAnyRoom: the data goes, the cache is not opened again.
func TestEraseWithoutAnyRoom(t *testing.T) {
	disk := &fakeDisk{free: needFree}
	cfg := config(t)
	cfg.Free = disk.report
	c := open(t, cfg)
	if err := c.PutVerifiers(1, nil); err != nil {
		t.Fatal(err)
	}
	disk.free = 0
	if err := eraseAll(c, [32]byte{8}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("Erase = %v, want ErrDiskFull", err)
	}
	if entries, err := os.ReadDir(cfg.Dir); err != nil || len(entries) != 0 {
		t.Errorf("after Erase the folder has %v, %v", entries, err)
	}
	if err := c.PutVerifiers(2, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("PutVerifiers after it = %v, want ErrClosed", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}
