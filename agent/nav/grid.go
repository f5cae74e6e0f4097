package nav

import (
	"slices"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// grid is rows of titles, with the place where the focus is in each.
type grid struct {
	rows []Row
	row  int
	cols []int // the focus of every row, kept while another row has it
}

// item returns the focused item; none where there are no rows.
func (g grid) item() (Item, bool) {
	if len(g.rows) == 0 {
		return Item{}, false
	}
	return g.rows[g.row].Items[g.cols[g.row]], true
}

func (g grid) focused() string {
	it, _ := g.item()
	return it.ID
}

// refill returns the grid with other rows, none of them empty. The focus stays on
// its title where that is still in the row of the same name.
func (g grid) refill(rows []Row) grid {
	out := grid{rows: rows, row: max(min(g.row, len(rows)-1), 0), cols: make([]int, len(rows))}
	for i, row := range rows {
		j := slices.IndexFunc(g.rows, func(was Row) bool { return was.Label == row.Label })
		if j < 0 {
			continue
		}
		out.cols[i] = min(g.cols[j], len(row.Items)-1)
		if k := indexOfTitle(row.Items, g.rows[j].Items[g.cols[j]].Poster); k >= 0 {
			out.cols[i] = k
		}
		if j == g.row {
			out.row = i
		}
	}
	return out
}

// move moves the focus, and reports whether k did.
func (g *grid) move(k keyseq.Key) bool {
	if len(g.rows) == 0 {
		return false
	}
	row, col := g.row, g.cols[g.row]
	switch {
	case k == keyseq.Up && row > 0:
		g.row--
	case k == keyseq.Down && row < len(g.rows)-1:
		g.row++
	case k == keyseq.Left && col > 0:
		g.to(col - 1)
	case k == keyseq.Right && col < len(g.rows[row].Items)-1:
		g.to(col + 1)
	default:
		return false
	}
	return true
}

// seek moves the focus to a title, where it is in a row.
func (g *grid) seek(title string) {
	for i, row := range g.rows {
		if k := indexOfTitle(row.Items, title); k >= 0 {
			g.row = i
			g.to(k)
			return
		}
	}
}

// to moves the focus within its row. Older Models keep theirs.
func (g *grid) to(col int) {
	g.cols = slices.Clone(g.cols)
	g.cols[g.row] = col
}

func indexOfTitle(items []Item, title string) int {
	for i := range items {
		if items[i].Poster == title {
			return i
		}
	}
	return -1
}

// focusGrid returns the rows that have the focus of the screen; nil where it is
// elsewhere.
func (m *Model) focusGrid() *grid {
	switch screen := m.screen(); {
	case screen == ScreenHome:
		return &m.home.grid
	case screen == ScreenTitle && m.page.inRows:
		return &m.page.grid
	case screen == ScreenSearch && m.found.inRows:
		return &m.found.grid
	}
	return nil
}
