package cache

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

var testKey = [32]byte{1, 2, 3}

// open opens a cache and closes it at the test's end.
func open(t *testing.T, cfg Config) *Cache {
	t.Helper()
	c, err := Open(cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func reopen(t *testing.T, c *Cache) *Cache {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return open(t, c.cfg)
}

func config(t *testing.T) Config {
	t.Helper()
	return Config{Dir: filepath.Join(t.TempDir(), "cache"), Key: testKey}
}

// document returns size bytes that depend on seed, and their digest.
func document(seed uint64, size int) (protocol.Digest, []byte) {
	r := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return protocol.DigestOf(b), b
}

func verifier(version int64) Verifier {
	return Verifier{Version: version, Salt: bytes.Repeat([]byte{byte(version)}, pin.SaltSize), Cost: pin.DefaultCost, MAC: [32]byte{byte(version), 9}}
}

// both runs a test on disk and in memory, and looks for leaked goroutines.
func both(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Run("disk", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		cfg := config(t)
		t.Run("", func(t *testing.T) { test(t, cfg) })
	})
	t.Run("memory", func(t *testing.T) {
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		t.Run("", func(t *testing.T) { test(t, Config{InMemory: true, Key: testKey}) })
	})
}

func TestBlobs(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		sizes := []int{0, 1, maxPlain - 1, maxPlain, maxPlain + 1, 100 << 10, protocol.MaxCatalog, MaxBlob}
		for i, size := range sizes {
			digest, data := document(uint64(i), size)
			if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
				t.Errorf("Blob before PutBlob = %v, want ErrMissing", err)
			}
			if err := errors.Join(c.PutBlob(digest, data), c.PutBlob(digest, data)); err != nil {
				t.Fatalf("PutBlob of %d bytes, twice = %v", size, err)
			}
		}
		if !cfg.InMemory {
			c = reopen(t, c)
		}
		for i, size := range sizes {
			digest, data := document(uint64(i), size)
			if got, err := c.Blob(digest); err != nil || !bytes.Equal(got, data) {
				t.Errorf("Blob of %d bytes = %d bytes, %v", size, len(got), err)
			}
		}
	})
}

func TestBlobBounds(t *testing.T) {
	c := open(t, Config{InMemory: true})
	digest, data := document(1, MaxBlob+1)
	if err := c.PutBlob(digest, data); !errors.Is(err, ErrTooLarge) {
		t.Errorf("PutBlob over the bound = %v, want ErrTooLarge", err)
	}
	if err := c.PutBlob(digest, data[:10]); !errors.Is(err, ErrDigest) {
		t.Errorf("PutBlob under another digest = %v, want ErrDigest", err)
	}
}

func TestDropBlobsExcept(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		var digests []protocol.Digest
		for i := range 4 {
			digest, data := document(uint64(i), 40<<10)
			digests = append(digests, digest)
			if err := c.PutBlob(digest, data); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.DropBlobsExcept(digests[1], digests[3]); err != nil {
			t.Fatal(err)
		}
		for i, digest := range digests {
			_, err := c.Blob(digest)
			if kept := i%2 == 1; kept != (err == nil) || (!kept && !errors.Is(err, ErrMissing)) {
				t.Errorf("blob %d: %v", i, err)
			}
		}
		if n := count(t, c, chunkPrefix); n != 2*(40<<10/maxPlain+1) {
			t.Errorf("%d chunks are left", n)
		}
	})
}

