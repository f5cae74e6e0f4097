package tvterm

import (
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// input is one thing a person typed. A character that is a key, or quits, is
// text as well: what it is depends on whether a field is on the screen.
type input struct {
	key  keyseq.Key // 0: only text
	quit bool
	text string // empty: only a key
}

// maxSequence bounds an escape sequence, in bytes; a longer one is noise.
const maxSequence = 16

const (
	esc    = 0x1b
	ctrlC  = 0x03
	ctrlD  = 0x04
	rubout = 0x7f
)

// letters are the keys that are typed as one character.
var letters = map[byte]keyseq.Key{
	'\r': keyseq.OK, '\n': keyseq.OK, ' ': keyseq.OK,
	'\b': keyseq.Back, rubout: keyseq.Back,
	'h': keyseq.Home, 'm': keyseq.Menu, 'p': keyseq.PlayPause,
	'0': keyseq.Digit0, '1': keyseq.Digit1, '2': keyseq.Digit2, '3': keyseq.Digit3, '4': keyseq.Digit4,
	'5': keyseq.Digit5, '6': keyseq.Digit6, '7': keyseq.Digit7, '8': keyseq.Digit8, '9': keyseq.Digit9,
}

// finals are the keys that end a control sequence (ECMA-48 § 8.3.2 and xterm).
var finals = map[byte]keyseq.Key{
	'A': keyseq.Up, 'B': keyseq.Down, 'C': keyseq.Right, 'D': keyseq.Left, 'H': keyseq.Home, 'M': keyseq.OK,
}

// tildes are the keys that a number before a tilde names.
var tildes = map[string]keyseq.Key{"1": keyseq.Home, "7": keyseq.Home, "3": keyseq.Back}

// decoder turns what a terminal sends into keys. A sequence may come in any
// number of pieces. A lone escape is Back, but only time tells that nothing
// follows it: that is flush.
type decoder struct {
	pending []byte // an escape sequence that is not whole yet
	partial []byte // a character of several bytes that is not whole yet
}

// feed takes bytes as they come and returns the keys that are whole.
func (d *decoder) feed(data []byte) []input {
	var out []input
	for _, b := range data {
		if in, ok := d.step(b); ok {
			out = append(out, in...)
		}
	}
	return out
}

// waiting reports whether an escape sequence has begun.
func (d *decoder) waiting() bool { return len(d.pending) > 0 }

// flush ends the wait for more: a lone escape is Back, the beginning of a
// longer sequence is nothing.
func (d *decoder) flush() []input {
	lone := len(d.pending) == 1
	d.pending = nil
	if lone {
		return []input{{key: keyseq.Back}}
	}
	return nil
}

// step takes one byte.
func (d *decoder) step(b byte) ([]input, bool) {
	switch {
	case b == ctrlC || b == ctrlD && !d.waiting():
		d.pending = nil
		return []input{{quit: true}}, true
	case b == esc: // also the end of one before it
		out := d.flush()
		d.pending = []byte{esc}
		return out, out != nil
	case !d.waiting():
		return d.letter(b)
	}
	d.pending = append(d.pending, b)
	if len(d.pending) == 2 {
		if b == '[' || b == 'O' {
			return nil, false
		}
		d.pending = nil // Alt and a character: not ours
		return nil, false
	}
	final := b >= 0x40 && b <= 0x7e
	if !final && len(d.pending) < maxSequence {
		return nil, false
	}
	seq := d.pending
	d.pending = nil
	return sequence(seq)
}

// letter decodes one byte that stands alone. Digits stay keys: remote controls
// have them.
func (d *decoder) letter(b byte) ([]input, bool) {
	in := input{key: letters[b], quit: b == 'q'}
	_, digit := in.key.Digit()
	switch {
	case b >= utf8.RuneSelf:
		return d.long(b)
	case b >= ' ' && b < rubout && !digit:
		in.text = string(rune(b))
	}
	d.partial = nil
	return []input{in}, in != input{}
}

// long decodes a byte of a character of several.
func (d *decoder) long(b byte) ([]input, bool) {
	if utf8.RuneStart(b) {
		d.partial = nil
	}
	d.partial = append(d.partial, b)
	if !utf8.FullRune(d.partial) {
		return nil, false
	}
	text := string(d.partial)
	d.partial = nil
	return []input{{text: text}}, utf8.ValidString(text)
}

// sequence decodes a whole escape sequence; modifiers are ignored.
func sequence(seq []byte) ([]input, bool) {
	final := seq[len(seq)-1]
	key, ok := finals[final]
	if final == '~' {
		number := seq[2 : len(seq)-1]
		for i, b := range number {
			if b == ';' {
				number = number[:i]
				break
			}
		}
		key, ok = tildes[string(number)]
	}
	return []input{{key: key}}, ok
}
