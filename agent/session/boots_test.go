package session

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestD7_AThousandBoots: out of contact, through a thousand power cuts at any moment,
// also between two writes, and a wall clock that jumps by up to ten years either way
// or is lost, a TV shows profiles for no longer than its lease and one boot charge.
// With contact all is well again, whatever its clock says.
func TestD7_AThousandBoots(t *testing.T) {
	for seed := range uint64(5) {
		dice := rand.New(rand.NewPCG(seed, 7)).IntN
		h := newHome(dice, func(format string, args ...any) {
			t.Helper()
			t.Fatalf("seed %d: "+format, append([]any{seed}, args...)...)
		})
		h.join()
		h.down = true
		h.unplug()
		lease := time.Duration(h.server.lease) * time.Second
		var used time.Duration
		shows := func() bool { return h.model.Status(h.now()).Phase == PhaseActive }
		for boot := range 1000 {
			for up := bootFor(dice, boot); up > 0; up -= time.Minute {
				if dice(4) == 0 {
					h.wall += int64(dice(20*365)-10*365) * 24 * 3600 * 1000
				}
				if dice(6) == 0 {
					h.cutIn = 1 + dice(8)
				}
				before := shows()
				h.wait(min(up, time.Minute))
				if before && shows() {
					used += min(up, time.Minute)
				}
			}
			h.cut(time.Duration(dice(600)) * time.Minute)
			if used > lease+BootCharge {
				t.Fatalf("seed %d: %s of use after %d boots, the lease is %s", seed, used, boot+1, lease)
			}
		}
		if shows() {
			t.Errorf("seed %d: profiles after a thousand boots", seed)
		}
		h.down, h.cutIn = false, 0
		h.step(TryAgain{})
		h.settle()
		h.wait(time.Minute)
		if !shows() {
			t.Errorf("seed %d: no profiles in contact: %+v", seed, h.model.Status(h.now()))
		}
	}
}

// bootFor is how long a boot lasts: most are cut off within minutes, some at once.
func bootFor(dice func(int) int, boot int) time.Duration {
	switch {
	case boot%50 == 0:
		return time.Duration(dice(90)) * time.Minute
	case dice(5) == 0:
		return 0
	}
	return time.Duration(dice(600)) * time.Second
}
