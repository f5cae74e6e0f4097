// Command fuzz runs every fuzz target that there is, so that none is forgotten: it looks
// for them in the source, builds each package's tests once, and gives each target its
// time, one after another on all processors.
//
//	go run ./tools/fuzz -each 10m     ten minutes for each
//	go run ./tools/fuzz -total 60s    so much for all of them together, with what is found kept
//	go run ./tools/fuzz -list         what there is
//
// What crashes one is written to its testdata/fuzz, and every later "go test" tries it
// again. Inputs that reach new code are kept in the build cache, so that runs go on
// where others ended.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	each := flags.Duration("each", 10*time.Second, "`time` for each target")
	total := flags.Duration("total", 0, "`time` for all of them together, instead of -each")
	only := flags.String("only", "", "part of the `name` of a folder or target")
	list := flags.Bool("list", false, "list the targets, and run none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, err := Find(".", *only)
	if err != nil {
		return err
	}
	n := 0
	for _, p := range all {
		n += len(p.Names)
		for _, name := range p.Names {
			if *list {
				fmt.Fprintln(out, p.Dir, name)
			}
		}
	}
	if *list || n == 0 {
		_, err := fmt.Fprintln(out, n, "targets")
		return err
	}
	if *total > 0 {
		*each = max(*total/time.Duration(n), 100*time.Millisecond)
	}
	dir, err := os.MkdirTemp("", "fuzz-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var failed []error
	for _, p := range all {
		failed = append(failed, p.run(ctx, filepath.Join(dir, "tests"), *each, out))
	}
	fmt.Fprintf(out, "%d targets, %v each\n", n, *each)
	return errors.Join(failed...)
}

// Targets are the fuzz targets of a folder.
type Targets struct {
	Dir   string
	Names []string
}

// Find returns the targets below a folder whose folder or name contains a word.
func Find(root, only string) (all []Targets, err error) {
	by := map[string][]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") && strings.Contains(path+" "+fn.Name.Name, only) {
				dir := filepath.Dir(path)
				by[dir] = append(by[dir], fn.Name.Name)
			}
		}
		return nil
	})
	for dir, names := range by {
		slices.Sort(names)
		all = append(all, Targets{dir, names})
	}
	slices.SortFunc(all, func(a, b Targets) int { return strings.Compare(a.Dir, b.Dir) })
	return all, err
}

// run fuzzes each of a folder's targets. It goes on after one that fails.
func (p Targets) run(ctx context.Context, program string, each time.Duration, out io.Writer) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-fuzz", "^Fuzz", "-o", program, "./"+p.Dir)
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.Dir, err, text)
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range p.Names {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.fuzz", "^"+name+"$", "-test.fuzztime", each.String(),
			"-test.fuzzcachedir", filepath.Join(strings.TrimSpace(string(cache)), "fuzz", "hearthkey", p.Dir))
		cmd.Dir = p.Dir
		text, err := cmd.CombinedOutput()
		fmt.Fprintf(out, "%-34s %-22s %s\n", p.Dir, name, last(string(text)))
		if err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w:\n%s", p.Dir, name, err, text))
		}
	}
	return errors.Join(failed...)
}

// last is the last progress that a target told.
func last(text string) string {
	said := "no progress told"
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "fuzz: ") {
			said = strings.TrimSpace(strings.TrimPrefix(line, "fuzz: "))
		}
	}
	return said
}
