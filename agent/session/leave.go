package session

import (
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

var errTooManyProofs = errors.New("too many proofs wait")

// leave ends the session as the person at the TV asked, without a network.
func (s *step) leave(status protocol.Status) {
	ours := s.saved.Status
	if ours == protocol.Stolen || ours.Strictness() >= status.Strictness() || (status == protocol.SignedOut && ours == "") {
		s.log("not left", fmt.Errorf("%w: %q to %q", ErrImpossible, ours, status))
		return
	}
	at := s.ServerTime(s.now)
	var proof *Proof
	if ours != "" {
		var err error
		proof, err = s.proof(ProofSignedOutHere, protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: s.saved.Device, Account: s.saved.Account, Epoch: s.saved.Epoch, Status: status,
			Applied: at, Erased: status.Erases(), Dropped: s.unsent,
		})
		if err != nil {
			s.log("sign-out not signed", err)
		}
	}
	s.saved.Device = s.config.Identity.Device
	s.saved.Cause = &protocol.Cause{By: protocol.ByThisTV, At: at}
	s.signIn = false
	s.retire(status, proof)
	s.tryNow()
}

// retire takes a status that is not active: the vault first, then the erasing.
func (s *step) retire(status protocol.Status, proof *Proof) {
	s.saved.Status = status
	s.saved.Snapshot, s.saved.Catalog, s.saved.Pins = nil, nil, 0
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
