package agent

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// hardware stands for a key store that no copy of the disk has: a key that stays
// on the machine and, where counts is set, a number that only grows, as a TPM's NV
// counter.
type hardware struct {
	aead   cipher.AEAD
	counts bool

	mu     sync.Mutex
	number uint64 // guarded by mu
}

func newHardware(t *testing.T, counts bool) *hardware {
	t.Helper()
	block, err := aes.NewCipher(randomKey())
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &hardware{aead: aead, counts: counts}
}

func (h *hardware) Wrap(plain []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	out := make([]byte, 8+h.aead.NonceSize(), 8+h.aead.NonceSize()+len(plain)+h.aead.Overhead())
	binary.BigEndian.PutUint64(out, h.number)
	rand.Read(out[8:])
	return h.aead.Seal(out, out[8:], plain, out[:8]), nil
}

// errOlder is the answer to what was wrapped before the newest. One step back is
// taken: the write of the newest may have been cut off.
var errOlder = errors.New("wrapped before the newest")

func (h *hardware) Unwrap(b []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head := 8 + h.aead.NonceSize()
	if len(b) < head {
		return nil, errors.New("too short")
	}
	if h.counts && binary.BigEndian.Uint64(b)+1 < h.number {
		return nil, errOlder
	}
	return h.aead.Open(nil, b[8:head], b[head:], b[:8])
}

// copyOf copies a TV's folder, as whoever takes its disk does.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// putBack puts a copy of a folder, or of a part of it, in its place.
func putBack(t *testing.T, from, to string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from))); err != nil {
		t.Fatal(err)
	}
}

// startOn starts an agent on a folder, without a network.
func startOn(t *testing.T, dir string, keys vault.KeyStore) (*Agent, error) {
	t.Helper()
	a := &Agent{Server: "ws://127.0.0.1:9", Dir: dir, Name: "Copy", KeyStore: keys}
	err := a.Start(context.Background())
	t.Cleanup(func() { a.Close() })
	return a, err
}

