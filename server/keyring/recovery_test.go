package keyring

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestLostRootIsReplaced(t *testing.T) {
	b := newBench(t)
	if err := os.Remove(filepath.Join(b.dir, rootFile)); err != nil {
		t.Fatal(err)
	}
	signs, lost := b.ring.InUse(), b.root()
	to, err := NewRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.must(func(d *Folder) error { return d.ReplaceLostRoot(to) })
	b.reload()
	if b.ring.InUse() != signs {
		t.Error("another key signs: devices would not believe it")
	}
	if b.root().Equal(lost) || b.ring.Number() != 2 {
		t.Errorf("root key not replaced, list %d", b.ring.Number())
	}
	open(t, b.dir)
}

// TestLostSigningKeyIsReplaced: with the root key another one takes its place.
func TestLostSigningKeyIsReplaced(t *testing.T) {
	b := newBench(t)
	lost := b.ring.InUse()
	if err := os.Remove(filepath.Join(b.dir, signingFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ring.Reload(); !errors.Is(err, ErrIncomplete) || b.ring.InUse() != lost {
		t.Errorf("Reload = %v, want ErrIncomplete and the key of before", err)
	}
	if diff := cmp.Diff(map[KeyState]int{KeyListed: 1}, b.states()); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	b.must(b.add)
	b.reload()
	if diff := cmp.Diff(map[KeyState]int{KeyListed: 1, KeySigns: 1}, b.states()); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
	b.must(retire(lost))
	b.reload()
	if open(t, b.dir).InUse() == lost {
		t.Error("the lost key is still in use")
	}
}

// TestChangesSurviveACrashAnywhere: whatever files a change had written when the
// power went, the server starts, signs with a listed key, and the command works
// when it is given again.
func TestChangesSurviveACrashAnywhere(t *testing.T) {
	changes := map[string]func(*bench) func(*Folder) error{
		"add":         func(b *bench) func(*Folder) error { return b.add },
		"use":         func(b *bench) func(*Folder) error { return b.use },
		"retire":      func(b *bench) func(*Folder) error { return retire(oldest(b)) },
		"remove":      func(b *bench) func(*Folder) error { return b.remove(b.ring.InUse()) },
		"rotate root": func(b *bench) func(*Folder) error { return b.rotateRoot },
		"replace lost root": func(b *bench) func(*Folder) error {
			to, err := NewRoot(rand.Reader)
			if err != nil {
				b.t.Fatal(err)
			}
			return func(d *Folder) error { return d.ReplaceLostRoot(to) }
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			steps := 0
			for cut := 0; ; cut++ {
				b := newBench(t)
				b.must(b.add)
				b.must(b.use)
				if name == "use" {
					b.must(b.add)
				}
				b.reload()
				do := change(b)
				states := b.record(do)
				if steps = len(states); cut >= steps {
					break
				}
				restore(t, b.dir, states[cut])
				ring := open(t, b.dir)
				jws, err := ring.Sign(protocol.TypState, protocol.StateClaims{})
				if err != nil || ring.Verify(jws, protocol.TypState, new(protocol.StateClaims)) != nil {
					t.Fatalf("cut at step %d: nothing can be signed (%v)", cut, err)
				}
				if ring.Number() < b.ring.Number() {
					t.Fatalf("cut at step %d: list %d after %d", cut, ring.Number(), b.ring.Number())
				}
				err = b.change(do)
				if err != nil && !errors.Is(err, ErrNoKey) && !errors.Is(err, ErrNext) { // it had been done
					t.Fatalf("cut at step %d: again = %v", cut, err)
				}
				open(t, b.dir)
			}
			if steps < 1 {
				t.Error("no step was seen")
			}
		})
	}
}

// oldest is the key that signed before.
func oldest(b *bench) (id string) {
	b.must(func(d *Folder) error {
		for _, k := range d.Status().Keys {
			if k.State == KeyListed {
				id = k.ID
			}
		}
		return nil
	})
	return id
}

// record makes a change and returns what the folder looked like after each step of
// it on the disk, but the last.
func (b *bench) record(do func(*Folder) error) []map[string]string {
	b.t.Helper()
	states := []map[string]string{look(b.t, b.dir)}
	b.stepped = func() { states = append(states, look(b.t, b.dir)) }
	b.must(do)
	b.stepped = nil
	return states[:len(states)-1]
}

func look(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}

func restore(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name := range look(t, dir) {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzReadChain(f *testing.F) {
	root, err := NewRoot(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	next, err := NewRoot(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	claims := protocol.KeysClaims{Server: "tv.example", Number: 1, Keys: []protocol.SigningKey{publicOf(root, day1)}}
	plain, err1 := signList(root, claims)
	claims.Root = protocol.Bytes(publicKey(next))
	change, err2 := signList(root, claims)
	claims.Number, claims.Root = 2, nil
	after, err3 := signList(next, claims)
	if err := errors.Join(err1, err2, err3); err != nil {
		f.Fatal(err)
	}
	f.Add(plain + "\n")
	f.Add(change + "\n" + after + "\n")
	f.Add(change + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := readChain(text, publicKey(root))
		if err != nil {
			return
		}
		if c.list == "" || c.newest.Check() != nil || len(c.newest.Root) != 0 {
			t.Errorf("taken: %+v", c)
		}
		if again, err := readChain(c.text(), publicKey(root)); err != nil || again.list != c.list {
			t.Errorf("its own text: %v", err)
		}
	})
}

func FuzzReadDraft(f *testing.F) {
	d := Draft{Root: make(protocol.Bytes, 32), Lists: []protocol.KeysClaims{
		{Server: "tv.example", Number: 2, Keys: []protocol.SigningKey{{ID: "k", Key: make(protocol.Bytes, 32)}}},
	}}
	text, err := d.Text()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadDraft(data)
		if err != nil {
			return
		}
		for _, l := range d.Lists {
			if l.Check() != nil {
				t.Errorf("taken: %+v", l)
			}
		}
	})
}
