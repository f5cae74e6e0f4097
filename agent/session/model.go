package session

// Model is the whole state of the machine. It is a value that [Step] uses up.
type Model struct {
	config Config
	saved  Saved
}

// New returns the model before [Start].
func New(c Config) Model { return Model{config: c} }

// Saved returns what the vault should hold.
func (m Model) Saved() Saved { return m.saved }
