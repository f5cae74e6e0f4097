// Command box builds the programs for a box, and tells what they are made of.
//
//	go run ./tools/box build -arch armv7 -out bin/hearthkey-agent-linux-armv7
//	go run ./tools/box sizes                  # bytes by package, of the armv7 agent
//	go run ./tools/box packages > tools/boxbuild/testdata/packages.txt
//	go run ./tools/box modfile bin            # bin/box.mod, for go's -modfile
//
// It exits with 0, 1 where something could not be done, and 2 for wrong arguments.
// What it does is in package boxbuild, and tested there.
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
	"strings"
	"syscall"

	"github.com/hearthkey/hearthkey/tools/boxbuild"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errUsage is returned for arguments that are none.
var errUsage = errors.New("usage: box build|sizes|packages|modfile; -h behind it for more")

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	err := do(ctx, args, out, errOut)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(errOut, err)
		return 2
	}
	fmt.Fprintln(errOut, "box:", err)
	return 1
}

func do(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	p := boxbuild.Program{Package: boxbuild.Agent, Arch: boxbuild.ARMv7}
	flags := flag.NewFlagSet("box "+args[0], flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Func("arch", "`processor`: armv7 (usual), arm64, amd64, 386, armv6", func(v string) error { p.Arch = boxbuild.Arch(v); return nil })
	flags.StringVar(&p.Package, "package", p.Package, "`package` to build")
	flags.StringVar(&p.Out, "out", "", "`file` to write")
	flags.StringVar(&p.Version, "version", "dev", "what the program says of itself")
	flags.StringVar(&p.Mode, "mode", "", "c-archive or c-shared; a program if empty")
	flags.StringVar(&p.CC, "cc", "gcc", "the C `compiler` for -mode")
	if err := flags.Parse(args[1:]); err != nil {
		return errors.Join(errUsage, err)
	}
	switch args[0] {
	case "build":
		if p.Out == "" {
			return fmt.Errorf("%w: -out is missing", errUsage)
		}
		return boxbuild.Build(ctx, p)
	case "sizes":
		return sizes(ctx, p, out)
	case "packages":
		list, err := boxbuild.Foreign(ctx, ".", p.Package)
		fmt.Fprintln(out, strings.Join(list, "\n"))
		return err
	case "modfile":
		if flags.NArg() != 1 {
			return fmt.Errorf("%w: modfile FOLDER", errUsage)
		}
		_, err := boxbuild.Modfile(ctx, ".", flags.Arg(0))
		return err
	}
	return errUsage
}

// sizes builds a program with symbols and prints where its bytes are.
func sizes(ctx context.Context, p boxbuild.Program, out io.Writer) error {
	dir, err := os.MkdirTemp("", "box-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p.Out, p.Symbols = filepath.Join(dir, "program"), true
	if err := boxbuild.Build(ctx, p); err != nil {
		return err
	}
	report, err := boxbuild.Sizes(p.Out)
	if err != nil {
		return err
	}
	fmt.Fprint(out, report)
	return nil
}
