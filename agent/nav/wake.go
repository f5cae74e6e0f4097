package nav

import "time"

// elapse moves the time on. It never goes back.
func (s *stepper) elapse(at time.Duration) {
	s.now = max(s.now, at)
	s.endLease()
	if s.noticeEnds > 0 && s.now >= s.noticeEnds {
		s.notice, s.noticeEnds = "", 0
	}
	if s.wish.title != "" && s.now >= s.wish.ends {
		s.wish = wish{}
	}
	if s.toast != "" && s.now >= s.toastTo {
		s.toast = ""
	}
	s.runOut()
	if s.blocking.id != "" && s.now >= s.blocking.ends {
		s.blocking = blocking{}
	}
	s.playOn()
	s.nextOn()
	if s.typing.password != "" && s.now >= s.typing.forget {
		s.forgetSecrets()
	}
	if s.screen() == ScreenCode && s.codeEnds > 0 && s.now >= s.codeEnds && !s.renewed {
		s.renewed = true
		s.emit(StartEnrol{})
	}
}

// endLease ends what is open when the lease has run out, without waiting to be
// told (product rules D7 and D14).
func (s *stepper) endLease() {
	if s.world.Phase == Active && !s.leaseOver && s.leaseEnds > 0 && s.now >= s.leaseEnds {
		s.closeAll()
		s.leave()
		s.toast, s.leaseOver = "", true
	}
}

// schedule asks for the Tick at which what is shown changes next by itself, if
// it is another one than asked for already.
func (s *stepper) schedule() {
	if next := s.next(); next != s.wake {
		s.wake = next
		s.emit(WakeAt{At: next})
	}
}

// next is the running time at which time alone changes what is shown; 0 where
// nothing counts.
func (m Model) next() time.Duration {
	var next time.Duration
	at := func(t time.Duration) {
		if t > m.now && (next == 0 || t < next) {
			next = t
		}
	}
	if m.toast != "" {
		at(m.toastTo)
	}
	if m.wish.title != "" {
		at(m.wish.ends)
	}
	at(m.noticeEnds)
	switch m.screen() {
	case ScreenPairing:
		at(nextStep(m.pairing.ends, m.now, time.Second))
		at(nextStep(m.pairing.waits, m.now, time.Second))
	case ScreenCode:
		at(nextStep(m.codeEnds, m.now, time.Second))
	case ScreenEmail, ScreenPassword, ScreenAccessCode:
		at(nextStep(m.typing.waitEnd, m.now, time.Second))
		if m.screen() == ScreenAccessCode && m.typing.channel.Sent() {
			at(nextStep(max(m.typing.resend, m.typing.refused), m.now, time.Second))
		}
	case ScreenThisTV:
		at(nextStep(m.leaseEnds, m.now, time.Minute))
	case ScreenPIN:
		if left := m.waitLeft(m.entry.profile); left > 0 {
			at(nextStep(m.now+left, m.now, time.Second))
		}
	}
	at(m.blocking.ends)
	at(m.draftWakes())
	if m.typing.password != "" {
		at(m.typing.forget)
	}
	if m.place == atNext {
		at(nextStep(m.upNext.ends, m.now, time.Second))
	}
	if m.place == atPlayer && !m.player.paused {
		at(m.now + time.Second - m.player.position(m.now)%time.Second)
	}
	if m.world.Phase == Active && m.leaseEnds > m.now {
		warn := m.leaseEnds - m.warnFrom()
		if m.endsFirst() {
			warn = m.end.at - warnBefore
		}
		if m.now < warn {
			at(warn)
		} else {
			at(nextStep(m.leaseEnds, m.now, time.Minute))
		}
	}
	return next
}

// nextStep is when a countdown to end, shown in whole steps, changes next.
func nextStep(end, now, step time.Duration) time.Duration {
	if end <= now {
		return 0
	}
	return end - (ceil(end-now, step)-1)*step
}

// ceil returns how many steps d is, rounded up.
func ceil(d, step time.Duration) time.Duration { return (d + step - 1) / step }

// seconds returns d in whole seconds, rounded up.
func seconds(d time.Duration) int64 { return int64(ceil(d, time.Second)) }

// warnBefore is how long before the lease's end a warning is shown (product rule
// D14); for a short lease, a quarter of it.
const warnBefore = 10 * time.Minute

func (m Model) warnFrom() time.Duration {
	if m.world.LeaseLength > 0 {
		return min(warnBefore, m.world.LeaseLength/4)
	}
	return warnBefore
}
