package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("simulate", flag.ContinueOnError)
	fs.SetOutput(stderr)
	histories := fs.Int("histories", 100_000, "how many histories, 1 to 10000000")
	first := fs.Uint64("first", 1, "the seed of the first; each next one has the next")
	seed := fs.Uint64("seed", 0, "play this one history only, and tell what happens in it")
	workers := fs.Int("workers", runtime.NumCPU(), "how many at the same time, 1 to 64")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if *histories < 1 || *histories > 10_000_000 || *workers < 1 || *workers > 64 || fs.NArg() > 0 {
		fmt.Fprintln(stderr, "simulate: -histories must be 1 to 10000000, -workers 1 to 64, and there are no arguments")
		return 2
	}
	if *seed != 0 {
		return replay(*seed, stdout, stderr)
	}
	begin := time.Now()
	s, err := simulate(ctx, *first, *histories, *workers, none, progress(stderr, *histories, begin))
	if err != nil {
		fmt.Fprintln(stderr, "simulate:", err)
		return 1
	}
	return s.report(stdout, *first, time.Since(begin))
}

// progressEvery is how often a long run says how far it is.
const progressEvery = 10 * time.Second

// progress tells what broke as soon as it does, and now and then how far the
// run of n histories is.
func progress(out io.Writer, n int, begin time.Time) func(summary) {
	last, broken := begin, 0
	return func(s summary) {
		for ; broken < len(s.broken); broken++ {
			fmt.Fprintf(out, "seed %d: %s\n", s.broken[broken].seed, s.broken[broken].wrong)
		}
		if time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		left := time.Since(begin) / time.Duration(s.played) * time.Duration(n-s.played)
		fmt.Fprintf(out, "%d of %d histories, %d broken, %s to go\n", s.played, n, broken, left.Round(time.Second))
	}
}

// report tells what was played, how often what happened in it, and what broke.
func (s summary) report(out io.Writer, first uint64, took time.Duration) int {
	s.covered.print(out)
	fmt.Fprintf(out, "%d histories of seeds %d to %d in %.0f s, %.0f a second: %d broken\n",
		s.played, first, first+uint64(s.played)-1, took.Seconds(), float64(s.played)/took.Seconds(), len(s.broken))
	for _, v := range s.broken {
		fmt.Fprintf(out, "seed %d: %s\n    go run ./tools/simulate -seed %d\n", v.seed, v.wrong, v.seed)
	}
	if len(s.broken) > 0 {
		return 1
	}
	return 0
}

// replay plays one history aloud, shortened where it breaks a promise.
func replay(seed uint64, stdout, stderr io.Writer) int {
	dir, err := workspace()
	if err != nil {
		fmt.Fprintln(stderr, "simulate:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	l, err := newLab(dir)
	if err != nil {
		fmt.Fprintln(stderr, "simulate:", err)
		return 1
	}
	defer l.close()
	skip := map[int]bool{}
	v := play(l, seed, none, skip, nil)
	if v.wrong != "" {
		fmt.Fprintf(stdout, "seed %d, %d steps: %s\n", seed, v.steps, v.wrong)
		v, skip = minimise(l, v, none)
		fmt.Fprintf(stdout, "the same without %d of its steps:\n", len(skip))
	}
	v = play(l, seed, none, skip, func(line string) { fmt.Fprintln(stdout, line) })
	if v.wrong != "" {
		fmt.Fprintln(stdout, v.wrong)
		return 1
	}
	fmt.Fprintln(stdout, "every promise was kept")
	return 0
}

// maxBroken is how many failures end a simulation.
const maxBroken = 20

// summary is what became of many histories.
type summary struct {
	played  int
	broken  []verdict
	covered coverage
}

// simulate plays n histories from seed first on, until ctx ends or too many
// break a promise. After each, heard is told of all so far, never twice at once.
func simulate(ctx context.Context, first uint64, n, workers int, b bug, heard func(summary)) (summary, error) {
	dir, err := workspace()
	if err != nil {
		return summary{}, err
	}
	defer os.RemoveAll(dir)
	var (
		next    atomic.Int64
		running sync.WaitGroup
		mu      sync.Mutex // guards out and failed
		out     = summary{covered: newCoverage()}
		failed  error
	)
	for i := range workers {
		running.Go(func() {
			err := labour(ctx, filepath.Join(dir, fmt.Sprint(i)), func(l *lab) bool {
				at := next.Add(1) - 1
				if at >= int64(n) {
					return false
				}
				v := play(l, first+uint64(at), b, nil, nil)
				mu.Lock()
				defer mu.Unlock()
				out.played++
				out.covered.add(v.covered)
				if v.wrong != "" {
					out.broken = append(out.broken, v)
				}
				heard(out)
				return len(out.broken) < maxBroken
			})
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	running.Wait()
	return out, failed
}

// labour calls each with a lab of its own until it returns false.
func labour(ctx context.Context, dir string, each func(*lab) bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	l, err := newLab(dir)
	if err != nil {
		return err
	}
	for ctx.Err() == nil && each(l) {
	}
	return l.close()
}

// workspace makes a folder for databases: in memory where there is such a
// place, since what is tested here is not the disk.
func workspace() (string, error) {
	const shm = "/dev/shm"
	if dir, err := os.MkdirTemp(shm, "hearthkey-simulate-"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "hearthkey-simulate-")
}
