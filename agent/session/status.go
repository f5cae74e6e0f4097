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
	SignIn  SignInStatus  // by password
	Request RequestStatus // about a profile

	Online     bool            // in contact, by what is known
	Connecting bool            // the first attempt since the start or since contact was lost is under way
	Offline    time.Duration   // how long out of contact
	Left       time.Duration   // of the lease
	Ends       protocol.Millis // when the owner has the TV signed out by itself; 0: never
	EndsIn     time.Duration   // how long until then, by the server's time as the TV knows it
	Over       bool            // the end date has come: the TV is locked, and ends soon
	Current    bool            // the cache holds what the newest state names
	Storage    bool            // the vault cannot be written: why nothing is tried, and the lease may have ended early
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
	out := Status{
		Phase: m.phase(now), Cause: m.saved.Cause, Problem: m.problem,
		Online: m.online(), Left: m.left(now), Current: m.active() && m.current(),
		Ends: m.saved.Ends, Over: m.over(now), Storage: m.vault.failed, SignIn: m.signInStatus(now), Request: m.requestStatus(now),
	}
	if m.stopped != 0 {
		out.Problem = m.stopped
	}
	if m.saved.Ends > 0 {
		out.EndsIn = time.Duration(max(m.saved.Ends-m.ServerTime(now), 0)) * time.Millisecond
	}
	if !out.Online {
		out.Offline = max(now.Running-m.contact, 0)
		out.Connecting = m.wanted() && m.line.failures == 0
	}
	if c := m.line.code; c != nil && m.line.stage == enrolling {
		out.Code = &UserCode{c.Code, c.URI, c.FullURI, max(m.line.codeEnds-now.Running, 0)}
	}
	return out
}

func (m Model) phase(now Now) Phase {
	switch {
	case m.saved.Status == protocol.Stolen:
		return PhaseStolen
	case m.stopped != 0 && (m.active() || m.signIn):
		return PhaseStopped
	case m.active():
		return m.activePhase(now)
	case m.signIn:
		return PhaseEnrolling
	case m.saved.Status == protocol.Deactivated:
		return PhaseDeactivated
	}
	return PhaseSignedOut
}

func (m Model) activePhase(now Now) Phase {
	switch {
	case m.saved.Lease.Length > 0 && m.left(now) == 0:
		return PhaseLeaseEnded
	case m.saved.Lease.Length == 0 || !m.cache.usable:
		return PhaseStarting
	}
	return PhaseActive
}

// left returns what is left of the lease, which never goes beyond the end date. In
// contact the wall clock alone does not end it: a jump makes an ask, and an
// unanswered ask ends the contact.
func (m Model) left(now Now) time.Duration {
	var left time.Duration
	switch l := m.saved.Lease; {
	case !m.active() || l.Length == 0 || m.unwritten(now):
		return 0
	case m.online():
		left = l.LeftRunning(now)
	default:
		left = l.Left(now)
	}
	if ends, ok := m.endsIn(now); ok {
		left = min(left, ends)
	}
	return left
}

// unwritten reports use that a power cut would forget, because the vault cannot
// be written: that is no use to allow.
func (m Model) unwritten(now Now) bool {
	d := m.vault.disk
	return m.vault.failed && (d.rebooted(now) || now.Running > d.Written+max(d.Slack, BootCharge))
}
