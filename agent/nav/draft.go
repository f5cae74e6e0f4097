package nav

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// draft is a profile on its way, or the name and picture that the one in use is
// to have. It lives as long as one of its screens is open:
//
//	gate ─▶ avatar ⇄ name ⇄ level ⇄ (PIN or password) ─▶ adding ─▶ gate
//	menu ─▶ edit ⇄ avatar, name, locks
type draft struct {
	edits  protocol.ProfileID // the profile in use; empty: a new one
	name   string
	avatar string
	level  parental.Level
	kids   bool
	byHand bool // the person chose whether it is for kids

	pad     pad           // the main profile's PIN, while it is entered
	asked   bool          // the server has not answered yet
	answers int           // of the server, when it was asked
	problem message       // what is to be said on the screen
	waitEnd time.Duration // when the server may be asked again
}

// drafting reports whether a place is one of a draft's.
func (p place) drafting() bool {
	switch p {
	case atNewAvatar, atNewName, atNewLevel, atNewPIN, atNewPassword, atAdding, atEdit, atLocks, atDraftForgot:
		return true
	}
	return false
}

// dropDraft forgets a draft whose screens were left, with all that was typed.
func (s *stepper) dropDraft() {
	if !s.place.drafting() {
		s.draft = draft{}
	}
	if s.place != atNewPIN {
		s.draft.pad = pad{}
	}
	if s.place != atNewName && s.place != atNewPassword && s.typing.at.ofProfile() {
		s.typing = typing{}
	}
	if s.place != atGate && s.place != atAdding {
		s.arrival = nil
	}
}

// answer is what the server said to the last question about profiles.
func (m Model) answer() ProfileAnswer {
	if m.world.Answer == nil {
		return ProfileAnswer{}
	}
	return *m.world.Answer
}

// draftWait is how long the server has to be left alone.
func (m Model) draftWait() time.Duration { return max(m.draft.waitEnd-m.now, 0) }

// draftPlaces are the screens of a draft.
var draftPlaces = map[place]Screen{
	atNewAvatar: ScreenProfileAvatar, atNewName: ScreenProfileName, atNewLevel: ScreenProfileLevel, atNewPIN: ScreenProfilePIN,
	atNewPassword: ScreenProfilePassword, atAdding: ScreenProfileAdding, atEdit: ScreenProfileEdit, atLocks: ScreenProfileLocks,
	atForgot: ScreenForgotPIN, atDraftForgot: ScreenForgotPIN,
}

// draftKey handles a key on a draft's screens that have no keyboard.
func (s *stepper) draftKey(p Press) {
	switch s.place {
	case atNewAvatar:
		s.avatarKey(p.Key)
	case atNewLevel:
		s.levelKey(p.Key)
	case atNewPIN:
		if p.Key != keyseq.Back && !p.Source.trusted() {
			s.say(msgPINRemote)
			return
		}
		s.newPINKey(p.Key)
	case atAdding:
		s.addingKey(p.Key)
	case atEdit:
		s.editKey(p.Key)
	case atLocks:
		if p.Key == keyseq.OK || p.Key == keyseq.Back {
			s.toEdit("locks")
		}
	case atForgot, atDraftForgot:
		s.forgotKey(p.Key)
	}
}

// draftItems are the items of a draft's screens.
func (m Model) draftItems() []Item {
	switch m.place {
	case atNewAvatar:
		return m.avatarItems()
	case atNewName, atNewPassword:
		return []Item{{ID: "cancel", Label: text(msgCancel)}}
	case atNewLevel:
		return m.levelItems()
	case atAdding:
		return m.addingItems()
	case atEdit:
		return m.editItems()
	case atNewPIN:
		return m.forgotItems()
	case atLocks, atForgot, atDraftForgot:
		return []Item{{ID: "back", Label: text(msgBack)}}
	}
	return nil
}

// viewDraft describes a draft's screens.
func (m Model) viewDraft(v *View) {
	switch m.place {
	case atNewAvatar:
		v.Title, v.Grid = text(msgAvatar), avatarColumns
	case atNewName, atNewPassword:
		m.viewDraftField(v)
	case atNewLevel:
		v.Title, v.Who = text(msgLevel, "name", m.draft.name), m.draftFace()
		v.Text = m.aboutLevel()
	case atNewPIN:
		m.viewNewPIN(v)
	case atAdding:
		m.viewAdding(v)
	case atEdit:
		m.viewEdit(v)
	case atLocks:
		m.viewLocks(v)
	case atForgot, atDraftForgot:
		m.viewForgot(v)
	}
}

// draftFace is the draft as the gate will show it.
func (m Model) draftFace() *Item {
	return &Item{ID: "draft", Label: m.draft.name, Avatar: m.draft.avatar}
}

// besideKeyboard does what was chosen beside a keyboard.
func (s *stepper) besideKeyboard(id string) {
	if s.typing.at.ofProfile() {
		s.leaveDraft()
		return
	}
	s.challengeChoice(id)
}

// leaveDraft goes back to where the draft was begun.
func (s *stepper) leaveDraft() {
	if s.draft.edits != "" {
		s.toEdit("name")
		return
	}
	s.cancelDraft()
}

// spokenChoice is what a screen reader says of a choice or a switch.
func (it Item) spokenChoice() string {
	s := it.Label
	if it.Detail != "" {
		s = text(msgSayFocus, "label", it.Label, "detail", it.Detail)
	}
	if it.Locked {
		s = text(msgSayLocked, "label", s)
	}
	switch {
	case it.Switch && it.Chosen:
		return text(msgSayOn, "label", s)
	case it.Switch:
		return text(msgSayOff, "label", s)
	case it.Chosen:
		return text(msgSayChosen, "label", s)
	}
	return s
}
