package nav

import "github.com/hearthkey/hearthkey/protocol/titles"

// applyWorld replaces the world and goes where that leaves the person.
func (s *stepper) applyWorld(w World) {
	old := s.phase()
	s.countCode(w)
	w.Profiles = soundProfiles(w.Profiles)
	library, remotes := s.world.Library, s.world.Remotes
	problem := s.problem()
	s.world = w
	if w.Phase == Enrolling {
		s.checkSignIn()
	}
	if problem == ProblemNone && s.problem() != ProblemNone && s.focusOn == ScreenCode {
		s.focus = "" // what helps, rather than the way out
	}
	if w.Catalog != s.titles.Catalog() {
		s.titles = titles.New(w.Catalog)
	}
	s.waits = nil
	for _, wait := range w.Waits {
		if len(s.waits) <= maxProfiles {
			s.setWait(wait.Profile, wait.Left, wait.Elsewhere)
		}
	}
	if s.leaseEnds = 0; w.LeaseLeft > 0 {
		s.leaseEnds = s.now + w.LeaseLeft
	}
	s.takeEndDate(w)
	s.leaseOver = false
	if s.phase() != old {
		s.changePhase(old)
	}
	s.takeRemotes(remotes)
	if s.phase() != old {
		return
	}
	if w.Phase == Active {
		s.checkProfile(library)
		s.checkEntry()
		s.checkDraft()
		s.checkTitle()
	}
}

// countCode starts the countdown of the code.
func (s *stepper) countCode(w World) {
	if w.Phase != Enrolling || w.Code == nil {
		s.codeEnds, s.renewed = 0, false
		return
	}
	if ends := s.now + w.Code.ExpiresIn; w.Code.ExpiresIn > 0 {
		s.codeEnds, s.renewed = ends, false
	}
}

// changePhase closes all that was open in the phase before.
func (s *stepper) changePhase(old Phase) {
	s.closeAll()
	s.leave()
	s.toast = ""
	switch s.world.Phase {
	case Enrolling:
		s.enrolling = true
	case SignedOut, Deactivated:
		s.typing = typing{}
		if old == Enrolling {
			s.enrolling = false
		} else if old != SignedOut {
			s.enrolling, s.acked = false, false
		}
	default:
		s.enrolling, s.acked, s.typing = false, false, typing{}
	}
}

// checkProfile sends away whoever watches a profile that is gone, or that was
// locked anew since its PIN was proved.
func (s *stepper) checkProfile(library *Library) {
	if s.watching.id == "" {
		return
	}
	p, ok := s.profile()
	switch {
	case !ok:
		name := s.watching.name
		s.closeAll()
		s.leave()
		if len(s.world.Profiles) > 0 { // or they are on their way again, all of them
			s.say(msgProfileGone, "name", name)
		}
	case p.Locked && (!s.watching.locked || p.PIN != s.watching.pin):
		s.closeAll()
		s.leave()
		s.say(msgProfileLocked, "name", p.Name)
	default:
		s.watching.locked, s.watching.pin, s.watching.name = p.Locked, p.PIN, p.Name
		s.setRules()
		if s.world.Library != library {
			s.takeLibrary()
		}
	}
}

// checkEntry ends a PIN entry whose profile is gone or no longer locked, and
// begins it anew where the PIN is another one: a check that runs is void.
func (s *stepper) checkEntry() {
	if s.place != atPIN && s.place != atForgot {
		return
	}
	if s.asksParental() {
		s.checkParental()
		return
	}
	p, ok := findProfile(s.world.Profiles, s.entry.profile)
	switch {
	case !ok || !p.Locked:
		s.toGate()
	case p.PIN != s.entry.pin:
		s.place, s.entry = atPIN, pinEntry{profile: p.ID, pin: p.PIN, message: text(msgPINChanged)}
	}
}

// who is the profile in use as an item; nil at the gate.
func (m Model) who() *Item {
	p, ok := m.profile()
	if !ok {
		return nil
	}
	it := profileItem(p)
	return &it
}
