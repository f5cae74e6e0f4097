package main

import (
	"context"
	"encoding/json"
	"errors"
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
	minPing       = time.Second
	maxPing       = 10 * time.Minute
	maxSlowPing   = time.Minute // a slow TV is noticed after three
)

type loadtestCmd struct {
	URL      string        `name:"url" placeholder:"ws://127.0.0.1:PORT" help:"A running server of this machine, run with --dev. Default: one of its own, in a folder that is deleted afterwards."`
	Ping     time.Duration `help:"Interval of heartbeats of a server of its own: 1s to 10m. Default: 50s."`
	N        int           `name:"n" help:"How many TVs." default:"1000"`
	Accounts int           `help:"How many accounts share them, at most 50 TVs each. Default: one for 40."`
	Idle     time.Duration `help:"How long they stay connected." default:"10s"`
	SignOut  bool          `help:"Sign each account out everywhere, one after another, and time it."`
	Storm    bool          `help:"Pull all plugs at once, reconnect at once, and time it."`
	Nudge    bool          `help:"Change a profile of each account, one after another, and time until its TVs know."`
	Slow     int           `help:"So many of the TVs stop reading what they are sent: at most half of each account's. The others must not notice."`
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
	report, err := c.measure(ctx, p)
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

// measure puts the load on the server that was named, or on one of its own.
func (c loadtestCmd) measure(ctx context.Context, p *progress) (report *loadReport, err error) {
	url := c.URL
	var own *ownServer
	if url == "" {
		if own, err = startOwn(ctx, c.Ping); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, own.stop()) }()
		url = own.url
	}
	fleet, err := loadtv.New(loadtv.Config{URL: url, Sizes: loadtv.Even(c.N, c.Accounts), Progress: p.show})
	if err != nil {
		return nil, err
	}
	defer fleet.Close()
	return c.load(ctx, fleet, own)
}

func (c loadtestCmd) maxSlow() int { return loadtv.MaxSlow(loadtv.Even(c.N, c.Accounts)) }

func (c loadtestCmd) check() error {
	switch {
	case c.N < 1 || c.N > loadtv.MaxTVs:
		return fmt.Errorf("--n %d is not between 1 and %d", c.N, loadtv.MaxTVs)
	case c.Accounts < 0 || c.Accounts > c.N || c.Accounts > 0 && (c.N+c.Accounts-1)/c.Accounts > loadtv.MaxPerHousehold:
		return fmt.Errorf("--accounts %d does not fit %d TVs: an account has 1 to %d", c.Accounts, c.N, loadtv.MaxPerHousehold)
	case c.Idle < 0 || c.Idle > maxLoadIdle:
		return fmt.Errorf("--idle %s is not between 0s and %s", c.Idle, maxLoadIdle)
	case c.Ping != 0 && c.URL != "":
		return errors.New("--ping is for a server of its own: leave out --url, or start that server with --ping")
	case c.Ping != 0 && (c.Ping < minPing || c.Ping > maxPing):
		return fmt.Errorf("--ping %s is not between %s and %s", c.Ping, minPing, maxPing)
	case c.Slow < 0 || c.Slow > c.maxSlow():
		return fmt.Errorf("--slow %d is not between 0 and %d, half of each account's TVs", c.Slow, c.maxSlow())
	case c.Slow > 0 && c.Ping > maxSlowPing:
		return fmt.Errorf("--slow needs a --ping of at most %s", maxSlowPing)
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
func (c loadtestCmd) load(ctx context.Context, f *loadtv.Fleet, own *ownServer) (*loadReport, error) {
	r := &loadReport{TVs: f.TVs(), Accounts: f.Households()}
	for _, stage := range []struct {
		wanted bool
		do     func(context.Context, *loadtv.Fleet, *loadReport) error
	}{
		{true, c.begin},
		{own != nil, own.note},
		{true, connectAll},
		{own != nil, own.note},
		{true, c.idle},
		{own != nil, own.sum},
		{c.Nudge, nudges},
		{c.Slow > 0, c.slow},
		{c.Hostile > 0, c.hostile},
		{c.Storm, storm},
		{c.SignOut, signOuts},
	} {
		if !stage.wanted {
			continue
		}
		if err := stage.do(ctx, f, r); err != nil {
			return nil, err
		}
	}
	r.Lost = f.Counts().Lost
	return r, nil
}

func (c loadtestCmd) begin(ctx context.Context, f *loadtv.Fleet, r *loadReport) (err error) {
	if r.SignUp, err = timed(func() error { return f.SignUp(ctx) }); err != nil {
		return err
	}
	r.Enrol, err = timed(func() error { return f.Enrol(ctx) })
	return err
}

func connectAll(ctx context.Context, f *loadtv.Fleet, r *loadReport) (err error) {
	r.Connect, err = stormOf(f.Connect(ctx))
	return err
}

func (c loadtestCmd) idle(ctx context.Context, f *loadtv.Fleet, r *loadReport) (err error) {
	before := f.Counts()
	r.Idle, err = timed(func() error { return f.Idle(ctx, c.Idle) })
	r.Pings = f.Counts().Pings - before.Pings
	return err
}

func nudges(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	var answer, told []time.Duration
	for i := range f.Households() {
		n, err := f.Nudge(ctx, i)
		if err != nil {
			return err
		}
		answer, told = append(answer, n.Answer), append(told, n.Told...)
	}
	r.Nudge = &loadNudge{f.Households(), spreadOf(answer), spreadOf(told)}
	return nil
}

func (c loadtestCmd) slow(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	s, err := f.Slow(ctx, c.Slow)
	if err != nil {
		return err
	}
	r.Slow = &loadSlow{s.TVs, len(s.Dropped), s.Kept, spreadOf(s.Dropped), spreadOf(s.Before), spreadOf(s.Meanwhile)}
	return nil
}

func (c loadtestCmd) hostile(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	h, err := f.Hostile(ctx, c.Hostile)
	if err != nil {
		return err
	}
	r.Hostile = &loadHostile{h.Clients, h.Refused, h.Closed, h.Cut, spreadOf(h.Each)}
	return nil
}

func storm(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	f.HangUp()
	s, err := stormOf(f.Connect(ctx))
	if err != nil {
		return err
	}
	r.Storm = &s
	return nil
}

func signOuts(ctx context.Context, f *loadtv.Fleet, r *loadReport) error {
	var answer, told, acked []time.Duration
	for i := range f.Households() {
		s, err := f.SignOutEverywhere(ctx, i)
		if err != nil {
			return err
		}
		answer, told, acked = append(answer, s.Answer), append(told, s.Told), append(acked, s.Acked)
	}
	r.SignOut = &loadSignOut{Accounts: f.Households(), Answer: spreadOf(answer), Told: spreadOf(told), Acked: spreadOf(acked)}
	return nil
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
