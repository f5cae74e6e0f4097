package nav

// Model is the state of the screens. The zero Model is ready: it shows that the
// TV is starting until the first [World].
type Model struct {
	world World
}

// Step takes an event and returns the new state and what is to be done. It
// changes nothing that m points to.
func Step(m Model, ev Event) (Model, []Effect) {
	if w, ok := ev.(World); ok {
		m.world = w
	}
	return m, nil
}

// View derives what the screen shows.
func (m Model) View() View { return View{Screen: ScreenStarting} }
