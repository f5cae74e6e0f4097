package torture

import (
	"context"
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

var nudges = flag.Int("nudges", 0, "sign-outs that TestR5_NoNudges makes; 0 makes none, for each takes up to 5 s")

const (
	pollEvery = 5 * time.Second // of a node that hears of nothing
	pushTime  = 3 * time.Second // generous: many at once, on a machine with other work
	together  = 8
)

// R5: with every nudge lost, a change at one server reaches the TVs of another within
// 5 s and a push.
func TestR5_NoNudges(t *testing.T) {
	if *nudges == 0 {
		t.Skip("long: make torture; the short form of R5 is in server/hub, in made-up time")
	}
	ctx := patient(t, 5*time.Minute+time.Duration(*nudges)*time.Minute)
	s := openStreet(ctx, t)
	for _, l := range s.bus {
		l.set(faults{cut: true})
	}
	var slowest time.Duration
	for done := 0; done < *nudges; done += together {
		var homes sync.WaitGroup
		took := make([]time.Duration, together)
		for i := range together {
			f := moveIn(ctx, t, s.nodes[i%3], 1)
			homes.Go(func() { took[i] = f.hears(ctx, s.nodes[(i+1)%3].url()) })
		}
		homes.Wait()
		for _, d := range took {
			slowest = max(slowest, d)
		}
	}
	if t.Logf("%d sign-outs without a nudge: heard after %v at most", *nudges, slowest); slowest > pollEvery+pushTime {
		t.Errorf("want %v", pollEvery+pushTime)
	}
}

// hears signs a TV out that is connected to another server, and returns how long it
// takes until it knows.
func (f *family) hears(ctx context.Context, url string) time.Duration {
	f.tvs[0].mu.Lock()
	defer f.tvs[0].mu.Unlock()
	w, err := f.tvs[0].connect(bounded(ctx), url)
	if err != nil {
		f.t.Error(err)
		return 0
	}
	defer w.Close()
	status, err := w.status()
	if err == nil {
		err = f.owner.SignOutDevice(ctx, f.tvs[0].id)
	}
	asked := time.Now()
	for err == nil && status == protocol.Active {
		status, err = w.status()
	}
	if err != nil {
		f.t.Error(err)
	}
	return time.Since(asked)
}
