package protocol

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of remotes and of what is relayed.
const (
	// MaxRemotes is how many remotes a TV is paired with at most.
	MaxRemotes = 8
	// MaxPairing is how long a pairing window is open, in seconds (product rule D11).
	MaxPairing = 120
	// MaxRelayed is the most bytes of a relayed frame: that of package tvremote.
	MaxRelayed = 4 << 10
	// MaxRelays is how many browsers control one TV at the same time.
	MaxRelays = 4
	// RelaySilence is after how many seconds without a frame from the browser a TV
	// ends a relay. A page that is shown sends one at least every RelayBeat seconds.
	RelaySilence = 20
	RelayBeat    = 5

	maxRemoteID = 64
	maxNumber   = 1 << 60
)

// TypRemotes is the typ header of [RemoteWishesClaims].
const TypRemotes = "hearthkey-remotes+jwt"

// RemoteID names a paired remote on its TV: 1 to 64 printable ASCII characters
// without spaces, given by the TV.
type RemoteID string

// Valid reports whether id has the form of one.
func (id RemoteID) Valid() bool { return token(string(id), 1, maxRemoteID) }

// RemoteRole is what a paired remote may do on its TV.
type RemoteRole string

// The roles. A server shows one that it does not know as a guest's.
const (
	RemoteHousehold RemoteRole = "household" // as the remote in the hand
	RemoteGuest     RemoteRole = "guest"     // no key sequence, no sign-out
)

// Valid reports whether r is a known role.
func (r RemoteRole) Valid() bool { return r == RemoteHousehold || r == RemoteGuest }

// RelayID names one time that a browser controls a TV: 22 characters of base64url,
// given by the server, random, never used twice.
type RelayID string

// Valid reports whether id has the form of one.
func (id RelayID) Valid() bool { return token(string(id), 22, 22) }

