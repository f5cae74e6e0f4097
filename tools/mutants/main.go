package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// needed is which part of all mutants has to be noticed (R14).
const needed = 0.9

// longest is how long the tests may take over one mutant: an endless loop is noticed.
const longest = 3 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("only", "", "part of the `name` of a package, file or function")
	list := flags.Bool("list", false, "list the mutants, and try none")
	both := flags.Int("at-once", 2, "`number` of mutants that are tried at the same time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, err := collect(*only)
	if err != nil {
		return err
	}
	if *list {
		for _, m := range all {
			fmt.Fprintf(out, "%s:%d %s\n", m.File, m.Line, m.Key())
		}
		fmt.Fprintln(out, len(all), "mutants")
		return nil
	}
	equivalent, err := readEquivalent("tools/mutants/equivalent.txt")
	if err != nil {
		return err
	}
	return judge(try(ctx, all, equivalent, *both, out), out)
}

// listed is a mutant with the tests that it is for.
type listed struct {
	Mutant
	tests []string // arguments of "go test"
}

// collect returns the mutants of all targets whose names contain a word.
func collect(only string) (all []listed, err error) {
	for _, t := range targets {
		path := filepath.Join(t.Package, t.File)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := Mutants(path, src, t.in)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.Package = t.Package; strings.Contains(path+" "+m.Func, only) {
				all = append(all, listed{m, t.tests()})
			}
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there are no such mutants")
	}
	return all, nil
}

// fate is what became of a mutant.
type fate int

const (
	killed      fate = iota // a test failed, or did not end
	survived                // all tests pass
	invalid                 // it does not compile
	unnoticed               // it is listed as equivalent
	interrupted             // nobody waited for it
)

// try runs the tests over every mutant, some at the same time, and counts the fates.
func try(ctx context.Context, all []listed, equivalent map[string]bool, both int, out io.Writer) map[fate]int {
	counts := map[fate]int{}
	var mu sync.Mutex // guards counts and out
	var workers sync.WaitGroup
	next := make(chan listed)
	for range both {
		workers.Go(func() {
			for m := range next {
				f := unnoticed
				if !equivalent[m.Key()] {
					f = one(ctx, m)
				}
				mu.Lock()
				if counts[f]++; f == survived {
					fmt.Fprintf(out, "survived: %s:%d %s\n", m.File, m.Line, m.Key())
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		next <- m
	}
	close(next)
	workers.Wait()
	return counts
}

// one runs the tests of a package with a mutant in it.
func one(ctx context.Context, m listed) fate {
	dir, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return interrupted
	}
	defer os.RemoveAll(dir)
	if err := write(dir, m.Mutant); err != nil {
		return interrupted
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	args := append([]string{"test", "-count=1", "-failfast", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(dir, "overlay.json")}, m.tests...)
	output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return interrupted
	case strings.Contains(string(output), "[build failed]") || strings.Contains(string(output), "[setup failed]"):
		return invalid
	case err == nil:
		return survived
	}
	return killed
}

// write puts the changed file, and what tells the go command of it, into a folder.
func write(dir string, m Mutant) error {
	src, err := os.ReadFile(m.File)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(m.File)
	if err != nil {
		return err
	}
	changed := filepath.Join(dir, filepath.Base(m.File))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(changed, m.apply(src), 0o600), os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
}

// readEquivalent reads the mutants that no test can notice: one a line, each under the
// comment that says why.
func readEquivalent(path string) (map[string]bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out, why := map[string]bool{}, false
	for in := bufio.NewScanner(file); in.Scan(); {
		line := strings.TrimSpace(in.Text())
		switch {
		case line == "":
			why = false
		case strings.HasPrefix(line, "#"):
			why = true
		case !why:
			return nil, fmt.Errorf("%s: there is no reason for %q", path, line)
		default:
			out[line] = true
		}
	}
	return out, nil
}

// judge prints the sum. Mutants that are listed as equivalent do not count.
func judge(counts map[fate]int, out io.Writer) error {
	noticed := float64(counts[killed]) / float64(max(1, counts[killed]+counts[survived]))
	fmt.Fprintf(out, "%d mutants killed, %d survived: %.1f %%; %d are equivalent, %d do not compile\n",
		counts[killed], counts[survived], 100*noticed, counts[unnoticed], counts[invalid])
	switch {
	case counts[interrupted] > 0:
		return fmt.Errorf("%d mutants were not tried", counts[interrupted])
	case noticed < needed:
		return fmt.Errorf("fewer than %.0f %% are killed", 100*needed)
	}
	return nil
}
