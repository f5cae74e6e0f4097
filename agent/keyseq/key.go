package keyseq

import (
	"errors"
	"fmt"
	"strings"
)

// Key is a key of a remote control, whatever sent it: the box's own remote, a
// keyboard, a phone. The zero Key is no key.
type Key uint8

// The keys.
const (
	Up Key = iota + 1
	Down
	Left
	Right
	OK
	Back
	Home
	Menu
	PlayPause
	Digit0
	Digit1
	Digit2
	Digit3
	Digit4
	Digit5
	Digit6
	Digit7
	Digit8
	Digit9
)

// ErrKey means that a name is not that of a key.
var ErrKey = errors.New("not a key")

// names are the keys' names, as frames, scripts and the screen page spell them.
var names = [...]string{
	Up: "Up", Down: "Down", Left: "Left", Right: "Right", OK: "OK", Back: "Back",
	Home: "Home", Menu: "Menu", PlayPause: "PlayPause",
	Digit0: "0", Digit1: "1", Digit2: "2", Digit3: "3", Digit4: "4",
	Digit5: "5", Digit6: "6", Digit7: "7", Digit8: "8", Digit9: "9",
}

// Keys returns every key.
func Keys() []Key {
	all := make([]Key, 0, len(names)-1)
	for k := Up; k.Valid(); k++ {
		all = append(all, k)
	}
	return all
}

// Valid reports whether k is one of the keys.
func (k Key) Valid() bool { return k >= Up && int(k) < len(names) }

// String returns the key's name: "Up", "OK", "PlayPause", "7".
func (k Key) String() string {
	if !k.Valid() {
		return fmt.Sprintf("Key(%d)", uint8(k))
	}
	return names[k]
}

// Digit returns the digit, 0 to 9, that k stands for.
func (k Key) Digit() (digit int, ok bool) {
	if k < Digit0 || k > Digit9 {
		return 0, false
	}
	return int(k - Digit0), true
}

// Arrow reports whether k is one of the four arrows.
func (k Key) Arrow() bool { return k >= Up && k <= Right }

// Parse returns the key of this name, in any case. Other names are [ErrKey].
func Parse(name string) (Key, error) {
	if name == "" || len(name) > 16 {
		return 0, fmt.Errorf("parse key of %d bytes: %w", len(name), ErrKey)
	}
	for k := Up; k.Valid(); k++ {
		if strings.EqualFold(names[k], name) {
			return k, nil
		}
	}
	return 0, fmt.Errorf("parse key %q: %w", name, ErrKey)
}

// MarshalText encodes k as its name.
func (k Key) MarshalText() ([]byte, error) {
	if !k.Valid() {
		return nil, fmt.Errorf("encode key %d: %w", uint8(k), ErrKey)
	}
	return []byte(names[k]), nil
}

// UnmarshalText decodes a name.
func (k *Key) UnmarshalText(text []byte) error {
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*k = v
	return nil
}
