package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// addTile is the id of the gate's last tile. No profile can have it: theirs are
// plain ASCII.
const addTile = "add…"

// mayAdd reports whether the household has room for another profile.
func (m Model) mayAdd() bool { return len(m.world.Profiles) < m.world.Household.MaxProfiles }

// startDraft begins a new profile, where the server can be asked.
func (s *stepper) startDraft() {
	if !s.world.Online {
		s.say(msgAddOffline)
		return
	}
	s.draft = draft{avatar: s.freeAvatar()}
	s.chooseAvatar()
}

// cancelDraft goes back to the gate.
func (s *stepper) cancelDraft() {
	s.place = atGate
	s.focusOn, s.focus = ScreenGate, addTile
}

// proof is what the server wants to see before it adds a profile (product rule
// P3).
type proof int

const (
	noProof proof = iota
	mainPIN
	ownerPassword
)

// proofFor says what the server will ask for, as far as this TV can tell. The
// server decides: its refusal leads to the same screens.
func (m Model) proofFor(l parental.Level) proof {
	switch {
	case parental.MayAdd(l, parental.AddBound(nil, m.members()), m.world.Household.AddProfileNeedsPIN):
		return noProof
	case m.mainProfile().Locked:
		return mainPIN
	}
	return ownerPassword
}

// members is the household as the rule about adding reads it.
func (m Model) members() []parental.Member {
	out := make([]parental.Member, len(m.world.Profiles))
	for i, p := range m.world.Profiles {
		out[i] = p.Member()
	}
	return out
}

// mainProfile is the one whose PIN is asked for.
func (m Model) mainProfile() protocol.Profile {
	for _, p := range m.world.Profiles {
		if p.Main {
			return p
		}
	}
	return protocol.Profile{Name: text(msgUnnamed)}
}

// proveOrAdd asks the person for what is needed, or the server at once.
func (s *stepper) proveOrAdd(need proof) {
	switch need {
	case mainPIN:
		s.place = atNewPIN
	case ownerPassword:
		s.enterPassword()
	default:
		s.addNow("", "")
	}
}

// addNow asks the server. What proves it is not kept here.
func (s *stepper) addNow(digits, password Secret) {
	d := &s.draft
	d.asked, d.answers, d.problem, d.waitEnd = true, s.answer().Answers, 0, 0
	s.place, s.arrival = atAdding, profileIDs(s.world.Profiles)
	kids := d.kids || digits == "" && password == "" && s.binds(d.level).Kids
	s.emit(AddProfile{Name: d.name, Avatar: d.avatar, Level: d.level, Kids: kids, PIN: digits, Password: password})
}

// checkDraft takes the server's answer.
func (s *stepper) checkDraft() {
	d, a := &s.draft, s.answer()
	if d.asked && !a.Asking && (a.Answers != d.answers || a.Offline) {
		d.asked, d.waitEnd = false, 0
		if a.Wait > 0 {
			d.waitEnd = s.now + a.Wait
		}
		switch {
		case d.edits != "":
			s.edited(a)
		case a.Offline:
			s.addingProblem(msgAddOffline)
		default:
			s.added(a.Refusal)
		}
	}
	s.checkArrival()
}

// added goes where the answer to a new profile leads.
func (s *stepper) added(r protocol.ProfileRefusal) {
	d := &s.draft
	switch r {
	case "":
		name := d.name
		s.cancelDraft()
		s.say(msgAdded, "name", name)
	case protocol.ProfileNeedsPIN:
		s.proveOrAdd(mainPIN)
	case protocol.ProfileNeedsPassword:
		s.proveOrAdd(ownerPassword)
	case protocol.ProfileWrong, protocol.ProfileWait:
		s.provedWrong(r)
	case protocol.ProfileBadName:
		d.problem = msgNameRefused
		s.enterName()
		s.typing.news = true
	case protocol.ProfileTooMany:
		s.addingProblem(msgTooMany)
	default:
		s.addingProblem(msgAddBusy)
	}
}

