package nav

import (
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// home is the rows that one profile sees: its own, then the catalogue's.
type home struct {
	grid
	from    origin
	catalog []Row // rows of the catalogue, kept while only the library changes
	moved   bool  // the person has done something here: the focus stays
}

// fillHome makes the rows anew where something that they show has changed.
func (s *stepper) fillHome() {
	h, now := &s.home, s.origin()
	if h.from == now {
		return
	}
	if was := h.from; !was.made || was.catalog != now.catalog || was.rules != now.rules {
		h.catalog = s.catalogRows()
	}
	h.from = now
	if !h.moved { // the profile's own rows may come a moment later, and are first
		h.grid = grid{}
	}
	h.grid = h.refill(append(s.ownRows(), h.catalog...))
}

// ownRows are what the profile is in the middle of, and its list.
func (m *Model) ownRows() []Row {
	rows := make([]Row, 0, maxRows+2)
	left := ownBudget
	add := func(label message, prefix string, list []parental.Title) {
		b := rowBuilder{model: m, row: Row{Label: m.said(text(label))}, prefix: prefix, left: left, progress: true}
		for i := range list {
			b.add(&list[i])
		}
		if left = b.left; len(b.row.Items) > 0 {
			rows = append(rows, b.row)
		}
	}
	add(msgContinue, "on", m.goingOn())
	if m.library != nil {
		own := make([]parental.Title, 0, len(m.library.List))
		for _, id := range m.library.List {
			if t, ok := m.findTitle(id); ok {
				own = append(own, t)
			}
		}
		add(msgMyList, "list", own)
	}
	return rows
}

// catalogRows filters the catalogue's rows for the profile and keeps them within
// the bounds of a View.
func (m *Model) catalogRows() []Row {
	all := m.titles.Catalog()
	if all == nil {
		return nil
	}
	rows := make([]Row, 0, min(len(all.Rows), maxRows))
	left := homeBudget
	for _, from := range all.Rows {
		if len(rows) == m.rowBound() {
			break
		}
		b := rowBuilder{model: m, row: Row{Label: clean(from.Name, maxLabel)}, prefix: itoa(len(rows)), left: left}
		for _, id := range from.Titles {
			if t, ok := m.findTitle(id); ok && !b.add(&t) {
				break
			}
		}
		if left = b.left - cost(b.row.Label) - 32; len(b.row.Items) > 0 && !m.hasRow(rows, b.row.Label) {
			rows = append(rows, b.row)
		}
	}
	return rows
}

// hasRow reports whether there is a row of this name: its name tells a row from
// the others on the screen, so the first one counts.
func (m *Model) hasRow(rows []Row, label string) bool {
	if label == m.said(text(msgContinue)) || label == m.said(text(msgMyList)) {
		return true
	}
	for _, r := range rows {
		if r.Label == label {
			return true
		}
	}
	return false
}

// rowBuilder fills a row with what may be shown, each title once.
type rowBuilder struct {
	model    *Model
	row      Row
	prefix   string // of the ids
	left     int    // of the budget in bytes of JSON
	progress bool   // its items show how much of them was watched
	inSeries bool   // its items are episodes of the series that is open
	byName   bool   // its items were looked for by their names, episodes too
}

// add adds a title, and reports whether there is room for another.
func (b *rowBuilder) add(t *parental.Title) bool {
	shown, needsPIN := b.model.shows(t)
	if !shown || indexOfTitle(b.row.Items, t.ID) >= 0 {
		return true
	}
	it := b.model.titleItem(t, b.inSeries)
	if series := b.model.seriesName(t); b.byName && t.Kind == parental.Episode && series != "" {
		it.Label, it.Detail = clean(t.Name, maxLabel), joined(series, episodeNumber(t))
	}
	it.ID, it.Locked = b.prefix+"/"+t.ID, needsPIN
	if b.progress {
		it.Progress = b.model.progress(t)
	}
	it.Label, it.Detail, it.Badge = b.model.said(it.Label), b.model.said(it.Detail), b.model.said(it.Badge) // rows are views already
	size := cost(it.ID) + cost(it.Label) + cost(it.Poster) + cost(it.Badge) + cost(it.Detail) + 112
	if len(b.row.Items) == b.model.itemBound(b.inSeries) || size > b.left {
		return false
	}
	b.left -= size
	if b.row.Items == nil {
		b.row.Items = make([]Item, 0, 8)
	}
	b.row.Items = append(b.row.Items, it)
	return true
}

// titleItem is a title as an item of a row. An episode goes by the name of its
// series, but among its series' own.
func (m *Model) titleItem(t *parental.Title, inSeries bool) Item {
	it := Item{Label: clean(t.Name, maxLabel), Poster: t.ID, Badge: rating(t), Detail: facts(t), Series: t.Kind == parental.Series}
	switch {
	case t.Kind != parental.Episode:
	case inSeries:
		it.Label, it.Detail = text(msgEpisodeName, "n", itoa(t.Episode), "name", it.Label), length(t)
	default:
		if series := m.seriesName(t); series != "" {
			it.Label, it.Detail = series, m.episodeName(t)
		}
	}
	return it
}

// homeKey handles the home screen.
func (s *stepper) homeKey(p Press) {
	h := &s.home
	it, some := h.item()
	h.moved = true
	switch {
	case p.Key == keyseq.OK && some:
		s.openTitle(protocol.TitleID(it.Poster), atHome)
	case p.Key == keyseq.PlayPause && some:
		s.openTitle(protocol.TitleID(it.Poster), atHome)
		s.playPage()
	case p.Key == keyseq.Back:
		s.menu, s.menuAt = true, "home"
	case !h.move(p.Key):
		s.opensMenu(p)
	}
}

func (m Model) viewHome(v *View) {
	v.Rows = m.home.rows
	switch {
	case len(m.home.rows) > 0:
		v.Title = text(msgMenuHome)
	case m.world.Catalog == nil:
		v.Title = text(msgHomeLoading)
	case m.forKids():
		v.Title, v.Text = text(msgHomeEmpty), []string{text(msgAskGrownUp)}
	default:
		v.Title = text(msgHomeEmpty)
	}
}
