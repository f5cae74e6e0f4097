package torture

import (
	"context"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

var frames = flag.Int("frames", 60, "connections that TestFrames tears, or on which it says everything twice")

// Connections that are torn at any byte, in either direction, and frames that come
// twice or in another order: the server goes on, and tells the TV the truth next time.
func TestFrames(t *testing.T) {
	ctx := patient(t, time.Minute+time.Duration(*frames)*200*time.Millisecond)
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	f := moveIn(ctx, t, n, 3)
	f.must(f.owner.SignOutDevice(ctx, f.tvs[2].id))
	bad := newLink(t, "tcp", "127.0.0.1:0", n.plan.Listen)
	url := "http://" + bad.listener.Addr().String()
	r := rand.New(rand.NewPCG(seed(t), 0))
	for i := range *frames {
		screen := f.tvs[i%3]
		if r.IntN(3) == 0 {
			f.twice(ctx, screen, r)
		} else {
			bad.set(faults{torn: 1 + r.IntN(4000)})
			status, err := screen.access(bounded(ctx), url)
			if err == nil && (status == protocol.Active) != (i%3 < 2) {
				t.Errorf("over a torn connection TV %d is told %s", i%3+1, status)
			}
		}
		if i%20 == 19 {
			f.holds(ctx, "after torn and doubled frames", true, true, true, false)
		}
	}
	f.holds(ctx, "at the end", true, true, true, false)
}

// twice says what a TV says twice, and in any order.
func (f *family) twice(ctx context.Context, screen *tv, r *rand.Rand) {
	f.t.Helper()
	screen.mu.Lock()
	defer screen.mu.Unlock()
	w, err := screen.connect(bounded(ctx), f.node.url())
	f.must(err)
	defer w.Close()
	said := []protocol.Frame{
		protocol.Ask{Nonce: w.ask}, protocol.Ask{Nonce: w.ask}, protocol.ProfileSelected{}, protocol.ProfileSelected{}, protocol.Receipt{JWS: "x"},
		protocol.Auth{Device: screen.id, Cap: protocol.CurrentCapability, Conn: w.conn, Ask: w.ask, Sig: make([]byte, 64)},
	}
	r.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
	for _, frame := range said[:1+r.IntN(len(said))] {
		if w.send(frame) != nil { // the server has had enough of it
			return
		}
	}
	if status, err := w.status(); err == nil && status == protocol.Active && screen == f.tvs[2] {
		f.t.Error("a TV that was signed out is let in by saying things twice")
	}
}