// TestP9_ACopyWithoutTheKeyStoreTestsNoPIN: the folder of a TV whose vault is
// wrapped by its hardware opens on no other machine, and holds nothing in plain by
// which a PIN can be tested.
func TestP9_ACopyWithoutTheKeyStoreTestsNoPIN(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	own := newHardware(t, false)
	v := plugInWith(t, s.url(), dir, own)
	v.signIn()
	next(t, s.receipts)
	secrets := v.core.rec // the core is idle
	v.unplug()
	for name, keys := range map[string]vault.KeyStore{"none": nil, "another machine's": newHardware(t, false)} {
		if _, err := startOn(t, copyOf(t, dir), keys); !errors.Is(err, vault.ErrKeyStore) {
			t.Errorf("with %s key store: Start = %v, want ErrKeyStore", name, err)
		}
	}
	for _, secret := range [][]byte{secrets.Secret, secrets.DataKey, secrets.Identity, []byte("Robin")} {
		assertAbsent(t, dir, secret)
	}
	// The vault lost its one copy of the key: the cache beside a new vault is noise.
	other := copyOf(t, dir)
	if err := os.Remove(filepath.Join(other, "vault")); err != nil {
		t.Fatal(err)
	}
	a, err := startOn(t, other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if view := a.View(); view.Screen != nav.ScreenWelcome {
		t.Errorf("a TV with another's cache shows %s", view.Screen)
	}
	// On its own machine it goes on.
	v = plugInWith(t, s.url(), dir, own)
	v.waitScreen(nav.ScreenGate)
}

// plugInWith starts an agent with a key store.
func plugInWith(t *testing.T, server, dir string, keys vault.KeyStore) *tv {
	t.Helper()
	return plugInAs(t, &Agent{Server: server, Dir: dir, Name: "Test TV", KeyStore: keys})
}

// allPINs calls fn with every PIN and its key.
func allPINs(t *testing.T, v cache.Verifier, fn func(digits string, k []byte)) {
	t.Helper()
	for n := range 10_000 {
		digits := fmt.Sprintf("%04d", n)
		k, err := pin.Derive(digits, v.Salt, v.Cost)
		if err != nil {
			t.Fatal(err)
		}
		fn(digits, k)
	}
}

// TestP9_WhatACopyCanTest: whoever has the cache and its key, but not the device's
// own secret, can test none of the 10,000 PINs. Whoever has a copy of the whole
// folder of a TV without a key store has that secret too, and finds the PIN: this
// is what the file's mode alone protects, and docs/security.md says so.
func TestP9_WhatACopyCanTest(t *testing.T) {
	_, dir, v := household(t)
	v.unplug()
	thief := copyOf(t, dir)
	open, err := vault.Open[record](filepath.Join(thief, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	stolen := open.Load()
	if err := open.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := cache.Open(cache.Config{Dir: filepath.Join(thief, "cache"), Key: stolen.dataKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	verifier, err := c.Verifier(robin)
	if err != nil {
		t.Fatal(err)
	}
	others := [][]byte{randomKey(), make([]byte, 32), stolen.DataKey, stolen.Identity}
	var found []string
	allPINs(t, verifier, func(digits string, k []byte) {
		for _, secret := range others {
			if pin.Equal(verifier.MAC[:], pin.Verifier(secret, robin, verifier.Version, k)) {
				t.Errorf("%s is told by a secret that is not the device's", digits)
			}
		}
		if pin.Equal(verifier.MAC[:], pin.Verifier(stolen.Secret, robin, verifier.Version, k)) {
			found = append(found, digits)
		}
	})
	if len(found) != 1 || found[0] != robinPIN {
		t.Errorf("with the whole folder the PIN is one of %v; is docs/security.md still right?", found)
	}
}

// TestP9_AnOlderCacheIsNoticed: the vault names what the cache must hold. An older
// one opens nothing, not by the old PIN and not by the new, until the server has
// sent it all again.
func TestP9_AnOlderCacheIsNoticed(t *testing.T) {
	s, dir, v := household(t)
	v.unplug()
	old := copyOf(t, filepath.Join(dir, "cache"))
	v = plugIn(t, s.url(), dir)
	v.waitScreen(nav.ScreenGate)
	s.change(func() { s.pin, s.pinVer = "7777", 2 })
	v.until("at the new PIN", func(c *core) bool { return c.rec.Session.Pins == 2 && c.held().Pins == 2 })
	v.unplug()
	putBack(t, old, filepath.Join(dir, "cache"))
	s.cut()

	v = plugIn(t, s.url(), dir)
	for _, digits := range []string{robinPIN, "7777"} {
		v.do(func(c *core) {
			if _, _, err := c.verifier(robin); !errors.Is(err, cache.ErrMissing) {
				t.Errorf("an older cache still has a verifier: %v", err)
			}
			c.screenEffect(nav.CheckPIN{Check: 1, Profile: robin, Digits: nav.Digits(digits)})
			if c.checking != "" || c.profile != "" || c.world().Phase == nav.Active || c.held().Pins == c.rec.Session.Pins {
				t.Errorf("%s is checked against an older cache", digits)
			}
		})
	}
	v.unplug()

	s2 := resumed(t, s)
	s2.pin, s2.pinVer = "7777", 2
	v = plugIn(t, s2.url(), dir)
	v.waitScreen(nav.ScreenGate)
	v.until("here again", func(c *core) bool { _, _, err := c.verifier(robin); return err == nil })
	v.press(keyseq.OK)
	v.wrong()
	v.enter("7777")
	v.waitScreen(nav.ScreenHome)
}

// TestP9_AnOlderFolderIsNoticed: vault and cache together, put back to before some
// wrong tries. Without secure storage nothing on the TV can know, so the tries are
// free while it is offline; with a key store that counts they are not, and either
// way the next contact shows a connection's number that was used before, by which
// the server locks both (package device: clone).
func TestP9_AnOlderFolderIsNoticed(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys *hardware
	}{{"a file", nil}, {"a key that stays on the machine", newHardware(t, false)}, {"a counter that only grows", newHardware(t, true)}} {
		t.Run(tt.name, func(t *testing.T) {
			var keys vault.KeyStore
			if tt.keys != nil {
				keys = tt.keys
			}
			s := newFakeServer(t)
			dir := t.TempDir()
			v := plugInWith(t, s.url(), dir, keys)
			v.signIn()
			next(t, s.receipts)
			v.unplug()
			old := copyOf(t, dir)
			v = plugInWith(t, s.url(), dir, keys)
			v.waitScreen(nav.ScreenGate)
			v.until("online", func(c *core) bool { return c.world().Online })
			v.press(keyseq.OK)
			for range 3 {
				v.wrong()
			}
			v.unplug()
			putBack(t, old, dir)
			if tt.keys != nil && tt.keys.counts {
				if _, err := startOn(t, dir, keys); !errors.Is(err, vault.ErrKeyStore) || !errors.Is(err, errOlder) {
					t.Errorf("Start on an older folder = %v, want ErrKeyStore", err)
				}
				return
			}
			v = plugInWith(t, s.url(), dir, keys)
			v.until("noticed by the server", func(*core) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.clones > 0
			})
			s.change(func() { s.status = protocol.Stolen })
			v.wait("the lock", func(view nav.View) bool { return view.Screen == nav.ScreenStolen })
			v.do(func(c *core) {
				if _, _, err := c.verifier(robin); err == nil {
					t.Error("a locked clone still checks PINs")
				}
			})
		})
	}
}
