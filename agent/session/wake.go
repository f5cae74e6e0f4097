package session

import "time"

const (
	// look bounds the time without a look at the clocks while they count.
	look = time.Minute
	// rest bounds it where nothing counts.
	rest = 10 * time.Minute
	// soonest bounds how often a Tick is asked for.
	soonest = 10 * time.Millisecond
)

// Wake returns the running time at which the next [Tick] is due. Later ones
// are late, earlier ones harmless.
func (m Model) Wake() time.Duration {
	now := m.last.Running
	next := now + rest
	if m.active() {
		next = now + look
	}
	at := func(t time.Duration, ok bool) {
		if ok {
			next = min(next, t)
		}
	}
	at(m.vault.retryAt, m.vault.failed)
	at(m.line.until, m.line.stage == idle && m.wanted())
	at(m.line.until, m.line.stage != idle && m.line.until > 0)
	at(m.attempt.until, m.attempt.until > 0)
	at(m.request.until, m.request.until > 0)
	at(m.batch.until, m.batch.through != 0)
	at(m.fetchDue())
	at(m.receiptDue())
	at(m.playDue())
	if m.line.stage == live {
		at(m.line.proofsAt, m.deliverable())
		at(m.ask.at.Running+answerWithin, m.active() && m.ask.open())
		at(m.renewDue(), m.active() && !m.ask.open())
	}
	at(m.ending.until, m.ending.until > 0)
	if m.active() && !m.vault.failed {
		at(m.ledgerDue(m.last))
		left := m.left(m.last)
		at(now+left, left > 0)
		ends, ok := m.endsIn(m.last)
		at(now+ends, ok && m.ending.until == 0)
	}
	return max(next, now+soonest)
}
