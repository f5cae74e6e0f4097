//go:build linux

// Command benchhub puts the same work on our hub and on others, each in a process of its
// own, and prints the figures side by side:
//
//	name value unit reference ratio
//
// The work is N WebSocket clients on loopback, idle; one message of 256 bytes to all of
// them; and messages to one of them. The servers are
//
//   - ours: server/hub with its registry on server/hub/poller, epoll;
//   - portable: the same with a goroutine for each client;
//   - nats: nats-server's WebSocket listener, built from its module, a subject each;
//   - usual: gorilla/websocket with two goroutines and a channel for each, as in its
//     examples; the reference of the ratios;
//   - floor: an epoll server without a library, which knows just enough to answer.
//
// No server has a database behind it, and none checks who connects: this compares hubs,
// `make bench` measures the whole server.
//
// It runs on Linux only. The parent's clients are one goroutine each; a server's process
// takes commands on its input. The tests run it with few clients.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// names of the servers, in the order of a run. The reference comes first.
var names = []string{reference, "nats", "portable", "ours", "floor"}

const reference = "usual"

// maxClients is bounded by the ports of loopback.
const maxClients = 20_000

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("benchhub", flag.ContinueOnError)
	flags.SetOutput(errOut)
	n := flags.Int("n", 5000, "how many `clients`")
	settle := flags.Duration("settle", 5*time.Second, "how long the clients are idle before memory is looked at")
	only := flags.String("only", strings.Join(names, ","), "which `servers`, with commas between them")
	asJSON := flags.Bool("json", false, "print a JSON array instead")
	figure := flags.String("plot", "", "draw this `figure` (settled, all, …) as SVG from the files given, which -json wrote, and measure nothing")
	serve := flags.String("serve", "", "be this server: for the command itself")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	var err error
	switch {
	case *serve != "":
		err = be(ctx, *serve, in, out)
	case *figure != "":
		err = plot(out, *figure, flags.Args())
	default:
		err = compare(ctx, *n, *settle, strings.Split(*only, ","), *asJSON, out, errOut)
	}
	if err != nil {
		fmt.Fprintln(errOut, "benchhub:", err)
		return 1
	}
	return 0
}

// figure is one number of one server.
type figure struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Reference float64 `json:"reference,omitempty"` // the same of the usual pattern
}

func compare(ctx context.Context, n int, settle time.Duration, wanted []string, asJSON bool, out, errOut io.Writer) error {
	if n < 1 || n > maxClients {
		return fmt.Errorf("-n %d is not between 1 and %d", n, maxClients)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no %q; there are: %s", name, strings.Join(names, ", "))
		}
	}
	if err := files(n); err != nil {
		return err
	}
	var all []figure
	var base []figure
	for _, name := range names {
		if !slices.Contains(wanted, name) {
			continue
		}
		fmt.Fprintf(errOut, "# %s, %d clients\n", name, n)
		figures, err := measure(ctx, name, n, settle)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if name == reference {
			base = figures
		}
		for i, f := range figures {
			f.Name = fmt.Sprintf("%s.%s_%d", name, f.Name, n)
			if base != nil && name != reference {
				f.Reference = base[i].Value
			}
			all = append(all, f)
		}
	}
	if asJSON {
		return json.NewEncoder(out).Encode(all)
	}
	return table(out, all)
}

func table(out io.Writer, all []figure) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range all {
		ref, ratio := "-", "-"
		if f.Reference != 0 {
			ref, ratio = fmt.Sprintf("%.4g", f.Reference), fmt.Sprintf("%.3f", f.Value/f.Reference)
		}
		fmt.Fprintf(w, "%s\t%.4g\t%s\t%s\t%s\t\n", f.Name, f.Value, f.Unit, ref, ratio)
	}
	return w.Flush()
}

// files makes room for n sockets here and in each server.
func files(n int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	if need := uint64(n + 200); l.Max < need {
		return fmt.Errorf("%d open files are needed, the limit is %d: raise it with ulimit -n, or take fewer clients", need, l.Max)
	}
	l.Cur = l.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
