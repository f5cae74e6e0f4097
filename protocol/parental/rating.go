package parental

// Rating is what a national system said of a title.
type Rating struct {
	System string `json:"system"` // e.g. "FSK"; see [Systems]
	Label  string `json:"label"`  // e.g. "12", as the system writes it
}

// Age returns the youngest age that the rating is for, in years, and false
// where the system or the label is not in the table.
func (r Rating) Age() (int, bool) {
	for _, s := range systems {
		if s.ID != r.System {
			continue
		}
		for _, g := range s.Grades {
			if g.Label == r.Label {
				return g.Age, true
			}
		}
	}
	return 0, false
}

// System is a national system of age ratings.
type System struct {
	ID      string // e.g. "FSK"
	Country string // ISO 3166-1 alpha-2, e.g. "DE"
	Name    string
	Source  string // where the ages are written down
	Grades  []Grade
}

// Grade is one label of a system.
type Grade struct {
	Label string
	Age   int // years
}

// Systems returns the table, which nobody may change.
func Systems() []System { return systems }

var systems = []System{
	{
		ID: "FSK", Country: "DE", Name: "Freiwillige Selbstkontrolle der Filmwirtschaft",
		Source: "Jugendschutzgesetz § 14 (2)",
		Grades: []Grade{{"0", 0}, {"6", 6}, {"12", 12}, {"16", 16}, {"18", 18}},
	},
}
