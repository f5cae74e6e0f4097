package nav

import (
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// home is the rows that one profile sees, and where the focus is in each.
type home struct {
	rows []Row
	row  int
	cols []int // the focus of every row, kept while another row has it
	from titles
	as   parental.Level
}

// titles is a catalogue with its titles by id. It is made once for each
// catalogue and never changed.
type titles struct {
	catalog *protocol.Catalog
	byID    map[protocol.TitleID]*parental.Title
}

func titlesOf(c *protocol.Catalog) titles {
	if c == nil {
		return titles{}
	}
	t := titles{catalog: c, byID: make(map[protocol.TitleID]*parental.Title, len(c.Titles))}
	for i := range c.Titles {
		id := protocol.TitleID(c.Titles[i].ID)
		if _, double := t.byID[id]; !double && soundID(string(id)) {
			t.byID[id] = &c.Titles[i]
		}
	}
	return t
}

// focused returns the id of the focused title; it is empty where there are none.
func (h home) focused() string {
	if len(h.rows) == 0 {
		return ""
	}
	return h.rows[h.row].Items[h.cols[h.row]].ID
}

// fill makes the rows from the catalogue: what p may play, and no empty row. The
// focus stays on its title where that is still there.
func (h *home) fill(p protocol.Profile, all titles) {
	if all.catalog == h.from.catalog && p.Level == h.as {
		return
	}
	old := *h
	*h = home{rows: rowsFor(p, all), from: all, as: p.Level}
	h.cols = make([]int, len(h.rows))
	h.row = max(min(old.row, len(h.rows)-1), 0)
	for i, row := range h.rows {
		for j, was := range old.rows {
			if was.Label != row.Label {
				continue
			}
			h.cols[i] = min(old.cols[j], len(row.Items)-1)
			if k := indexOfTitle(row.Items, was.Items[old.cols[j]].Poster); k >= 0 {
				h.cols[i] = k
			}
			if j == old.row {
				h.row = i
			}
		}
	}
}

func indexOfTitle(items []Item, title string) int {
	for i := range items {
		if items[i].Poster == title {
			return i
		}
	}
	return -1
}

// rowsFor filters the catalogue for p and keeps it within the bounds of a
// View.
func rowsFor(p protocol.Profile, all titles) []Row {
	if all.catalog == nil {
		return nil
	}
	rows := make([]Row, 0, min(len(all.catalog.Rows), maxRows))
	left := homeBudget
	for _, from := range all.catalog.Rows {
		if len(rows) == maxRows {
			break
		}
		row := Row{Label: clean(from.Name, maxLabel)}
		row.Items, left = rowItems(itoa(len(rows)), from.Titles, p, all, left)
		if left -= cost(row.Label) + 32; len(row.Items) > 0 && !hasRow(rows, row.Label) {
			rows = append(rows, row)
		}
	}
	return rows
}

// hasRow reports whether there is a row of this name: its name tells a row from
// the others on the screen, so the first one counts.
func hasRow(rows []Row, label string) bool {
	for _, r := range rows {
		if r.Label == label {
			return true
		}
	}
	return false
}

// rowItems returns the row's items, each title once, and what is left of the
// budget in bytes of JSON.
func rowItems(number string, ids []protocol.TitleID, p protocol.Profile, all titles, left int) ([]Item, int) {
	items := make([]Item, 0, min(len(ids), maxRowItems))
	for _, id := range ids {
		t, ok := all.byID[id]
		if !ok || !may(p, *t) || indexOfTitle(items, t.ID) >= 0 {
			continue
		}
		it := Item{ID: number + "/" + t.ID, Label: clean(t.Name, maxLabel), Poster: t.ID, Badge: rating(*t), Detail: facts(*t)}
		size := cost(it.ID) + cost(it.Label) + cost(it.Poster) + cost(it.Badge) + cost(it.Detail) + 64
		if len(items) == maxRowItems || size > left {
			break
		}
		left -= size
		items = append(items, it)
	}
	return items, left
}

func (s *stepper) homeKey(p Press) {
	h := &s.home
	switch {
	case p.Key == keyseq.OK && len(h.rows) > 0:
		it := h.rows[h.row].Items[h.cols[h.row]]
		s.place, s.title, s.named, s.notice = atTitle, protocol.TitleID(it.Poster), it.Label, ""
	case p.Key == keyseq.Back:
		s.menu, s.menuAt = true, "home"
	case len(h.rows) == 0:
		s.opensMenu(p)
	case p.Key == keyseq.Up:
		h.row = max(h.row-1, 0)
	case p.Key == keyseq.Down:
		h.row = min(h.row+1, len(h.rows)-1)
	case p.Key == keyseq.Right:
		h.to(min(h.cols[h.row]+1, len(h.rows[h.row].Items)-1))
	case p.Key == keyseq.Left && h.cols[h.row] > 0:
		h.to(h.cols[h.row] - 1)
	default:
		s.opensMenu(p)
	}
}

// to moves the focus within its row.
func (h *home) to(col int) {
	h.cols = append([]int(nil), h.cols...)
	h.cols[h.row] = col
}

func (m Model) viewHome(v *View) {
	v.Rows = m.home.rows
	switch {
	case len(m.home.rows) > 0:
		v.Title = text(msgMenuHome)
	case m.world.Catalog == nil:
		v.Title = text(msgHomeLoading)
	default:
		v.Title = text(msgHomeEmpty)
	}
}
