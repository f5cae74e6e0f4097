package web

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/api"
)

// Frame is what every page shows around its own content. Each page struct
// embeds it, so a template reads .Title, .Who and so on directly.
type Frame struct {
	Lang     words.Language // of the page; empty: English
	Here     string         // its address, to come back to in another language
	Service  string         // the service's name, as the household knows it
	Title    string         // of the page, without the service's name
	Failed   bool           // the form of the page was refused: its title says so
	Section  string         // current entry of the account menu: "overview", "devices", …
	Who      *Face          // the chosen profile; nil before the choice or signed out
	Signed   bool           // a web session is live
	Dev      bool           // the development outbox is linked
	CanSMS   bool           // text messages are sent here
	Walking  bool           // "my account was hacked" is under way: show the way back
	Ending   time.Time      // when the account is to be erased; zero: it stays
	Removing time.Time      // when support removes the second factor; zero: it does not
	Moving   time.Time      // when support gives the account another address; zero: it does not
	Notices  []Notice       // what the last action did
	Now      time.Time
}

// Notice says what an action did. Kind is ok, wait or bad.
type Notice struct {
	Kind string
	Text string
}

// Face is how a profile is recognised.
type Face struct {
	ID     protocol.ProfileID
	Name   string
	Avatar string
	Locked bool
}

// Field is one input of a form with its label, hint and error.
type Field struct {
	Name, Label, Type   string
	Value               string
	Hint, Error         string
	Autocomplete, Class string
	Placeholder         string
	Digits              bool // only ASCII digits; a script drops the rest while typing
	Literal             bool // no words: no capitals, no spelling
	MaxLength           int
	Required, Focus     bool
}

// Secret reports whether what is typed is hidden, and can be shown on request
// (NIST SP 800-63B-4 §3.1.1.2). A PIN has too few digits to lose one's way in.
func (f Field) Secret() bool { return f.Type == "password" && !f.Digits }

// ErrorID is the id of the element that says what is wrong.
func (f Field) ErrorID() string { return f.Name + "-error" }

// HintID is the id of the element with the hint.
func (f Field) HintID() string { return f.Name + "-hint" }

// Problem is one thing wrong with a form. Field is empty where it concerns the
// form as a whole.
type Problem struct {
	Field string
	Text  string
}

// Option is one choice of several.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
}

// LandingPage is the front page for someone signed out.
type LandingPage struct{ Frame }

// SignUpPage asks for email and password.
type SignUpPage struct {
	Frame
	Problems        []Problem
	Email, Password Field
}

// VerifyPage asks for the access code that was sent to an address.
type VerifyPage struct {
	Frame
	Problems []Problem
	Email    string
	Refused  string // why mail to it was refused; empty: not so far
	Code     Field
	Sent     CodeState
}

// GatePage asks who is there, after signing in.
type GatePage struct {
	Frame
	Faces []Face
	Next  string
}

// HomePage is what a profile sees first.
type HomePage struct {
	Frame
	SignedIn int // devices
	Online   int // of them
	Kids     bool
}

// OverviewPage is /account.
type OverviewPage struct {
	Frame
	Email          string
	Profiles       []Face
	Locks          int
	Second         bool // the password needs a second factor
	SignedIn       int
	Online         int
	Browsers       int
	Last           *Event
	PasswordChange time.Time // zero where it was never changed
}

// DevicesPage is the board.
type DevicesPage struct {
	Frame
	Board Board
}

// RenamePage renames a device.
type RenamePage struct {
	Frame
	Problems []Problem
	Device   DeviceCard
	Name     Field
}

// DeactivatePage asks before a device is deactivated.
type DeactivatePage struct {
	Frame
	Device DeviceCard
}

// EverywherePage asks before everything is signed out.
type EverywherePage struct {
	Frame
	Devices  []DeviceCard // signed in now
	Browsers int          // other web sessions
	Lease    time.Duration
}

// Online counts the devices that can be reached now.
func (p EverywherePage) Online() int { return countOnline(p.Devices) }

// Offline counts the devices that cannot be reached now.
func (p EverywherePage) Offline() int { return len(p.Devices) - countOnline(p.Devices) }

// TVPage takes a user code by hand.
type TVPage struct {
	Frame
	Problems []Problem
	Code     Field
}

// TVApprovePage shows what is to be approved.
type TVApprovePage struct {
	Frame
	Problems    []Problem
	Code        string // "BCDF-GHJK"
	Name, Model string // what the TV says of itself
	Kind        string // in words
	TV, You     Spot
	Distance    api.Distance
	Asked       time.Time
	Expires     time.Time
	Ends        EndField
	Unseen      bool // it was approved from afar without saying that the TV is seen
	Full        bool // the account has as many devices as allowed
}

// Left is how long the code works, in whole seconds.
func (p TVApprovePage) Left() int { return max(0, int(p.Expires.Sub(p.Now)/time.Second)) }

// Spot is where something connects from.
type Spot struct {
	Address string
	Place   string // approximate
}

// TVDonePage says that the TV is signed in.
type TVDonePage struct {
	Frame
	Name string
	Ends time.Time // zero: no end date
}

// TimelinePage lists what happened to the account.
type TimelinePage struct {
	Frame
	Events []Event
	Older  string // address of the next page; empty at the end
}

// Event is one line of the timeline.
type Event struct {
	Icon    string
	Text    string
	Subject string // name of the device or profile concerned
	At      time.Time
	From    string   // who, with what, address and place
	Why     []string // what made it look suspicious
	Grave   bool
	Receipt string // address of the receipt that it tells of; empty: it tells of none
}

// OutboxPage lists this run's messages, for development.
type OutboxPage struct {
	Frame
	Messages []OutboxMessage
}

// OutboxMessage is one mail or SMS.
type OutboxMessage struct {
	ID      string
	To      string
	Subject string // empty: an SMS
	Text    string
	HTML    string // empty: text only
	At      time.Time
	State   string // waiting, sent, set aside
}

// ErrorPage says in a human sentence what went wrong.
type ErrorPage struct {
	Frame
	Icon    string
	Heading string
	Text    string
	Ref     string // finds the log line; empty where there is nothing to find
	Back    string
	BackTo  string
}
