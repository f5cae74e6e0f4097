package nav

import (
	"slices"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
)

// avatarColumns is how many drawings lie beside each other.
const avatarColumns = 6

// chooseAvatar opens the drawings, with the draft's own in focus.
func (s *stepper) chooseAvatar() {
	s.place = atNewAvatar
	s.focusOn, s.focus = ScreenProfileAvatar, s.draft.avatar
}

func (m Model) avatarItems() []Item {
	names := protocol.Avatars()
	items := make([]Item, len(names))
	for i, name := range names {
		items[i] = Item{ID: name, Label: avatarName(name), Avatar: name, Chosen: name == m.draft.avatar}
	}
	return items
}

// avatarName is what a screen reader calls a drawing.
func avatarName(name string) string {
	if id, ok := avatarNames[name]; ok {
		return text(id)
	}
	return name
}

var avatarNames = map[string]message{
	"fox": msgFox, "owl": msgOwl, "robot": msgRobot, "comet": msgComet, "cactus": msgCactus, "whale": msgWhale,
	"tent": msgTent, "moon": msgMoon, "kite": msgKite, "lantern": msgLantern, "bear": msgBear, "octopus": msgOctopus,
}

func (s *stepper) avatarKey(k keyseq.Key) {
	d := &s.draft
	switch {
	case k.Arrow():
		s.focus = moveGrid(s.items(), s.focus, k, avatarColumns)
	case k == keyseq.OK && d.edits != "":
		s.edit(d.name, s.focus)
	case k == keyseq.OK:
		d.avatar = s.focus
		s.enterName()
	case k == keyseq.Back && d.edits != "":
		s.toEdit("avatar")
	case k == keyseq.Back:
		s.cancelDraft()
	}
}

// moveGrid moves over items that lie in rows of so many columns. It stays where
// there is none.
func moveGrid(items []Item, at string, k keyseq.Key, columns int) string {
	i := indexOf(items, at)
	to := i
	switch k {
	case keyseq.Left:
		if i%columns > 0 {
			to = i - 1
		}
	case keyseq.Right:
		if i%columns < columns-1 {
			to = i + 1
		}
	case keyseq.Up:
		to = i - columns
	case keyseq.Down:
		to = i + columns
	}
	if i < 0 || to < 0 || to >= len(items) {
		return at
	}
	return items[to].ID
}

// freeAvatar is the first drawing that nobody of the household has.
func (m Model) freeAvatar() string {
	names := protocol.Avatars()
	for _, name := range names {
		if !slices.ContainsFunc(m.world.Profiles, func(p protocol.Profile) bool { return p.Avatar == name }) {
			return name
		}
	}
	return names[0]
}
