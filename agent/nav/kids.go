package nav

// Bounds of a kids profile's home: few rows of few titles, which are drawn
// large.
const (
	kidsRows     = 5
	kidsRowItems = 12
)

// forKids reports whether a kids profile is in use: its screens are simpler.
func (m Model) forKids() bool {
	p, ok := m.profile()
	return ok && p.Kids
}
