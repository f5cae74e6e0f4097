package remote

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// TestWindowHistories: whatever people and strangers do in whatever order, one code
// has three tries and pairs one remote, within its time, and after wrong codes the
// next one waits, for 15 minutes at most.
func TestWindowHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Duration(0)
		w := startWindow(now, rapid.IntRange(0, 40).Draw(t, "failed"))
		var (
			code    string        // of the open window, as the screen shows it
			ends    time.Duration // of it
			tries   int           // taken of it
			pending []try
		)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			now += time.Duration(rapid.IntRange(0, 50).Draw(t, "seconds")) * time.Second
			before := w.status(now)
			switch rapid.SampledFrom([]string{"open", "close", "take", "take", "take", "wrong", "wrong", "right"}).Draw(t, "event") {
			case "open":
				w.begin(now, PairingTime, tvremote.Household, false)
				s := w.status(now)
				if s.Open == (before.Wait > 0) || s.Wait > maxWait {
					t.Fatalf("open with %v to wait: %+v", before.Wait, s)
				}
				code, ends, tries = s.Code, now+PairingTime, 0
			case "close":
				w.close(Fine)
				code = ""
			case "take":
				one, why := w.take(now)
				if (why == "") != (before.Open && tries < PairingTries) || before.Open && now >= ends {
					t.Fatalf("a try of %+v with %d taken: %q", before, tries, why)
				}
				if why == "" {
					if one.code != code {
						t.Fatalf("a try at %q, the screen shows %q", one.code, code)
					}
					tries++
					pending = append(pending, one)
				}
			case "wrong", "right":
				if len(pending) == 0 {
					continue
				}
				at := rapid.IntRange(0, len(pending)-1).Draw(t, "which")
				one := pending[at]
				pending = append(pending[:at:at], pending[at+1:]...)
				if rapid.Bool().Draw(t, "knows it") {
					if got, want := w.right(now, one, "x"), before.Open && one.code == code && one.number == w.number; got != want {
						t.Fatalf("right at %+v: %v, want %v", before, got, want)
					}
					if w.status(now).Open && before.Open && one.number == w.number {
						t.Fatal("a code is good for another remote")
					}
				} else {
					w.wrong(now, one)
				}
			}
		}
	})
}