func count(t *testing.T, c *Cache, prefix string) (n int) {
	t.Helper()
	if err := c.view(func(r reader) error {
		r.names([]byte(prefix), func([]byte) { n++ })
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCutOffBlob leaves chunks without what completes them.
func TestCutOffBlob(t *testing.T) {
	c := open(t, config(t))
	digest, data := document(1, 20<<10)
	if err := c.commitAll(split(chunkPrefix+string(digest), data)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
		t.Errorf("Blob = %v, want ErrMissing", err)
	}
	if err := c.PutBlob(digest, data); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Blob(digest); err != nil {
		t.Errorf("Blob after PutBlob = %v", err)
	}
}

// TestWrongValues plants values that Badger serves as good.
func TestWrongValues(t *testing.T) {
	c := open(t, config(t))
	digest, data := document(1, 10<<10)
	prefix := chunkPrefix + string(digest)
	_, other := document(2, 10<<10)
	for name, changes := range map[string][]change{
		"another chunk":  {{key: chunkName(prefix, 1), value: other[:maxPlain]}},
		"a short chunk":  {{key: chunkName(prefix, 1), value: data[:7]}},
		"an empty chunk": {{key: chunkName(prefix, 1), value: []byte{}}},
		"no chunk":       {{key: chunkName(prefix, 2)}},
		"a bad size":     {{key: []byte(completePrefix + string(digest)), value: []byte{255, 255, 255, 255}}},
		"a short size":   {{key: []byte(completePrefix + string(digest)), value: []byte{1}}},
	} {
		if err := c.PutBlob(digest, data); err != nil {
			t.Fatalf("%s: PutBlob: %v", name, err)
		}
		if err := c.commit(changes...); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Blob(digest); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: Blob = %v, want ErrDamaged", name, err)
		}
	}
}

// TestValuesAreBoundToTheirNames moves a sealed value to another name.
func TestValuesAreBoundToTheirNames(t *testing.T) {
	c := open(t, config(t))
	sealed, err := c.keys.sealed([]byte("one"), []byte("value"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.keys.opened([]byte("one"), sealed); err != nil {
		t.Errorf("opened = %v", err)
	}
	for name, b := range map[string][]byte{"two": sealed, "one": sealed[1:], "onE": sealed, "": nil} {
		if _, err := c.keys.opened([]byte(name), b); !errors.Is(err, ErrDamaged) {
			t.Errorf("opened under %q = %v, want ErrDamaged", name, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := c.keys.opened([]byte("one"), changed); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d changed: opened = %v, want ErrDamaged", i, err)
		}
	}
	if _, err := c.keys.sealed([]byte("one"), make([]byte, maxPlain+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("sealed over 2 KiB = %v, want ErrTooLarge", err)
	}
}

func TestVerifiers(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		if got := c.PinsVersion(); got != 0 {
			t.Errorf("PinsVersion of an empty cache = %d", got)
		}
		if _, err := c.Verifier("p1"); !errors.Is(err, ErrMissing) {
			t.Errorf("Verifier of an empty cache = %v, want ErrMissing", err)
		}
		large := map[protocol.ProfileID]Verifier{}
		for i := range MaxVerifiers {
			large[protocol.ProfileID(fmt.Sprintf("profile-%d", i))] = verifier(int64(i))
		}
		small := map[protocol.ProfileID]Verifier{"profile-1": verifier(77)}
		for version, set := range []map[protocol.ProfileID]Verifier{nil, large, small, {}} {
			if err := c.PutVerifiers(int64(version), set); err != nil {
				t.Fatalf("PutVerifiers of %d: %v", len(set), err)
			}
			if !cfg.InMemory {
				c = reopen(t, c)
			}
			if got := c.PinsVersion(); got != int64(version) {
				t.Errorf("PinsVersion = %d, want %d", got, version)
			}
			for id := range large {
				got, err := c.Verifier(id)
				want, ok := set[id]
				if ok != (err == nil) || (!ok && !errors.Is(err, ErrMissing)) {
					t.Errorf("set %d: Verifier(%s) = %v", version, id, err)
				} else if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("set %d: Verifier(%s):\n%s", version, id, diff)
				}
			}
		}
	})
}

func TestVerifierBounds(t *testing.T) {
	c := open(t, Config{InMemory: true})
	if err := c.PutVerifiers(1, map[protocol.ProfileID]Verifier{"p": verifier(1)}); err != nil {
		t.Fatal(err)
	}
	many := map[protocol.ProfileID]Verifier{}
	for i := range MaxVerifiers + 1 {
		many[protocol.ProfileID(fmt.Sprint(i))] = verifier(1)
	}
	salt := verifier(1)
	salt.Salt = make([]byte, maxSalt+1)
	for name, set := range map[string]map[protocol.ProfileID]Verifier{
		"too many": many, "long salt": {"p": salt}, "no profile": {"": verifier(1)},
		"long profile": {protocol.ProfileID(strings.Repeat("p", maxProfile+1)): verifier(1)},
	} {
		if err := c.PutVerifiers(2, set); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: PutVerifiers = %v, want ErrTooLarge", name, err)
		}
	}
	if got := c.PinsVersion(); got != 1 {
		t.Errorf("PinsVersion = %d after refused sets, want 1", got)
	}
}

// TestOldVerifierDoesNotPass mixes parts of two sets, as damage could.
func TestOldVerifierDoesNotPass(t *testing.T) {
	c := open(t, config(t))
	if err := c.PutVerifiers(1, map[protocol.ProfileID]Verifier{"p": verifier(1)}); err != nil {
		t.Fatal(err)
	}
	old, err := encodePins(map[protocol.ProfileID]Verifier{"p": verifier(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PutVerifiers(2, map[protocol.ProfileID]Verifier{"p": verifier(2)}); err != nil {
		t.Fatal(err)
	}
	if err := c.commit(split(pinsPrefix, old)...); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verifier("p"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Verifier = %v, want ErrDamaged", err)
	}
	if got := c.PinsVersion(); got != 0 {
		t.Errorf("PinsVersion = %d, want 0", got)
	}
}

func TestErase(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		digest, data := document(1, 30<<10)
		if err := errors.Join(c.PutBlob(digest, data), c.PutVerifiers(3, map[protocol.ProfileID]Verifier{"p": verifier(1)})); err != nil {
			t.Fatal(err)
		}
		first, err := c.Enqueue(item("a", protocol.Started))
		if err != nil {
			t.Fatal(err)
		}
		if !cfg.InMemory {
			if err := os.MkdirAll(asideName(cfg.Dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		c.cfg.Key = [32]byte{7}
		if err := eraseAll(c, c.cfg.Key); err != nil {
			t.Fatalf("Erase: %v", err)
		}
		if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
			t.Errorf("Blob after Erase = %v, want ErrMissing", err)
		}
		if pending, dropped := c.Queued(); c.PinsVersion() != 0 || pending != 0 || dropped != 0 {
			t.Errorf("after Erase: pins %d, queued %d, dropped %d", c.PinsVersion(), pending, dropped)
		}
		if next, err := c.Enqueue(item("b", protocol.Started)); err != nil || next <= first {
			t.Errorf("Enqueue after Erase = %d, %v; want a number above %d", next, err, first)
		}
		if cfg.InMemory {
			return
		}
		if _, err := os.Stat(asideName(cfg.Dir)); !os.IsNotExist(err) {
			t.Errorf("what was set aside is still there: %v", err)
		}
		c = reopen(t, c)
		if reason, ok := c.Rebuilt(); ok {
			t.Errorf("opened under the new key: rebuilt because %s", reason)
		}
	})
}

// eraseAll erases c and goes on under another key.
func eraseAll(c *Cache, key [32]byte) error { return errors.Join(c.Erase(), c.Renew(key)) }

// Between the erasing and the renewal the cache is shut, has nothing, and can be
// closed; a renewal without an erasure throws nothing away.
func TestErasedAndNotYetRenewed(t *testing.T) {
	both(t, func(t *testing.T, cfg Config) {
		c := open(t, cfg)
		digest, data := document(1, 30<<10)
		if err := c.PutBlob(digest, data); err != nil {
			t.Fatal(err)
		}
		if err := c.Renew([32]byte{7}); !errors.Is(err, errNotErased) {
			t.Errorf("Renew of a full cache = %v, want errNotErased", err)
		}
		if _, err := c.Blob(digest); err != nil {
			t.Errorf("Blob after it = %v", err)
		}
		if err := c.Erase(); err != nil {
			t.Fatalf("Erase: %v", err)
		}
		if _, err := c.Blob(digest); !errors.Is(err, ErrClosed) {
			t.Errorf("Blob = %v, want ErrClosed", err)
		}
		if pending, _ := c.Queued(); pending != 0 || c.PinsVersion() != 0 {
			t.Errorf("queued %d, pins %d", pending, c.PinsVersion())
		}
		if !cfg.InMemory {
			if entries, err := os.ReadDir(cfg.Dir); err != nil || len(entries) != 0 {
				t.Errorf("the folder has %v, %v", entries, err)
			}
		}
		if err := c.Erase(); err != nil {
			t.Errorf("Erase again = %v", err)
		}
		if err := c.Renew([32]byte{7}); err != nil {
			t.Fatalf("Renew: %v", err)
		}
		if _, err := c.Blob(digest); !errors.Is(err, ErrMissing) {
			t.Errorf("Blob after Renew = %v, want ErrMissing", err)
		}
		if err := errors.Join(c.Erase(), c.Close()); err != nil {
			t.Errorf("closed while erased: %v", err)
		}
	})
}

func TestClosed(t *testing.T) {
	c := open(t, config(t))
	digest, data := document(1, 10)
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Errorf("Close twice = %v", err)
	}
	_, blob := c.Blob(digest)
	_, verifier := c.Verifier("p")
	_, enqueue := c.Enqueue(item("a", protocol.Started))
	_, pending := c.Pending(1)
	for name, err := range map[string]error{
		"Blob": blob, "PutBlob": c.PutBlob(digest, data), "Verifier": verifier, "PutVerifiers": c.PutVerifiers(1, nil),
		"Enqueue": enqueue, "Pending": pending, "Acknowledge": c.Acknowledge(1), "Flush": c.Flush(),
		"Erase": c.Erase(), "Renew": c.Renew(testKey), "DropBlobsExcept": c.DropBlobsExcept(),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close = %v, want ErrClosed", name, err)
		}
	}
}
