// Package parental decides what a profile may play.
//
// There is one decision, [Decide], and every path to playback goes through it:
// opening a title, autoplay, next episode, search, deep link and remote launch,
// on the TV and on the server, offline and online. It is a pure function and
// safe for concurrent use.
package parental

// Level is the maturity level of a profile, from the strictest.
type Level int

// The maturity levels.
const (
	LittleKids Level = iota + 1 // titles for all ages only
	OlderKids                   // up to 7+
	Teens                       // up to 13+
	Adults                      // up to 16+
	All                         // up to 18+
)

// levels gives each level's name and the highest age rating it may watch.
var levels = map[Level]struct {
	name string
	age  int
}{
	LittleKids: {"Little kids", 0},
	OlderKids:  {"Older kids", 7},
	Teens:      {"Teens", 13},
	Adults:     {"Adults", 16},
	All:        {"All", 18},
}

// Valid reports whether l is one of the five levels.
func (l Level) Valid() bool { return l >= LittleKids && l <= All }

// String returns the name a person reads.
func (l Level) String() string { return levels[l].name }

// MaxAge is the highest age rating that l may watch, in years. It is -1 for
// anything that is not a level: nothing may be watched.
func (l Level) MaxAge() int {
	if v, ok := levels[l]; ok {
		return v.age
	}
	return -1
}

// Title is what the decision needs to know of a title, and what a screen shows
// of it.
type Title struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Year    int    `json:"year,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
	Genre   string `json:"genre,omitempty"`
	Text    string `json:"text,omitempty"` // one or two sentences
	// Age is the youngest age the title is for, in years; absent means
	// unrated, which counts as 18.
	Age *int `json:"age,omitempty"`
}

// UnratedAge is the age that an unrated or unknown title counts as.
const UnratedAge = 18

// Verdict is the outcome of a decision.
type Verdict string

// The verdicts.
const (
	Allow  Verdict = "allow"
	Refuse Verdict = "refuse"
)

// Reason says why a title was refused.
type Reason string

// The reasons.
const (
	AboveLevel   Reason = "above_level"   // rated above the profile's maturity level
	NoProfile    Reason = "no_profile"    // nobody is watching
	NoAccess     Reason = "no_access"     // not signed in, or the lease has ended
	UnknownTitle Reason = "unknown_title" // not in the catalogue
)

// Decision is a verdict with its reason. The zero value is not a decision.
type Decision struct {
	Verdict Verdict
	Reason  Reason // empty where allowed
	Age     int    // the age the title counted as, in years
}

// Decide says whether a profile of level l may play t.
func Decide(l Level, t Title) Decision {
	age := UnratedAge
	if t.Age != nil {
		age = *t.Age
	}
	if age < 0 || age > l.MaxAge() {
		return Decision{Verdict: Refuse, Reason: AboveLevel, Age: age}
	}
	return Decision{Verdict: Allow, Age: age}
}
