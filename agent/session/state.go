package session

import (
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
)

var (
	errNotOurs = errors.New("about another session")
	errEarlier = errors.New("about an earlier sign-in")
	errBounds  = errors.New("claims out of bounds")
	errLoosens = errors.New("would loosen the status")
)

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
		s.disown(c, err)
		return
	}
	s.arrive()
	s.apply(c, jws) // first: a grant is held to the end date of its own state
	if c.Status == protocol.Active {
		s.grant(c.Ask, c.Issued, c.Lease)
	}
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

// renewed reports whether a state of our version says something else, and was
// signed later: the operator has other titles, which is no change of the account,
// or a server that lost changes has counted as far again (a restored backup).
func (s *step) renewed(c protocol.StateClaims) bool {
	return c.Version == s.saved.Version && c.Issued > s.saved.Issued && s.active() &&
		(!same(c.Snapshot, s.saved.Snapshot) || !same(c.Catalog, s.saved.Catalog) ||
			c.Ends != s.saved.Ends || c.Pins != s.saved.Pins)
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
	switch {
	case !errors.Is(err, errEarlier) || !s.saved.member():
	case s.unbegun(true):
		s.lost(0)
	default:
		s.arrive()
		s.offer()
	}
}

// disown begins anew where the server signed a state of another account's: it lost
// this sign-in, and is shown the next time that there was one.
func (s *step) disown(c protocol.StateClaims, err error) {
	if errors.Is(err, errNotOurs) && s.line.stage == entering && s.saved.member() &&
		c.Device == s.saved.Device && c.Account != s.saved.Account {
		if !s.unbegun(true) {
			s.problem = protocol.CodeUnknown
		}
		s.lost(0)
	}
}

// unbegun ends a sign-in that the server does not know and of which nothing ever came
// but the word that there is one. There is no state to show, nothing to erase, and it
// would wait for ever. Where a state was forgotten, since the key that signed it
// leaked, and the lease was not, only a signed word ends it. It reports whether it did.
func (s *step) unbegun(signed bool) bool {
	was := s.saved
	nothing := was.State == "" && was.Version == 0 && (signed || was.Lease.Length == 0)
	if s.line.stage != entering || was.Status != protocol.Active || !nothing {
		return false
	}
	s.saved.Cause = &protocol.Cause{By: protocol.BySafety, At: s.ServerTime(s.now)}
	s.retire(protocol.SignedOut, nil)
	return true
}

// advance takes a newer state of the same status.
func (s *step) advance(c protocol.StateClaims, jws string) {
	s.saved.Version, s.saved.State, s.saved.Issued = c.Version, jws, c.Issued
	if c.Status == protocol.Active {
		s.saved.Snapshot, s.saved.Catalog, s.saved.Pins = c.Snapshot, c.Catalog, c.Pins
		s.ask.soon = s.ask.soon || c.Ends != s.saved.Ends
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
		Applied: s.ServerTime(s.now), Erased: erases(c), Dropped: s.unsent,
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

// erases is what a state makes this device erase.
func erases(c protocol.StateClaims) []protocol.Erased {
	out := c.Status.Erases()
	if c.Status == protocol.SignedOut && (Saved{Status: c.Status, Cause: c.Cause}).anew() {
		out = append(out, protocol.ErasedIdentity)
	}
	return out
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
