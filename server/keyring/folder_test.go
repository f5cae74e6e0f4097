package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

var day1 = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// bench is a folder that changes, and a server that has it open.
type bench struct {
	t    *testing.T
	dir  string
	ring *Ring
	now  time.Time

	stepped func() // hears of each step of a change on the disk; may be nil
}

func newBench(t *testing.T) *bench {
	dir := filepath.Join(t.TempDir(), "keys")
	return &bench{t: t, dir: dir, ring: open(t, dir), now: day1}
}

// change opens the folder for one command.
func (b *bench) change(do func(*Folder) error) error {
	b.t.Helper()
	d, err := OpenFolder(b.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if b.stepped != nil {
		d.after = b.stepped
	}
	return do(d)
}

func (b *bench) must(do func(*Folder) error) {
	b.t.Helper()
	if err := b.change(do); err != nil {
		b.t.Fatal(err)
	}
}

// signed drafts, signs with the root key of the folder and whatever else is given,
// and installs.
func signed(d *Folder, draft Draft, err error, more ...ed25519.PrivateKey) error {
	if err != nil {
		return err
	}
	lists, err := draft.Sign(append(more, d.Root())...)
	if err != nil {
		return err
	}
	return d.Install(lists)
}

func (b *bench) add(d *Folder) error {
	draft, err := d.Add(b.now, rand.Reader)
	return signed(d, draft, err)
}

func (b *bench) use(d *Folder) error {
	_, _, err := d.Use(b.now, true)
	return err
}

func (b *bench) remove(id string) func(*Folder) error {
	return func(d *Folder) error {
		draft, err := d.Remove(id, b.now, rand.Reader)
		return signed(d, draft, err)
	}
}

func retire(id string) func(*Folder) error {
	return func(d *Folder) error {
		draft, err := d.Retire(id)
		return signed(d, draft, err)
	}
}

func (b *bench) rotateRoot(d *Folder) error {
	to, err := NewRoot(rand.Reader)
	if err != nil {
		return err
	}
	if err := d.KeepRoot(to); err != nil {
		return err
	}
	draft, err := d.ChangeRoot(publicKey(to))
	return signed(d, draft, err, to)
}

func (b *bench) reload() {
	b.t.Helper()
	if _, err := b.ring.Reload(); err != nil {
		b.t.Fatal(err)
	}
}

// root is the root key that the server has.
func (b *bench) root() ed25519.PublicKey {
	root, _, _ := b.ring.Pinned()
	return root
}

// states are the states of the folder's keys.
func (b *bench) states() map[KeyState]int {
	b.t.Helper()
	out := map[KeyState]int{}
	b.must(func(d *Folder) error {
		for _, k := range d.Status().Keys {
			out[k.State]++
		}
		return nil
	})
	return out
}

func (b *bench) sign(v protocol.Version) string {
	b.t.Helper()
	jws, err := b.ring.Sign(protocol.TypState, protocol.StateClaims{Version: v})
	if err != nil {
		b.t.Fatal(err)
	}
	return jws
}

// TestRotationStepByStep: the next key is listed first, signs later, and the one
// before stays believed until it is retired; the server knows what it signed.
func TestRotationStepByStep(t *testing.T) {
	b := newBench(t)
	first := b.ring.InUse()
	old := b.sign(1)

	b.must(b.add)
	b.reload()
	if diff := cmp.Diff(map[KeyState]int{KeySigns: 1, KeyNext: 1}, b.states()); diff != "" {
		t.Errorf("after add (-want +got):\n%s", diff)
	}
	if b.ring.InUse() != first || b.ring.Number() != 2 || len(b.ring.Public()) != 2 {
		t.Errorf("after add %s signs, list %d, %d keys", b.ring.InUse(), b.ring.Number(), len(b.ring.Public()))
	}
	if err := b.change(b.add); !errors.Is(err, ErrNext) {
		t.Errorf("a second key that waits: %v, want ErrNext", err)
	}
	if err := b.change(retire(first)); !errors.Is(err, ErrInUse) {
		t.Errorf("the key in use retired: %v, want ErrInUse", err)
	}

	b.must(b.use)
	b.reload()
	second := b.ring.InUse()
	if second == first || b.ring.Number() != 2 {
		t.Errorf("after use %s signs, list %d", second, b.ring.Number())
	}
	if err := b.ring.Verify(old, protocol.TypState, new(protocol.StateClaims)); err != nil {
		t.Errorf("what the first key signed: %v", err)
	}

	b.must(retire(first))
	b.reload()
	if diff := cmp.Diff(map[KeyState]int{KeySigns: 1, KeyRetired: 1}, b.states()); diff != "" {
		t.Errorf("after retire (-want +got):\n%s", diff)
	}
	if err := b.ring.Verify(old, protocol.TypState, new(protocol.StateClaims)); !errors.Is(err, sign.ErrUnknownKey) {
		t.Errorf("Verify by a retired key = %v, want ErrUnknownKey", err)
	}
	if err := b.ring.Recognise(old, protocol.TypState, new(protocol.StateClaims)); err != nil {
		t.Errorf("Recognise by a retired key = %v", err)
	}

	b.must(b.remove(first)) // it turns out that it had leaked
	b.reload()
	if err := b.ring.Recognise(old, protocol.TypState, new(protocol.StateClaims)); !errors.Is(err, sign.ErrUnknownKey) {
		t.Errorf("Recognise by a removed key = %v, want ErrUnknownKey", err)
	}
	again := open(t, b.dir)
	if again.InUse() != second || again.Number() != b.ring.Number() {
		t.Errorf("after a restart %s signs, list %d", again.InUse(), again.Number())
	}
}

func TestNextKeyWaits(t *testing.T) {
	b := newBench(t)
	b.must(b.add)
	for _, c := range []struct {
		after  time.Duration
		atOnce bool
		want   error
	}{{0, false, ErrEarly}, {Overlap - time.Millisecond, false, ErrEarly}, {Overlap, false, nil}} {
		err := b.change(func(d *Folder) error {
			_, _, err := d.Use(b.now.Add(c.after), c.atOnce)
			return err
		})
		if !errors.Is(err, c.want) {
			t.Errorf("Use after %s = %v, want %v", c.after, err, c.want)
		}
	}
	if err := b.change(b.use); !errors.Is(err, ErrNext) {
		t.Errorf("Use without a next key = %v, want ErrNext", err)
	}
}

// TestLeakedKeyIsRemovedAtOnce: whatever it is for, it is off the list, and another
// signs.
func TestLeakedKeyIsRemovedAtOnce(t *testing.T) {
	key := func(b *bench, s KeyState) (id string) {
		b.must(func(d *Folder) error {
			for _, k := range d.Status().Keys {
				if k.State == s {
					id = k.ID
				}
			}
			return nil
		})
		return id
	}
	for _, c := range []struct {
		name   string
		before func(*bench)
		is     KeyState
		want   map[KeyState]int
	}{
		{"the only one", func(*bench) {}, KeySigns, map[KeyState]int{KeySigns: 1, KeyRemoved: 1}},
		{"the one in use, with a next", func(b *bench) { b.must(b.add) }, KeySigns, map[KeyState]int{KeySigns: 1, KeyRemoved: 1}},
		{"the next", func(b *bench) { b.must(b.add) }, KeyNext, map[KeyState]int{KeySigns: 1, KeyRemoved: 1}},
		{"the one before", func(b *bench) { b.must(b.add); b.must(b.use) }, KeyListed, map[KeyState]int{KeySigns: 1, KeyRemoved: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			c.before(b)
			b.reload()
			id := key(b, c.is)
			b.must(b.remove(id))
			b.reload()
			if diff := cmp.Diff(c.want, b.states()); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if b.ring.InUse() == id || slices.ContainsFunc(b.ring.Public(), func(k protocol.SigningKey) bool { return k.ID == id }) {
				t.Error("the leaked key is still there")
			}
			if err := b.ring.Verify(b.sign(1), protocol.TypState, new(protocol.StateClaims)); err != nil {
				t.Errorf("what is signed now: %v", err)
			}
			if err := b.change(b.remove(id)); !errors.Is(err, ErrNoKey) {
				t.Errorf("removed twice: %v, want ErrNoKey", err)
			}
		})
	}
}

// TestRootChanges: each change is signed by the key before it, a device that slept
// is given all that it missed, and the key before is forgotten.
func TestRootChanges(t *testing.T) {
	b := newBench(t)
	roots := []ed25519.PublicKey{b.root()}
	old, err := ReadRoot(filepath.Join(b.dir, rootFile))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.must(b.rotateRoot)
		b.must(b.add)
		b.must(b.use)
		b.reload()
		roots = append(roots, b.root())
	}
	if roots[1].Equal(roots[0]) || roots[2].Equal(roots[1]) {
		t.Fatal("the root key did not change")
	}
	lists, number, edition := b.ring.Since(1)
	if len(lists) != 3 || number != 7 || edition != 2 {
		t.Fatalf("Since(1) = %d lists, number %d, edition %d", len(lists), number, edition)
	}
	last := int64(1)
	for i, jws := range lists {
		var c protocol.KeysClaims
		if _, err := sign.Verify(jws, protocol.TypKeys, sign.OneKey(rootKID, roots[i]), &c); err != nil || c.Number <= last {
			t.Errorf("list %d: number %d, %v", i, c.Number, err)
		}
		if i < 2 && !bytes.Equal(c.Root, roots[i+1]) {
			t.Errorf("list %d names another root key", i)
		}
		last = c.Number
	}
	for have, want := range map[int64]int{2: 2, 3: 2, 4: 2, 5: 1, 6: 1, 7: 0, 9: 0} {
		if got, _, _ := b.ring.Since(have); len(got) != want {
			t.Errorf("Since(%d) = %d lists, want %d", have, len(got), want)
		}
	}
	if root, _, _ := b.ring.Pinned(); !root.Equal(roots[2]) {
		t.Error("a device that signs in now does not get the newest root key")
	}
	again := open(t, b.dir)
	if kept, err := ReadRoot(filepath.Join(b.dir, rootFile)); err != nil || !publicKey(kept).Equal(roots[2]) {
		t.Errorf("the folder keeps another root key (%v)", err)
	}

	forged := again.now.Load().chain.following()
	jws, err := signList(old, forged)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.change(func(d *Folder) error { return d.Install([]string{jws}) }); !errors.Is(err, sign.ErrSignature) {
		t.Errorf("a list by the first root key: %v, want ErrSignature", err)
	}
	if err := b.change(func(d *Folder) error { _, err := d.ChangeRoot(roots[0]); return err }); !errors.Is(err, ErrDamaged) {
		t.Errorf("back to the first root key: %v", err)
	}
}

