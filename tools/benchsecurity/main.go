// Command benchsecurity measures whether the time of an answer tells if
// somebody has an account here (product rule V6, OWASP ASVS 5 6.3.8). It runs
// the real server on loopback, with its real database and its real password
// hashing, and asks it about known and unknown addresses in turn: to sign in
// with a wrong password, by the API and at a TV, to sign up, to recover by mail and
// by SMS, and to send a code again. It prints, for each, the medians, the
// difference of the medians in percent of the one of unknown addresses, and the
// 95 % bootstrap interval of that difference. The target is an interval within ± 2 %.
//
// Throttles stay on: each request comes from a network of its own within
// 127.0.0.0/8 and is about an address of its own. The connection is made before
// the time is taken. Known and unknown follow each other equally often, for what
// an answer leaves behind slows the next. Passwords, which comes first and the
// resampling come from the seed that is printed.
//
// Answers leave on a beat of 50 ms, most of which the server sleeps. So requests
// run beside each other: those of several kinds where no password is hashed, and
// of each kind in lanes, in which one pair follows the other. Kinds with a hash are
// alone, with as many lanes as a usual machine has cores.
//
// Whatever else runs on the machine widens the intervals; "chrt -r 10" in front
// keeps it out.
//
// It ends with 0 when it has measured, whether or not targets are reached, 1
// when it could not, 2 for wrong arguments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	limit  = 10 * time.Minute // of a whole run, of about 4 on an idle machine; what is measured until then is printed
	target = 2.0              // percent
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("benchsecurity", flag.ContinueOnError)
	flags.SetOutput(errOut)
	seed := flags.Uint64("seed", 1, "order, passwords and resampling")
	pairs := flags.Int("pairs", 1000, "known and unknown addresses for each kind of request, 20 to 1000")
	quick := flags.Bool("quick", false, "50 pairs: to see that it works, not for figures")
	only := flags.String("only", "", "measure only the `name`d requests")
	program := flags.String("server", "bin/hearthkey-server", "`path` of the server")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *quick {
		*pairs = 50
	}
	wanted := selected(*only)
	if *pairs < 20 || *pairs > 1000 || flags.NArg() > 0 || len(wanted) == 0 {
		fmt.Fprintf(errOut, "benchsecurity: -pairs must be 20 to 1000, -only one of %s, and there are no arguments\n", strings.Join(names(), ", "))
		return 2
	}
	begin := time.Now()
	b := &bench{pairs: *pairs, random: rand.New(rand.NewPCG(*seed, 0)), until: begin.Add(limit)}
	if err := b.measure(ctx, *program, wanted, out); err != nil {
		fmt.Fprintln(errOut, "benchsecurity:", err)
		return 1
	}
	fmt.Fprintf(out, "seed %d, %d resamplings of pairs, %.0f s\n", *seed, resamplings, time.Since(begin).Seconds())
	return 0
}

// measure starts the server and measures the wanted kinds, round by round.
func (b *bench) measure(ctx context.Context, program string, wanted []kind, out io.Writer) error {
	dir, err := os.MkdirTemp("", "benchsecurity-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stop, err := b.start(ctx, program, dir)
	if err != nil {
		return err
	}
	defer stop()
	if err := b.populate(ctx, program, dir, wanted); err != nil {
		return err
	}
	fmt.Fprintf(out, "%-16s %6s %12s %12s %12s %20s %10s\n", "request", "pairs", "known ms", "unknown ms", "difference", "95 % interval", "within 2 %")
	for _, together := range rounds(wanted) {
		if err := b.round(ctx, together, out); err != nil {
			return err
		}
	}
	return nil
}

// rounds splits kinds, which are in order, into those to be measured at once.
func rounds(wanted []kind) [][]kind {
	var out [][]kind
	for i, k := range wanted {
		if i == 0 || wanted[i-1].round != k.round {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], k)
	}
	return out
}

// round measures kinds at once, and prints them in their order.
func (b *bench) round(ctx context.Context, together []kind, out io.Writer) error {
	var all sync.WaitGroup
	got, errs := make([]samples, len(together)), make([]error, len(together))
	for i, k := range together {
		random := b.lanes(k)
		all.Go(func() { got[i], errs[i] = b.sample(ctx, k, random) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, k := range together {
		b.attempts[k.name], b.sentAt[k.name] = got[i].attempts, time.Now()
		b.print(out, k, got[i])
	}
	return nil
}

func (b *bench) print(out io.Writer, k kind, s samples) {
	known, unknown := s.measured()
	if len(known) == 0 {
		fmt.Fprintf(out, "%-16s no time left\n", k.name)
		return
	}
	d, low, high := difference(known, unknown, b.random)
	verdict := "short"
	if low >= -target && high <= target {
		verdict = "ok"
	}
	fmt.Fprintf(out, "%-16s %6d %12.3f %12.3f %10.2f %% %8.2f to %6.2f %% %10s\n", k.name, len(known),
		1000*median(known), 1000*median(unknown), d, low, high, verdict)
}
