package torture

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/tools/drive"
)

var overload = flag.Duration("overload", 0, "measure TestOverload for this `time` at each load; 0 does not, for the figures need a machine with nothing else to do")

// What overload may cost (targets: password sign-ins).
const (
	timesTooMany = 10
	keepsRate    = 0.85
	refusedIn    = 50 * time.Millisecond
	moreMemory   = 150 << 20
)

// crowd is people who sign in with the right password, and how they fare.
type crowd struct {
	people []drive.Account
	next   atomic.Int64

	mu      sync.Mutex // guards what follows
	in      int
	refused []time.Duration
	wrong   error
}

func (c *crowd) signIn(ctx context.Context) {
	a := c.people[int(c.next.Add(1))%len(c.people)]
	begun := time.Now()
	err := a.SignIn(ctx, linearPassword)
	took := time.Since(begun)
	var p *drive.Problem
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.in++
	case errors.As(err, &p) && (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable):
		c.refused = append(c.refused, took)
	case ctx.Err() == nil:
		c.wrong = err
	}
}

// steady has as many sign in as there are cores, again and again, and returns how many
// a second did.
func (c *crowd) steady(ctx context.Context, d time.Duration) float64 {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	begun := time.Now()
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for ctx.Err() == nil {
				c.signIn(ctx)
			}
		})
	}
	all.Wait()
	return float64(c.in) / time.Since(begun).Seconds()
}

// flood has so many a second come, whether the others are done or not, and returns how
// many a second signed in.
func (c *crowd) flood(ctx context.Context, rate float64, d time.Duration) float64 {
	begun := time.Now()
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	var all sync.WaitGroup
	for time.Since(begun) < d && ctx.Err() == nil {
		<-tick.C
		all.Go(func() { c.signIn(ctx) })
	}
	took := time.Since(begun)
	c.mu.Lock()
	in := c.in
	c.mu.Unlock()
	all.Wait()
	return float64(in) / took.Seconds()
}

// pushes measures, until ctx ends, how long after an owner's change is answered the TV
// hears of it.
func (f *family) pushes(ctx context.Context) (out []time.Duration, err error) {
	f.tvs[0].mu.Lock()
	defer f.tvs[0].mu.Unlock()
	w, err := f.tvs[0].connect(context.WithoutCancel(ctx), f.node.url())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	told := make(chan time.Time, 64)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer w.Close()
	reading.Go(func() {
		defer close(told)
		for {
			f, err := w.read()
			if err != nil {
				return
			}
			if _, ok := f.(protocol.State); ok {
				told <- time.Now()
			}
		}
	})
	<-told // what it is told at first
	list, err := f.owner.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	for n := 0; ctx.Err() == nil; n++ {
		p := list[0]
		p.Name = fmt.Sprint("Mia ", n)
		if _, err := f.owner.SaveProfile(context.WithoutCancel(ctx), p); err != nil {
			return out, err
		}
		answered := time.Now()
		at, ok := <-told
		if !ok {
			return out, errors.New("the TV was cut off")
		}
		out = append(out, max(at.Sub(answered), 0))
	}
	return out, nil
}

// resident is the most memory that a process has had.
func resident(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("NOT TESTED on this machine: %v", err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the kernel does not say VmHWM")
	return 0
}

func p99(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)*99/100]
}

// Ten times as many sign in as the server can check passwords for: as many as before
// get in, the rest is refused at once, and pushes do not notice.
func TestOverload(t *testing.T) {
	d := *overload
	if d == 0 {
		t.Skip("long: make torture ONLY=limits; the gate's rules are in server/admit")
	}
	ctx := patient(t, time.Minute+20*d)
	n := lone(t, filepath.Join(t.TempDir(), "server"))
	if err := n.start(ctx); err != nil {
		t.Fatal(err)
	}
	watcher := moveIn(ctx, t, n, 1)
	var people []drive.Account
	for range 6 {
		people = append(people, moveIn(ctx, t, n, 0).browser)
	}
	measure := func(load func(*crowd) float64) (rate float64, c *crowd, push time.Duration) {
		c = &crowd{people: people}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var pushes []time.Duration
		var err error
		var watching sync.WaitGroup
		watching.Go(func() { pushes, err = watcher.pushes(ctx) })
		rate = load(c)
		cancel()
		watching.Wait()
		if err := errors.Join(err, c.wrong); err != nil {
			t.Fatal(err)
		}
		return rate, c, p99(pushes)
	}
	before, _, calm := measure(func(c *crowd) float64 { return c.steady(ctx, d) })
	memory := resident(t, n.process.PID())
	rate := max(timesTooMany*before, 150) // also where a busy machine checks hardly any
	under, c, pressed := measure(func(c *crowd) float64 { return c.flood(ctx, rate, d) })
	more := resident(t, n.process.PID()) - memory
	refused := p99(c.refused)
	t.Logf("sign-ins a second %.1f, with ten times as many %.1f; %d refused, p99 %v; pushes p99 %v, then %v; %.0f MB more",
		before, under, len(c.refused), refused, calm, pressed, float64(more)/1e6)
	if more > moreMemory {
		t.Errorf("%d bytes more are resident, want %d at most", more, moreMemory)
	}
	if len(c.refused) == 0 || under == 0 {
		t.Errorf("%d were refused, and %.1f a second let in", len(c.refused), under)
	}
	if under < keepsRate*before || refused > refusedIn || pressed > 2*calm+5*time.Millisecond {
		t.Error("want as many let in, the rest refused at once, and pushes as quick as before")
	}
}
