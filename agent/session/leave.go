package session

import (
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

var errTooManyProofs = errors.New("too many proofs wait")

// leave ends the session without a network: as the person at the TV asked, or at
// its end date.
func (s *step) leave(status protocol.Status, cause protocol.Cause) {
	ours := s.saved.Status
	if ours == protocol.Stolen || ours.Strictness() >= status.Strictness() || (status == protocol.SignedOut && ours == "") {
		s.log("not left", fmt.Errorf("%w: %q to %q", ErrImpossible, ours, status))
		return
	}
	at := s.ServerTime(s.now)
	var proof *Proof
	if ours != "" && s.saved.Device == s.config.Identity.Device { // no word about an identity whose key is gone
		var err error
		proof, err = s.proof(ProofSignedOutHere, protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: s.saved.Device, Account: s.saved.Account, Epoch: s.saved.Epoch, Status: status,
			Applied: at, Erased: status.Erases(), Dropped: s.unsent, By: endedBy(cause),
		})
		if err != nil {
			s.log("sign-out not signed", err)
		}
	}
	s.saved.Device = s.config.Identity.Device
	s.saved.Cause = &cause
	s.signIn, s.attempt = false, attempt{}
	if s.line.stage == enrolling { // an approval may be on its way to the identity that ends
		s.hangup()
	}
	s.retire(status, proof)
	s.tryNow()
}

// here is the cause of what the person at the TV does now.
func (s *step) here() protocol.Cause {
	return protocol.Cause{By: protocol.ByThisTV, At: s.ServerTime(s.now)}
}

// endedBy is who ended the session, where it was not the person at the TV.
func endedBy(c protocol.Cause) protocol.By {
	if c.By == protocol.ByThisTV {
		return ""
	}
	return c.By
}

// retire takes a status that is not active: the vault first, then the erasing.
func (s *step) retire(status protocol.Status, proof *Proof) {
	s.saved.Status = status
	s.saved.Snapshot, s.saved.Catalog, s.saved.Pins, s.saved.Ends = nil, nil, 0, 0
	s.saved.Lease = Ledger{}
	if proof != nil {
		s.saved = s.saved.withProof(*proof)
	}
	s.profile = ""
	s.cache, s.batch, s.receipt = cache{}, batch{}, receipt{}
	s.counting, s.shelf, s.request = counting{}, shelf{}, request{}
	s.ask = asking{at: s.ask.at}
	s.save()
	s.erase()
}

// proof signs claims by the identity key.
func (s *step) proof(kind ProofKind, typ string, claims any) (*Proof, error) {
	if len(s.saved.Proofs) >= maxProofs {
		return nil, errTooManyProofs
	}
	jws, err := s.signJWS(typ, claims)
	if err != nil {
		return nil, err
	}
	return &Proof{Kind: kind, JWS: jws, Digest: protocol.DigestOf([]byte(jws)), Server: s.saved.Server}, nil
}

// signJWS signs claims. The key is called by the device's id.
func (s *step) signJWS(typ string, claims any) (string, error) {
	if s.config.Identity.Key == nil {
		return "", errIdentity
	}
	return sign.Sign(typ, string(s.saved.Device), s.config.Identity.Key, claims)
}
