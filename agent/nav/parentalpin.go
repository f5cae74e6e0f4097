package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// noticeFor is how long wrong tries at the parental PIN are told: while a title
// plays, nobody can put it away.
const noticeFor = 15 * time.Second

// askParental asks for the parental PIN before a title plays (product rule P7).
// Under it lies the title's page.
func (s *stepper) askParental(w wish) {
	p := s.world.Household.Parental
	t, ok := s.findTitle(w.title)
	if p == nil || !ok {
		return
	}
	s.stop()
	if w.title != s.title && scopeOf(t) != s.title {
		s.turnPage(&t)
	}
	s.proof, s.upNext = pinProof{}, upNext{}
	s.place, s.entry = atPIN, pinEntry{profile: protocol.ParentalPIN, pin: p.PIN, wish: w}
	s.focusOn = ""
}

// asksParental reports whether the PIN that is entered is the parental PIN.
func (m *Model) asksParental() bool { return m.entry.profile == protocol.ParentalPIN }

// lockOf returns the version of the PIN that is in force for a profile, or as the
// parental PIN.
func (m *Model) lockOf(id protocol.ProfileID) (pin int64, locked bool) {
	if id == protocol.ParentalPIN {
		if p := m.world.Household.Parental; p != nil {
			return p.PIN, true
		}
		return 0, false
	}
	p, ok := findProfile(m.world.Profiles, id)
	return p.PIN, ok && p.Locked
}

// leaveEntry leaves a PIN screen for what lies under it.
func (s *stepper) leaveEntry() {
	if !s.asksParental() {
		s.toGate()
		return
	}
	s.place, s.entry = atTitle, pinEntry{}
	if !s.network.open {
		s.focusOn = ""
	}
}

// parentalProved plays what the parental PIN was right for.
func (s *stepper) parentalProved(ev PINChecked) {
	w := s.entry.wish
	s.setWait(protocol.ParentalPIN, 0, false)
	if t, ok := s.findTitle(w.title); ok {
		s.proof = proofFor(t, s.entry.pin)
	}
	s.place, s.entry = atTitle, pinEntry{}
	s.play(w)
	if s.notice = wrongTries(text(msgTheParentalPIN), ev); s.notice != "" {
		s.noticeEnds = s.now + noticeFor
	}
}

// checkParental looks whether the title still asks for the parental PIN, and for
// this one.
func (s *stepper) checkParental() {
	w := s.entry.wish
	_, d := s.decide(w.path, w.title)
	switch pin, _ := s.lockOf(protocol.ParentalPIN); {
	case d.Verdict == parental.Refuse:
		s.refuse(w.title, d)
	case d.Verdict == parental.Allow:
		s.leaveEntry()
	case pin != s.entry.pin:
		s.askParental(w)
		s.entry.message = text(msgPINChanged)
	}
}

func (m *Model) viewParental(v *View) {
	t, _ := m.findTitle(m.entry.wish.title)
	name := clean(t.Name, maxLabel)
	if series := m.seriesName(&t); series != "" {
		name = series + " " + episodeNumber(&t)
	}
	v.Title = text(msgParentalPIN, "title", name)
	v.Poster, v.Badge, v.Locked = t.ID, rating(&t), true
}
