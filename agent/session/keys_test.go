package session

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// listed makes a key list with n's keys, by the root key of that name.
func listed(server string, number int64, root string, kids ...string) protocol.KeysClaims {
	c := protocol.KeysClaims{Server: server, Number: number}
	for _, kid := range kids {
		c.Keys = append(c.Keys, protocol.SigningKey{ID: kid, Key: public(keyFrom(server + " " + kid))})
	}
	if root != "" {
		c.Root = public(keyFrom(root))
	}
	return c
}

func byRoot(root string, c protocol.KeysClaims) protocol.Keys {
	jws, err := sign.Sign(protocol.TypKeys, "root", keyFrom(root), c)
	if err != nil {
		panic(err)
	}
	return protocol.Keys{JWS: jws}
}

const (
	keyServer = "tv.example.com"
	root1     = keyServer + " root" // pinned at enrolment
	root2     = "second root"
	root3     = "third root"
)

// signedIn is a TV in contact that holds list 1, with the key k1.
func signedIn(t *testing.T) *talker {
	v := newTalker(t)
	for _, line := range []string{
		"start", "signin", "connected", "hello", "enrolled epoch=1", "state epoch=1 version=5 n snapshot=S:10",
		"part of=S", "applied", "receipt_ack",
	} {
		v.event(strings.Fields(line))
	}
	if s := v.model.saved; s.Status != protocol.Active || s.Version != 5 || s.KeysNumber != 1 {
		t.Fatalf("not signed in: %+v", s)
	}
	return v
}

// gets gives a frame to the TV and returns what it answered.
func (v *talker) gets(f protocol.Frame) string {
	v.lines = nil
	v.step(Received{v.conn, f})
	return strings.Join(v.lines, "\n")
}

// believes reports whether the TV takes a state that a key signed.
func (v *talker) believes(kid string, version protocol.Version) bool {
	a := newAuthority(keyServer)
	a.rotate(kid)
	v.gets(protocol.State{JWS: a.sign(protocol.TypState, protocol.StateClaims{
		Device: v.model.saved.Device, Account: "a1", Epoch: 1, Status: protocol.Active, Version: version, Issued: 1, Lease: 60, Keys: 1,
	})})
	return v.model.saved.Version == version
}

