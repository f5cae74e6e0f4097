package hub

import (
	"runtime/debug"
	"time"
)

// What counts as a flood of connections, and as its end.
const (
	floodTide = 1000            // connections: fewer leave too little behind
	slack     = 3 * time.Second // with few new ones
	fewShare  = 100             // one in so many of the flood is few
)

// tide gives the memory back that a flood of handshakes leaves behind: they need many
// times what a connected device does, and without this Go's collector would come by only
// after two idle minutes. One goroutine calls it.
type tide struct {
	free func() // nil: debug.FreeOSMemory

	seen  int64     // connections so far, at the last look
	came  int64     // of the flood
	since time.Time // few have come since then
	quiet int64     // those few
}

// look is called about once a second with the number of connections so far.
func (t *tide) look(now time.Time, total int64) {
	fresh := total - t.seen
	t.seen = total
	t.came += fresh
	t.quiet += fresh
	if t.quiet > t.came/fewShare {
		t.since, t.quiet = now, 0
	}
	if now.Sub(t.since) < slack {
		return
	}
	if t.came >= floodTide {
		if t.free != nil {
			t.free()
		} else {
			debug.FreeOSMemory()
		}
	}
	t.came, t.quiet, t.since = 0, 0, now
}
