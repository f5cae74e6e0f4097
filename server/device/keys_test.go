package device

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/servertest"
)

// keyed is a fixture whose keys change.
type keyed struct {
	*fixture
	t    *testing.T
	dir  string
	keys *keyring.Ring
}

func newKeyed(t *testing.T) *keyed {
	t.Helper()
	f := &fixture{ctx: context.Background(), clock: servertest.NewClock(), hints: map[protocol.AccountID]int{}}
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := keyring.Open(dir, "tv.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	f.open(t, servertest.DB(t), keys, admit.New(admit.Config{Queue: 1000}))
	if err := f.Heartbeat(f.ctx, f.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	return &keyed{f, t, dir, keys}
}

// change changes the keys by one draft, as a command does.
func (k *keyed) change(draft func(*keyring.Folder) (keyring.Draft, ed25519.PrivateKey, error)) {
	k.t.Helper()
	d, err := keyring.OpenFolder(k.dir)
	if err != nil {
		k.t.Fatal(err)
	}
	defer d.Close()
	made, root, err := draft(d)
	if err != nil {
		k.t.Fatal(err)
	}
	lists, err := made.Sign(d.Root(), root)
	if err == nil {
		err = d.Install(lists)
	}
	if err == nil {
		_, err = k.keys.Reload()
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// rotate has another key sign, and takes the one before off the list.
func (k *keyed) rotate() (before string) {
	k.t.Helper()
	before = k.keys.InUse()
	k.change(func(d *keyring.Folder) (keyring.Draft, ed25519.PrivateKey, error) {
		draft, err := d.Add(k.now(), rand.Reader)
		return draft, nil, err
	})
	k.change(func(d *keyring.Folder) (keyring.Draft, ed25519.PrivateKey, error) {
		if _, _, err := d.Use(k.now(), true); err != nil {
			return keyring.Draft{}, nil, err
		}
		draft, err := d.Retire(before)
		return draft, nil, err
	})
	return before
}

func (k *keyed) rotateRoot() {
	k.t.Helper()
	k.change(func(d *keyring.Folder) (keyring.Draft, ed25519.PrivateKey, error) {
		to, err := keyring.NewRoot(rand.Reader)
		if err == nil {
			err = d.KeepRoot(to)
		}
		if err != nil {
			return keyring.Draft{}, nil, err
		}
		draft, err := d.ChangeRoot(to.Public().(ed25519.PublicKey))
		return draft, to, err
	})
}

func (k *keyed) remove(id string) {
	k.t.Helper()
	k.change(func(d *keyring.Folder) (keyring.Draft, ed25519.PrivateKey, error) {
		draft, err := d.Remove(id, k.now(), rand.Reader)
		return draft, nil, err
	})
}

// TestO4_RotationSignsNobodyOut: a TV that slept through three changes of the
// signing key and two of the root key is sent what it missed, before anything that
// it could not verify, and a grant.
func TestO4_RotationSignsNobodyOut(t *testing.T) {
	k := newKeyed(t)
	nora := k.owner(t, "nora@example.org")
	tv := k.signedIn(t, nora)
	root, _, _ := k.keys.Pinned()
	for range 2 {
		k.rotate()
		k.rotateRoot()
	}
	k.rotate()
	k.clock.Advance(365 * 24 * time.Hour)
	if err := k.Heartbeat(k.ctx, k.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	a := tv.connect()
	var list protocol.KeysClaims
	for i, f := range a.Frames {
		jws, ok := f.(protocol.Keys)
		if i < 3 != ok {
			t.Fatalf("frame %d is %T: lists come first, each that changed the root key and the newest", i, f)
		}
		if !ok {
			continue
		}
		var c protocol.KeysClaims
		if _, err := sign.Verify(jws.JWS, protocol.TypKeys, sign.OneKey("root", root), &c); err != nil || c.Number <= list.Number {
			t.Fatalf("list %d after %d: %v", c.Number, list.Number, err)
		}
		if list = c; len(c.Root) > 0 {
			root = ed25519.PublicKey(c.Root)
		}
	}
	if !a.Granted || a.Status != protocol.Active || list.Find(k.keys.InUse()) == nil {
		t.Errorf("answer = %+v", a)
	}
	if got := tv.row(nora).Wish.Status; got != protocol.Active {
		t.Errorf("the TV is %s", got)
	}
	if k.Lacks(a) {
		t.Error("the TV lacks a list that it was sent")
	}
	k.rotate()
	if !k.Lacks(a) {
		t.Error("a grant without the database would be signed by a key that the TV does not know")
	}
}

// TestOrderOfARetiredKeyIsSignedAgain: a TV that was off when it was signed out gets
// its order by a key that it will believe, and either receipt counts.
func TestOrderOfARetiredKeyIsSignedAgain(t *testing.T) {
	for name, late := range map[string]bool{"answers the new order": false, "answers the old one": true} {
		t.Run(name, func(t *testing.T) {
			k := newKeyed(t)
			nora := k.owner(t, "nora@example.org")
			tv := k.signedIn(t, nora)
			if err := k.SignOut(k.ctx, k.now(), nora, tv.id); err != nil {
				t.Fatal(err)
			}
			had := tv.have
			tv.connect()
			old := tv.last
			tv.have = had // it lost power before it took it
			k.rotate()
			tv.connect()
			var c protocol.StateClaims
			if tv.last == old || k.keys.Verify(tv.last, protocol.TypState, &c) != nil || c.Status != protocol.SignedOut {
				t.Fatal("the order is still by the key before")
			}
			if late {
				tv.last = old
			}
			if _, err := k.Receipt(k.ctx, k.now(), tv.receipt(nil)); err != nil {
				t.Fatal(err)
			}
			if row := tv.row(nora); row.Wish.Confirmed.IsZero() {
				t.Error("not confirmed")
			}
		})
	}
}

// TestOfferedStates: a state by a key that was retired still brings back what a
// restored backup has lost; one by a key that leaked does not.
func TestOfferedStates(t *testing.T) {
	for name, c := range map[string]struct {
		leaked bool
		want   error
	}{"retired": {false, nil}, "leaked": {true, ErrProof}} {
		t.Run(name, func(t *testing.T) {
			k := newKeyed(t)
			tv := k.signedIn(t, k.owner(t, "nora@example.org"))
			jws, err := k.keys.Sign(protocol.TypState, protocol.StateClaims{
				Device: tv.id, Account: tv.sess.Account, Epoch: tv.have.Epoch, Status: protocol.SignedOut, Version: tv.have.Version + 9,
			})
			if err != nil {
				t.Fatal(err)
			}
			before := k.rotate()
			if c.leaked {
				k.remove(before)
			}
			have := tv.have
			have.State = jws
			a, err := k.State(k.ctx, k.now(), tv.sess, nil, have)
			if !errors.Is(err, c.want) {
				t.Fatalf("State = %v, want %v", err, c.want)
			}
			if !c.leaked && (a.Status != protocol.SignedOut || len(k.restored) != 1) {
				t.Errorf("the TV is %s, %d alarms", a.Status, len(k.restored))
			}
			if c.leaked && len(k.restored) != 0 {
				t.Error("a leaked key raised the account's version")
			}
		})
	}
}

// TestReceiptForAStateThatWasNeverMade: with a leaked key somebody can give a TV a
// version far above; the TV's honest receipt for it confirms nothing.
func TestReceiptForAStateThatWasNeverMade(t *testing.T) {
	k := newKeyed(t)
	nora := k.owner(t, "nora@example.org")
	tv := k.signedIn(t, nora)
	_, err := k.Receipt(k.ctx, k.now(), tv.receipt(func(c *protocol.ReceiptClaims) { c.Version = 1 << 40 }))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.SignOut(k.ctx, k.now(), nora, tv.id); err != nil {
		t.Fatal(err)
	}
	if row := tv.row(nora); !row.Wish.Confirmed.IsZero() {
		t.Error("the sign-out counts as confirmed")
	}
	tv.connect()
	if _, err := k.Receipt(k.ctx, k.now(), tv.receipt(nil)); err != nil {
		t.Fatal(err)
	}
	if row := tv.row(nora); row.Wish.Confirmed.IsZero() {
		t.Error("the sign-out is not confirmed by its receipt")
	}
}

// TestKeysOfAnOldCopy: a TV that has a newer list than the server raises an alarm.
func TestKeysOfAnOldCopy(t *testing.T) {
	k := newKeyed(t)
	tv := k.signedIn(t, k.owner(t, "nora@example.org"))
	var told []int64
	k.c.Ahead = func(_ protocol.DeviceID, number int64) { told = append(told, number) }
	tv.connect()
	if len(told) != 0 {
		t.Errorf("told of %v without a reason", told)
	}
	tv.have.Keys = 7
	tv.connect()
	if len(told) != 1 || told[0] != 7 {
		t.Errorf("told of %v, want list 7", told)
	}
}
