package session

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// Phase is what the screen is about.
type Phase int

// The phases.
const (
	PhaseSignedOut   Phase = iota + 1 // Cause says by whom; nil where it never signed in
	PhaseEnrolling                    // signing in; Code is nil until the server gave one
	PhaseStarting                     // signed in, but without a first grant or snapshot
	PhaseActive                       // profiles may be shown
	PhaseLeaseEnded                   // connect to continue
	PhaseStolen                       // locked
	PhaseDeactivated                  // removed from the account
	PhaseStopped                      // no more tries until [TryAgain]; Problem says why
)

// Status is what the screen needs to know of the session.
type Status struct {
	Phase   Phase
	Cause   *protocol.Cause
	Code    *UserCode
	Problem protocol.Code // the server's last complaint; 0 for none

	Online     bool          // in contact, by what is known
	Connecting bool          // the first attempt since the start or since contact was lost is under way
	Offline    time.Duration // how long out of contact
	Left       time.Duration // of the lease
	Current    bool          // the cache holds what the newest state names
}

// UserCode is what a person needs to approve this TV.
type UserCode struct {
	Text    string // 8 letters, without the dash
	URI     string // to be typed
	FullURI string // for the QR
	Left    time.Duration
}

// Status derives the status at now. It changes only by [Step] and by time.
func (m Model) Status(now Now) Status {
	return Status{Phase: PhaseSignedOut, Cause: m.saved.Cause}
}

// Wake returns the running time at which the next [Tick] is due.
func (m Model) Wake() time.Duration { return 0 }
