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
	}{
		"never signed in": {func(*fakeServer, *tv) {}, 0},
		"signed in":       {func(_ *fakeServer, v *tv) { v.signIn() }, 1},
		"signed out, and confirmed": {func(s *fakeServer, v *tv) {
			v.signIn()
			s.change(func() { s.status = protocol.SignedOut })
			v.waitScreen(nav.ScreenSignedOut)
			v.until("acknowledged", func(c *core) bool { return len(c.rec.Session.Proofs) == 0 })
		}, 1},
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
				if c := next(t, s.here); c.Status != protocol.Deactivated || c.By != "" {
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
