package nav

// A kids profile's screens are simpler: few rows of few titles, which are drawn
// large, no way to change the profile, words that a child knows, and only one
// episode that begins by itself after another.

// Bounds of a kids profile's home.
const (
	kidsRows     = 6
	kidsRowItems = 15
)

// forKids reports whether a kids profile is in use.
func (m *Model) forKids() bool {
	p, ok := m.profile()
	return ok && p.Kids
}

// rowBound is how many rows of the catalogue there are at most.
func (m *Model) rowBound() int {
	if m.forKids() {
		return kidsRows
	}
	return maxRows
}

// itemBound is how many titles there are at most in a row; a series has all of its
// episodes.
func (m *Model) itemBound(inSeries bool) int {
	if m.forKids() && !inSeries {
		return kidsRowItems
	}
	return maxRowItems
}

// listRow is the home's row of the profile's own list; -1 where that is empty.
func (m *Model) listRow() int {
	for i, row := range m.home.rows {
		if row.Label == m.said(text(msgMyList)) {
			return i
		}
	}
	return -1
}

// openList goes to the profile's own list.
func (s *stepper) openList() {
	s.goHome()
	s.fillHome()
	if i := s.listRow(); i >= 0 {
		s.home.row, s.home.moved = i, true
	}
}

// kidsKeys is the keyboard of a child's search: the letters, in their order.
var kidsKeys = append(characters([]string{"abcdefghij", "klmnopqrst"}),
	append(characters([]string{"uvwxyz"})[0], Item{ID: "space", Label: text(msgKeySpace), Wide: 8}),
	[]Item{
		{ID: "delete", Label: text(msgKeyDelete), Wide: 6}, {ID: "clear", Label: text(msgKeyClear), Wide: 6},
		{ID: "next", Label: text(msgResults), Wide: 8},
	})
