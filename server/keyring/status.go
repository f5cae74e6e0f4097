package keyring

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// KeyState is what a signing key is for.
type KeyState string

// The states, in the order in which a key goes through them. A key can be removed
// from any of them.
const (
	KeyMade    KeyState = "made"    // in the folder, not on the list yet
	KeyNext    KeyState = "next"    // listed, does not sign yet
	KeySigns   KeyState = "signs"   // the one in use
	KeyListed  KeyState = "listed"  // signed before; devices still believe it
	KeyRetired KeyState = "retired" // off the list
	KeyRemoved KeyState = "removed" // leaked: nothing that it signed counts
)

// KeyStatus is one signing key.
type KeyStatus struct {
	ID    string
	State KeyState
	Since time.Time // first listed; zero: not known
}

// Status is what the folder holds, without any secret.
type Status struct {
	Server   string
	Number   int64  // of the newest list
	Root     string // fingerprint of the root key
	RootHere bool   // its private half is in the folder
	Changes  int    // of the root key so far
	Keys     []KeyStatus
}

// Status tells what the folder holds.
func (d *Folder) Status() Status {
	c := d.f.chain
	s := Status{
		Server: c.newest.Server, Number: c.newest.Number, Root: Fingerprint(c.root),
		RootHere: d.f.rootPrivate != nil, Changes: len(c.changes),
	}
	if d.f.next != nil && !c.lists(d.f.next) {
		s.Keys = append(s.Keys, KeyStatus{ID: keyID(d.f.next), State: KeyMade})
	}
	for _, k := range c.newest.Keys {
		s.Keys = append(s.Keys, KeyStatus{k.ID, d.state(k), timeOf(k.Since)})
	}
	for _, k := range d.f.former {
		if c.newest.Find(k.ID) == nil && !slices.Contains(c.newest.Removed, k.ID) {
			s.Keys = append(s.Keys, KeyStatus{ID: k.ID, State: KeyRetired})
		}
	}
	for _, id := range c.newest.Removed {
		s.Keys = append(s.Keys, KeyStatus{ID: id, State: KeyRemoved})
	}
	return s
}

func (d *Folder) state(k protocol.SigningKey) KeyState {
	switch {
	case k.ID == d.inUse():
		return KeySigns
	case d.f.next != nil && k.ID == keyID(d.f.next):
		return KeyNext
	}
	return KeyListed
}

func timeOf(m protocol.Millis) time.Time {
	if m == 0 {
		return time.Time{}
	}
	return m.Time()
}

// Inspect tells what a folder holds, and changes nothing: it ends no change that was
// cut off, and makes no key. Errors: ErrIncomplete, ErrDamaged, those of reading.
func Inspect(dir string) (Status, error) {
	f, err := read(dir)
	if err != nil {
		return Status{}, err
	}
	return (&Folder{dir: dir, f: f}).Status(), nil
}
