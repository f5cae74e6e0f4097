package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/protocol"
)

// saved reads the record of a TV that is off.
func saved(t *testing.T, dir string) record {
	t.Helper()
	v, err := vault.Open[record](filepath.Join(dir, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return v.Load()
}

// A reset makes a TV as new, whatever it was, and leaves the word that it did.
func TestReset(t *testing.T) {
	for name, was := range map[string]struct {
		prepare func(s *fakeServer, v *tv)
		proofs  int
		by      protocol.By // of the proof
	}{
		"never signed in": {func(*fakeServer, *tv) {}, 0, ""},
		"signed in":       {func(_ *fakeServer, v *tv) { v.signIn() }, 1, protocol.ByReset},
		"signed out, and confirmed": {func(s *fakeServer, v *tv) {
			v.signIn()
			s.change(func() { s.status = protocol.SignedOut })
			v.waitScreen(nav.ScreenSignedOut)
			v.until("acknowledged", func(c *core) bool { return len(c.rec.Session.Proofs) == 0 })
		}, 1, protocol.ByReset},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			dir := t.TempDir()
			v := plugIn(t, s.url(), dir)
			was.prepare(s, v)
			if err := Reset(dir, nil, nil); !errors.Is(err, vault.ErrInUse) {
				t.Errorf("Reset of a TV that runs = %v, want ErrInUse", err)
			}
			v.unplug()
			before := saved(t, dir)
			if err := Reset(dir, nil, nil); err != nil {
				t.Fatal(err)
			}
			after := saved(t, dir)
			for what, same := range map[string]bool{
				"identity": string(before.Identity) == string(after.Identity), "secret": string(before.Secret) == string(after.Secret),
				"data key": string(before.DataKey) == string(after.DataKey),
			} {
				if same {
					t.Errorf("the %s is the old one", what)
				}
			}
			if n := len(after.Session.Proofs); n != was.proofs || after.LastProfile != "" || len(after.PINs) != 0 || after.Session.Status == protocol.Active {
				t.Errorf("%d proofs, want %d; the record is %+v", n, was.proofs, after)
			}
			if entries, err := os.ReadDir(filepath.Join(dir, "cache")); err != nil || len(entries) != 0 {
				t.Errorf("the cache has %v, %v", entries, err)
			}
			if err := Reset(dir, nil, nil); err != nil {
				t.Errorf("Reset again = %v", err)
			}
			plugIn(t, s.url(), dir)
			if was.proofs > 0 {
				if c := next(t, s.here); c.Status != protocol.Deactivated || c.By != was.by {
					t.Errorf("the proof says %+v", c)
				}
			}
		})
	}
}

// A stolen TV is not made new by a command, and a folder without one is none.
func TestResetRefuses(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	if err := Reset(dir, nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Reset of an empty folder = %v, want ErrNotExist", err)
	}
	v := plugIn(t, s.url(), dir)
	v.signIn()
	s.change(func() { s.status = protocol.Stolen })
	v.waitScreen(nav.ScreenStolen)
	v.unplug()
	before := saved(t, dir)
	if err := Reset(dir, nil, nil); !errors.Is(err, ErrStolen) {
		t.Errorf("Reset of a stolen TV = %v, want ErrStolen", err)
	}
	if after := saved(t, dir); string(after.Identity) != string(before.Identity) || after.Session.Status != protocol.Stolen {
		t.Errorf("it was changed all the same: %+v", after)
	}
}

// cutOff is a key store that works a number of times: what a power cut leaves behind.
type cutOff struct{ left int }

var errCut = errors.New("power cut")

func (c *cutOff) Wrap(plain []byte) ([]byte, error) {
	if c.left == 0 {
		return nil, errCut
	}
	c.left--
	return plain, nil
}

func (*cutOff) Unwrap(b []byte) ([]byte, error) { return b, nil }

// A reset that is cut off at any write is finished by the next, or by the next start:
// nothing opens what the household had, and the word that it left is there once.
func TestResetIsCutOff(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	v := plugInWith(t, s.url(), dir, &cutOff{-1})
	v.signIn()
	next(t, s.receipts)
	v.unplug()
	household := copyOf(t, dir)
	for cut := 0; ; cut++ {
		putBack(t, household, dir)
		before := wrapped(t, dir)
		err := Reset(dir, &cutOff{cut}, nil)
		if err == nil {
			if cut < 5 {
				t.Errorf("a reset of %d writes: this test cuts nothing off", cut)
			}
			return
		}
		if !errors.Is(err, errCut) {
			t.Fatalf("cut at %d: Reset = %v", cut, err)
		}
		if left := wrapped(t, dir); left.Session.Status == protocol.Deactivated && len(left.Session.Proofs) != 1 {
			t.Errorf("cut at %d: %d proofs", cut, len(left.Session.Proofs))
		}
		if wrapped(t, dir).Session.Status == protocol.Deactivated {
			a, err := startOn(t, copyOf(t, dir), &cutOff{-1})
			if err != nil || a.View().Screen != nav.ScreenDeactivated {
				t.Errorf("cut at %d: the next start = %v, and shows %s", cut, err, a.View().Screen)
			}
		}
		if err := Reset(dir, &cutOff{-1}, nil); err != nil {
			t.Fatalf("cut at %d: the next Reset = %v", cut, err)
		}
		after := wrapped(t, dir)
		if len(after.Session.Proofs) != 1 || string(after.Identity) == string(before.Identity) || after.Session.Status != protocol.Deactivated {
			t.Errorf("cut at %d: after the next Reset %+v", cut, after)
		}
		for _, secret := range [][]byte{before.Identity, before.Secret, before.DataKey, []byte("Robin"), []byte("robin@example.com")} {
			assertAbsent(t, dir, secret)
		}
	}
}

// wrapped is saved for a TV with a key store.
func wrapped(t *testing.T, dir string) record {
	t.Helper()
	v, err := vault.Open[record](filepath.Join(dir, "vault"), &cutOff{-1})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return v.Load()
}
