package remote

import (
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// How a held key repeats: as a remote in the hand does.
const (
	repeatAfter = 400 * time.Millisecond
	repeatEvery = 100 * time.Millisecond
	holdSilence = 3 * time.Second  // a remote that is not heard for so long holds nothing
	holdTime    = 30 * time.Second // nobody holds a key for longer
)

// hands are the keys that a remote holds down. The last one pressed repeats, as on a
// keyboard. When the connection ends nothing is held any more.
type hands struct {
	held [keyseq.Digit9 + 1]bool
	last keyseq.Key // that repeats; 0: none
	next time.Time  // when it does
	till time.Time  // when it stops by itself
}

// down presses a key, and reports whether it was down already.
func (h *hands) down(k keyseq.Key, now time.Time) (again bool) {
	again = h.held[k]
	h.held[k] = true
	if !again || h.last != k {
		h.last, h.till = k, now.Add(holdTime)
	}
	h.next = now.Add(repeatAfter)
	return again
}

// up releases a key.
func (h *hands) up(k keyseq.Key) tvremote.Ignored {
	if !h.held[k] {
		return tvremote.NotDown
	}
	h.held[k] = false
	if h.last == k {
		h.last = 0
	}
	return tvremote.IgnoredNothing
}

// repeat returns the key that repeats now, or how long there is none. A wait of 0
// with no key: nothing is held.
func (h *hands) repeat(now, heard time.Time) (k keyseq.Key, wait time.Duration) {
	switch {
	case h.last == 0:
		return 0, 0
	case now.After(h.till) || now.Sub(heard) > holdSilence:
		*h = hands{}
		return 0, 0
	case now.Before(h.next):
		return 0, h.next.Sub(now)
	}
	h.next = now.Add(repeatEvery)
	return h.last, 0
}
