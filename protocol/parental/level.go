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
var levels = [...]struct {
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
func (l Level) String() string {
	if !l.Valid() {
		return ""
	}
	return levels[l].name
}

// MaxAge is the highest age rating that l may watch, in years. It is -1 for
// anything that is not a level: nothing may be watched.
func (l Level) MaxAge() int {
	if !l.Valid() {
		return -1
	}
	return levels[l].age
}
