// Package keyseq names the keys of a remote control and recognises the key
// sequence that opens the service menu from any screen (product rule D9):
//
//	Up Up Down Down Left Right Left Right Up Up Up Up
//
// At most [MaxGap] may pass between two keys, auto-repeat does not count, and a
// false start is recovered: Up Up Up Down Down … matches from the second Up.
//
// Everything is a value or a pure function, safe for concurrent use. The caller
// keeps one [Matcher] per source of keys, so that two remotes never make up a
// sequence together. The tests compare the matcher with a naive one that keeps
// every key.
package keyseq

import "time"

// MaxGap is the longest time between two keys of the sequence.
const MaxGap = 3 * time.Second

// Length is the number of keys in the sequence.
const Length = 12

// sequence is the key sequence.
var sequence = [Length]Key{Up, Up, Down, Down, Left, Right, Left, Right, Up, Up, Up, Up}

// fallback gives, for every number of keys matched, the longest shorter start
// of the sequence that those keys also end with (Knuth, Morris and Pratt 1977).
var fallback = borders(sequence)

func borders(seq [Length]Key) [Length]int {
	var fall [Length]int
	for i, k := 1, 0; i < Length-1; i++ {
		for k > 0 && seq[i] != seq[k] {
			k = fall[k]
		}
		if seq[i] == seq[k] {
			k++
		}
		fall[i+1] = k
	}
	return fall
}

// Press is one key press of one source.
type Press struct {
	Key    Key
	Repeat bool          // made by holding the key down
	At     time.Duration // running time; only differences count
}

// Matcher is how far one source has come. The zero Matcher is ready.
type Matcher struct {
	matched int
	last    time.Duration // of the last key that counted
}

// Step takes the next press of the source and reports whether it completes the
// sequence. After that the matcher begins anew: no key counts twice. A press
// that is earlier than the one before it breaks the sequence.
func Step(m Matcher, p Press) (Matcher, bool) {
	if p.Repeat {
		return m, false
	}
	if gap := p.At - m.last; gap < 0 || gap > MaxGap {
		m.matched = 0
	}
	m.last = p.At
	for m.matched > 0 && sequence[m.matched] != p.Key {
		m.matched = fallback[m.matched]
	}
	if sequence[m.matched] == p.Key {
		m.matched++
	}
	if m.matched == Length {
		m.matched = 0
		return m, true
	}
	return m, false
}
