package session

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// maxKeys bounds a key list.
const maxKeys = 16

var (
	errNotOurs = errors.New("about another session")
	errEarlier = errors.New("about an earlier sign-in")
	errBounds  = errors.New("claims out of bounds")
	errLoosens = errors.New("would loosen the status")
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

// state applies a desired state, or says why not.
func (s *step) state(jws string) {
	var c protocol.StateClaims
	err := s.verify(jws, protocol.TypState, &c)
	if err == nil {
		err = s.checkState(c)
	}
	if err != nil {
		s.log("state ignored", err)
		s.offerEpoch(c, err)
		return
	}
	s.arrive()
	if c.Status == protocol.Active {
		s.grant(c.Ask, c.Issued, c.Lease)
	}
	s.apply(c, jws)
	if c.Keys > s.saved.KeysNumber {
		s.cache.doubt()
	}
}

// checkState reports why a state that the server signed is not for us.
func (s *step) checkState(c protocol.StateClaims) error {
	switch {
	case c.Device != s.saved.Device || c.Device != s.config.Identity.Device || c.Account != s.saved.Account:
		return fmt.Errorf("%w: device %.64q, account %.64q", errNotOurs, c.Device, c.Account)
	case c.Epoch < s.saved.Epoch:
		return fmt.Errorf("%w: epoch %d, ours is %d", errEarlier, c.Epoch, s.saved.Epoch)
	case c.Epoch > s.saved.Epoch:
		return fmt.Errorf("%w: epoch %d, ours is %d", errNotOurs, c.Epoch, s.saved.Epoch)
	case !c.Status.Valid() || c.Ends < 0 || c.Ends > latest || c.Version < 0 || c.Pins < 0 || c.Keys < 0 || c.Issued < 0 || c.Issued > latest:
		return errBounds
	case !fits(c.Snapshot, protocol.MaxSnapshot) || !fits(c.Catalog, protocol.MaxCatalog):
		return fmt.Errorf("%w: a document's digest or size", errBounds)
	}
	return nil
}

func fits(b *protocol.Blob, limit int) bool {
	return b == nil || (len(b.Digest) == digestSize && b.Size > 0 && b.Size <= limit)
}

// apply orders a state against ours. A stricter status holds whatever its
// version, because within an epoch a status never gets milder; for the rest the
// higher version wins.
func (s *step) apply(c protocol.StateClaims, jws string) {
	ours, theirs := s.saved.Status.Strictness(), c.Status.Strictness()
	switch {
	case theirs > ours:
		s.tighten(c, jws)
	case theirs == ours && !s.saved.member():
	case !s.saved.member():
		s.log("state ignored", fmt.Errorf("%w: %s to %s", errLoosens, s.saved.Status, c.Status))
	case theirs < ours:
		s.log("state ignored", fmt.Errorf("%w: %s to %s", errLoosens, s.saved.Status, c.Status))
		s.offer()
	case c.Version < s.saved.Version:
		s.log("server is behind", fmt.Errorf("at version %d, ours is %d", c.Version, s.saved.Version))
		s.offer()
	case c.Version > s.saved.Version || s.saved.State == "" || s.renewed(c):
		s.advance(c, jws)
	}
}

// renewed reports whether a state of our version names other documents, and was
// signed later: the operator has other titles, which is no change of the account.
func (s *step) renewed(c protocol.StateClaims) bool {
	return c.Version == s.saved.Version && c.Issued > s.saved.Issued && s.active() &&
		(!same(c.Snapshot, s.saved.Snapshot) || !same(c.Catalog, s.saved.Catalog))
}

func same(a, b *protocol.Blob) bool { return a == b || a != nil && b != nil && *a == *b }

// offer shows the server the newest state that it ever signed for us, once per
// connection: it was restored from a backup.
func (s *step) offer() {
	if s.line.offered || s.line.stage != live || s.saved.State == "" {
		return
	}
	s.line.offered = true
	f := s.have()
	f.State = s.saved.State
	s.send(f)
}

// offerEpoch does the same where the server signed a state of an earlier epoch
// of ours: it forgot a whole sign-in.
func (s *step) offerEpoch(c protocol.StateClaims, err error) {
	if errors.Is(err, errEarlier) && s.saved.member() {
		s.arrive()
		s.offer()
	}
}

// advance takes a newer state of the same status.
func (s *step) advance(c protocol.StateClaims, jws string) {
	s.saved.Version, s.saved.State, s.saved.Issued = c.Version, jws, c.Issued
	if c.Status == protocol.Active {
		s.saved.Snapshot, s.saved.Catalog, s.saved.Pins = c.Snapshot, c.Catalog, c.Pins
		s.saved.Ends = c.Ends
	}
	s.saved.Cause = c.Cause
	s.cache.want(s.saved)
	s.cache.expect(s.now.Running)
	s.save()
}

// tighten takes a stricter state: its signed receipt goes to the vault together
// with it, before anything is erased.
func (s *step) tighten(c protocol.StateClaims, jws string) {
	proof, err := s.proof(ProofReceipt, protocol.TypReceipt, protocol.ReceiptClaims{
		Device: c.Device, Account: c.Account, Epoch: c.Epoch, Status: c.Status, Version: c.Version,
		Applied: s.ServerTime(s.now), Erased: c.Status.Erases(), Dropped: s.unsent,
		Answers: protocol.DigestOf([]byte(jws)),
	})
	if err != nil {
		s.log("receipt not signed", err)
	}
	if c.Version >= s.saved.Version {
		s.saved.Version, s.saved.State, s.saved.Issued = c.Version, jws, c.Issued
	}
	s.saved.Receipted = s.saved.Version
	s.saved.Cause = c.Cause
	s.retire(c.Status, proof)
}

func (s *step) still(jws string) {
	var c protocol.StillClaims
	err := s.verify(jws, protocol.TypStill, &c)
	if err == nil && (c.Device != s.saved.Device || c.Epoch != s.saved.Epoch) {
		err = fmt.Errorf("%w: device %.64q, epoch %d", errNotOurs, c.Device, c.Epoch)
	}
	if err == nil && (c.Version < 0 || c.Issued < 0 || c.Issued > latest) {
		err = errBounds
	}
	if err != nil {
		s.log("still ignored", err)
		return
	}
	s.arrive()
	s.grant(c.Ask, c.Issued, c.Lease)
	switch {
	case c.Version > s.saved.Version:
		s.cache.doubt()
	case c.Version < s.saved.Version:
		s.offer()
	}
}

// newKeys takes a key list of a higher number.
func (s *step) newKeys(jws string) {
	list, err := readKeys(jws, ed25519.PublicKey(s.saved.Root), s.saved.Server)
	if err != nil {
		s.log("keys ignored", err)
		return
	}
	if list.Number <= s.saved.KeysNumber && s.keys != nil {
		return
	}
	s.saved.Keys, s.saved.KeysNumber, s.keys = jws, list.Number, list.Keys
	s.save()
}

// loadKeys reads the key list of the vault.
func (s *step) loadKeys() {
	list, err := readKeys(s.saved.Keys, ed25519.PublicKey(s.saved.Root), s.saved.Server)
	if err != nil {
		s.log("saved keys ignored", err)
		s.saved.KeysNumber = 0
		return
	}
	s.keys = list.Keys
}

// readKeys checks a key list: signed by the root key, whatever kid it is
// called by, and for this server.
func readKeys(jws string, root ed25519.PublicKey, server string) (protocol.KeysClaims, error) {
	var c protocol.KeysClaims
	if _, err := sign.Verify(jws, protocol.TypKeys, func(string) ed25519.PublicKey { return root }, &c); err != nil {
		return c, fmt.Errorf("key list: %w", err)
	}
	if c.Server != server {
		return c, fmt.Errorf("key list: %w: %.64q", errServerName, c.Server)
	}
	if c.Number < 1 || len(c.Keys) < 1 || len(c.Keys) > maxKeys {
		return c, fmt.Errorf("key list: %w: number %d, %d keys", errBounds, c.Number, len(c.Keys))
	}
	for _, k := range c.Keys {
		if k.ID == "" || len(k.Key) != ed25519.PublicKeySize {
			return c, fmt.Errorf("key list: %w: key %.64q", errBounds, k.ID)
		}
	}
	return c, nil
}
