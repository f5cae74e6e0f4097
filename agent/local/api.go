package local

import (
	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// Version is the number of this API.
const Version = 1

// Subprotocol is that of the WebSocket.
const Subprotocol = "hearthkey.local.v1"

// Call is what a client may ask for: one of the types below. The name of the method
// stands behind each, and what its result is.
type Call interface{ method() string }

// The calls.
type (
	// Hello comes first: it is optional on the Unix socket, and on the WebSocket
	// nothing else is taken before it. "hello" → [Welcome]
	Hello struct {
		Client string `json:"client,omitempty"` // what the client is, for the log: at most 64 bytes
		Token  string `json:"token,omitempty"`  // on the WebSocket
	}
	// Subscribe has events sent from now on, each at once as it is. It replaces what
	// was subscribed to before. "subscribe" → [Done]
	Subscribe struct {
		Events []Topic `json:"events"`
	}
	// Press is a key; the result comes when the view includes it. "press" → [Done]
	Press struct {
		Key    keyseq.Key `json:"key"`
		Repeat bool       `json:"repeat,omitempty"` // made by holding the key down
	}
	// Text types into the field on the screen, if there is one. "text" → [Done]
	Text struct {
		Text string `json:"text"` // 1 to 256 bytes
	}
	// Launch asks for a title from outside the screens. The result comes when the view
	// shows what came of it. "launch" → [Done]
	Launch struct {
		Title protocol.TitleID `json:"title"`          // at most 64 bytes
		Path  parental.Path    `json:"path,omitempty"` // deep_link (usual) or remote
	}
	// Resume says that the box came out of standby, or that who is watching is to be
	// asked again. "resume" → [Done]
	Resume struct{}
	// GetView asks what the screen shows. "view" → [nav.View]
	GetView struct{}
	// GetStatus asks how this TV stands. "status" → [Status]
	GetStatus struct{}
	// GetGrant asks for the play grant. "grant" → [Grant]
	GetGrant struct{}
	// Decide asks whether the profile at the TV may play a title. "decide" → [Decision]
	Decide struct {
		Title protocol.TitleID `json:"title"`          // at most 64 bytes
		Path  parental.Path    `json:"path,omitempty"` // open, if empty
	}
	// Report tells what the box's own player does with a title, for the profile at the
	// TV. Started is refused where Decide would not allow it; a grant is asked for then. Progress, once a
	// minute and at a pause, and stopped are refused for what was not started. "report" → [Done]
	Report struct {
		Title    protocol.TitleID      `json:"title"` // at most 64 bytes
		What     protocol.ActivityKind `json:"what"`  // started, progress, stopped
		Path     parental.Path         `json:"path,omitempty"`
		Position int64                 `json:"position,omitempty"` // seconds from the title's start, 0 to 604,800
		Length   int64                 `json:"length,omitempty"`   // of the whole title, likewise; 0: unknown
	}
	// SignOut ends this TV's session, as a person at the screen can. "sign_out" → [Done]
	SignOut struct{}
	// Stop ends the agent; whoever started it starts it again. "stop" → [Done]
	Stop struct{}
)

// Topic names an event.
type Topic string

// The events. Each carries what the call of the same name returns.
const (
	TopicView   Topic = "view"   // [nav.View]
	TopicStatus Topic = "status" // [Status]
	TopicGrant  Topic = "grant"  // [Grant]
)

// topics are all events.
var topics = [...]Topic{TopicView, TopicStatus, TopicGrant}

// Welcome answers [Hello].
type Welcome struct {
	API   int    `json:"api"`   // [Version]
	Agent string `json:"agent"` // the agent's own version
}

// Done is the result of what only has to be done.
type Done struct{}

// Status is how this TV stands.
type Status struct {
	Phase     string   `json:"phase"`                // starting, signed_out, enrolling, active, lease_ended, stolen, deactivated, update_needed, stopped
	Online    bool     `json:"online"`               // in contact with the server
	Profile   *Profile `json:"profile"`              // who is watching; null: nobody
	LeaseLeft int64    `json:"lease_left,omitempty"` // seconds until the lease ends; no event tells that it counts down
	Agent     string   `json:"agent"`                // the agent's version
	Name      string   `json:"name"`                 // of this TV
	Device    string   `json:"device,omitempty"`     // this TV's id, while it is signed in
}

// Profile is who is watching.
type Profile struct {
	ID       protocol.ProfileID `json:"id"`
	Name     string             `json:"name"`
	Kids     bool               `json:"kids,omitempty"`
	Level    int                `json:"level"`              // the oldest age that it may watch: 0, 7, 13, 16, 18
	Language string             `json:"language,omitempty"` // BCP 47
}

// Decision is the answer to [Decide].
type Decision struct {
	Verdict parental.Verdict `json:"verdict"`          // allow, needs_pin, refuse
	PIN     parental.PIN     `json:"pin,omitempty"`    // with needs_pin: profile, parental
	Reason  parental.Reason  `json:"reason,omitempty"` // with refuse
	Age     int              `json:"age,omitempty"`    // the age that the title counted as
}

// Grant is the server's word on what plays. The zero Grant: nothing plays.
type Grant struct {
	Play     int64              `json:"play"` // names the play since the agent's start; 0: nothing plays
	Profile  protocol.ProfileID `json:"profile,omitempty"`
	Title    protocol.TitleID   `json:"title,omitempty"`
	Token    string             `json:"token,omitempty"`    // a secret for its five minutes: never to be stored or logged
	Left     int64              `json:"left,omitempty"`     // seconds that Token is valid for; the next comes at half its life
	Refusal  string             `json:"refusal,omitempty"`  // the title is to stop
	Watching []string           `json:"watching,omitempty"` // names of TVs that play, where there are too many
}

// String hides the token.
func (Grant) String() string { return "[hidden]" }

// GoString hides the token.
func (Grant) GoString() string { return "[hidden]" }

var _ nav.View // what "view" returns

func (Hello) method() string     { return "hello" }
func (Subscribe) method() string { return "subscribe" }
func (Press) method() string     { return "press" }
func (Text) method() string      { return "text" }
func (Launch) method() string    { return "launch" }
func (Resume) method() string    { return "resume" }
func (GetView) method() string   { return "view" }
func (GetStatus) method() string { return "status" }
func (GetGrant) method() string  { return "grant" }
func (Decide) method() string    { return "decide" }
func (Report) method() string    { return "report" }
func (SignOut) method() string   { return "sign_out" }
func (Stop) method() string      { return "stop" }
