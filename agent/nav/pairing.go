package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// pairing is the way to another remote, which lies above any screen: who it is for,
// then the window. Nothing of it takes keys from a source that is not trusted
// (product rule D11).
//
//	asks ─▶ getting ─▶ open ─▶ done · wait · expired · full · off
//	           ▲                          └──────┴────────┴─ again
//	           └── opened on the account page
type pairing struct {
	stage   pairStage
	role    RemoteRole
	seen    bool // the window that was asked for has come
	outside bool // it was opened on the account page, and goes by itself
	ends    time.Duration
	waits   time.Duration
	closed  string // the code of the window that was closed here last: it is not opened again

	under      Screen // what lies under, and where its focus was
	underFocus string
}

// pairStage is how far a pairing is.
type pairStage int

const (
	noPairing pairStage = iota
	pairAsks
	pairGetting
	pairOpen
	pairDone
	pairWait
	pairExpired
	pairFull
	pairOff
)

// askRole asks who the remote is for.
func (s *stepper) askRole(from Source) {
	switch {
	case !from.trusted():
		s.say(msgOwnRemote)
	case len(s.remotes()) >= maxRemotes:
		s.say(msgPairFullText, "n", itoa(maxRemotes))
	default:
		s.pairing = pairing{stage: pairAsks, under: s.focusOn, underFocus: s.focus, closed: s.pairing.closed}
	}
}

// openPairing asks for a window, or for another one.
func (s *stepper) openPairing(role RemoteRole) {
	s.toStage(pairGetting)
	s.pairing.role, s.pairing.seen, s.pairing.outside = role, false, false
	s.changeRemotes(func(r *Remotes) { r.Window = nil })
	s.emit(OpenPairing{Role: role})
}

// closePairing goes back to what lies under.
func (s *stepper) closePairing() {
	p := s.pairing
	if p.stage == noPairing {
		return
	}
	s.endPairing()
	s.focusOn, s.focus = p.under, p.underFocus
}

// endPairing closes the window, if there is one.
func (s *stepper) endPairing() {
	if s.pairing.stage > pairAsks {
		s.emit(ClosePairing{})
	}
	s.pairing = pairing{closed: s.pairing.closed}
	if w := s.window(); w != nil {
		s.pairing.closed = w.Code
	}
	s.changeRemotes(func(r *Remotes) { r.Window = nil })
}

// window is the pairing window of the newest World, if any.
func (m *Model) window() *PairingWindow {
	if m.world.Remotes == nil {
		return nil
	}
	return m.world.Remotes.Window
}

// stageOf says how far a window is.
func stageOf(w *PairingWindow, now, ends time.Duration) pairStage {
	switch {
	case w.Paired != "":
		return pairDone
	case w.Problem == PairingWait:
		return pairWait
	case w.Problem == PairingExpired:
		return pairExpired
	case w.Problem == PairingFull:
		return pairFull
	case w.Problem != PairingFine && w.Problem != PairingWrongCode:
		return pairOff
	case ends <= now:
		return pairExpired
	case len(w.Code) != pairDigits || !plain(w.Code):
		return pairGetting
	}
	return pairOpen
}

// takeWindow takes over what became of the window, and shows one that the owner
// opened on the account page.
func (s *stepper) takeWindow(old PairingProblem) {
	p, w := &s.pairing, s.window()
	if w == nil {
		s.windowGone()
		return
	}
	p.ends, p.waits = s.now+w.ExpiresIn, s.now+w.Wait
	stage := stageOf(w, s.now, p.ends)
	switch {
	case p.stage <= pairAsks && (stage != pairOpen || w.Code == p.closed || !s.mayPair()):
		return
	case p.stage <= pairAsks:
		*p = pairing{outside: true, role: w.Role, ends: p.ends, closed: p.closed, under: s.focusOn, underFocus: s.focus}
	}
	s.toStage(stage)
	p.seen = true
	s.pairNews = stage == pairOpen && w.Problem == PairingWrongCode && old != w.Problem
	if p.outside && stage > pairOpen {
		s.tellPairing(w)
	}
}

// windowGone is for a window that was there and is not any more.
func (s *stepper) windowGone() {
	switch p := &s.pairing; {
	case p.stage == noPairing || p.stage == pairAsks || !p.seen:
	case p.outside:
		s.closePairing()
	case p.stage <= pairOpen:
		s.toStage(pairExpired)
	}
}

// toStage goes on; what has the focus there is another thing.
func (s *stepper) toStage(stage pairStage) {
	if s.pairing.stage != stage && s.focusOn == ScreenPairing {
		s.focus = ""
	}
	s.pairing.stage = stage
}

