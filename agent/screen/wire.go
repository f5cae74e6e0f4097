package screen

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
)

// maxKeyMessage bounds what a page may send at once, in bytes.
const maxKeyMessage = 256

// maxNumber is the largest key number, the largest whole number of JavaScript.
const maxNumber = 1<<53 - 1

// ErrBadKey is wrapped by DecodeKey for everything that is no key message.
var ErrBadKey = errors.New("bad key message")

// Key is one key press on the page.
type Key struct {
	Name   string // as package keyseq spells it
	Repeat bool   // the key is being held
	Text   string // in place of Name: characters that were typed
}

// KeyMessage is what a page sends for each key.
type KeyMessage struct {
	Key    keyseq.Key `json:"k,omitzero"`     // by its name
	Text   string     `json:"text,omitempty"` // in place of k: characters typed on a keyboard
	Repeat bool       `json:"repeat,omitempty"`
	N      uint64     `json:"n"` // the page's own count of its keys, 1 to 2^53-1
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
	if m.Key.Valid() == (m.Text != "") {
		return m, fmt.Errorf("%w: it has no key or text, or both", ErrBadKey)
	}
	if m.N == 0 || m.N > maxNumber {
		return m, fmt.Errorf("%w: n must be 1 to %d", ErrBadKey, uint64(maxNumber))
	}
	return m, nil
}

// pressed is the message as the agent takes it.
func (m KeyMessage) pressed() Key {
	if m.Text != "" {
		return Key{Text: m.Text}
	}
	return Key{Name: m.Key.String(), Repeat: m.Repeat}
}
