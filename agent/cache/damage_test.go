package cache

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// rounds is the number of rounds of a long test: from the environment, or fewer
// with -short.
func rounds(env string, normal int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	if testing.Short() {
		return normal / 5
	}
	return normal
}

// household is what the damage tests store; version 5 follows version 4.
type household struct {
	digest protocol.Digest
	data   []byte
}

func (h household) put(c *Cache, version int64) error {
	set := map[protocol.ProfileID]Verifier{"p": verifier(version)}
	_, err := c.Enqueue(item("title", protocol.Started))
	return errors.Join(err, c.PutBlob(h.digest, h.data), c.PutVerifiers(version, set))
}

// check fails where the cache serves anything but what was once put, or a set
// of verifiers under another version than its own.
func (h household) check(t *testing.T, when string, c *Cache) {
	t.Helper()
	data, err := c.Blob(h.digest)
	if err == nil && protocol.DigestOf(data) != h.digest {
		t.Errorf("%s: Blob served other bytes", when)
	}
	if err != nil && !errors.Is(err, ErrMissing) && !errors.Is(err, ErrDamaged) {
		t.Errorf("%s: Blob = %v", when, err)
	}
	version := c.PinsVersion()
	if version != 0 && version != 4 && version != 5 {
		t.Errorf("%s: PinsVersion = %d", when, version)
	}
	v, err := c.Verifier("p")
	if (err == nil) != (version != 0) || (err == nil && v.MAC != verifier(version).MAC) {
		t.Errorf("%s: version %d with verifier %d, %v", when, version, v.Version, err)
	}
	if _, err := c.Pending(MaxQueue); err != nil {
		t.Errorf("%s: Pending = %v", when, err)
	}
}

// messyFolder returns the bytes of a folder as a kill leaves it: tables of
// several runs, and a log that was never turned into one.
func messyFolder(t *testing.T) (household, map[string][]byte) {
	t.Helper()
	h := household{}
	h.digest, h.data = document(1, 60<<10)
	c := open(t, config(t))
	for run := range int64(3) {
		if err := h.put(c, 4); err != nil {
			t.Fatal(err)
		}
		_, filler := document(uint64(100+run), 70<<10)
		if err := c.PutBlob(protocol.DigestOf(filler), filler); err != nil {
			t.Fatal(err)
		}
		c = reopen(t, c)
	}
	if err := h.put(c, 5); err != nil {
		t.Fatal(err)
	}
	return h, readFolder(t, c.cfg.Dir)
}

func readFolder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func writeFolder(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// damage changes a copy of b in one of many ways and says how.
func damage(r *rand.Rand, b []byte) ([]byte, string) {
	b = append([]byte(nil), b...)
	used := len(b) // a log is mostly zeros after its last entry
	for used > 0 && b[used-1] == 0 {
		used--
	}
	if used == 0 {
		return b[:0], "emptied"
	}
	at := r.IntN(used)
	if r.IntN(3) == 0 {
		at = used - 1 - r.IntN(min(used, 64)) // footers are where readers trust lengths
	}
	end := min(len(b), at+1+r.IntN(300))
	switch r.IntN(6) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
		return b, fmt.Sprintf("bit flipped in byte %d", at)
	case 1:
		clear(b[at:end])
		return b, fmt.Sprintf("zeros from %d to %d", at, end)
	case 2:
		for i := at; i < end; i++ {
			b[i] = byte(r.Uint32())
		}
		return b, fmt.Sprintf("garbage from %d to %d", at, end)
	case 3:
		for i := at; i < end; i++ {
			b[i] = 0xff
		}
		return b, fmt.Sprintf("ones from %d to %d", at, end)
	case 4:
		return b[:at], fmt.Sprintf("cut at %d of %d", at, len(b))
	default:
		return append(b, b[:end]...), "longer"
	}
}

// TestDamage damages one file at a time, 150 times (HEARTHKEY_DAMAGES sets
// another number). Nothing wrong may be served, and the cache goes on.
func TestDamage(t *testing.T) {
	h, files := messyFolder(t)
	names := make([]string, 0, len(files))
	for name := range files {
		if name != "LOCK" {
			names = append(names, name)
		}
	}
	var rebuilt, whole int
	for i := range rounds("HEARTHKEY_DAMAGES", 150) {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		name := names[i%len(names)]
		cfg := config(t)
		writeFolder(t, cfg.Dir, files)
		b, how := damage(r, files[name])
		when := fmt.Sprintf("round %d, %s: %s", i, name, how)
		writeFolder(t, cfg.Dir, map[string][]byte{name: b})
		c, err := Open(cfg)
		if err != nil {
			t.Errorf("%s: Open = %v", when, err)
			continue
		}
		h.check(t, when, c)
		if _, ok := c.Rebuilt(); ok {
			rebuilt++
		} else if c.PinsVersion() == 5 {
			whole++
		}
		h.goesOn(t, when, c)
	}
	t.Logf("%d rebuilt, %d with the newest verifiers", rebuilt, whole)
}

// goesOn stores everything again, and finds it after a restart.
func (h household) goesOn(t *testing.T, when string, c *Cache) {
	t.Helper()
	if err := errors.Join(h.put(c, 5), c.Close()); err != nil {
		t.Errorf("%s: storing again = %v", when, err)
		return
	}
	c, err := Open(c.cfg)
	if err != nil {
		t.Errorf("%s: second Open = %v", when, err)
		return
	}
	defer c.Close()
	_, missing := c.Blob(h.digest)
	if reason, ok := c.Rebuilt(); ok || missing != nil || c.PinsVersion() != 5 {
		t.Errorf("%s: after a restart: rebuilt %q, blob %v, pins %d", when, reason, missing, c.PinsVersion())
	}
}

// TestOldFilesComeBack puts single files of an earlier time among newer ones.
func TestOldFilesComeBack(t *testing.T) {
	h, files := messyFolder(t)
	cfg := config(t)
	writeFolder(t, cfg.Dir, files)
	c := open(t, cfg)
	if err := h.put(c, 5); err != nil {
		t.Fatal(err)
	}
	c.Close()
	newer := readFolder(t, cfg.Dir)
	for name, old := range files {
		cfg := config(t)
		writeFolder(t, cfg.Dir, newer)
		writeFolder(t, cfg.Dir, map[string][]byte{name: old})
		c, err := Open(cfg)
		if err != nil {
			t.Errorf("old %s: Open = %v", name, err)
			continue
		}
		h.check(t, "old "+name, c)
		h.goesOn(t, "old "+name, c)
	}
}

func FuzzCheckFiles(f *testing.F) {
	f.Add([]byte("0123456789012345678901234567890123456789"))
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := wholeEntries(append(make([]byte, logHeader), b...)); n < logHeader || n > logHeader+len(b) {
			t.Errorf("wholeEntries = %d of %d", n, len(b))
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "000001.sst")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		err := guard("check", func() error { return checkTableFile(path, make([]byte, 32)) })
		if err == nil {
			t.Error("arbitrary bytes pass for a table")
		}
		if err := checkRegistryLengths(path); err == nil && len(b) < registryHeader {
			t.Error("a short registry passes")
		}
	})
}