// tellPairing says what became of a window that nobody at this TV has opened.
func (s *stepper) tellPairing(w *PairingWindow) {
	stage := s.pairing.stage
	s.closePairing()
	switch stage {
	case pairDone:
		s.say(msgPairDone, "name", clean(w.Paired, maxLabel))
	case pairWait:
		s.say(msgPairWait)
	}
}

// mayPair reports whether remotes can be paired where this TV stands.
func (m *Model) mayPair() bool {
	switch m.phase() {
	case SignedOut, Enrolling, Deactivated:
		return m.servesRemotes()
	case Active:
		return m.servesRemotes() && len(m.world.Profiles) > 0
	}
	return false
}

// servesRemotes reports whether this TV serves remotes on its home network.
func (m *Model) servesRemotes() bool { return m.world.Remotes != nil && !m.world.Remotes.Unserved }

// runOut closes the window whose time is over, without waiting to be told.
func (s *stepper) runOut() {
	if p := &s.pairing; p.stage == pairOpen && s.now >= p.ends {
		if p.outside {
			s.closePairing()
			return
		}
		s.toStage(pairExpired)
	}
}

func (s *stepper) pairKey(p Press) {
	s.pairNews = false
	switch p.Key {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(p.Key, vertical)
	case keyseq.Back:
		s.closePairing()
	case keyseq.OK:
		switch id := s.focused(); {
		case id == string(RoleHousehold) || id == string(RoleGuest):
			s.openPairing(RemoteRole(id))
		case id == "again" && s.pairWaits() > 0:
			s.say(msgTryAgainIn, "in", inShort(s.pairWaits()))
		case id == "again":
			s.openPairing(s.pairing.role)
		default:
			s.closePairing()
		}
	}
}

// pairWaits is how long no window can be opened.
func (m Model) pairWaits() time.Duration {
	if m.pairing.stage != pairWait {
		return 0
	}
	return max(m.pairing.waits-m.now, 0)
}

func (m Model) pairItems() []Item {
	cancel := Item{ID: "cancel", Label: text(msgCancel)}
	switch m.pairing.stage {
	case pairAsks:
		return append(roleItems(), cancel)
	case pairDone:
		return []Item{{ID: "done", Label: text(msgDone)}}
	case pairWait, pairExpired, pairOff:
		again := Item{ID: "again", Label: text(msgPairAgain)}
		if left := m.pairWaits(); left > 0 {
			again.Detail = inShort(left)
		}
		return []Item{again, cancel}
	case pairFull:
		return []Item{{ID: "back", Label: text(msgBack)}}
	}
	return []Item{cancel}
}

// roleItems say what each role may do.
func roleItems() []Item {
	return []Item{
		{ID: string(RoleHousehold), Label: text(msgRoleHousehold), Detail: text(msgRoleHouseholdText)},
		{ID: string(RoleGuest), Label: text(msgRoleGuest), Detail: text(msgRoleGuestText)},
	}
}

// viewPairing describes the window, and what became of it.
func (m Model) viewPairing(v *View) {
	v.Title = text(msgPair)
	switch m.pairing.stage {
	case pairGetting:
		v.Text, v.Code = []string{text(msgPairGetting)}, &Code{}
	case pairOpen:
		m.viewWindow(v)
	case pairDone:
		v.Title = text(msgPairDone, "name", clean(m.window().Paired, maxLabel))
		v.Text = []string{text(msgPairGuestText)}
		if m.pairing.role == RoleHousehold {
			v.Text = []string{text(msgPairHouseholdText)}
		}
	case pairWait:
		v.Title, v.Text = text(msgPairWait), []string{text(msgPairWaitText)}
	case pairExpired:
		v.Title, v.Text = text(msgPairExpired), []string{text(msgPairExpiredText)}
	case pairFull:
		v.Title, v.Text = text(msgPairFull), []string{text(msgPairFullText, "n", itoa(len(m.remotes())))}
	case pairOff:
		v.Title, v.Text = text(msgPairOff), []string{text(msgPairOffText)}
	}
}

// pairLife is how long a window is open, for what is drawn of it.
const pairLife = 2 * time.Minute

func (m Model) viewWindow(v *View) {
	w := m.window()
	v.Text = []string{text(msgPairText)}
	if name := clean(m.world.TV.Name, maxLabel); name != "" {
		v.Text = []string{text(msgPairTextOf, "tv", name)}
	}
	v.Code = &Code{
		Text: w.Code[:pairDigits/2] + " " + w.Code[pairDigits/2:], QR: soundQR(w.QR),
		Expires: seconds(m.pairing.ends - m.now), Of: seconds(pairLife),
	}
	if w.Problem == PairingWrongCode {
		v.Code.Problem = text(msgPairWrong, "n", itoa(max(w.TriesLeft, 0)))
	}
}