func TestRootChangesAreBounded(t *testing.T) {
	b := newBench(t)
	for range maxRoots {
		b.must(b.rotateRoot)
	}
	if err := b.change(b.rotateRoot); !errors.Is(err, ErrTooMany) {
		t.Errorf("change %d = %v, want ErrTooMany", maxRoots+1, err)
	}
	b.reload()
	if lists, _, _ := b.ring.Since(1); len(lists) != maxRoots+1 {
		t.Errorf("a device that slept gets %d lists", len(lists))
	}
}

func TestKeysOnAListAreBounded(t *testing.T) {
	b := newBench(t)
	for range protocol.MaxKeys - 1 {
		b.must(b.add)
		b.must(b.use)
	}
	if err := b.change(b.add); !errors.Is(err, ErrTooMany) {
		t.Errorf("key %d = %v, want ErrTooMany", protocol.MaxKeys+1, err)
	}
}

// TestRootKeptElsewhere: with the root key on another machine a draft goes there and
// signed lists come back.
func TestRootKeptElsewhere(t *testing.T) {
	b := newBench(t)
	away := filepath.Join(t.TempDir(), "away.key")
	if err := os.Rename(filepath.Join(b.dir, rootFile), away); err != nil {
		t.Fatal(err)
	}
	root, err := ReadRoot(away)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.change(b.add); !errors.Is(err, ErrNoRoot) {
		t.Fatalf("add without the root key = %v, want ErrNoRoot", err)
	}
	var text []byte
	b.must(func(d *Folder) (err error) {
		draft, err := d.Add(b.now, rand.Reader)
		if err == nil {
			text, err = draft.Text()
		}
		return err
	})
	if diff := cmp.Diff(map[KeyState]int{KeyMade: 1, KeySigns: 1}, b.states()); diff != "" {
		t.Errorf("a draft (-want +got):\n%s", diff)
	}
	draft, err := ReadDraft(text)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := draft.Sign(root)
	if err != nil {
		t.Fatal(err)
	}
	b.must(func(d *Folder) error { return d.Install(lists) })
	b.reload()
	if diff := cmp.Diff(map[KeyState]int{KeyNext: 1, KeySigns: 1}, b.states()); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	if err := b.change(func(d *Folder) error { return d.Install(lists) }); !errors.Is(err, ErrOrder) {
		t.Errorf("installed twice: %v, want ErrOrder", err)
	}

	to, err := NewRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b.must(func(d *Folder) (err error) { draft, err = d.ChangeRoot(publicKey(to)); return err })
	if _, err := draft.Sign(root); !errors.Is(err, ErrNoRoot) {
		t.Errorf("the old root key alone = %v, want ErrNoRoot", err)
	}
	if lists, err = draft.Sign(root, to); err != nil {
		t.Fatal(err)
	}
	if err := b.change(func(d *Folder) error { return d.Install(lists[:1]) }); err == nil {
		t.Error("half of a change of the root key was taken")
	}
	b.must(func(d *Folder) error { return d.Install(lists) })
	b.reload()
	if !b.root().Equal(publicKey(to)) {
		t.Error("the root key did not change")
	}
}

