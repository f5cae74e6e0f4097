package screen

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/protocol"
)

// maxKeyMessage bounds what a page may send at once, in bytes.
const maxKeyMessage = 256

// maxNumber is the largest key number, the largest whole number of JavaScript.
const maxNumber = 1<<53 - 1

// ErrBadKey is wrapped by DecodeKey for everything that is no key message.
var ErrBadKey = errors.New("bad key message")

// maxLaunch bounds the id of a title that is asked for, in bytes, as the protocol
// does.
const maxLaunch = 64

// Key is one key press on the page, or what the box's own middleware says in the
// place of one: exactly one of Name, Text, Launch and Resumed is set.
type Key struct {
	Name    string           // as package keyseq spells it
	Repeat  bool             // the key is being held
	Text    string           // characters that were typed
	Launch  protocol.TitleID // a title that another app of this box asks for
	Resumed bool             // the box comes out of standby
}

// KeyMessage is what a page sends for each key, and middleware beside it.
type KeyMessage struct {
	Key     keyseq.Key       `json:"k,omitzero"`        // by its name
	Text    string           `json:"text,omitempty"`    // in place of k: characters typed on a keyboard
	Launch  protocol.TitleID `json:"launch,omitempty"`  // in place of k: a title to play, at most 64 bytes
	Resumed bool             `json:"resumed,omitempty"` // in place of k: standby is over
	Repeat  bool             `json:"repeat,omitempty"`
	N       uint64           `json:"n"` // the page's own count of its keys, 1 to 2^53-1
}

// Message is what a page is sent: the view when it has changed, and how far
// its keys are handled. Keys are handled in order, so that the acknowledgement
// of one covers those before it, and the view beside it includes it.
type Message struct {
	View    *nav.View `json:"view,omitempty"`
	Ack     uint64    `json:"ack,omitempty"`     // N of the last key handled
	Dropped uint64    `json:"dropped,omitempty"` // keys of this socket that came faster than 100 a second and were ignored
}

// rawMessage is Message with the view encoded once for all pages.
type rawMessage struct {
	View    json.RawMessage `json:"view,omitempty"`
	Ack     uint64          `json:"ack,omitempty"`
	Dropped uint64          `json:"dropped,omitempty"`
}

// DecodeKey reads a key message of at most 256 bytes.
func DecodeKey(data []byte) (KeyMessage, error) {
	var m KeyMessage
	if len(data) > maxKeyMessage {
		return m, fmt.Errorf("%w: longer than %d bytes", ErrBadKey, maxKeyMessage)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%w: not the JSON of one: %w", ErrBadKey, err)
	}
	if m.kinds() != 1 {
		return m, fmt.Errorf("%w: it must have one of k, text, launch and resumed", ErrBadKey)
	}
	if len(m.Launch) > maxLaunch {
		return m, fmt.Errorf("%w: launch is longer than %d bytes", ErrBadKey, maxLaunch)
	}
	if m.N == 0 || m.N > maxNumber {
		return m, fmt.Errorf("%w: n must be 1 to %d", ErrBadKey, uint64(maxNumber))
	}
	return m, nil
}

// pressed is the message as the agent takes it.
func (m KeyMessage) pressed() Key {
	if !m.Key.Valid() {
		return Key{Text: m.Text, Launch: m.Launch, Resumed: m.Resumed}
	}
	return Key{Name: m.Key.String(), Repeat: m.Repeat}
}

// kinds counts what the message is.
func (m KeyMessage) kinds() (n int) {
	for _, is := range []bool{m.Key.Valid(), m.Text != "", m.Launch != "", m.Resumed} {
		if is {
			n++
		}
	}
	return n
}
