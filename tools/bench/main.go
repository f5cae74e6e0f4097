// Command bench measures the figures that the product holds itself to, each
// beside a reference measured in the same run: the least that the same work
// costs on this machine without us. A run prints one line a figure,
//
//	name value unit reference ratio target ok|short
//
// where ratio is value to reference, and a target is of the value, or of the
// ratio where an x stands behind it. A "-" is what does not apply.
//
// Machines and their neighbours differ: rounds alternate between us and the
// reference, rates and start times are medians, and what counts across machines
// is the ratio. Sizes and memory are absolute.
//
// It builds the real programs into a temporary folder and runs them on
// loopback. It ends with 0 when it has measured, whether or not targets are
// reached, 1 when it could not, 2 for wrong arguments.
//
// One goroutine runs one measurement after another. The tests run the quick
// ones.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// limit bounds a whole run.
const limit = 10 * time.Minute

// measurements are what there is to measure, in order. Each gives the figures
// whose names begin with its own.
var measurements = []struct {
	name    string
	measure func(context.Context, *shop) ([]Figure, error)
	browser bool // it needs one, and is measured only where it is asked for
}{
	{name: "keys", measure: measureKeys},
	{name: "pin", measure: measurePIN},
	{name: "pincost", measure: measurePINCost},
	{name: "start", measure: measureStart},
	{name: "agent", measure: measureAgent},
	{name: "box", measure: measureBox},
	{name: "commits", measure: measureCommits},
	{name: "postgres", measure: measurePostgres},
	{name: "passwords", measure: measurePasswords},
	{name: "page", measure: measurePage},
	{name: "signout", measure: measureSignOut},
	{name: "hub", measure: measureHub},
	{name: "ui", measure: measureUI, browser: true},
	{name: "lighthouse", measure: measureLighthouse, browser: true},
}

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errOut)
	asJSON := flags.Bool("json", false, "print a JSON array instead")
	only := flags.String("only", "", "measure only `name`: a measurement, or one of its figures")
	quick := flags.Bool("quick", false, "few rounds: to see that it works, not for figures")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	wanted := selected(*only)
	if len(wanted) == 0 || flags.NArg() > 0 {
		fmt.Fprintf(errOut, "bench: there is no %q; there are: %s\n", strings.Join(append(flags.Args(), *only), " "), strings.Join(selected(""), ", "))
		return 2
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s", limit))
	defer cancel()
	if err := measureAll(ctx, wanted, *only, *quick, *asJSON, out, errOut); err != nil {
		fmt.Fprintln(errOut, "bench:", err)
		return 1
	}
	return 0
}

// selected returns the measurements that only names; empty for all.
func selected(only string) []string {
	var out []string
	for _, m := range measurements {
		if only == "" && !m.browser || only == m.name || strings.HasPrefix(only, m.name+".") {
			out = append(out, m.name)
		}
	}
	return out
}

func measureAll(ctx context.Context, wanted []string, only string, quick, asJSON bool, out, errOut io.Writer) (err error) {
	s, err := newShop(quick)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var all []Figure
	for _, m := range measurements {
		if !slices.Contains(wanted, m.name) {
			continue
		}
		begun := time.Now()
		figures, err := m.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(errOut, "# %s took %.1f s%s\n", m.name, time.Since(begun).Seconds(), crowd())
		figures = matching(figures, only)
		all = append(all, figures...)
		if !asJSON {
			if err := printFigures(out, figures); err != nil {
				return err
			}
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no figure %q", only)
	}
	if asJSON {
		return printJSON(out, all)
	}
	return nil
}

// crowd says how busy the machine is, where it is busier than with a run alone:
// then times, and tails above all, tell more of the neighbours than of us.
func crowd() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	var load float64
	if _, err := fmt.Sscan(string(data), &load); err != nil || load < 1.5*float64(runtime.NumCPU()) {
		return ""
	}
	return fmt.Sprintf("; load %.1f on %d cores: times are not to be trusted", load, runtime.NumCPU())
}

// matching leaves out what was not asked for.
func matching(figures []Figure, only string) []Figure {
	if !strings.Contains(only, ".") {
		return figures
	}
	var out []Figure
	for _, f := range figures {
		if f.Name == only {
			out = append(out, f)
		}
	}
	return out
}
