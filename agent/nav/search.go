package nav

import (
	"strings"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/words"
)

// Bounds of a search.
const (
	maxQuery       = 60 // characters that can be typed
	maxFound       = 20
	maxSuggestions = 4
	searchFirst    = 100 // titles that are looked at before all are
)

// suggestPrefix begins the id of every suggestion; the rest is the title's.
const suggestPrefix = "suggest-"

// found is what a search found for whoever is watching.
type found struct {
	grid    // one row, or none
	suggest []Item
	inRows  bool   // the focus is in the row rather than on the keyboard
	news    bool   // it was found in this step
	query   string // that it was found for
	built   origin
}

// openSearch opens the search with an empty field, or goes back to it.
func (s *stepper) openSearch() {
	s.place, s.title, s.page = atSearch, "", page{}
	if s.typing.at != atQuery {
		s.typing, s.found = typing{at: atQuery}, found{}
		if s.language().Direction() == words.RightToLeft {
			s.typing.layout = arabicLetters
		}
	}
	s.focusOn = ""
}

// searching reports whether the search is open, or what it found lies above it.
func (m *Model) searching() bool {
	switch m.place {
	case atSearch:
		return true
	case atTitle, atPlayer, atNext, atPIN, atForgot:
		return m.watching.id != "" && m.page.from == atSearch
	}
	return false
}

// fillSearch searches anew where the query, or what may be shown, has changed.
// What was typed is forgotten with the search.
func (s *stepper) fillSearch() {
	if !s.searching() {
		if s.typing.at == atQuery {
			s.typing = typing{}
		}
		s.found = found{}
		return
	}
	f, now := &s.found, s.origin()
	if f.news = false; s.place != atSearch || f.built == now && f.query == s.typing.query {
		return
	}
	f.built, f.query, f.news = now, s.typing.query, s.typing.query != ""
	list := s.search(f.query)
	f.suggest = s.suggestions(list)
	b := rowBuilder{model: &s.Model, row: Row{Label: s.said(text(msgResults))}, prefix: "found", left: pageBudget, byName: true}
	for i := range list {
		b.add(&list[i])
	}
	var rows []Row
	if len(b.row.Items) > 0 {
		rows = []Row{b.row}
	}
	f.grid = f.refill(rows)
	f.inRows = f.inRows && len(rows) > 0
}

// search returns what whoever is watching may play of what the words fit, the
// best first.
func (m *Model) search(query string) []parental.Title {
	all := m.titles.Catalog()
	if all == nil {
		return nil
	}
	for _, limit := range []int{searchFirst, len(all.Titles)} {
		hits := m.titles.Search(query, limit)
		whole := len(hits) < limit
		out := make([]parental.Title, 0, maxFound)
		for i := range hits {
			if len(out) == maxFound {
				break
			}
			q := m.question(parental.Search, &hits[i])
			if d := parental.Decide(q); d.Verdict != parental.Refuse && soundID(hits[i].ID) {
				out = append(out, hits[i])
			}
		}
		if whole || len(out) == maxFound {
			return out
		}
	}
	return nil
}

// spoken is what a screen reader says when something else was found.
func (f found) spoken() string {
	if len(f.rows) == 0 {
		return text(msgSayNoneFound)
	}
	return text(msgSayFound, "n", itoa(len(f.rows[0].Items)))
}

// suggestions are names that what is typed could become.
func (m *Model) suggestions(list []parental.Title) []Item {
	typed := strings.TrimSpace(m.typing.query)
	var out []Item
	for i := range list {
		name := clean(list[i].Name, maxQuery)
		if len(out) == maxSuggestions || list[i].Kind == parental.Episode || strings.EqualFold(name, typed) || hasLabel(out, name) {
			continue
		}
		out = append(out, Item{ID: suggestPrefix + list[i].ID, Label: name})
	}
	return out
}

func hasLabel(items []Item, label string) bool {
	for i := range items {
		if items[i].Label == label {
			return true
		}
	}
	return false
}

