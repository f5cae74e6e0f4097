package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// Board is the live list of everything that is signed in or being signed out.
// The same struct renders on the page and in each event of its stream.
type Board struct {
	Now     time.Time
	Round   *Round // the last "sign out everywhere", while it is worth showing
	Devices []DeviceCard
	Webs    []WebCard

	Restored device.Restored // of the service's database; zero: none that matters still
}

// Digest tells two boards apart by all that they show but the present time.
func (b Board) Digest() string {
	b.Now = time.Time{}
	data, err := json.Marshal(b)
	if err != nil {
		return "" // cannot happen: text, numbers and times
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// SignedIn are the devices that should be signed in.
func (b Board) SignedIn() []DeviceCard {
	return b.where(func(d DeviceCard) bool { return d.State.SignedIn() })
}

// Leaving are the devices that are no longer to be signed in.
func (b Board) Leaving() []DeviceCard {
	return b.where(func(d DeviceCard) bool { return !d.State.SignedIn() })
}

// Stolen are those that were reported stolen and not finished.
func (b Board) Stolen() []DeviceCard {
	return b.where(func(d DeviceCard) bool { return d.Status == protocol.Stolen })
}

// Out are those that were signed out or deactivated.
func (b Board) Out() []DeviceCard {
	return b.where(func(d DeviceCard) bool { return !d.State.SignedIn() && d.Status != protocol.Stolen })
}

func (b Board) where(keep func(DeviceCard) bool) []DeviceCard {
	var out []DeviceCard
	for _, d := range b.Devices {
		if keep(d) {
			out = append(out, d)
		}
	}
	return out
}

// Say is what a screen reader hears when the board changed: the sign-outs that
// run, or how much is signed in.
func (b Board) Say() string {
	if b.Round != nil {
		return b.Round.Title()
	}
	confirmed, waiting := 0, 0
	for _, d := range b.Leaving() {
		if d.Clean() { // also where it proved a milder end before: it has nothing left to erase
			confirmed++
		} else {
			waiting++
		}
	}
	in := b.SignedIn()
	text := fmt.Sprintf("%s signed in, %d online.", devices(len(in)), countOnline(in))
	if waiting+confirmed > 0 {
		text += fmt.Sprintf(" Sign-outs: %d confirmed, %d waiting.", confirmed, waiting)
	}
	return text
}

func countOnline(list []DeviceCard) int {
	n := 0
	for _, d := range list {
		if d.Online {
			n++
		}
	}
	return n
}

// CardState is where a device stands between "signed in" and "its signed word
// that it erased everything is here".
type CardState string

// The states of a card.
const (
	StateActive    CardState = "active"    // signed in
	StateAsked     CardState = "asked"     // told while connected; its receipt is due any moment
	StateUnreached CardState = "unreached" // not connected: the bound holds
	StateConfirmed CardState = "confirmed" // its receipt is here
)

// SignedIn reports whether the device should be signed in.
func (s CardState) SignedIn() bool { return s == StateActive }

// DeviceCard is one device of the board.
type DeviceCard struct {
	ID          protocol.DeviceID
	Name        string
	Model       string
	Kind        string // in words
	Icon        string
	Address     string
	Place       string // approximate
	First, Last time.Time
	Since       time.Time      // its present or last sign-in
	Epoch       protocol.Epoch // of that
	Profile     *Face
	Online      bool
	State       CardState
	Status      protocol.Status
	By          protocol.By
	ChangedAt   time.Time // when the status changed
	Confirmed   time.Time // when its receipt arrived
	Ends        time.Time // signed out by itself then; zero: never
	Left        time.Time // when it confirmed a sign-out before that: nothing is left on it
	Bound       *Bound    // of a device that is to stop, or would be: nil where nothing is known
}

// Gone says in a word what was done to the device.
func (d DeviceCard) Gone() string {
	switch d.Status {
	case protocol.Deactivated:
		return "Deactivated"
	case protocol.Stolen:
		return "Locked as stolen"
	}
	return "Signed out"
}

// Doing says the same while it is under way.
func (d DeviceCard) Doing() string {
	switch d.Status {
	case protocol.Deactivated:
		return "Deactivating"
	case protocol.Stolen:
		return "Locking"
	}
	return "Signing out"
}

// CanSignOut reports whether "Sign out" makes sense.
func (d DeviceCard) CanSignOut() bool { return d.Status == protocol.Active }

// CanDeactivate reports whether "Deactivate" makes sense: a stolen device is
// finished instead.
func (d DeviceCard) CanDeactivate() bool { return d.CanReport() }

// CanReport reports whether "Report stolen" makes sense.
func (d DeviceCard) CanReport() bool {
	return d.Status == protocol.Active || d.Status == protocol.SignedOut
}

// Clean reports whether the device has proved that nothing of the account is left
// on it.
func (d DeviceCard) Clean() bool { return !d.Confirmed.IsZero() || !d.Left.IsZero() }

// Stolen reports whether the device was reported stolen and not finished.
func (d DeviceCard) Stolen() bool { return d.Status == protocol.Stolen }

// Why says who ended the device's session, as a sentence.
func (d DeviceCard) Why() string {
	switch d.By {
	case protocol.ByAll:
		return "You signed out everywhere."
	case protocol.ByPassword:
		return "The password was changed."
	case protocol.ByThisTV:
		return "Done with the remote, at the TV."
	case protocol.ByReset:
		return "The TV was reset."
	case protocol.ByRestore:
		return "Deactivated before a backup was restored, and done again."
	case protocol.ByOperator:
		return "Done by support."
	case protocol.ByEndDate:
		return "Its end date had come."
	case protocol.BySafety:
		return "Done for safety: something did not add up."
	}
	return "Done on the account page."
}

// Bound is how long a device that nobody can reach may still be used. It never
// promises an earlier end than the truth.
type Bound struct {
	LocksBy time.Time     // by then it locks itself, if it stays on
	Further time.Duration // running time left since its last contact, if it was switched off
	Past    bool          // LocksBy is over
}

// WebCard is one web session of the board.
type WebCard struct {
	ID          string
	Name        string // "Firefox on Linux"
	Icon        string
	Address     string
	Place       string // approximate
	First, Last time.Time
	Profile     *Face
	This        bool
}

// Round is the outcome so far of a sign-out everywhere.
type Round struct {
	At        time.Time
	Total     int
	Confirmed int
	Waiting   []DeviceCard // asked or unreached
	Changed   bool         // the password was changed since
}

// Done reports whether every device has confirmed.
func (r Round) Done() bool { return r.Confirmed == r.Total }

// Title is the board's headline: "3 of 4 confirmed".
func (r Round) Title() string {
	switch {
	case r.Total == 0:
		return "Signed out everywhere"
	case r.Done() && r.Total == 1:
		return "The device confirmed that it signed out"
	case r.Done():
		return fmt.Sprintf("All %d devices confirmed that they signed out", r.Total)
	}
	return fmt.Sprintf("%d of %d confirmed", r.Confirmed, r.Total)
}
