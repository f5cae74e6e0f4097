package parental

import "slices"

// Member is what the rule about adding a profile looks at of one that is there.
type Member struct {
	Level   Level
	Locked  bool // has a profile lock
	Kids    bool
	Blocked []string // ids of titles and series that it may never play
}

// AddBound returns the highest level that a profile may be given at a TV without
// the main profile's PIN or the account's password (product rule P3). Where the
// selected profile has no lock it is that one's level: a restricted profile
// creates none above its own. Where nobody is selected (nil), or the one that is
// has a lock, whose PIN only the TV can have seen, it is the highest level that
// anybody at the TV can choose anyway: that of the profiles without a lock. Where
// there are none it is 0, and every level is above it.
func AddBound(selected *Member, household []Member) Level {
	if selected != nil && !selected.Locked {
		return max(selected.Level, 0)
	}
	var bound Level
	for _, m := range household {
		if !m.Locked {
			bound = max(bound, m.Level)
		}
	}
	return bound
}

// MayAdd reports whether a profile of level l may be added without the PIN or
// the password: a valid level up to bound, where the household did not decide
// that adding always needs it.
func MayAdd(l, bound Level, alwaysNeedsPIN bool) bool {
	return l.Valid() && l <= bound && !alwaysNeedsPIN
}

// Binds is what a profile takes over that is added without a proof.
type Binds struct {
	Kids    bool     // it is a kids profile, whatever was asked for
	Blocked []string // titles and series that it may never play, in the order of the first that has them
}

// AddBinds returns what holds for a profile of level l, at most [AddBound], that
// is added without the PIN or the password: no less than what holds for whoever
// is at the TV anyway. Of the profiles that may give the level, which are those
// [AddBound] looks at and whose own is not lower, what all of them have blocked is
// blocked, and where all are kids profiles it is one. A series that is blocked
// blocks its episodes there: series names the one that an episode belongs to, ""
// for what is none or is not on offer; nil: there are no episodes. Those of a
// lower level do not count: they never were a way to what is above it. Where there
// are none, nothing can be added without a proof, and nothing is taken over.
func AddBinds(l Level, selected *Member, household []Member, series func(id string) string) Binds {
	if selected != nil && !selected.Locked {
		household = []Member{*selected}
	}
	var b Binds
	var count []Member
	for _, m := range household {
		if !m.Locked && m.Level >= l {
			b.Kids = m.Kids && (b.Kids || len(count) == 0)
			count = append(count, m)
		}
	}
	for _, m := range count {
		for _, id := range m.Blocked {
			if !slices.Contains(b.Blocked, id) && allBlock(count, id, series) {
				b.Blocked = append(b.Blocked, id)
			}
		}
	}
	return b
}

// allBlock reports whether every one of them has id blocked, or the series that it
// is an episode of.
func allBlock(all []Member, id string, series func(id string) string) bool {
	t := Title{ID: id}
	if series != nil {
		t.Series = series(id)
	}
	return !slices.ContainsFunc(all, func(m Member) bool { return !t.is(m.Blocked) })
}
