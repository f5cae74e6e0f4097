package parental

// Title is what the decision needs to know of a title, and what a screen shows
// of it.
type Title struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Kind    Kind   `json:"kind,omitempty"` // absent: a film
	Year    int    `json:"year,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
	Genre   string `json:"genre,omitempty"`
	Text    string `json:"text,omitempty"` // one or two sentences

	// Series is the id of the series that an episode belongs to; Season and
	// Episode count from 1 and order the episodes.
	Series  string `json:"series,omitempty"`
	Season  int    `json:"season,omitempty"`
	Episode int    `json:"episode,omitempty"`

	// Age is the youngest age the title is for, in years, as the operator
	// decided it. Absent, Ratings tell it.
	Age *int `json:"age,omitempty"`
	// Ratings are those of national systems; the strictest counts.
	Ratings []Rating `json:"ratings,omitempty"`
}

// Kind tells titles apart. The zero Kind is a film.
type Kind string

// The kinds of titles.
const (
	Film    Kind = ""
	Series  Kind = "series"  // plays nothing itself: its episodes do
	Episode Kind = "episode" // of the series that its Series names
)

// UnratedAge is the age that an unrated title, or one whose rating is not in
// the table, counts as.
const UnratedAge = 18

// YoungestAge is the age that t counts as, in years: the operator's own, or the
// strictest of its ratings. A rating that is not in the table counts as
// [UnratedAge], and so does a title without any.
func (t Title) YoungestAge() int {
	if t.Age != nil {
		return *t.Age
	}
	if len(t.Ratings) == 0 {
		return UnratedAge
	}
	age := 0
	for _, r := range t.Ratings {
		a, ok := r.Age()
		if !ok {
			a = UnratedAge
		}
		age = max(age, a)
	}
	return age
}

// is reports whether ids holds t or the series that t is an episode of.
func (t Title) is(ids []string) bool {
	for _, id := range ids {
		if id == t.ID || t.Series != "" && id == t.Series {
			return true
		}
	}
	return false
}
