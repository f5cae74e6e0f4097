package risk

// Level is what a sign-in calls for. None of them refuses it.
type Level int

// The levels.
const (
	LevelNone   Level = iota // nothing
	LevelNotice              // tell the owner
	LevelCode                // ask for an access code, and tell
	LevelStrong              // ask for the strongest proof the account has (a passkey before an access code), and tell
)

// String is the level's name as stored and shown to operators.
func (l Level) String() string {
	switch l {
	case LevelNone:
		return "none"
	case LevelNotice:
		return "notice"
	case LevelCode:
		return "code"
	case LevelStrong:
		return "strong"
	}
	return "unknown"
}

// Assessment is the answer.
//
// Score is in points: natural logarithms of odds, so that +0.7 makes somebody
// else twice as likely. It is the sum of the reasons' points, in any order
// within rounding. Reasons are those that apply, also those that speak for the
// owner (negative points) and those that only explain (none).
type Assessment struct {
	Score   float64
	Level   Level
	Reasons []Reason
}

// signal is from how many points a reason counts as a signal of its own.
const signal = 0.5

// Assess scores a sign-in whose password was right. It takes any input: what
// is unknown or makes no sense is no evidence.
func Assess(s Settings, a Attempt, h History, g Global) Assessment {
	s = s.withDefaults()
	var out Assessment
	if len(h) == 0 {
		out.add(Reason{Code: NoHistory})
	} else {
		out.add(frequency(h, g)...)
		out.add(where(a, h, g)...)
		out.add(client(a, h, g)...)
		out.add(when(a, h, g)...)
		out.add(travel(s, a, h)...)
	}
	out.add(failures(s, a.Failures)...)
	out.Level = s.level(out.Score)
	if out.Level == LevelStrong && out.signals() < 2 {
		out.Level = LevelCode
		out.add(Reason{Code: LoneSignal})
	}
	if out.Level > LevelNotice && a.Provider == 0 && a.Country == "" && out.onlyAddress() {
		// Without places this may be the same home: many get a new address daily.
		out.Level = LevelNotice
	}
	return out
}

func (a *Assessment) add(reasons ...Reason) {
	for _, r := range reasons {
		a.Score += r.Points
		a.Reasons = append(a.Reasons, r)
	}
}

func (s Settings) level(score float64) Level {
	switch {
	case score >= s.Strong:
		return LevelStrong
	case score >= s.Code:
		return LevelCode
	case score >= s.Notice:
		return LevelNotice
	}
	return LevelNone
}

// onlyAddress reports whether no signal but those of the address speaks against
// the owner.
func (a *Assessment) onlyAddress() bool {
	for _, r := range a.Reasons {
		if r.Points >= signal && r.Code.source() != sourceAddress {
			return false
		}
	}
	return true
}

// signals counts the independent kinds of evidence against the owner. A VPN
// makes a new network, a new country and impossible travel at once: that is one.
func (a *Assessment) signals() int {
	points := make(map[source]float64)
	for _, r := range a.Reasons {
		if src := r.Code.source(); src != sourceNone {
			points[src] += r.Points
		}
	}
	n := 0
	for _, p := range points {
		if p >= signal {
			n++
		}
	}
	return n
}