// TestHostileLists: a list that is no use, or is somebody else's, changes nothing.
func TestHostileLists(t *testing.T) {
	b := newBench(t)
	root, err := ReadRoot(filepath.Join(b.dir, rootFile))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := NewRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := b.ring.now.Load().chain.following()
	for _, c := range []struct {
		name  string
		by    ed25519.PrivateKey
		spoil func(*protocol.KeysClaims)
		want  error
	}{
		{"by a stranger", stranger, func(*protocol.KeysClaims) {}, sign.ErrSignature},
		{"of the same number", root, func(c *protocol.KeysClaims) { c.Number-- }, ErrOrder},
		{"for another server", root, func(c *protocol.KeysClaims) { c.Server = "other.example" }, ErrNotOurs},
		{"without a key of ours", root, func(c *protocol.KeysClaims) { c.Keys = []protocol.SigningKey{publicOf(stranger, day1)} }, ErrNotOurs},
	} {
		claims := good
		c.spoil(&claims)
		jws, err := signList(c.by, claims)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.change(func(d *Folder) error { return d.Install([]string{jws}) }); !errors.Is(err, c.want) {
			t.Errorf("%s: Install = %v, want %v", c.name, err, c.want)
		}
	}
	if changed, err := b.ring.Reload(); changed || err != nil {
		t.Errorf("Reload = %v, %v: something was changed", changed, err)
	}
}

func TestReloadKeepsWhatWorks(t *testing.T) {
	b := newBench(t)
	before := map[string][]byte{}
	for _, name := range []string{listFile, signingFile, rootPubFile} {
		text, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = text
	}
	b.must(b.add)
	b.must(b.use)
	b.reload()
	signs := b.ring.InUse()
	for name, want := range map[string]error{listFile: ErrDamaged, signingFile: nil} {
		now, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), before[name], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.ring.Reload(); !errors.Is(err, want) {
			t.Errorf("an old %s: %v, want %v", name, err, want)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), now, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.reload()
	if b.ring.InUse() != signs {
		t.Errorf("%s signs, want %s", b.ring.InUse(), signs)
	}
}

func TestOneCommandAtATime(t *testing.T) {
	b := newBench(t)
	b.must(func(*Folder) error {
		if err := b.change(b.add); !errors.Is(err, ErrBusy) {
			t.Errorf("a second command = %v, want ErrBusy", err)
		}
		return nil
	})
}
