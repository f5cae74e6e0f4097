package session

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// verify reads a JWS by the keys that are known. An unknown key is a reason to
// ask for the newest key list.
func (s *step) verify(jws, typ string, claims any) error {
	_, err := sign.Verify(jws, typ, s.keyByID, claims)
	if errors.Is(err, sign.ErrUnknownKey) {
		s.cache.doubt()
	}
	return err
}

func (s *step) keyByID(kid string) ed25519.PublicKey {
	for _, k := range s.keys {
		if k.ID == kid {
			return ed25519.PublicKey(k.Key)
		}
	}
	return nil
}

// keysHeld is the number of the key list that is held; 0: none that can be read.
func (m Model) keysHeld() int64 {
	if m.keys == nil {
		return 0
	}
	return m.saved.KeysNumber
}

// newKeys takes a key list of a higher number that the pinned root key signed,
// and whatever root key it names. A TV that slept is sent each list that changed
// the root key, in order, and then the newest.
func (s *step) newKeys(jws string) {
	list, err := readKeys(jws, s.saved.Root, s.saved.Server)
	if err != nil {
		s.log("keys ignored", err)
		return
	}
	if list.Number < s.saved.KeysNumber || list.Number == s.saved.KeysNumber && s.keys != nil {
		return
	}
	s.saved, s.keys = s.saved.withKeys(jws, list), list.Keys
	s.distrust(list.Removed)
	s.playing.next = 0 // a grant by a key that is gone is of no use any more
	s.save()
}

// withKeys returns s with another key list.
func (s Saved) withKeys(jws string, list protocol.KeysClaims) Saved {
	s.Keys, s.KeysNumber, s.KeysRoot = jws, list.Number, nil
	if len(list.Root) > 0 && !bytes.Equal(list.Root, s.Root) {
		s.KeysRoot, s.Root = s.Root, bytes.Clone(list.Root)
	}
	return s
}

// distrust forgets a state by a key that leaked, with all that it brought: its
// number may be above whatever the server will ever say. A status that it made
// stricter stays: nothing makes one milder.
func (s *step) distrust(removed []string) {
	kid := ""
	_, err := sign.Verify(s.saved.State, protocol.TypState, func(by string) ed25519.PublicKey { kid = by; return nil }, nil)
	if !errors.Is(err, sign.ErrUnknownKey) || !slices.Contains(removed, kid) {
		return
	}
	s.log("state forgotten", fmt.Errorf("%w: %.64q", errLeaked, kid))
	s.saved.Version, s.saved.State, s.saved.Issued, s.saved.Receipted = 0, "", 0, 0
	s.saved.Snapshot, s.saved.Catalog, s.saved.Pins = nil, nil, 0
	s.receipt = receipt{}
	s.fetchAll()
}

var errLeaked = errors.New("signed by a key that was removed")

// loadKeys reads the key list of the vault. One that cannot be read is asked for
// again; its number stays the least that is taken.
func (s *step) loadKeys() {
	root := s.saved.Root
	if len(s.saved.KeysRoot) > 0 {
		root = s.saved.KeysRoot
	}
	list, err := readKeys(s.saved.Keys, root, s.saved.Server)
	if err != nil {
		s.log("saved keys ignored", err)
		return
	}
	s.keys = list.Keys
}

// readKeys checks a key list: signed by the root key, whatever kid it is
// called by, and for this server.
func readKeys(jws string, root protocol.Bytes, server string) (protocol.KeysClaims, error) {
	var c protocol.KeysClaims
	if _, err := sign.Verify(jws, protocol.TypKeys, func(string) ed25519.PublicKey { return ed25519.PublicKey(root) }, &c); err != nil {
		return c, fmt.Errorf("key list: %w", err)
	}
	if c.Server != server {
		return c, fmt.Errorf("key list: %w: %.64q", errServerName, c.Server)
	}
	return c, c.Check()
}
