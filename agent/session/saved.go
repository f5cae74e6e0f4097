package session

import (
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// Saved is what the vault keeps for this package, as JSON. The zero value is a
// TV that never signed in. Identity key, device secret, data key and PIN
// counters are the agent's own and not in it.
type Saved struct {
	Device  protocol.DeviceID  `json:"device,omitempty"` // the identity that the rest belongs to
	Account protocol.AccountID `json:"account,omitempty"`
	Epoch   protocol.Epoch     `json:"epoch,omitempty"`
	Status  protocol.Status    `json:"status,omitempty"` // "" where it never signed in
	Version protocol.Version   `json:"version,omitempty"`
	Cause   *protocol.Cause    `json:"cause,omitempty"` // why it is not active
	Ends    protocol.Millis    `json:"ends,omitempty"`  // the end date, by the newest state; 0: none

	Snapshot *protocol.Blob  `json:"snapshot,omitempty"` // what the cache should hold
	Catalog  *protocol.Blob  `json:"catalog,omitempty"`
	Pins     int64           `json:"pins,omitempty"`
	State    string          `json:"state,omitempty"`  // JWS of the newest state
	Issued   protocol.Millis `json:"issued,omitempty"` // when that state was signed

	Server     string         `json:"server,omitempty"`     // name, pinned at enrolment
	Root       protocol.Bytes `json:"root,omitempty"`       // Ed25519 key that signs key lists: pinned at enrolment, or named by one since
	Keys       string         `json:"keys,omitempty"`       // JWS of the newest key list
	KeysNumber int64          `json:"keysNumber,omitempty"` // its number, which never gets lower within an epoch
	KeysRoot   protocol.Bytes `json:"keysRoot,omitempty"`   // the key that signed Keys, where those named another Root

	Lease  Ledger     `json:"lease"`
	Clock  ServerTime `json:"clock"`
	Proofs []Proof    `json:"proofs,omitempty"` // not yet acknowledged, oldest first

	Conn         int64            `json:"conn,omitempty"`         // connections on which this TV identified itself
	Receipted    protocol.Version `json:"receipted,omitempty"`    // newest version whose receipt is acknowledged, as of this record
	Wishes       int64            `json:"wishes,omitempty"`       // number of the newest wishes about remotes that are done, in this epoch
	NextActivity int64            `json:"nextActivity,omitempty"` // no item with this number or above was ever sent in this epoch
}

// Proof is a signed word of this device that the server has not acknowledged.
type Proof struct {
	Kind   ProofKind       `json:"kind"`
	JWS    string          `json:"jws"`
	Digest protocol.Digest `json:"digest"`
	Server string          `json:"server"` // name of the server that it is for
}

// ProofKind tells which frame carries a proof.
type ProofKind string

// The kinds of proof.
const (
	ProofReceipt       ProofKind = "receipt"
	ProofSignedOutHere ProofKind = "signed_out_here"
)

// maxProofs bounds the unacknowledged proofs. One epoch makes at most three
// that erase anything, and a TV cannot sign in anew before they are delivered.
const maxProofs = 16

func (p Proof) frame() protocol.Frame {
	if p.Kind == ProofSignedOutHere {
		return protocol.SignedOutHere{JWS: p.JWS}
	}
	return protocol.Receipt{JWS: p.JWS}
}

// member reports whether the TV has a session that the server speaks to: an
// active one, or a stolen one, which goes on reporting.
func (s Saved) member() bool {
	return s.Status == protocol.Active || s.Status == protocol.Stolen
}

// anew reports whether the session's end takes the identity with it: removed from
// the account, or signed out by the server's own doubt, for another may have a copy
// of the key.
func (s Saved) anew() bool {
	return s.Status == protocol.Deactivated ||
		s.Status == protocol.SignedOut && s.Cause != nil && s.Cause.By == protocol.BySafety
}

// withProof returns s with one more proof; the list is not shared.
func (s Saved) withProof(p Proof) Saved {
	s.Proofs = append(slices.Clip(slices.Clone(s.Proofs)), p)
	return s
}

// withoutProof returns s without the proof of that digest, and whether it was there.
func (s Saved) withoutProof(d protocol.Digest) (Saved, bool) {
	i := slices.IndexFunc(s.Proofs, func(p Proof) bool { return p.Digest == d })
	if i < 0 {
		return s, false
	}
	s.Proofs = slices.Delete(slices.Clone(s.Proofs), i, i+1)
	return s, true
}
