package session

import (
	"bytes"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

const (
	clockJump = 5 * time.Second // of the wall clock against the running time
	standby   = 3 * time.Minute // without an event: the box slept, for ticks come oftener
	askEvery  = 2 * time.Second // at most
	// slackInContact is added to the time between grants: by then the ledger was
	// written at a grant, or contact is lost and it was written at that.
	slackInContact = answerWithin + time.Minute
)

// openAsk makes the ask that the next grant must repeat.
func (s *step) openAsk() {
	s.ask = asking{nonce: s.random("ask"), at: s.now}
}

func (a asking) open() bool { return a.nonce != nil }

// renew asks for a grant in time, at once where the clocks jumped, and takes an
// unanswered ask for a lost connection.
func (s *step) renew() {
	if s.line.stage != live || !s.active() {
		return
	}
	now := s.now.Running
	switch {
	case s.ask.open():
		if now >= s.ask.at.Running+answerWithin {
			s.log("connection given up", errSilent)
			s.lost(0)
		}
	case s.renewDue() <= now:
		s.openAsk()
		s.send(protocol.Ask{Nonce: s.ask.nonce})
	}
}

// renewDue returns when the next ask is due while none is open.
func (m Model) renewDue() time.Duration {
	due := m.ask.next
	if m.ask.soon || m.saved.Lease.Length == 0 {
		due = 0
	}
	earliest := m.ask.at.Running + askEvery
	if m.ask.at == (Now{}) {
		earliest = 0
	}
	return max(due, earliest)
}

// grant begins the lease anew where n repeats the open ask.
func (s *step) grant(n protocol.Bytes, issued protocol.Millis, seconds int64) {
	if !s.active() || !s.ask.open() || !bytes.Equal(n, s.ask.nonce) {
		return
	}
	if seconds <= 0 {
		s.log("grant ignored", fmt.Errorf("%w: lease of %d s", errBounds, seconds))
		return
	}
	length := min(time.Duration(min(seconds, protocol.MaxLease))*time.Second, maxLease)
	asked := s.ask.at
	s.saved.Lease, _ = s.saved.Lease.Grant(asked, issued, length).Observe(s.now)
	s.saved.Clock = ServerTime{Signed: issued, Boot: asked.Boot, Running: asked.Running}
	s.ask = asking{at: asked, next: asked.Running + RenewEvery(length)}
	s.save()
}

// slack returns how much use may pass before the ledger is written again.
func (s *step) slack() time.Duration {
	if s.line.stage != live {
		return BootCharge
	}
	return RenewEvery(s.saved.Lease.Length) + slackInContact
}

// writeLedger writes the ledger while out of contact, until its end is written.
func (s *step) writeLedger() {
	if !s.active() || s.vault.failed {
		return
	}
	if due, ok := s.ledgerDue(s.now); ok && s.now.Running >= due {
		s.save()
	}
}

// ledgerDue returns when the ledger is to be written without a grant.
func (m Model) ledgerDue(now Now) (time.Duration, bool) {
	l := m.saved.Lease
	if l.Length == 0 || m.vault.endKnown {
		return 0, false
	}
	due := l.Written + max(l.Slack, BootCharge)
	if m.line.stage == live {
		return due, true
	}
	if l.Left(now) == 0 {
		return 0, true
	}
	return min(due, l.Written+BootCharge), true
}
