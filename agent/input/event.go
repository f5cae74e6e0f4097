package input

import (
	"encoding/binary"
	"slices"

	"github.com/hearthkey/hearthkey/agent/keyseq"
)

// Code is what the kernel calls a key: KEY_UP is 103. Source:
// linux/input-event-codes.h.
type Code uint16

// maxCode is the highest code that a kernel knows (KEY_MAX).
const maxCode Code = 0x2ff

// Types, codes and values of events. Source: linux/input-event-codes.h and
// Documentation/input/event-codes.rst.
const (
	evSyn, evKey         = 0, 1
	synReport            = 0
	synDropped           = 3
	released, autoRepeat = 0, 2 // 1: pressed
)

// The sizes of struct input_event: 32-bit programs get two 32-bit words of time
// (also where time_t has 64 bits), 64-bit programs two of 64 bits.
const (
	size32 = 16
	size64 = 24
)

// maxHeld bounds the keys of one device that are down at once: nobody has more
// fingers, and a keyboard that says otherwise loses only their releases.
const maxHeld = 16

// Action is what happened to a key.
type Action uint8

// The actions.
const (
	Down   Action = iota + 1
	Repeat        // made by holding the key down
	Up            // also when the device went away with the key held down
)

// decoder turns the bytes of one device into keys. It is no more than state:
// time and devices are its caller's.
type decoder struct {
	size  int  // of one event in bytes: size32 or size64
	table keys // what the device's keys mean
	part  []byte
	lost  bool   // the kernel dropped events: nothing counts until its next report
	held  []Code // with a meaning, in the order in which they went down
}

// decode takes the next bytes and calls emit for every key. still is asked after
// a loss which keys are down now; it may say that it does not know.
func (d *decoder) decode(b []byte, still func() (down, bool), emit func(keyseq.Key, Action)) {
	if len(d.part) > 0 {
		n := min(d.size-len(d.part), len(b))
		d.part, b = append(d.part, b[:n]...), b[n:]
		if len(d.part) < d.size {
			return
		}
		d.event(d.part, still, emit)
		d.part = d.part[:0]
	}
	for ; len(b) >= d.size; b = b[d.size:] {
		d.event(b[:d.size], still, emit)
	}
	d.part = append(d.part, b...)
}

// event takes one struct input_event. Its time is not used: the core stamps
// keys when they reach it, with the one clock that it counts by.
func (d *decoder) event(b []byte, still func() (down, bool), emit func(keyseq.Key, Action)) {
	b = b[d.size-8:]
	kind, code := binary.NativeEndian.Uint16(b), binary.NativeEndian.Uint16(b[2:])
	value := int32(binary.NativeEndian.Uint32(b[4:]))
	switch {
	case kind == evSyn && code == synDropped:
		d.lost = true
	case kind == evSyn && code == synReport && d.lost:
		d.lost = false
		d.resync(still, emit)
	case kind == evKey && !d.lost:
		d.key(Code(code), value, emit)
	}
}

func (d *decoder) key(code Code, value int32, emit func(keyseq.Key, Action)) {
	k, ok := d.table[code]
	if !ok {
		return
	}
	switch at := slices.Index(d.held, code); {
	case value == autoRepeat:
		emit(k, Repeat)
	case value == released && at >= 0:
		d.held = slices.Delete(d.held, at, at+1)
		emit(k, Up)
	case value == released: // was down before this device was opened
	default:
		if at < 0 && len(d.held) < maxHeld {
			d.held = append(d.held, code)
		}
		emit(k, Down)
	}
}

// resync lets go of keys whose release was lost. A press that was lost stays so:
// a key that nobody meant now would be worse.
func (d *decoder) resync(still func() (down, bool), emit func(keyseq.Key, Action)) {
	now, known := still()
	keep := d.held[:0]
	for _, code := range d.held {
		if known && now.has(code) {
			keep = append(keep, code)
			continue
		}
		emit(d.table[code], Up)
	}
	d.held = keep
}

// release lets go of all keys: the device is gone.
func (d *decoder) release(emit func(keyseq.Key, Action)) {
	d.resync(func() (down, bool) { return nil, false }, emit)
}

// down is a set of codes as the kernel writes it: bit n of byte n/8, on the
// machines that this runs on (all little-endian).
type down []byte

func (s down) has(c Code) bool {
	return int(c/8) < len(s) && s[c/8]>>(c%8)&1 == 1
}
