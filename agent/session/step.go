package session

// Step returns the model after e, and what is to be done.
func Step(m Model, e Event) (Model, []Effect) { return m, nil }
