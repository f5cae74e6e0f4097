package parental

// Question is all that a decision depends on.
type Question struct {
	Path     Path
	Access   bool   // the device is signed in and its lease runs
	Profile  *Rules // of who is watching; nil: nobody
	Unlocked bool   // the profile's PIN was proved here, or it has none
	Title    *Title // nil: not in the catalogue
	Parental bool   // the parental PIN was proved for this title
}

// Rules is what a household decided for one profile.
type Rules struct {
	Level   Level
	Blocked []string // ids of titles and series that it may never play

	// The parental PIN is asked for above PINAbove (0: at no level) and for
	// PINTitles (ids of titles and series), where the household has one.
	HasPIN    bool
	PINAbove  Level
	PINTitles []string
}

// Path is how playback was asked for. Every path is held to the same rules;
// one that is not listed here is refused.
type Path string

// The paths.
const (
	Open     Path = "open"      // from a row or the title's page
	Search   Path = "search"    // from a search result
	Next     Path = "next"      // the next episode, as the person chose
	Autoplay Path = "autoplay"  // the next episode, by itself
	DeepLink Path = "deep_link" // from another app or the box's own search
	Remote   Path = "remote"    // launched by a remote on the network or by the owner's page
)

// Paths returns every path.
func Paths() []Path { return []Path{Open, Search, Next, Autoplay, DeepLink, Remote} }

func (p Path) valid() bool {
	for _, q := range Paths() {
		if p == q {
			return true
		}
	}
	return false
}

// Verdict is the outcome of a decision.
type Verdict string

// The verdicts.
const (
	Allow    Verdict = "allow"
	NeedsPIN Verdict = "needs_pin" // which one: Decision.PIN
	Refuse   Verdict = "refuse"    // why: Decision.Reason
)

// PIN names a PIN that is needed.
type PIN string

// The PINs.
const (
	ProfilePIN  PIN = "profile"  // of the profile that would watch
	ParentalPIN PIN = "parental" // the household's
)

// Reason says why a title was refused.
type Reason string

// The reasons.
const (
	UnknownPath  Reason = "unknown_path"  // not one of [Paths]
	NoAccess     Reason = "no_access"     // not signed in, or the lease has ended
	NoProfile    Reason = "no_profile"    // nobody is watching
	UnknownTitle Reason = "unknown_title" // not in the catalogue
	Blocked      Reason = "blocked"       // the title or its series is blocked for the profile
	AboveLevel   Reason = "above_level"   // rated above the profile's maturity level
)

// Decision is a verdict with its reason. The zero value is not a decision.
type Decision struct {
	Verdict Verdict
	PIN     PIN    // with NeedsPIN
	Reason  Reason // with Refuse
	Age     int    // the age the title counted as, in years; 0 where it was not looked at
}

// Decide is the one play decision (product rules P5 to P8). It looks at access
// first, then at who asks, and only then at the title: whoever has not proved a
// locked profile's PIN learns nothing of what it may watch. A parental PIN opens
// what needs it, never what is blocked or above the level.
func Decide(q Question) Decision {
	switch {
	case !q.Path.valid():
		return Decision{Verdict: Refuse, Reason: UnknownPath}
	case !q.Access:
		return Decision{Verdict: Refuse, Reason: NoAccess}
	case q.Profile == nil:
		return Decision{Verdict: Refuse, Reason: NoProfile}
	case !q.Unlocked:
		return Decision{Verdict: NeedsPIN, PIN: ProfilePIN}
	case q.Title == nil:
		return Decision{Verdict: Refuse, Reason: UnknownTitle}
	}
	r, t := q.Profile, q.Title
	age := t.YoungestAge()
	switch {
	case t.is(r.Blocked):
		return Decision{Verdict: Refuse, Reason: Blocked, Age: age}
	case age < 0 || age > r.Level.MaxAge():
		return Decision{Verdict: Refuse, Reason: AboveLevel, Age: age}
	case r.HasPIN && !q.Parental && (r.PINAbove != 0 && age > r.PINAbove.MaxAge() || t.is(r.PINTitles)):
		return Decision{Verdict: NeedsPIN, PIN: ParentalPIN, Age: age}
	}
	return Decision{Verdict: Allow, Age: age}
}
