//go:build linux

// Command benchhub puts the same work on our hub and on others, each in processes of its
// own, and prints the figures side by side:
//
//	name value unit reference ratio target ok|short
//
// Hubs: N WebSocket clients on loopback, idle; one message of 256 bytes to all of them; and
// messages to one of them. No database is behind these, and none checks who connects:
//
//   - ours: server/hub with its registry on server/hub/poller, epoll;
//   - portable: the same with a goroutine for each client;
//   - nats: nats-server's WebSocket listener, built from its module, a subject each;
//   - usual: gorilla/websocket with two goroutines and a channel for each, as in its
//     examples; the reference of the ratios;
//   - floor: an epoll server without a library, which knows just enough to answer.
//
// Servers: the whole of package server with its database. The clients are TVs, which prove
// their keys, take their state and its grant, and sign receipts:
//
//   - whole: idle memory and CPU time, the storm after kill -9, signing out;
//   - tls: idle memory where TLS 1.3 ends in the process.
//
// A process here holds 19,900 sockets at most: more clients are as many pairs of a server
// and its clients as it takes, and the figures are their sums, or of the last of all.
//
// It runs on Linux only. Clients are one goroutine each; all processes take commands on
// their input. The tests run it with few clients.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// names of the servers, in the order of a run. The reference comes first.
var names = []string{base, "nats", "portable", "ours", "floor", "whole", "tls"}

const base = "usual"

// grown are the numbers of clients from which the growth is drawn, besides -n.
const grown = "5000,10000,50000,99500"

const (
	maxEach    = 19_900  // clients of one process
	maxClients = 100_000 // in all
)

// settings are what the flags say.
type settings struct {
	n      int           // clients of all servers
	grow   []int         // further numbers of clients, of ours and whole
	each   int           // clients of one process at most
	settle time.Duration // before memory is looked at
	spread time.Duration // of the second storm
	draw   string        // folder of the plots; empty: none are drawn
	only   []string
	asJSON bool
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("benchhub", flag.ContinueOnError)
	flags.SetOutput(errOut)
	var s settings
	flags.IntVar(&s.n, "n", maxEach, "how many `clients`")
	grow := flags.String("grow", "", "how many clients ours and whole are given too, with `commas` between the numbers")
	flags.DurationVar(&s.settle, "settle", 15*time.Second, "how long the clients are idle before memory is looked at")
	flags.DurationVar(&s.spread, "spread", 3*time.Second, "over which the clients of the second storm come")
	flags.IntVar(&s.each, "each", maxEach, "how many clients a process has at most")
	only := flags.String("only", strings.Join(names, ","), "which `servers`, with commas between them")
	flags.BoolVar(&s.asJSON, "json", false, "print a JSON array instead")
	what := flags.String("plot", "", "print this `figure` (settled, all, …) as SVG from the files given, which -json wrote, and measure nothing")
	flags.StringVar(&s.draw, "draw", "", "draw how the figures grow with the clients into this `folder`; without -grow with "+grown)
	serve := flags.String("serve", "", "be this server, or a crowd: for the command itself")
	data := flags.String("data", "", "`folder` of a whole server: for the command itself")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	s.only = strings.Split(*only, ",")
	var err error
	switch {
	case *serve == "crowd":
		err = errors.Join(files(), beCrowd(ctx, in, out))
	case *serve != "":
		err = errors.Join(files(), be(ctx, *serve, *data, in, out))
	case *what != "":
		err = plot(out, *what, flags.Args())
	default:
		if *grow == "" && s.draw != "" {
			*grow = grown
		}
		if s.grow, err = numbers(*grow); err == nil {
			err = compare(ctx, s, out, errOut)
		}
	}
	if err != nil {
		fmt.Fprintln(errOut, "benchhub:", err)
		return 1
	}
	return 0
}

func numbers(list string) (out []int, err error) {
	for word := range strings.SplitSeq(list, ",") {
		if word == "" {
			continue
		}
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("-grow: %w", err)
		}
		out = append(out, n)
	}
	return out, nil
}

func (s settings) check() error {
	for _, n := range append([]int{s.n}, s.grow...) {
		if n < 1 || n > maxClients {
			return fmt.Errorf("%d clients are not between 1 and %d", n, maxClients)
		}
	}
	if s.each < 1 || s.each > maxEach {
		return fmt.Errorf("%d clients a process are not between 1 and %d", s.each, maxEach)
	}
	for _, name := range s.only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no %q; there are: %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func compare(ctx context.Context, s settings, out, errOut io.Writer) error {
	if err := s.check(); err != nil {
		return err
	}
	var all []figure
	var failed error
	for _, name := range names {
		if !slices.Contains(s.only, name) {
			continue
		}
		for _, n := range s.sizes(name) {
			begun := time.Now()
			figures, err := s.measure(ctx, name, n)
			if err != nil { // the others are worth having
				failed = errors.Join(failed, err)
				fmt.Fprintln(errOut, "#", err)
				continue
			}
			figures = judged(name, n, figures, all)
			all = append(all, figures...)
			fmt.Fprintf(errOut, "# %s, %d clients: %.0f s, load %s\n", name, n, time.Since(begun).Seconds(), load())
			if !s.asJSON {
				if err := printTable(out, figures); err != nil {
					return err
				}
			}
		}
	}
	if s.draw != "" {
		if err := drawAll(s.draw, all); err != nil {
			return err
		}
	}
	rest := slopes(all)
	if s.asJSON {
		return errors.Join(failed, printJSON(out, append(all, rest...)))
	}
	return errors.Join(failed, printTable(out, rest))
}

// sizes are the numbers of clients that a server is given.
func (s settings) sizes(name string) []int {
	switch name {
	case "ours", "whole":
		return slices.Sorted(slices.Values(append([]int{s.n}, s.grow...)))
	}
	return []int{s.n}
}

// load is the machine's over the last minute.
func load() string {
	data, _ := os.ReadFile("/proc/loadavg") // where it cannot be read nothing is said
	first, _, _ := strings.Cut(string(data), " ")
	return first
}

// files has this process open as many as it may.
func files() error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
