package input

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// ErrKeymap is wrapped by every error about what is written in a key map.
var ErrKeymap = errors.New("not a key map")

// Bounds of a key map.
const (
	maxKeymap   = 64 << 10 // bytes of a key map
	maxLine     = 256      // bytes of one line of a key map
	maxSections = 64       // sections of a key map
)

// Keymap says what the keys of some remotes mean where that is not what
// [Meaning] says. The nil Keymap changes nothing.
type Keymap struct{ sections []section }

// section is what a key map says of some devices.
type section struct {
	devices string // a pattern, as matches takes it
	keys    keys   // a zero key: no meaning
	ignore  bool   // these devices are not read
}

// ParseKeymap reads a key map; name is what errors call it:
//
//	# What a # begins is for people.
//	KEY_INFO = Menu        # for all devices
//	0x16d = none           # this key means nothing
//
//	[meson-ir*]            # for devices of this name; * is any text
//	KEY_RED = Back
//
//	[@cec]                 # for all of a bus: @cec, @usb, @bluetooth, @host
//	KEY_STOPCD = Back
//
//	[*Webcam*]
//	ignore                 # these are not read at all
//
// Keys are named as in linux/input-event-codes.h, with or without KEY_, or are
// numbers from 1 to 767; meanings are the names of package keyseq. Later lines
// win over earlier ones. A map has at most 64 KiB, 64 sections, and lines of at
// most 256 bytes. Errors wrap [ErrKeymap] and name the line.
func ParseKeymap(name string, r io.Reader) (*Keymap, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxKeymap+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the key map %s: %w", name, err)
	case len(b) > maxKeymap:
		return nil, fmt.Errorf("%s: %w: longer than %d bytes", name, ErrKeymap, maxKeymap)
	}
	m := &Keymap{sections: []section{{devices: "*", keys: keys{}}}}
	n := 0
	for text := range strings.Lines(string(b)) {
		n++
		if err := m.line(text); err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %w", name, n, ErrKeymap, err)
		}
	}
	return m, nil
}

func (m *Keymap) line(text string) error {
	if len(text) > maxLine {
		return fmt.Errorf("a line of more than %d bytes", maxLine)
	}
	text, _, _ = strings.Cut(text, "#")
	text = strings.TrimSpace(text)
	now := &m.sections[len(m.sections)-1]
	switch {
	case text == "":
		return nil
	case text[0] == '[':
		return m.section(text)
	case text == "ignore":
		if len(m.sections) == 1 {
			return errors.New("ignore needs a section, such as [*Webcam*]")
		}
		now.ignore = true
		return nil
	}
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%q is none of KEY = meaning, [devices] and ignore", text)
	}
	left, right = strings.TrimSpace(left), strings.TrimSpace(right)
	code, ok := parseCode(left)
	if !ok {
		return fmt.Errorf("%q is no key: want a name such as KEY_RED, or its number, 1 to %d", left, maxCode)
	}
	if strings.EqualFold(right, "none") {
		now.keys[code] = 0
		return nil
	}
	key, err := keyseq.Parse(right)
	if err != nil {
		return fmt.Errorf("%q is no meaning: want none or one of %v", right, keyseq.Keys())
	}
	now.keys[code] = key
	return nil
}

func (m *Keymap) section(text string) error {
	pattern, ok := strings.CutSuffix(text[1:], "]")
	pattern = strings.TrimSpace(pattern)
	if !ok || pattern == "" {
		return fmt.Errorf("%q: want a device's name in brackets, such as [meson-ir]", text)
	}
	if len(m.sections) > maxSections {
		return fmt.Errorf("more than %d sections", maxSections)
	}
	if err := checkPattern(pattern); err != nil {
		return err
	}
	m.sections = append(m.sections, section{devices: pattern, keys: keys{}})
	return nil
}

// of returns what the keys of a device mean, and whether it is to be read.
func (m *Keymap) of(d info) (t keys, read bool) {
	t, read = builtIn, true
	if m == nil {
		return t, read
	}
	for _, s := range m.sections {
		if d.matches(s.devices) {
			t, read = t.with(s.keys), read && !s.ignore
		}
	}
	return t, read
}

// buses are those that a pattern can name. Source: linux/input.h.
var buses = map[string]uint16{"@usb": 0x03, "@bluetooth": 0x05, "@host": 0x19, "@cec": 0x1e}

// checkPattern refuses a bus that there is not.
func checkPattern(p string) error {
	if _, ok := buses[p]; strings.HasPrefix(p, "@") && !ok {
		return fmt.Errorf("%q is no bus: want @cec, @usb, @bluetooth or @host", p)
	}
	return nil
}

// matches reports whether the device is one of those that a pattern means: a bus
// (@cec), or a name in any case in which * stands for any text.
func (d info) matches(pattern string) bool {
	if bus, ok := buses[pattern]; ok {
		return d.bus == bus
	}
	return like(strings.ToLower(pattern), strings.ToLower(d.name))
}

// like matches text against a pattern with stars, in time that grows with the
// product of their lengths.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