// provedWrong goes back to where the PIN or the password is entered.
func (s *stepper) provedWrong(r protocol.ProfileRefusal) {
	d := &s.draft
	d.problem = 0
	switch {
	case s.mainProfile().Locked:
		if s.place = atNewPIN; r == protocol.ProfileWrong {
			d.problem = msgPINWrong
		}
	default:
		if s.enterPassword(); r == protocol.ProfileWrong {
			d.problem = msgOwnerPasswordWrong
		}
		s.typing.news = true
	}
}

func (s *stepper) addingProblem(m message) {
	s.place, s.draft.problem, s.focusOn, s.arrival = atAdding, m, "", nil
}

// checkArrival gives the focus to the profile that has just been added, once it
// is there: it may come before the answer, or after it.
func (s *stepper) checkArrival() {
	if s.arrival == nil || s.place != atGate {
		return
	}
	for _, p := range s.world.Profiles {
		if !s.arrival[p.ID] {
			s.arrival = nil
			s.focusOn, s.focus = ScreenGate, string(p.ID)
			return
		}
	}
}

// profileIDs is the set of a household's profiles. It is never changed.
func profileIDs(list []protocol.Profile) map[protocol.ProfileID]bool {
	ids := make(map[protocol.ProfileID]bool, len(list))
	for _, p := range list {
		ids[p.ID] = true
	}
	return ids
}

func (m Model) addingItems() []Item {
	switch {
	case m.draft.asked:
		return []Item{{ID: "cancel", Label: text(msgBack)}}
	case m.draft.problem == msgTooMany:
		return []Item{{ID: "cancel", Label: text(msgOK)}}
	}
	again := Item{ID: "again", Label: text(msgTryAgain)}
	if left := m.draftWait(); left > 0 {
		again.Detail = inShort(left)
	}
	return []Item{again, {ID: "cancel", Label: text(msgCancel)}}
}

func (s *stepper) addingKey(k keyseq.Key) {
	switch {
	case k == keyseq.Up || k == keyseq.Down:
		s.moveFocus(k, vertical)
	case k == keyseq.Back, k == keyseq.OK && s.focus == "cancel":
		s.cancelDraft()
	case k == keyseq.OK && s.draftWait() > 0:
		s.say(msgTryAgainIn, "in", inShort(s.draftWait()))
	case k == keyseq.OK:
		s.proveOrAdd(s.proofFor(s.draft.level))
	}
}

func (m Model) viewAdding(v *View) {
	d := m.draft
	v.Who = m.draftFace()
	v.Title = text(msgAdding, "name", d.name)
	if d.problem != 0 {
		v.Title, v.Text = text(msgNotAdded, "name", d.name), []string{text(d.problem)}
	}
}

// newPINKey enters the main profile's PIN. It is not checked here: the server
// counts the tries.
func (s *stepper) newPINKey(k keyseq.Key) {
	d := &s.draft
	switch {
	case k == keyseq.Back && !d.pad.back():
		s.chooseLevel()
	case s.asksForHelp(k, d.pad.group):
		s.openForgot()
	case k == keyseq.Back || s.draftWait() > 0:
	case d.pad.press(k):
		s.addNow(Secret(d.pad.digits), "")
	case len(d.pad.digits) > 0:
		d.problem = 0
	}
}

func (m Model) viewNewPIN(v *View) {
	d, owner := m.draft, m.mainProfile()
	who := profileItem(owner)
	v.Title, v.Who = text(msgPIN, "name", owner.Name), &who
	v.Text = []string{text(msgAddNeedsPIN), text(msgPINHelp)}
	v.PIN = &PIN{Entered: len(d.pad.digits), Length: pin.Length, Group: d.pad.group != 0}
	if d.problem != 0 {
		v.PIN.Message = text(d.problem)
	}
	if left := m.draftWait(); left > 0 {
		v.PIN.Wait, v.PIN.Message = seconds(left), text(msgPINWait)
	}
}

// draftWakes reports when time alone changes a draft's screen; 0 where nothing
// counts.
func (m Model) draftWakes() time.Duration {
	if !m.place.drafting() {
		return 0
	}
	return nextStep(m.draft.waitEnd, m.now, time.Second)
}
