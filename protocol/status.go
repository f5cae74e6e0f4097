package protocol

// Status is what a device session should be. Within an epoch it only gets
// stricter, in the order of the constants; only a new epoch leaves it.
type Status string

// The statuses, from the mildest to the strictest.
const (
	Active      Status = "active"
	SignedOut   Status = "signed_out"
	Stolen      Status = "stolen"
	Deactivated Status = "deactivated"
)

// Strictness orders statuses: 1 for [Active] to 4 for [Deactivated], and 0 for
// anything that is not a status.
func (s Status) Strictness() int {
	switch s {
	case Active:
		return 1
	case SignedOut:
		return 2
	case Stolen:
		return 3
	case Deactivated:
		return 4
	}
	return 0
}

// Valid reports whether s is one of the four statuses.
func (s Status) Valid() bool { return s.Strictness() > 0 }

// Erases lists what a device erases for s; nothing while active. A stolen device
// keeps its session, to report where it is.
func (s Status) Erases() []Erased {
	list := []Erased{ErasedProfiles, ErasedVerifiers, ErasedActivity}
	switch s {
	case SignedOut:
		return append(list, ErasedSession)
	case Stolen:
		return list
	case Deactivated:
		return append(list, ErasedSession, ErasedIdentity)
	}
	return nil
}

// Stricter returns the stricter of a and b.
func Stricter(a, b Status) Status {
	if b.Strictness() > a.Strictness() {
		return b
	}
	return a
}

// Newer reports whether a state of epoch e1 and version v1 is newer than one of
// e2 and v2: epochs are compared first, then versions.
func Newer(e1 Epoch, v1 Version, e2 Epoch, v2 Version) bool {
	if e1 != e2 {
		return e1 > e2
	}
	return v1 > v2
}