// TestListsOnlyGoUp: of whatever is offered as a key list the TV takes only what the
// pinned root key signed, for this server, above what it has.
func TestListsOnlyGoUp(t *testing.T) {
	other := listed("other.example", 9, "", "k1")
	full := listed(keyServer, 9, "")
	for i := range protocol.MaxKeys + 1 {
		kid := strings.Repeat("k", i+1)
		full.Keys = append(full.Keys, protocol.SigningKey{ID: kid, Key: public(keyFrom(kid))})
	}
	double := listed(keyServer, 9, "", "k1", "k2")
	double.Removed = []string{"k1"}
	state, err := sign.Sign(protocol.TypState, "root", keyFrom(root1), listed(keyServer, 9, "", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		f    protocol.Keys
		want int64 // number afterwards
	}{
		{"the next", byRoot(root1, listed(keyServer, 3, "", "k1", "k2")), 3},
		{"many numbers later", byRoot(root1, listed(keyServer, 900, "", "k1", "k2")), 900},
		{"the same number with other keys", byRoot(root1, listed(keyServer, 2, "", "k9")), 2},
		{"an earlier one", byRoot(root1, listed(keyServer, 1, "", "k9")), 2},
		{"by a stranger", byRoot("stranger", listed(keyServer, 9, "", "k9")), 2},
		{"by a signing key", byRoot(keyServer+" k1", listed(keyServer, 9, "", "k9")), 2},
		{"for another server", byRoot(root1, other), 2},
		{"with too many keys", byRoot(root1, full), 2},
		{"without keys", byRoot(root1, listed(keyServer, 9, "")), 2},
		{"with a key listed and removed", byRoot(root1, double), 2},
		{"of number 0", byRoot(root1, listed(keyServer, 0, "", "k9")), 2},
		{"as a state", protocol.Keys{JWS: state}, 2},
		{"garbage", protocol.Keys{JWS: "a.b.c"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := signedIn(t)
			v.gets(byRoot(root1, listed(keyServer, 2, "", "k1", "k2")))
			v.gets(c.f)
			if s := v.model.saved; s.KeysNumber != c.want || s.Status != protocol.Active {
				t.Errorf("list %d with status %s, want list %d", s.KeysNumber, s.Status, c.want)
			}
			if !v.believes("k1", 6) {
				t.Error("the key that was listed is not believed any more")
			}
			if v.believes("k9", 7) {
				t.Error("a key that was never listed is believed")
			}
		})
	}
}

// TestAsleepForAYear: a TV that missed three changes of the signing key and two of
// the root key is still signed in when it comes back, after a restart too.
func TestAsleepForAYear(t *testing.T) {
	v := signedIn(t)
	v.event([]string{"closed"})
	v.event([]string{"sleep", "8760h"})
	v.event([]string{"boot"})
	v.event([]string{"connected"})
	v.event([]string{"hello"})
	if f := v.model.saved; f.Status != protocol.Active || f.KeysNumber != 1 {
		t.Fatalf("before contact: %+v", f)
	}
	v.gets(byRoot(root1, listed(keyServer, 3, root2, "k1", "k2"))) // each that changed the root key,
	v.gets(byRoot(root2, listed(keyServer, 6, root3, "k3")))       // in order,
	v.gets(byRoot(root3, listed(keyServer, 8, "", "k4")))          // and the newest
	if v.believes("k1", 6) || v.believes("k2", 6) || v.believes("k3", 6) {
		t.Error("a key that is off the list is believed")
	}
	v.ask = v.model.ask.nonce
	a := newAuthority(keyServer)
	a.rotate("k4")
	c := v.claims(arguments([]string{"version=6", "n", "snapshot=S:10", "keys=8"}))
	v.gets(protocol.State{JWS: a.sign(protocol.TypState, c)})
	s := v.model.saved
	if s.Version != 6 || s.Epoch != 1 || s.Status != protocol.Active || s.KeysNumber != 8 || !bytes.Equal(s.Root, public(keyFrom(root3))) {
		t.Fatalf("afterwards: %+v", s)
	}
	if left := v.model.Status(v.now).Left; left <= 7*time.Hour {
		t.Errorf("the lease lasts %s more", left)
	}

	v.event([]string{"boot"})
	if v.model.keys == nil || v.model.keysHeld() != 8 {
		t.Error("the list is not held after a restart")
	}
}

// TestRootChangeSurvivesAPowerCut: the list that names another root key is read
// again by the key that signed it.
func TestRootChangeSurvivesAPowerCut(t *testing.T) {
	v := signedIn(t)
	v.gets(byRoot(root1, listed(keyServer, 2, root2, "k1", "k2")))
	v.event([]string{"boot"})
	if v.model.keysHeld() != 2 {
		t.Fatalf("list %d is held after the restart, want 2", v.model.keysHeld())
	}
	v.event([]string{"connected"})
	v.event([]string{"hello"})
	v.gets(byRoot(root2, listed(keyServer, 3, "", "k2")))
	if s := v.model.saved; s.KeysNumber != 3 || len(s.KeysRoot) != 0 {
		t.Errorf("list %d, by %x", s.KeysNumber, s.KeysRoot)
	}
}

// TestOldRootIsOver: once another root key is pinned nothing that the one before
// signs is taken, whatever its number; and no root key comes unannounced.
func TestOldRootIsOver(t *testing.T) {
	v := signedIn(t)
	v.gets(byRoot(root1, listed(keyServer, 2, root2, "k1")))
	for name, f := range map[string]protocol.Keys{
		"a later list by the old root key":  byRoot(root1, listed(keyServer, 100, "", "k9")),
		"the old root key names another":    byRoot(root1, listed(keyServer, 101, root3, "k9")),
		"a root key that nobody named":      byRoot(root3, listed(keyServer, 102, "", "k9")),
		"an earlier number by the new root": byRoot(root2, listed(keyServer, 1, "", "k9")),
	} {
		v.gets(f)
		if s := v.model.saved; s.KeysNumber != 2 || !bytes.Equal(s.Root, public(keyFrom(root2))) || v.believes("k9", 50) {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestLeakedKeyCannotSign: from the list on that removes it, and with it whatever it
// signed before goes: a version far above the server's does not hold the TV.
func TestLeakedKeyCannotSign(t *testing.T) {
	v := signedIn(t)
	if !v.believes("k1", 1<<40) { // the thief's word
		t.Fatal("the key was not believed before")
	}
	removes := listed(keyServer, 2, "", "k2")
	removes.Removed = []string{"k1"}
	said := v.gets(byRoot(root1, removes))
	if s := v.model.saved; s.Version != 0 || s.State != "" || s.Status != protocol.Active {
		t.Errorf("after the removal: %+v", s)
	}
	if !strings.Contains(said, "send 1 have epoch=1 version=0") {
		t.Errorf("the TV does not ask for what is true: %s", said)
	}
	if v.believes("k1", 1<<41) {
		t.Error("the leaked key is believed")
	}
	if !v.believes("k2", 6) {
		t.Error("what the server says now is not believed")
	}
}

// TestRetiredKeyKeepsItsWord: a key that is only off the list signs nothing new, and
// what it signed stays.
func TestRetiredKeyKeepsItsWord(t *testing.T) {
	v := signedIn(t)
	v.gets(byRoot(root1, listed(keyServer, 2, "", "k2")))
	if s := v.model.saved; s.Version != 5 || s.State == "" {
		t.Errorf("after the list: version %d", s.Version)
	}
	if v.believes("k1", 6) {
		t.Error("a retired key is believed")
	}
}

// TestAllKeysGone: a TV none of whose keys sign any more gets the list by the root
// key, also before anything else that it can verify.
func TestAllKeysGone(t *testing.T) {
	v := signedIn(t)
	a := newAuthority(keyServer)
	a.rotate("k7")
	c := v.claims(arguments([]string{"version=6", "keys=5"}))
	if said := v.gets(protocol.State{JWS: a.sign(protocol.TypState, c)}); !strings.Contains(said, "keys=1") {
		t.Errorf("an unknown key: the TV says %q, want what it has", said)
	}
	v.gets(byRoot(root1, listed(keyServer, 5, "", "k7")))
	if !v.believes("k7", 6) {
		t.Error("the new key is not believed")
	}
}

// TestDamagedListIsNoWayBack: a list that the vault cannot read is asked for again,
// and an earlier one does not take its place.
func TestDamagedListIsNoWayBack(t *testing.T) {
	v := signedIn(t)
	v.gets(byRoot(root1, listed(keyServer, 4, "", "k4")))
	saved := v.model.saved
	saved.Keys = "damaged"
	v.model = New(v.config)
	v.now.Boot, v.now.Running = "later", time.Minute
	v.step(Start{Saved: saved, Held: v.held})
	if v.model.keysHeld() != 0 {
		t.Fatal("the TV says that it has a list")
	}
	v.event([]string{"connected"})
	v.event([]string{"hello"})
	v.gets(byRoot(root1, listed(keyServer, 3, "", "k1")))
	if v.model.keys != nil {
		t.Error("an earlier list took its place")
	}
	v.gets(byRoot(root1, listed(keyServer, 4, "", "k4")))
	if v.model.keysHeld() != 4 {
		t.Error("the same list is not taken again")
	}
}

// TestRotationAsksForAGrant: what plays gets a grant by a key that holds.
func TestRotationAsksForAGrant(t *testing.T) {
	v := signedIn(t)
	v.model.line.cap = protocol.GrantCapability
	v.step(PlayTitle{Profile: "p", Title: "t", Play: protocol.Play{Path: "open"}})
	v.model.playing.next = v.now.Running + time.Hour
	v.gets(byRoot(root1, listed(keyServer, 2, "", "k2")))
	if v.model.playing.next > v.now.Running+askAgain || v.model.playing.asked != v.now.Running {
		t.Error("no other grant was asked for")
	}
}

func FuzzReadKeys(f *testing.F) {
	root := public(keyFrom(root1))
	f.Add(byRoot(root1, listed(keyServer, 2, root2, "k1", "k2")).JWS)
	f.Add(byRoot(root1, listed(keyServer, 1, "", "k1")).JWS)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, jws string) {
		c, err := readKeys(jws, root, keyServer)
		if err != nil {
			return
		}
		if c.Server != keyServer || c.Number < 1 || len(c.Keys) == 0 || len(c.Keys) > protocol.MaxKeys {
			t.Errorf("taken: %+v", c)
		}
		for _, k := range c.Keys {
			if len(k.Key) != ed25519.PublicKeySize {
				t.Errorf("a key of %d bytes", len(k.Key))
			}
		}
	})
}
