package remote

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// TestHands: a held key repeats until it is released, another takes its place, or
// the remote falls silent.
func TestHands(t *testing.T) {
	var h hands
	start := time.Unix(1000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	repeat := func(d, heard time.Duration) keyseq.Key {
		k, _ := h.repeat(at(d), at(heard))
		return k
	}
	if h.down(keyseq.Right, start) {
		t.Error("the first press is a repetition")
	}
	if k, wait := h.repeat(at(time.Millisecond), start); k != 0 || wait != repeatAfter-time.Millisecond {
		t.Errorf("at once: %v, %v", k, wait)
	}
	if k := repeat(repeatAfter, 0); k != keyseq.Right {
		t.Errorf("after a while: %v", k)
	}
	if k := repeat(repeatAfter+repeatEvery/2, 0); k != 0 {
		t.Errorf("too early: %v", k)
	}
	if k := repeat(repeatAfter+repeatEvery, 0); k != keyseq.Right {
		t.Errorf("again: %v", k)
	}
	h.down(keyseq.Down, at(time.Second))
	if k := repeat(time.Second+repeatAfter, time.Second); k != keyseq.Down {
		t.Errorf("the last key repeats: %v", k)
	}
	if got := h.up(keyseq.Down); got != tvremote.IgnoredNothing {
		t.Errorf("release: %q", got)
	}
	if got := h.up(keyseq.Down); got != tvremote.NotDown {
		t.Errorf("released twice: %q", got)
	}
	if k := repeat(3*time.Second, 3*time.Second); k != 0 {
		t.Errorf("after the release of the last: %v", k)
	}
	if !h.down(keyseq.Right, at(3*time.Second)) {
		t.Error("a key that is down already is pressed anew")
	}
	if k := repeat(3*time.Second+holdSilence+1, 3*time.Second); k != 0 || h.last != 0 {
		t.Errorf("a silent remote holds %v", k)
	}
	h.down(keyseq.Up, at(10*time.Second))
	if k := repeat(10*time.Second+holdTime+1, 10*time.Second+holdTime); k != 0 {
		t.Errorf("held for ever: %v", k)
	}
}
