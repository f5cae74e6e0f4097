package protocol

import (
	"log/slog"

	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Bounds of what a household's frames carry.
const (
	MaxProfiles  = 20        // profiles of an account, whatever the operator allows
	MaxOwnList   = 100       // titles on a profile's own list
	MaxWatched   = 50        // titles that a profile has begun
	MaxPINCounts = 1 + 20    // the parental PIN and one for each profile
	MaxWrong     = 1 << 20   // wrong tries that one count tells
	maxPosition  = 48 * 3600 // seconds
)

// Frames about PIN tries, profiles and what was watched, all since capability 3.
// A device sends them only where the server's hello says 3.
type (
	// PINTries tells the wrong tries that this device holds against PINs: after
	// each wrong try, when one is forgiven, and at each connection for all that
	// are not 0. Each replaces what was told of that PIN before.
	PINTries struct {
		Epoch Epoch    `json:"epoch"`
		Tries []PINTry `json:"tries"`
	}

	// PINCounts tells the wrong tries at the account's other devices, for every
	// PIN where there are any. It replaces what was told before. The device
	// waits as if they were its own. It never shortens a wait by them.
	PINCounts struct {
		Number int64    `json:"number"` // grows with every change; the device names it in [Have]
		Counts []PINTry `json:"counts,omitempty"`
	}

	// AddProfile asks for a new profile. The server decides by the profile in
	// use whether a PIN or the password is needed (product rule P3), and checks it.
	AddProfile struct {
		N        int64          `json:"n"` // names the request on this connection
		Name     string         `json:"name"`
		Avatar   string         `json:"avatar"`
		Level    parental.Level `json:"level"`
		Kids     bool           `json:"kids,omitempty"`
		PIN      Secret         `json:"pin,omitempty"`      // the main profile's, 4 digits
		Password Secret         `json:"password,omitempty"` // the account's
	}

	// EditProfile changes the name and avatar of the profile in use.
	EditProfile struct {
		N       int64     `json:"n"`
		Profile ProfileID `json:"profile"`
		Name    string    `json:"name"`
		Avatar  string    `json:"avatar"`
	}

	// ProfileAnswer answers AddProfile and EditProfile. Where Refusal is empty it
	// is done, and a state with the new snapshot is on its way.
	ProfileAnswer struct {
		N          int64          `json:"n"`
		Refusal    ProfileRefusal `json:"refusal,omitempty"`
		RetryAfter int64          `json:"retry_after_ms,omitempty"`
	}

	// Library is what one profile has on its list and has begun to watch. All
	// frames of one Number together replace the library that the device has;
	// the last one says so.
	Library struct {
		Number  int64     `json:"number"` // grows with every change; the device names it in [Have]
		Profile ProfileID `json:"profile"`
		List    []TitleID `json:"list,omitempty"`    // newest first
		Watched []Watched `json:"watched,omitempty"` // newest first
		Last    bool      `json:"last,omitempty"`
	}
)

// PINTry counts the wrong tries at one version of a PIN.
type PINTry struct {
	Profile ProfileID `json:"profile"` // or [ParentalPIN]
	PIN     int64     `json:"pin"`     // version of the PIN
	Wrong   int       `json:"wrong"`
	At      Millis    `json:"at,omitempty"` // of the last, server time as the device knows it
}

// Watched is how far a profile is in a title.
type Watched struct {
	Title    TitleID `json:"title"`
	Position int64   `json:"position"` // seconds
	Length   int64   `json:"length"`   // seconds; 0 where unknown
	At       Millis  `json:"at"`
}

// ProfileRefusal says why a profile was not added or changed. A device shows one
// that it does not know as [ProfileBusy].
type ProfileRefusal string

// The refusals.
const (
	ProfileNeedsPIN      ProfileRefusal = "pin"      // the main profile's PIN is needed
	ProfileNeedsPassword ProfileRefusal = "password" // the account's password is needed
	ProfileWrong         ProfileRefusal = "wrong"    // that was not the PIN or the password
	ProfileWait          ProfileRefusal = "wait"     // too many tries: not before retry_after_ms
	ProfileTooMany       ProfileRefusal = "too_many" // the account has as many profiles as it may
	ProfileBadName       ProfileRefusal = "name"     // the name cannot be used
	ProfileGone          ProfileRefusal = "gone"     // there is no such profile, or it is not in use here
	ProfileBusy          ProfileRefusal = "busy"     // the server cannot now: after retry_after_ms
)

// Member returns what the rule about adding a profile reads of p.
func (p Profile) Member() parental.Member {
	return parental.Member{Level: p.Level, Locked: p.Locked, Kids: p.Kids, Blocked: titleStrings(p.Blocked)}
}

func (PINTries) Type() string      { return "pin_tries" }
func (PINCounts) Type() string     { return "pin_counts" }
func (AddProfile) Type() string    { return "add_profile" }
func (EditProfile) Type() string   { return "edit_profile" }
func (ProfileAnswer) Type() string { return "profile_answer" }
func (Library) Type() string       { return "library" }

// LogValue leaves the PIN and the password out, however a log is written.
func (f AddProfile) LogValue() slog.Value { return slog.StringValue("add_profile") }

func (w *want) counts(list []PINTry) {
	w.that(len(list) <= MaxPINCounts, "%d counts, at most %d", len(list), MaxPINCounts)
	for i, t := range list {
		w.that(t.Profile != "" && len(t.Profile) <= 64, "count %d: bad profile", i)
		w.that(t.PIN > 0, "count %d: version is not positive", i)
		w.that(t.Wrong >= 0 && t.Wrong <= MaxWrong, "count %d: bad count", i)
		w.that(t.At >= 0, "count %d: bad time", i)
	}
}

// maxTitleID bounds a title's id, in bytes.
const maxTitleID = 64

// Valid reports whether id can be one of a catalogue: 1 to 64 printable ASCII
// characters without spaces.
func (id TitleID) Valid() bool {
	if id == "" || len(id) > maxTitleID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// title is for what a server holds from before titles were looked at.
func (w *want) title(id TitleID, what string, i int) {
	w.that(id != "" && len(id) <= maxTitleID, "%s %d: bad title", what, i)
}

func (f PINTries) check() error {
	var w want
	w.that(f.Epoch > 0, "epoch is not positive")
	w.that(len(f.Tries) > 0, "no tries")
	w.counts(f.Tries)
	return w.err
}

func (f PINCounts) check() error {
	var w want
	w.that(f.Number > 0, "number is not positive")
	w.counts(f.Counts)
	return w.err
}

func (f AddProfile) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.line("name", f.Name, MaxName)
	w.that(f.Avatar != "" && len(f.Avatar) <= 32, "bad avatar")
	w.that(f.Level.Valid(), "unknown level")
	w.that(len(f.PIN) <= MaxCode && len(f.Password) <= MaxPassword, "pin or password is too long")
	return w.err
}

func (f EditProfile) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.that(f.Profile != "" && len(f.Profile) <= 64, "bad profile")
	w.line("name", f.Name, MaxName)
	w.that(f.Avatar != "" && len(f.Avatar) <= 32, "bad avatar")
	return w.err
}

func (f ProfileAnswer) check() error {
	var w want
	w.that(f.N > 0, "n is not positive")
	w.that(len(f.Refusal) <= 32, "bad refusal")
	w.that(f.RetryAfter >= 0 && f.RetryAfter <= 24*3600*1000, "retry_after_ms is %d", f.RetryAfter)
	return w.err
}

func (f Library) check() error {
	var w want
	w.that(f.Number > 0, "number is not positive")
	w.that(f.Profile != "" && len(f.Profile) <= 64, "bad profile")
	w.that(len(f.List) <= MaxOwnList && len(f.Watched) <= MaxWatched, "%d and %d titles, at most %d and %d",
		len(f.List), len(f.Watched), MaxOwnList, MaxWatched)
	for i, id := range f.List {
		w.title(id, "list", i)
	}
	for i, x := range f.Watched {
		w.title(x.Title, "watched", i)
		w.that(x.Position >= 0 && x.Position <= maxPosition && x.Length >= 0 && x.Length <= maxPosition && x.At >= 0, "watched %d: bad time", i)
	}
	return w.err
}
