package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/loadtv"
)

const (
	hubTVs     = 2000 // connected at first; then twice as many
	hubBig     = 40   // TVs of an ordinary household
	hubSmall   = 10   // TVs of one that is signed out everywhere
	hubSmalls  = 20   // of those
	hubRounds  = 2    // sign-outs of each at each size: a home gets 60 user codes an hour
	hubSettles = 10 * time.Second
)

// measureHub loads a server with simulated TVs: what one costs while idle, how
// long all take to come back after a crash, and how long a sign-out takes to
// reach ten of them, beyond what the same request costs without TVs.
func measureHub(ctx context.Context, s *shop) ([]Figure, error) {
	n := max(s.rounds(hubTVs), hubSmall*hubSmalls+hubBig)
	if err := files(2*n + 500); err != nil {
		return nil, err
	}
	h := &hubRun{shop: s}
	defer h.close()
	if err := h.prepare(ctx, n); err != nil {
		return nil, err
	}
	h.server.proc.Kill()
	if err := s.restart(ctx, h.server); err != nil {
		return nil, err
	}
	storm, err := h.first.Connect(ctx)
	if err != nil {
		return nil, err
	}
	at1, told1, err := h.at(ctx, n)
	if err != nil {
		return nil, err
	}
	if _, err := h.second.Connect(ctx); err != nil {
		return nil, err
	}
	at2, told2, err := h.at(ctx, 2*n)
	if err != nil {
		return nil, err
	}
	per := func(a, b float64) float64 { return (b - a) / 1024 / float64(n) }
	figures := []Figure{
		{"hub.storm_" + strconv.Itoa(n), ms(storm.All), "ms", 0, Target{}},
		{"hub.rss_per_tv", per(at1.rss, at2.rss), "KiB", 0, Target{atMost, 2.5}},
		{"hub.in_use_per_tv", per(at1.inUse, at2.inUse), "KiB", 0, Target{atMost, 2}},
	}
	return slices.Concat(figures, told1, told2), nil
}

// hubRun is a server under load.
type hubRun struct {
	shop   *shop
	server *serving
	first  *loadtv.Fleet  // begins with the small households
	second *loadtv.Fleet  // as many TVs again
	idle   *drive.Account // the reference: an account without TVs
}

// prepare signs n TVs in twice. None is connected then.
func (h *hubRun) prepare(ctx context.Context, n int) (err error) {
	if h.server, err = h.shop.serve(ctx); err != nil {
		return err
	}
	rest := n - hubSmall*hubSmalls
	sizes := append(slices.Repeat([]int{hubSmall}, hubSmalls), loadtv.Even(rest, (rest+hubBig-1)/hubBig)...)
	if h.first, err = newFleet(ctx, h.server, sizes); err != nil {
		return err
	}
	if h.second, err = newFleet(ctx, h.server, loadtv.Even(n, 0)); err != nil {
		return err
	}
	h.idle, err = h.server.owner(ctx, "no-tvs")
	return err
}

func (h *hubRun) close() {
	for _, f := range []*loadtv.Fleet{h.first, h.second} {
		if f != nil {
			f.Close()
		}
	}
	if h.server != nil {
		h.server.proc.Kill()
	}
}

// at measures while n TVs are connected.
func (h *hubRun) at(ctx context.Context, n int) (hubMemory, []Figure, error) {
	m, err := h.memory(ctx)
	if err != nil {
		return m, nil, err
	}
	told, err := h.signOuts(ctx, strconv.Itoa(n))
	return m, told, err
}

// files makes room for so many sockets in this process and its children.
func files(n int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if l.Max < uint64(n) {
		return fmt.Errorf("%d open files are needed, the limit is %d: raise it with ulimit -n", n, l.Max)
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}

// newFleet signs TVs up and in; they are not connected.
func newFleet(ctx context.Context, v *serving, sizes []int) (*loadtv.Fleet, error) {
	f, err := loadtv.New(loadtv.Config{URL: v.WS, Sizes: sizes})
	if err != nil {
		return nil, err
	}
	if err := f.SignUp(ctx); err != nil {
		return nil, err
	}
	return f, f.Enrol(ctx)
}

// hubMemory is what a server holds, in bytes: of the kernel's memory, and of
// heap and stacks in use.
type hubMemory struct {
	rss, inUse float64
}

func (h *hubRun) memory(ctx context.Context) (hubMemory, error) {
	if err := h.shop.settle(ctx, hubSettles); err != nil {
		return hubMemory{}, err
	}
	m, err := memoryOf(h.server.proc.PID())
	if err != nil {
		return hubMemory{}, err
	}
	use, err := inUse(ctx, h.server.Admin)
	return hubMemory{m.rss, use}, err
}

// inUse asks the server's metrics.
func inUse(ctx context.Context, admin string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return sumMetrics(resp.Body, "go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes")
}

func sumMetrics(r io.Reader, names ...string) (sum float64, err error) {
	lines, found := bufio.NewScanner(r), 0
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if !slices.Contains(names, name) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, err
		}
		sum += v
		found++
	}
	if found != len(names) {
		return 0, errors.Join(fmt.Errorf("%d of the metrics %q", found, names), lines.Err())
	}
	return sum, nil
}

// signOuts signs the small households out everywhere in turn. The times are
// from the click until the last TV has read that it is signed out; the
// reference is the answer to the same click by an account without TVs.
func (h *hubRun) signOuts(ctx context.Context, n string) ([]Figure, error) {
	var told, bare []float64
	for range h.shop.few(hubRounds) {
		for i := range hubSmalls {
			took, floor, err := h.signOut(ctx, i)
			if err != nil {
				return nil, err
			}
			told, bare = append(told, took), append(bare, floor)
		}
		for i := range hubSmalls {
			if err := h.first.EnrolAgain(ctx, i); err != nil {
				return nil, err
			}
			if _, err := h.first.ConnectHousehold(ctx, i); err != nil {
				return nil, err
			}
		}
	}
	floor := median(bare)
	beyond := func(q float64) float64 { return max(quantile(q, told)-floor, 0.001) }
	return []Figure{
		{"hub.told_p50_" + n, median(told), "ms", floor, Target{}},
		{"hub.beyond_commit_p50_" + n, beyond(0.5), "ms", 0, Target{atMost, 1}},
		{"hub.beyond_commit_p99_" + n, beyond(0.99), "ms", 0, Target{atMost, 5}},
	}, nil
}

// signOut times one household's sign-out and the same without TVs, in ms.
func (h *hubRun) signOut(ctx context.Context, household int) (told, bare float64, err error) {
	if err := h.shop.settle(ctx, 100*time.Millisecond); err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := h.idle.SignOutEverywhere(ctx); err != nil {
		return 0, 0, err
	}
	bare = ms(time.Since(begun))
	out, err := h.first.SignOutEverywhere(ctx, household)
	return ms(out.Told), bare, err
}