// searchKey handles the search screen: suggestions at the left, the keyboard, and
// what was found below.
func (s *stepper) searchKey(p Press) {
	f := &s.found
	rows := s.keys()
	row, col := findKey(rows, s.focus)
	digit, isDigit := p.Key.Digit()
	switch {
	case p.Key == keyseq.Menu:
		s.opensMenu(p)
	case f.inRows:
		s.foundKey(p)
	case isDigit:
		s.write(itoa(digit))
	case p.Key == keyseq.Back && s.typing.query != "":
		s.erase()
	case p.Key == keyseq.Back:
		if !p.Repeat {
			s.place = atHome
		}
	case p.Key == keyseq.Down && row == len(rows)-1:
		s.toFound()
	case p.Key == s.sideKey() && (row < 0 || len(f.suggest) == 0 && s.atSide(rows[row], col)):
		p.Key = keyseq.Left // that which opens the menu
		s.opensMenu(p)
	case p.Key.Arrow():
		s.moveKey(p.Key, p.Repeat)
	case p.Key == keyseq.OK:
		s.searchChoice()
	}
}

// foundKey moves among what was found.
func (s *stepper) foundKey(p Press) {
	f := &s.found
	it, ok := f.item()
	if s.sideKey() == keyseq.Right { // the row is drawn the other way round
		p.Key = mirror(p.Key)
	}
	switch {
	case p.Key == keyseq.Up || p.Key == keyseq.Back || !ok:
		f.inRows = false
	case p.Key == keyseq.OK:
		s.openTitle(protocol.TitleID(it.Poster), atSearch)
	case p.Key == keyseq.PlayPause:
		s.openTitle(protocol.TitleID(it.Poster), atSearch)
		s.playPage()
	case !f.move(p.Key):
		s.opensMenu(p)
	}
}

func (s *stepper) toFound() { s.found.inRows = len(s.found.rows) > 0 }

// searchChoice takes a suggestion, or presses the key in focus.
func (s *stepper) searchChoice() {
	if i := indexOf(s.found.suggest, s.focus); i >= 0 {
		s.setField(s.found.suggest[i].Label)
		s.focus = s.typing.keyAt
		s.fillSearch()
		s.toFound()
		return
	}
	s.pressKey()
}

// searchKeys is the keyboard of the search.
func (m *Model) searchKeys() [][]Item {
	switch arabic := m.language().Direction() == words.RightToLeft; {
	case arabic && m.typing.layout == arabicLetters:
		return withLetters(arabicRows, m.accentKey())
	case arabic:
		return withLetters(lowerRows, m.accentKey())
	case m.forKids():
		return kidsKeys
	}
	return plainKeys
}

// withLetters is the keyboard of a search on a TV that has two kinds of letters.
func withLetters(rows []string, other Item) [][]Item {
	other.Wide = 4
	return append(characters(rows), []Item{
		other, {ID: "space", Label: text(msgKeySpace), Wide: 6}, {ID: "delete", Label: text(msgKeyDelete), Wide: 3},
		{ID: "clear", Label: text(msgKeyClear), Wide: 3}, {ID: "next", Label: text(msgResults), Wide: 4},
	})
}

// plainKeys are the keys of a search: marks and capitals make no difference to it.
// They are made once, and never changed.
var plainKeys = append(characters(lowerRows), []Item{
	{ID: "space", Label: text(msgKeySpace), Wide: half - 2}, {ID: "delete", Label: text(msgKeyDelete), Wide: 4},
	{ID: "clear", Label: text(msgKeyClear), Wide: 4}, {ID: "next", Label: text(msgResults), Wide: 4},
})

func (m *Model) viewSearch(v *View) {
	query := m.typing.query
	v.Title = text(msgSearch)
	v.Keyboard = &Keyboard{Label: text(msgSearchLabel), Kind: m.typing.wanted(), Text: query, Length: utf8.RuneCountInString(query), Keys: m.keys()}
	v.Rows = m.found.rows
	switch {
	case strings.TrimSpace(query) == "":
		v.Text = []string{text(msgSearchHelp)}
	case len(v.Rows) == 0:
		v.Text = []string{text(msgSearchNothing, "query", query)}
	}
}
