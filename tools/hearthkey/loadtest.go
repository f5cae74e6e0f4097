package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/loadtv"
)

// Bounds of a load test.
const (
	maxLoadIdle   = time.Hour
	maxLoadWithin = 2 * time.Hour
)

type loadtestCmd struct {
	URL      string        `name:"url" help:"The server, on this machine and run with --dev." default:"ws://127.0.0.1:8700"`
	N        int           `name:"n" help:"How many TVs." default:"1000"`
	Accounts int           `help:"How many accounts share them, at most 50 TVs each. Default: one for 40."`
	Idle     time.Duration `help:"How long they stay connected." default:"10s"`
	SignOut  bool          `help:"Sign each account out everywhere, one after another, and time it."`
	Storm    bool          `help:"Pull all plugs at once, reconnect at once, and time it."`
	Hostile  int           `help:"So many hostile clients besides, each of which the server must get rid of, at most 5000."`
	Within   time.Duration `help:"Give up after this time." default:"10m"`
	JSON     bool          `name:"json" help:"Print the result as JSON."`
}

// Run puts the load on.
func (c loadtestCmd) Run(ctx context.Context, t terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := drive.Timeout(ctx, c.Within)
	defer cancel()
	if err := roomFor(c.N + min(c.Hostile, loadtv.MaxHostile)); err != nil {
		return err
	}
	p := newProgress(t.err, c.JSON)
	fleet, err := loadtv.New(loadtv.Config{URL: c.URL, Sizes: loadtv.Even(c.N, c.Accounts), Progress: p.show})
	if err != nil {
		return err
	}
	defer fleet.Close()
	report, err := c.load(ctx, fleet)
	p.clear()
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(t.out)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return report.print(t.out)
}

func (c loadtestCmd) check() error {
	switch {
	case c.N < 1 || c.N > loadtv.MaxTVs:
		return fmt.Errorf("--n %d is not between 1 and %d", c.N, loadtv.MaxTVs)
	case c.Accounts < 0 || c.Accounts > c.N || c.Accounts > 0 && (c.N+c.Accounts-1)/c.Accounts > loadtv.MaxPerHousehold:
		return fmt.Errorf("--accounts %d does not fit %d TVs: an account has 1 to %d", c.Accounts, c.N, loadtv.MaxPerHousehold)
	case c.Idle < 0 || c.Idle > maxLoadIdle:
		return fmt.Errorf("--idle %s is not between 0s and %s", c.Idle, maxLoadIdle)
	case c.Hostile < 0 || c.Hostile > loadtv.MaxHostile:
		return fmt.Errorf("--hostile %d is not between 0 and %d", c.Hostile, loadtv.MaxHostile)
	case c.Within <= 0 || c.Within > maxLoadWithin:
		return fmt.Errorf("--within %s is not between 0s and %s", c.Within, maxLoadWithin)
	}
	return nil
}

// roomFor checks that this process may open a socket for each TV.
func roomFor(n int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	const others = 200
	need := uint64(n + others)
	if l.Cur >= need {
		return nil
	}
	l.Cur = min(need, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur < need {
		return fmt.Errorf("%d TVs need %d open files, but the limit is %d: raise it with ulimit -n, here and for the server", n, need, l.Max)
	}
	return nil
}

// load goes through the stages that were asked for.
func (c loadtestCmd) load(ctx context.Context, f *loadtv.Fleet) (*loadReport, error) {
	r := &loadReport{TVs: f.TVs(), Accounts: f.Households()}
	var err error
	if r.SignUp, err = timed(func() error { return f.SignUp(ctx) }); err != nil {
		return nil, err
	}
	if r.Enrol, err = timed(func() error { return f.Enrol(ctx) }); err != nil {
		return nil, err
	}
	if r.Connect, err = stormOf(f.Connect(ctx)); err != nil {
		return nil, err
	}
	before := f.Counts()
	if r.Idle, err = timed(func() error { return f.Idle(ctx, c.Idle) }); err != nil {
		return nil, err
	}
	r.Pings = f.Counts().Pings - before.Pings
	if c.Hostile > 0 {
		h, err := f.Hostile(ctx, c.Hostile)
		if err != nil {
			return nil, err
		}
		r.Hostile = &loadHostile{h.Clients, h.Refused, h.Closed, h.Cut, spreadOf(h.Each)}
	}
	if c.Storm {
		f.HangUp()
		s, err := stormOf(f.Connect(ctx))
		if err != nil {
			return nil, err
		}
		r.Storm = &s
	}
	if c.SignOut {
		if r.SignOut, err = c.signOuts(ctx, f); err != nil {
			return nil, err
		}
	}
	r.Lost = f.Counts().Lost
	return r, nil
}

func (c loadtestCmd) signOuts(ctx context.Context, f *loadtv.Fleet) (*loadSignOut, error) {
	var answer, told, acked []time.Duration
	for i := range f.Households() {
		s, err := f.SignOutEverywhere(ctx, i)
		if err != nil {
			return nil, err
		}
		answer, told, acked = append(answer, s.Answer), append(told, s.Told), append(acked, s.Acked)
	}
	return &loadSignOut{Accounts: f.Households(), Answer: spreadOf(answer), Told: spreadOf(told), Acked: spreadOf(acked)}, nil
}

func timed(do func() error) (millis, error) {
	begun := time.Now()
	err := do()
	return millis(time.Since(begun)), err
}

// progress is one line that is written over again, on a terminal; elsewhere a
// line when a stage begins.
type progress struct {
	out  io.Writer // nil: says nothing
	live bool

	mu    sync.Mutex
	stage string    // guarded by mu
	last  time.Time // guarded by mu
}

func newProgress(out io.Writer, quiet bool) *progress {
	if quiet {
		return &progress{}
	}
	f, ok := out.(*os.File)
	return &progress{out: out, live: ok && term.IsTerminal(int(f.Fd()))}
}

func (p *progress) show(stage string, done, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case p.live && (now.Sub(p.last) >= 100*time.Millisecond || done == total):
		fmt.Fprintf(p.out, "\r\x1b[K%s %d of %d", stage, done, total)
	case !p.live && stage != p.stage:
		fmt.Fprintf(p.out, "%s …\n", stage)
	default:
		return
	}
	p.stage, p.last = stage, now
}

func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
