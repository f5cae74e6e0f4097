package session

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// BootCharge is the least that a boot is charged, and how much use may go
// unwritten while out of contact.
const BootCharge = 5 * time.Minute

// maxLease is the longest lease that is accepted.
const maxLease = protocol.MaxLease * time.Second

// Ledger counts the use of one lease. Use is counted by two clocks of which the
// one that moved further decides:
//
//   - running time (standby included) since the grant was *asked for*, with a
//     charge per boot that covers whatever the boot before could not write down;
//   - the highest wall clock seen since, less the wall clock at the ask.
//
// The wall clock at the ask is the later of the TV's own and the time that the
// server signed. So a clock that was once in 2038 does not lock for ever (the
// next grant starts from it), and one that jumps from 1970 to today does not
// lock at all (the grant started from today).
//
// A Ledger is a value; its methods return the changed one.
type Ledger struct {
	Length  time.Duration `json:"length,omitempty"` // 0: nothing was granted yet
	Boot    string        `json:"boot,omitempty"`
	From    time.Duration `json:"from,omitempty"`    // running time in Boot from which use counts
	Carried time.Duration `json:"carried,omitempty"` // charged for earlier boots
	Base    int64         `json:"base,omitempty"`    // wall clock of the ask, in milliseconds
	MaxWall int64         `json:"maxWall,omitempty"` // highest wall clock since

	Written time.Duration `json:"written,omitempty"` // running time in Boot when this was last written
	Slack   time.Duration `json:"slack,omitempty"`   // longest use after Written that may go unwritten
}

// Grant begins a lease of this length, at most [protocol.MaxLease], that counts
// from the ask. signed is the time in the grant.
func (l Ledger) Grant(asked Now, signed protocol.Millis, length time.Duration) Ledger {
	base := max(asked.Wall, int64(signed))
	return Ledger{
		Length: min(max(length, 0), maxLease),
		Boot:   asked.Boot, From: asked.Running,
		Base: base, MaxWall: base,
		Written: asked.Running, Slack: BootCharge,
	}
}

// Observe takes note of the clocks. It reports whether a boot was charged,
// which must be written before the TV is used.
func (l Ledger) Observe(now Now) (Ledger, bool) {
	if l.Length == 0 {
		return l, false
	}
	l.MaxWall = max(l.MaxWall, now.Wall)
	if !l.rebooted(now) {
		return l, false
	}
	return l.charge(now), true
}

func (l Ledger) charge(now Now) Ledger {
	l.Carried = min(l.Carried+max(l.Written-l.From, 0)+max(l.Slack, BootCharge), 2*maxLease)
	l.Boot, l.From = now.Boot, 0
	l.Written, l.Slack = 0, BootCharge
	return l
}

// rebooted tells another boot, also where the running time went back, as in a
// virtual machine that was set back.
func (l Ledger) rebooted(now Now) bool {
	return now.Boot != l.Boot || now.Running < l.Written
}

// Wrote takes note that the ledger is about to be written, and that at most
// slack of use will pass before it is written again.
func (l Ledger) Wrote(now Now, slack time.Duration) Ledger {
	l.Written, l.Slack = now.Running, max(slack, BootCharge)
	return l
}

// Ran returns the use by running time and boot charges alone.
func (l Ledger) Ran(now Now) time.Duration {
	if l.rebooted(now) {
		l = l.charge(now)
	}
	return l.Carried + now.Running - l.From
}

// Moved returns the use by the wall clock alone.
func (l Ledger) Moved(now Now) time.Duration {
	ms := max(l.MaxWall, now.Wall) - l.Base
	return time.Duration(min(max(ms, 0), int64(2*maxLease/time.Millisecond))) * time.Millisecond
}

// Left returns what is left of the lease by running time and wall clock: 0
// when it ended.
func (l Ledger) Left(now Now) time.Duration {
	return max(l.Length-max(l.Ran(now), l.Moved(now)), 0)
}

// LeftRunning is as [Ledger.Left] by running time alone.
func (l Ledger) LeftRunning(now Now) time.Duration {
	return max(l.Length-l.Ran(now), 0)
}

// RenewEvery returns how often a lease of this length is renewed in contact.
func RenewEvery(length time.Duration) time.Duration {
	return min(max(length/16, 2*time.Second), 30*time.Minute)
}

// ServerTime is the last time that the server signed in answer to an ask of
// this device, by which it knows the time without a clock of its own.
type ServerTime struct {
	Signed  protocol.Millis `json:"signed,omitempty"` // 0: never
	Boot    string          `json:"boot,omitempty"`
	Running time.Duration   `json:"running,omitempty"` // when it was asked for
}

// AtLeast returns a time that the server's has reached for sure, whatever the wall
// clock says: the last signed one and what the device has run since, as far as this
// boot knows. 0: it never told.
func (t ServerTime) AtLeast(now Now) protocol.Millis {
	switch {
	case t.Signed == 0:
		return 0
	case t.Boot != now.Boot:
		return t.Signed + protocol.Millis(now.Running/time.Millisecond)
	}
	return t.Signed + protocol.Millis(max(now.Running-t.Running, 0)/time.Millisecond)
}

// At returns the server's time as the device knows it: exact in the boot of the
// grant, else the later of the wall clock and the last signed time.
func (t ServerTime) At(now Now) protocol.Millis {
	if t.Signed > 0 && t.Boot == now.Boot && now.Running >= t.Running {
		return t.Signed + protocol.Millis((now.Running-t.Running)/time.Millisecond)
	}
	return max(t.Signed, protocol.Millis(now.Wall))
}
