package torture

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
)

var previous = flag.String("previous", "", "`commit` whose servers TestR12_RollingUpgrade replaces by this one's")

// buildPrevious builds the server of another commit.
func buildPrevious(ctx context.Context, t *testing.T, commit string) string {
	t.Helper()
	dir := t.TempDir()
	archive := exec.CommandContext(ctx, "sh", "-c", `git -C ../.. archive "$0" | tar -x -C "$1"`, commit, dir)
	if out, err := archive.CombinedOutput(); err != nil {
		t.Fatalf("the source of %s: %v: %s", commit, err, out)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", "previous", "./server/cmd/hearthkey-server")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", commit, err, out)
	}
	return filepath.Join(dir, "previous")
}

// traffic is what owners do meanwhile. A request that fails is made once more, elsewhere.
type traffic struct {
	street      *street
	done, again atomic.Int64
	people      []*family

	mu     sync.Mutex
	failed []error // guarded by mu
}

// one is one request of a family, at two nodes at most.
func (w *traffic) one(ctx context.Context, f *family, r *rand.Rand) {
	first := r.IntN(3)
	path := []string{"/v1/session", "/v1/devices", "/v1/profiles"}[r.IntN(3)]
	var err error
	for try := range 2 {
		a := f.owner
		a.URL = w.street.nodes[(first+try)%3].url()
		if err = a.Call(ctx, "GET", path, nil, nil); err == nil && r.IntN(3) == 0 {
			p, _ := a.Profiles(ctx)
			if len(p) > 0 {
				_, err = a.SaveProfile(ctx, p[0])
			}
		}
		var p *drive.Problem
		if err == nil || errors.As(err, &p) && p.Status < http.StatusInternalServerError {
			break
		}
		if try == 0 {
			w.again.Add(1)
		}
	}
	if w.done.Add(1); err != nil && ctx.Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failed = append(w.failed, err)
	}
}

// R12: three servers of the previous build are replaced one by one while owners work: no
// request fails that is made once more, the schema follows, and TVs stay signed in.
func TestR12_RollingUpgrade(t *testing.T) {
	if *previous == "" {
		t.Skip("long: make torture gives it a previous build")
	}
	ctx := patient(t, 15*time.Minute)
	program := buildPrevious(ctx, t, *previous)
	s := openStreetOf(ctx, t, program)
	s0 := seed(t)
	w := &traffic{street: s}
	for i := range 3 {
		w.people = append(w.people, moveIn(ctx, t, s.nodes[i], 1))
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for i, f := range w.people {
		r := rand.New(rand.NewPCG(s0, uint64(i)))
		all.Go(func() {
			for working.Err() == nil {
				w.one(working, f, r)
			}
		})
	}
	more := func(n int64) {
		want := w.done.Load() + n
		s.must(drive.Poll(ctx, func() error {
			if w.done.Load() < want {
				return errors.New("the owners stand still")
			}
			return nil
		}))
	}
	for _, n := range s.nodes {
		more(50)
		n.process.Signal(syscall.SIGTERM)
		if status, err := n.process.Wait(ctx); err != nil || status != 0 {
			t.Errorf("%s ended with %d: %v", n.name, status, err)
		}
		n.program = ""
		s.must(n.start(ctx))
	}
	more(50)
	stop()
	all.Wait()
	t.Logf("%d requests, %d made once more, %d failed", w.done.Load(), w.again.Load(), len(w.failed))
	if err := errors.Join(w.failed...); err != nil {
		t.Errorf("failed: %v", err)
	}
	for _, f := range w.people {
		f.holds(ctx, "after the upgrade", true, true)
		f.must(f.owner.SignOutDevice(ctx, f.tvs[0].id))
		f.holds(ctx, "signed out after the upgrade", true, false)
	}
}
