package parental

// Member is what the rule about adding a profile looks at of one that is there.
type Member struct {
	Level  Level
	Locked bool // has a profile lock
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
