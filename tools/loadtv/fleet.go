package loadtv

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// Bounds of a fleet.
const (
	MaxTVs          = 20_000
	MaxHouseholds   = 2_000
	MaxPerHousehold = 50 // what a server allows by default
)

// How much is done at the same time.
const (
	signUps    = 4 // each hashes a password
	enrolments = 24
	handshakes = 512
)

// Config says what a fleet is.
type Config struct {
	URL   string // ws:// or http:// address of a server on this machine, run with --dev
	Sizes []int  // TVs of each household, 1 to MaxPerHousehold; [Even] makes them

	// Progress hears how far a stage is. It may be called from many goroutines.
	// nil: nobody cares.
	Progress func(stage string, done, total int)
}

// ErrBounds means a fleet of a size that is refused.
var ErrBounds = errors.New("loadtv: out of bounds")

// Even spreads n TVs over k households. With k = 0 it takes 40 TVs a household.
func Even(n, k int) []int {
	if k == 0 {
		k = (n + 39) / 40
	}
	if n <= 0 || k < 0 || k > n {
		return nil
	}
	sizes := make([]int, k)
	for i := range sizes {
		sizes[i] = n / k
		if i < n%k {
			sizes[i]++
		}
	}
	return sizes
}

// Fleet is many TVs. Make one with [New], and call Close.
type Fleet struct {
	cfg      Config
	homes    []*household
	counters counters
}

// New makes the TVs' identities. It speaks to nobody yet. Errors: [ErrNotHere],
// [ErrBounds].
func New(cfg Config) (*Fleet, error) {
	at, err := parseTarget(cfg.URL)
	if err != nil {
		return nil, err
	}
	if len(cfg.Sizes) == 0 || len(cfg.Sizes) > MaxHouseholds {
		return nil, fmt.Errorf("%w: %d households, want 1 to %d", ErrBounds, len(cfg.Sizes), MaxHouseholds)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string, int, int) {}
	}
	f := &Fleet{cfg: cfg}
	first, total := firstNetwork(), 0
	for i, size := range cfg.Sizes {
		if total += size; size < 1 || size > MaxPerHousehold || total > MaxTVs {
			return nil, fmt.Errorf("%w: want 1 to %d TVs a household and at most %d in all", ErrBounds, MaxPerHousehold, MaxTVs)
		}
		h, err := newHousehold(at, first+i, size, &f.counters)
		if err != nil {
			return nil, err
		}
		f.homes = append(f.homes, h)
	}
	return f, nil
}

// SignUp makes the households' accounts.
func (f *Fleet) SignUp(ctx context.Context) error {
	return f.each(ctx, "sign up", len(f.homes), signUps, func(ctx context.Context, i int) error {
		return f.homes[i].signUp(ctx)
	})
}

// Enrol signs the TVs of all households in, each with a code that its owner
// approves. They hang up then: see [Fleet.Connect].
func (f *Fleet) Enrol(ctx context.Context) error {
	return f.enrol(ctx, f.tvs(f.homes))
}

// EnrolAgain signs the TVs of one household in anew, after a sign-out.
func (f *Fleet) EnrolAgain(ctx context.Context, household int) error {
	return f.enrol(ctx, f.homes[household].tvs)
}

func (f *Fleet) enrol(ctx context.Context, tvs []*tv) error {
	err := f.each(ctx, "enrol", len(tvs), enrolments, func(ctx context.Context, i int) error {
		tvs[i].hangup()
		return tvs[i].enrol(ctx)
	})
	for _, h := range f.homes {
		h.close()
	}
	return err
}

// Storm is how a connecting of many went.
type Storm struct {
	TVs     int
	All     time.Duration   // until the last was back
	Each    []time.Duration // from its first try until it held everything, by TV
	Retries int64           // tries that failed
}

// Connect connects every TV that is not connected, all at once, each again and
// again until it is.
func (f *Fleet) Connect(ctx context.Context) (Storm, error) { return f.connect(ctx, f.tvs(f.homes)) }

// ConnectHousehold connects the TVs of one household.
func (f *Fleet) ConnectHousehold(ctx context.Context, household int) (Storm, error) {
	return f.connect(ctx, f.homes[household].tvs)
}

func (f *Fleet) connect(ctx context.Context, tvs []*tv) (Storm, error) {
	s := Storm{TVs: len(tvs), Each: make([]time.Duration, len(tvs))}
	var retries atomic.Int64
	begun := time.Now()
	err := f.each(ctx, "connect", len(tvs), handshakes, func(ctx context.Context, i int) error {
		if tvs[i].done != nil {
			return nil
		}
		err := drive.Poll(ctx, func() error {
			err := tvs[i].connect(ctx)
			if err != nil {
				retries.Add(1)
			}
			return err
		})
		s.Each[i] = time.Since(begun)
		return err
	})
	s.All, s.Retries = time.Since(begun), retries.Load()
	return s, err
}

// HangUp pulls every TV's plug at once.
func (f *Fleet) HangUp() {
	var done sync.WaitGroup
	for _, t := range f.tvs(f.homes) {
		done.Go(t.hangup)
	}
	done.Wait()
}

// Idle stays connected for d and fails where a TV loses its connection.
func (f *Fleet) Idle(ctx context.Context, d time.Duration) error {
	before := f.counters.lost.Load()
	tick := time.NewTicker(min(max(d/20, 10*time.Millisecond), time.Second))
	defer tick.Stop()
	end := time.Now().Add(d)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case now := <-tick.C:
			f.cfg.Progress("idle", int(min(d, d-end.Sub(now)).Milliseconds()), int(d.Milliseconds()))
			if lost := f.counters.lost.Load() - before; lost > 0 {
				return fmt.Errorf("%d TVs lost their connections while idle; %w", lost, f.why())
			}
			if !now.Before(end) {
				return nil
			}
		}
	}
}

// why returns what one of the TVs that lost their connections says.
func (f *Fleet) why() error {
	for _, t := range f.tvs(f.homes) {
		if t.done == nil {
			continue
		}
		select {
		case <-t.done:
			if t.lost != nil {
				return fmt.Errorf("%s of %s: %w", t.name, t.host.owner.Email, t.lost)
			}
		default:
		}
	}
	return errors.New("nobody says why")
}

// Counts are what all TVs received since the fleet was made.
type Counts struct {
	Pings, Frames, Bytes int64
	Lost                 int64 // connections that ended without being asked to
}

// Counts returns the counters.
func (f *Fleet) Counts() Counts {
	c := &f.counters
	return Counts{c.pings.Load(), c.frames.Load(), c.bytes.Load(), c.lost.Load()}
}

// Households and TVs are the fleet's size.
func (f *Fleet) Households() int { return len(f.homes) }

// TVs is the number of all TVs.
func (f *Fleet) TVs() int { return len(f.tvs(f.homes)) }

// Owner is the account of a household.
func (f *Fleet) Owner(household int) *drive.Account { return f.homes[household].owner }

// Close hangs up.
func (f *Fleet) Close() {
	f.HangUp()
	for _, h := range f.homes {
		h.close()
	}
}

func (f *Fleet) tvs(homes []*household) []*tv {
	var all []*tv
	for _, h := range homes {
		all = append(all, h.tvs...)
	}
	return all
}

// each does work for 0 to n-1, so many at a time, and ends with the first error.
func (f *Fleet) each(ctx context.Context, stage string, n, parallel int, do func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	var done atomic.Int64
	for i := range n {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			err := do(ctx, i)
			if err == nil {
				f.cfg.Progress(stage, int(done.Add(1)), n)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	return nil
}
