package session

import (
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// Model is the whole state of the machine. It is a value that [Step] uses up:
// after a step only the model that it returned may be used.
type Model struct {
	config  Config
	saved   Saved
	started bool
	last    Now // time of the last event

	signIn  bool               // the person wants to sign in
	profile protocol.ProfileID // who is watching
	stopped protocol.Code      // why no connection is tried; 0 where it is
	problem protocol.Code      // the server's last complaint

	keys    []protocol.SigningKey // of saved.Keys, checked
	line    line
	attempt attempt
	contact time.Duration // running time of the last contact, may be before boot
	ask     asking
	cache   cache
	receipt receipt
	batch   batch
	vault   vaulting

	counting counting
	shelf    shelf
	request  request
	playing  playing
	controls controls

	ending ending

	erasing     bool // an Erase is not answered yet: no proof is sent
	deferProofs bool // the last connection ended over a proof, or may: sign in first
	refusals    int  // how often that was so, in a row
}

// stage is how far the connection is; the package comment has the diagram.
type stage int

const (
	idle      stage = iota // nothing wanted, or waiting until line.until
	dialing                // waiting for Connected
	greeting               // waiting for hello
	proving                // waiting for the proofs' acknowledgement
	entering               // auth sent
	enrolling              // enrol sent
	live                   // the server answered with something that it signed
)

// line is the connection of the moment.
type line struct {
	stage    stage
	conn     uint64        // number of the latest Dial
	until    time.Duration // running time: end of the wait (idle) or deadline of the stage; 0 for none
	failures int           // in a row, for the back-off
	since    time.Duration // when it came alive
	nonce    protocol.Bytes
	server   string // name in the hello
	cap      protocol.Capability
	code     *protocol.UserCode // while enrolling
	codeEnds time.Duration
	proofsAt time.Duration // when the proofs are sent again; 0: not sent on this connection
	gone     bool          // the link said that it is closed
	offered  bool          // our newer state was shown on this connection
}

// asking is the open ask, and when the next is due.
type asking struct {
	nonce protocol.Bytes // nil: none is open
	at    Now            // when the latest was sent
	next  time.Duration  // running time at which the lease is renewed
	soon  bool           // the clocks jumped: renew at the first chance
}

// receipt is the word on an applied state that erased nothing. It is not kept
// in the vault: the server learns the same from the next auth.
type receipt struct {
	version protocol.Version
	jws     string
	digest  protocol.Digest
	conn    uint64        // on which it was last sent
	again   time.Duration // when it is sent again there
}

// batch is the activity under way.
type batch struct {
	through int64         // number of its last item; 0: none
	until   time.Duration // when it is taken for lost
}

// vaulting is about a vault that could not be written.
type vaulting struct {
	failed   bool
	retryAt  time.Duration
	endKnown bool   // the end of the lease is written
	disk     Ledger // as the vault holds it, by what is known
	before   Ledger // as it was before this step
}

// New returns the model before [Start].
func New(c Config) Model { return Model{config: c} }

// Check reports the first bound of the protocol that c breaks.
func (c Config) Check() error {
	if len(c.Identity.public()) == 0 {
		return fmt.Errorf("session: identity is not an Ed25519 key")
	}
	_, err := protocol.Encode(protocol.Enrol{
		PublicKey: protocol.Bytes(c.Identity.public()), Name: c.Name, Model: c.Model, Kind: c.Kind,
		Cap: protocol.CurrentCapability, Conn: 1, Ask: make([]byte, 32), Sig: make([]byte, 64),
	})
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	return nil
}

// Saved returns what the vault should hold.
func (m Model) Saved() Saved { return m.saved }

// Proven returns a time that the server's has reached for sure, in which the wall clock
// has no part: for the check of certificates. 0: the server never told.
func (m Model) Proven(now Now) protocol.Millis { return m.saved.Clock.AtLeast(now) }

// ServerTime returns the server's time as the device knows it: for receipts and
// activity.
func (m Model) ServerTime(now Now) protocol.Millis { return m.saved.Clock.At(now) }

// active reports whether the TV has a session that may show profiles.
func (m Model) active() bool { return m.saved.Status == protocol.Active }

// online reports whether the server is in contact.
func (m Model) online() bool { return m.line.stage == live }

// pending reports whether proofs wait for the pinned server.
func (m Model) pending() bool {
	return slices.ContainsFunc(m.saved.Proofs, func(p Proof) bool { return p.Server == m.saved.Server })
}

// deliverable reports whether proofs wait that may be sent: what they say was
// done is done.
func (m Model) deliverable() bool { return !m.erasing && m.pending() }

// wanted reports whether there is a reason to be connected.
func (m Model) wanted() bool {
	if m.stopped != 0 || m.vault.failed {
		return false
	}
	return m.saved.member() || m.pending() || (m.signIn && !m.erasing)
}
