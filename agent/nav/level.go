package nav

import (
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// levelPrefix begins the id of every maturity level.
const levelPrefix = "level-"

// levelNames are what a person calls them.
var levelNames = map[parental.Level]message{
	parental.LittleKids: msgLevelLittleKids, parental.OlderKids: msgLevelOlderKids, parental.Teens: msgLevelTeens,
	parental.Adults: msgLevelAdults, parental.All: msgLevelAll,
}

// levelTexts says what each level may watch (product rule P5).
var levelTexts = map[parental.Level]message{
	parental.LittleKids: msgLittleKids, parental.OlderKids: msgOlderKids, parental.Teens: msgTeens,
	parental.Adults: msgAdults, parental.All: msgAllLevels,
}

// chooseLevel opens the levels. At first the highest one is chosen that needs
// nobody's PIN or password, and a child's is a kids profile.
func (s *stepper) chooseLevel() {
	d := &s.draft
	s.place = atNewLevel
	for l := parental.All; d.level == 0; l-- {
		if l == parental.LittleKids || s.proofFor(l) == noProof {
			d.level, d.kids = l, l <= maxKids && (d.kids || !d.byHand)
		}
	}
	s.focusOn, s.focus = ScreenProfileLevel, levelID(d.level)
}

func levelID(l parental.Level) string { return levelPrefix + itoa(int(l)) }

func (m Model) levelItems() []Item {
	var items []Item
	for l := parental.LittleKids; l <= parental.All; l++ {
		items = append(items, Item{
			ID: levelID(l), Label: text(levelNames[l]), Detail: text(levelTexts[l]), Chosen: l == m.draft.level,
			Locked: m.proofFor(l) != noProof, Choice: true,
		})
	}
	kids := Item{ID: "kids", Label: text(msgKidsProfile), Detail: text(msgKidsProfileText), Chosen: m.draft.kids, Switch: true}
	if m.binds(m.draft.level).Kids {
		kids.Detail, kids.Chosen = text(msgKidsProfileBound), true
	}
	return append(items, kids, Item{ID: "add", Label: text(msgAddProfile)})
}

// binds is what a new profile of level l takes over; nothing where a proof is asked
// for. The server decides.
func (m Model) binds(l parental.Level) parental.Binds {
	if m.proofFor(l) != noProof {
		return parental.Binds{}
	}
	return parental.AddBinds(l, nil, m.members(), func(id string) string {
		t, _ := m.findTitle(protocol.TitleID(id))
		return t.Series
	})
}

// aboutLevel says what else there is to know of the level that is chosen.
func (m Model) aboutLevel() []string {
	about := []string{text(msgLevelText)}
	if len(m.binds(m.draft.level).Blocked) > 0 {
		about = append(about, text(msgBlockedBound))
	}
	return about
}

// maxKids is the highest level of a kids profile.
const maxKids = parental.OlderKids

// levelKey chooses the level; the focus goes on to what ends the screen.
func (s *stepper) levelKey(k keyseq.Key) {
	d := &s.draft
	switch {
	case k == keyseq.Up || k == keyseq.Down:
		s.moveFocus(k, vertical)
	case k == keyseq.Back:
		s.enterName()
	case k != keyseq.OK:
	case s.focus == "add":
		s.proveOrAdd(s.proofFor(d.level))
	case s.focus == "kids" && s.binds(d.level).Kids:
		s.say(msgLevelText)
	case s.focus == "kids":
		if d.kids, d.byHand = !d.kids, true; d.kids {
			d.level = min(d.level, maxKids)
		}
	case strings.HasPrefix(s.focus, levelPrefix):
		d.level = parental.Level(indexOf(s.items(), s.focus)) + parental.LittleKids
		d.kids = d.level <= maxKids && (d.kids || !d.byHand)
		s.focus = "add"
	}
}
