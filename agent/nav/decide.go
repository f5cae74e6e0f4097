package nav

import (
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// pinProof says that the parental PIN was right for one title, or for the episodes
// of one series. It holds until the player is left (see settle).
type pinProof struct {
	title  protocol.TitleID // empty: none
	series string           // not empty: for all its episodes
	pin    int64            // version of the PIN that was entered
}

// proofFor is what the parental PIN proves when it was entered for t.
func proofFor(t parental.Title, pin int64) pinProof {
	p := pinProof{title: protocol.TitleID(t.ID), pin: pin}
	if t.Kind == parental.Episode {
		p.series = t.Series
	}
	return p
}

// covers reports whether t may play by this proof while that PIN is in force.
func (p pinProof) covers(t *parental.Title, pin int64) bool {
	switch {
	case p.title == "" || p.pin != pin:
		return false
	case p.series != "":
		return t.Kind == parental.Episode && t.Series == p.series
	}
	return t.ID == string(p.title)
}

// scopeOf is what a title is kept by: its series, or itself.
func scopeOf(t parental.Title) protocol.TitleID {
	if t.Kind == parental.Episode && t.Series != "" {
		return protocol.TitleID(t.Series)
	}
	return protocol.TitleID(t.ID)
}

// findTitle looks the title up in the newest catalogue. Ids that cannot name an
// item are those of no title.
func (m *Model) findTitle(id protocol.TitleID) (parental.Title, bool) {
	if !soundID(string(id)) {
		return parental.Title{}, false
	}
	return m.titles.Title(id)
}

// decide is the one play decision for whoever is watching, on every path.
func (m *Model) decide(path parental.Path, id protocol.TitleID) (parental.Title, parental.Decision) {
	t, found := m.findTitle(id)
	if !found {
		return t, parental.Decide(m.question(path, nil))
	}
	return t, parental.Decide(m.question(path, &t))
}

// question asks for a title on behalf of whoever is watching. A profile is only
// in use after its PIN was proved, and it is left when it is locked anew.
func (m *Model) question(path parental.Path, t *parental.Title) parental.Question {
	q := parental.Question{Path: path, Access: m.phase() == Active, Title: t}
	if _, known := m.profile(); known {
		q.Profile, q.Unlocked = &m.rules, true
	}
	if p := m.world.Household.Parental; p != nil && t != nil {
		q.Parental = m.proof.covers(t, p.PIN)
	}
	return q
}

// shows reports whether t may be shown to whoever is watching, and whether it
// then asks for the parental PIN. What is refused is shown nowhere.
func (m *Model) shows(t *parental.Title) (shown, needsPIN bool) {
	q := m.question(parental.Open, t)
	q.Parental = false
	d := parental.Decide(q)
	return d.Verdict == parental.Allow || d.Verdict == parental.NeedsPIN && d.PIN == parental.ParentalPIN, d.Verdict == parental.NeedsPIN
}

// setRules takes over what the household decided for whoever is watching.
func (s *stepper) setRules() {
	var rules parental.Rules
	if p, ok := s.profile(); ok {
		rules = protocol.Snapshot{Parental: s.world.Household.Parental}.Rules(p)
	}
	if !sameRules(rules, s.rules) {
		s.rules = rules
		s.rulesNo++
	}
}

func sameRules(a, b parental.Rules) bool {
	return a.Level == b.Level && a.HasPIN == b.HasPIN && a.PINAbove == b.PINAbove &&
		slices.Equal(a.Blocked, b.Blocked) && slices.Equal(a.PINTitles, b.PINTitles)
}

// origin tells whether rows are still those of the newest catalogue, rules and
// library.
type origin struct {
	made    bool
	catalog *protocol.Catalog
	rules   int
	library *Library
	lang    words.Language
}

func (m *Model) origin() origin {
	return origin{made: true, catalog: m.titles.Catalog(), rules: m.rulesNo, library: m.library, lang: m.language()}
}