// token reports whether s has low to high printable ASCII characters, no spaces.
func token(s string, low, high int) bool {
	return len(s) >= low && len(s) <= high && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// Remote is a paired remote, as its TV tells of it.
type Remote struct {
	ID     RemoteID   `json:"id"`
	Name   string     `json:"name"` // as it calls itself
	Role   RemoteRole `json:"role"`
	Paired Millis     `json:"paired"`         // server time as the device knows it
	Used   Millis     `json:"used,omitempty"` // last, to the day; absent: never
}

// Frames about remotes, all since capability 6. Each side sends them only to one
// that says 6.
type (
	// Remotes tells what controls this TV, or may. Each replaces what was told
	// before: it is sent on every connection, and at every change.
	Remotes struct {
		Epoch Epoch `json:"epoch"`
		// Number grows with each of an epoch, also over restarts; it need not by one.
		Number  int64    `json:"number"`
		Remotes []Remote `json:"remotes,omitempty"` // at most [MaxRemotes]
		Control bool     `json:"control,omitempty"` // the account page may control this TV
		// Window is for how many seconds more another remote can be paired.
		Window int64 `json:"window,omitempty"`
		// Wishes is the highest number of [RemoteWishes] that was dealt with.
		Wishes int64 `json:"wishes,omitempty"`
	}

	// RemoteWishes carries a JWS of [RemoteWishesClaims]. It is sent until [Remotes]
	// says that it was dealt with.
	RemoteWishes struct {
		JWS string `json:"jws"`
	}

	// Relay carries what the owner's page sends to the TV. The first of an id has
	// By, the last End. A frame of an id that was not begun, or has ended, is
	// answered with an ended [RelayState].
	Relay struct {
		ID    RelayID `json:"relay"`
		By    string  `json:"by,omitempty"`    // who controls, for the TV's banner; begins the relay
		Frame Secret  `json:"frame,omitempty"` // one of package tvremote, as text
		End   bool    `json:"end,omitempty"`   // nothing more comes
	}

	// RelayState carries what the TV answers.
	RelayState struct {
		ID    RelayID  `json:"relay"`
		Frame Secret   `json:"frame,omitempty"` // one of package tvremote, as text
		End   RelayEnd `json:"end,omitempty"`   // nothing more comes, and why
	}
)

// RelayEnd says why a TV ended a relay.
type RelayEnd string

// Why a relay ends. A page shows one that it does not know as [RelayOver].
const (
	RelayRefused RelayEnd = "refused" // the person at the TV ended it, or has not allowed it
	RelayBusy    RelayEnd = "busy"    // as many browsers control it as can
	RelaySilent  RelayEnd = "silent"  // the browser was not heard for [RelaySilence]
	RelayOver    RelayEnd = "over"    // the TV's sign-in ended, or its connection
)

// RemoteWishesClaims is what the owner wants of a TV's remotes, signed by the
// server. It holds all that is still wished: absent means nothing is.
type RemoteWishesClaims struct {
	Device DeviceID   `json:"device"`
	Epoch  Epoch      `json:"epoch"`
	Number int64      `json:"number"` // grows with each wish of this epoch
	Forget []RemoteID `json:"forget,omitempty"`
	Roles  []RoleWish `json:"roles,omitempty"`
	Open   *OpenWish  `json:"open,omitempty"`
}

// RoleWish is another role for a remote.
type RoleWish struct {
	ID   RemoteID   `json:"id"`
	Role RemoteRole `json:"role"`
}

// OpenWish is a pairing window to be opened. Number is that of the wishes by
// which it was first asked for: a device that has dealt with those leaves it.
type OpenWish struct {
	Number  int64      `json:"number"`
	Seconds int64      `json:"seconds"` // that are left of it: 1 to [MaxPairing]
	Role    RemoteRole `json:"role"`    // of whoever is paired
}

func (Remotes) Type() string      { return "remotes" }
func (RemoteWishes) Type() string { return "remote_wishes" }
func (Relay) Type() string        { return "relay" }
func (RelayState) Type() string   { return "relay_state" }

// LogValue leaves out what is typed.
func (f Relay) LogValue() slog.Value { return slog.StringValue("relay") }

// LogValue leaves out what the TV shows.
func (f RelayState) LogValue() slog.Value { return slog.StringValue("relay_state") }

func (f Remotes) check() error {
	var w want
	w.that(f.Epoch > 0, "epoch is not positive")
	w.that(f.Number > 0 && f.Number < maxNumber && f.Wishes >= 0 && f.Wishes < maxNumber, "bad number")
	w.that(len(f.Remotes) <= MaxRemotes, "%d remotes, at most %d", len(f.Remotes), MaxRemotes)
	w.that(f.Window >= 0 && f.Window <= MaxPairing, "window is %d", f.Window)
	seen := map[RemoteID]bool{}
	for i, r := range f.Remotes {
		w.that(r.ID.Valid() && !seen[r.ID], "remote %d: bad id", i)
		seen[r.ID] = true
		w.that(Legible(r.Name) && utf8.RuneCountInString(r.Name) <= MaxName, "remote %d: bad name", i)
		w.that(token(string(r.Role), 1, 32), "remote %d: bad role", i)
		w.that(r.Paired >= 0 && r.Used >= 0, "remote %d: bad time", i)
	}
	return w.err
}

func (f RemoteWishes) check() error {
	var w want
	w.jws(f.JWS)
	return w.err
}

func (f Relay) check() error {
	var w want
	w.that(f.ID.Valid(), "bad relay id")
	w.that(utf8.ValidString(f.By) && utf8.RuneCountInString(f.By) <= MaxName && strings.IndexFunc(f.By, unicode.IsControl) < 0, "bad by")
	w.that(len(f.Frame) <= MaxRelayed, "frame has %d bytes, at most %d", len(f.Frame), MaxRelayed)
	return w.err
}

func (f RelayState) check() error {
	var w want
	w.that(f.ID.Valid(), "bad relay id")
	w.that(len(f.Frame) <= MaxRelayed, "frame has %d bytes, at most %d", len(f.Frame), MaxRelayed)
	w.that(f.End == "" || token(string(f.End), 1, 32), "bad end")
	return w.err
}

// Check reports the first bound that c breaks.
func (c RemoteWishesClaims) Check() error {
	var w want
	w.that(c.Device.Valid() && c.Epoch > 0, "bad device or epoch")
	w.that(c.Number > 0 && c.Number < maxNumber, "number is %d", c.Number)
	w.that(len(c.Forget) <= MaxRemotes && len(c.Roles) <= MaxRemotes, "%d and %d remotes, at most %d", len(c.Forget), len(c.Roles), MaxRemotes)
	for i, id := range c.Forget {
		w.that(id.Valid(), "forget %d: bad id", i)
	}
	for i, r := range c.Roles {
		w.that(r.ID.Valid() && r.Role.Valid(), "role %d: bad id or role", i)
	}
	if o := c.Open; o != nil {
		w.that(o.Number > 0 && o.Number <= c.Number && o.Seconds > 0 && o.Seconds <= MaxPairing && o.Role.Valid(), "bad pairing window")
	}
	return w.err
}
