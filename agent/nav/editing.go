package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
)

// startEdit opens the name and picture of the profile in use.
func (s *stepper) startEdit() {
	if p, ok := s.profile(); ok && !p.Kids {
		s.draft = draft{edits: p.ID, name: p.Name, avatar: p.Avatar}
		s.toEdit("name")
	}
}

// toEdit goes back to what can be changed.
func (s *stepper) toEdit(focus string) {
	s.place = atEdit
	s.focusOn, s.focus = ScreenProfileEdit, focus
}

func (m Model) editItems() []Item {
	p, _ := m.profile()
	d := m.draft
	return []Item{
		{ID: "name", Label: text(msgNameLabel), Detail: d.name},
		{ID: "avatar", Label: text(msgAvatarLabel), Detail: avatarName(d.avatar), Avatar: d.avatar},
		{ID: "locks", Label: text(msgLocks), Detail: text(levelNames[p.Level]), Locked: p.Locked},
		{ID: "done", Label: text(msgDone)},
	}
}

func (s *stepper) editKey(k keyseq.Key) {
	switch k {
	case keyseq.Up, keyseq.Down:
		s.moveFocus(k, vertical)
	case keyseq.Back:
		s.place = atHome
	case keyseq.OK:
		s.editChoice(s.focus)
	}
}

func (s *stepper) editChoice(id string) {
	s.draft.problem = 0
	switch {
	case id == "done":
		s.place = atHome
	case id == "locks":
		s.place = atLocks
	case !s.world.Online:
		s.say(msgEditOffline)
	case s.draft.asked: // one change after another
	case id == "name":
		s.enterName()
	case id == "avatar":
		s.chooseAvatar()
	}
}

// edit asks the server for another name or picture.
func (s *stepper) edit(name, avatar string) {
	d := &s.draft
	back := "name"
	if s.place == atNewAvatar {
		back = "avatar"
	}
	if name != d.name || avatar != d.avatar {
		d.name, d.avatar, d.problem = name, avatar, 0
		d.asked, d.answers = true, s.answer().Answers
		s.emit(EditProfile{Profile: d.edits, Name: name, Avatar: avatar})
	}
	s.toEdit(back)
}

// edited goes where the answer to a change leads. What was not taken over shows
// as it is again.
func (s *stepper) edited(a ProfileAnswer) {
	d := &s.draft
	refused := a.Refusal
	switch {
	case a.Offline:
		d.problem = msgEditOffline
	case refused == "":
		s.say(msgSaved)
		return
	case refused == protocol.ProfileBadName:
		d.problem = msgNameRefused
	default:
		d.problem = msgEditBusy
	}
	if p, ok := s.profile(); ok {
		d.name, d.avatar = p.Name, p.Avatar
	}
}

func (m Model) viewEdit(v *View) {
	d := m.draft
	v.Title, v.Who = text(msgEdit), m.draftFace()
	switch {
	case d.asked:
		v.Text = []string{text(msgSaving)}
	case d.problem != 0:
		v.Text = []string{text(d.problem)}
	}
}

// viewLocks says where level and locks are changed: only the owner may (product
// rule A8).
func (m Model) viewLocks(v *View) {
	v.Title, v.Text = text(msgLocks), []string{text(msgLocksText)}
	v.Link = m.link(m.world.Account)
}

// link is an address with its picture; of the account page alone where there is
// no other.
func (m Model) link(h *Help) *Link {
	if h == nil {
		h = &Help{URI: m.world.AccountURL}
	}
	if h.URI == "" {
		return nil
	}
	return &Link{URI: clean(strings.TrimPrefix(h.URI, "https://"), maxDetail), QR: soundQR(h.QR)}
}
