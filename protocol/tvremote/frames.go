package tvremote

import "github.com/hearthkey/hearthkey/protocol"

// Frame is one frame. The concrete types are the structs of this package that have
// a method Type, as values, not pointers.
type Frame interface {
	// Type is the member "t".
	Type() string
}

// Role is what a remote may do.
type Role string

// The roles. A paired remote has one of the first two.
const (
	Household Role = "household" // as the remote in the hand
	Guest     Role = "guest"     // neither the key sequence nor a sign-out's confirmation, nor the list of remotes
	Relayed   Role = "relayed"   // the owner's page: likewise
)

// Pairable reports whether a paired remote can have the role.
func (r Role) Pairable() bool { return r == Household || r == Guest }

// Action is what happened to a key.
type Action string

// The actions.
const (
	Press Action = "press" // pressed and released
	Down  Action = "down"  // pressed; the TV repeats it until it is released, or the connection ends
	Up    Action = "up"    // released
)

// Ignored is why a key or text had no effect.
type Ignored string

// The reasons. Others may follow.
const (
	IgnoredNothing Ignored = ""            // it was not ignored
	TooFast        Ignored = "too_fast"    // faster than the TV takes keys
	UnknownKey     Ignored = "unknown_key" // a key that this TV does not have
	NoField        Ignored = "no_field"    // nothing is being typed on the TV
	NotDown        Ignored = "not_down"    // released without having been pressed
)

// Keyboard says what is being typed on the TV.
type Keyboard string

// The kinds of fields.
const (
	KeyboardNone     Keyboard = "none"
	KeyboardText     Keyboard = "text"
	KeyboardEmail    Keyboard = "email"
	KeyboardPassword Keyboard = "password"
	KeyboardDigits   Keyboard = "digits"
)

// Hello is the remote's first frame.
type Hello struct {
	V int `json:"v"` // highest version that the remote speaks, from 1
}

// Key is something that happened to a key of the remote.
type Key struct {
	Seq    int64  `json:"seq"`    // greater than that of every key and text before it on this connection
	Key    string `json:"key"`    // as package keyseq spells it: Up Down Left Right OK Back Home Menu PlayPause 0 … 9, in any case
	Action Action `json:"action"` // press, down or up
}

// Text is typed into the field on the screen.
type Text struct {
	Seq  int64           `json:"seq"`
	Text protocol.Secret `json:"text"` // 1 to 256 characters, none of them a control character
}

// Ping asks for a [Pong]. A browser's script cannot send WebSocket pings.
type Ping struct {
	N int64 `json:"n"` // 0 to 2^53-1, repeated in the answer
}

// Welcome answers hello, and follows paired.
type Welcome struct {
	V     int    `json:"v"`               // version that is spoken from now on
	TV    string `json:"tv"`              // the TV's id on its network: 16 hex digits
	Name  string `json:"name"`            // what the household calls the TV
	Model string `json:"model,omitempty"` // may be empty
	Role  Role   `json:"role"`            // of this remote
}

// Ack answers each key and text, in order: the TV's screen includes it.
type Ack struct {
	Seq     int64   `json:"seq"`
	Ignored Ignored `json:"ignored,omitempty"` // why it had no effect; it counts as answered all the same
}

// State says what the TV shows. It comes after welcome and whenever it changes, at
// most a few times a second; each replaces the one before it.
type State struct {
	Screen   string   `json:"screen"`          // the screen's name, as in docs/integrators.md
	Title    string   `json:"title,omitempty"` // its heading
	Keyboard Keyboard `json:"keyboard"`        // none, or what is being typed: then text is taken
	Role     Role     `json:"role"`            // of this remote, which may change
}

// Pong answers [Ping].
type Pong struct {
	N int64 `json:"n"`
}

// Error says why there was no pairing, or why the connection ends.
type Error struct {
	Code      Code `json:"code"`
	Retry     int  `json:"retry_after,omitempty"` // seconds until it makes sense to try again, 0 to 86,400
	TriesLeft int  `json:"tries_left,omitempty"`  // with wrong_code: 0 to 2
}

// Code names an error. Codes are append-only; an unknown one is treated as [CodeInternal].
type Code string

// The codes, and what a remote does.
const (
	CodeBadFrame   Code = "bad_frame"   // the frame was wrong: a fault of the remote; the connection ends
	CodeVersion    Code = "version"     // no version in common; the connection ends
	CodeRevoked    Code = "revoked"     // this remote was removed: pair again; the connection ends
	CodeNotPairing Code = "not_pairing" // no pairing window is open: open it on the TV
	CodeWrongCode  Code = "wrong_code"  // the code was wrong; tries_left with the code on the screen
	CodeClosed     Code = "closed"      // too many wrong codes: the window is closed
	CodeWait       Code = "wait"        // too soon after wrong codes: retry_after
	CodeFull       Code = "full"        // the TV has as many remotes as it takes: remove one there
	CodeBusy       Code = "busy"        // another pairing is under way, or too many connections: try again
	CodeTooFast    Code = "too_fast"    // far more frames than a person sends; the connection ends
	CodeIdle       Code = "idle"        // nothing came for too long; the connection ends
	CodeStopping   Code = "stopping"    // the TV stops; the connection ends
	CodeRefused    Code = "refused"     // somebody at the TV ended it; the connection ends
	CodeInternal   Code = "internal"    // the TV failed
)

// Type implements [Frame].
func (Hello) Type() string { return "hello" }

// Type implements [Frame].
func (Key) Type() string { return "key" }

// Type implements [Frame].
func (Text) Type() string { return "text" }

// Type implements [Frame].
func (Ping) Type() string { return "ping" }

// Type implements [Frame].
func (Welcome) Type() string { return "welcome" }

// Type implements [Frame].
func (Ack) Type() string { return "ack" }

// Type implements [Frame].
func (State) Type() string { return "state" }

// Type implements [Frame].
func (Pong) Type() string { return "pong" }

// Type implements [Frame].
func (Error) Type() string { return "error" }
