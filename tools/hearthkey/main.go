// Command hearthkey is the toolbox around the two programs: it runs a demo
// household on one machine, draws a TV in the terminal, checks receipts without
// the server, and puts load on a server. It has no state of its own.
//
// Run it without arguments for the list of its commands. It exits with 0 when
// what was asked held, 1 when it did not, and 2 when the arguments are wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version names the source this program was built from; the linker sets it.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands are the subcommands.
type commands struct {
	Run           runCmd           `cmd:"" help:"Start the server and two TVs with a demo household on this machine."`
	TV            tvCmd            `cmd:"" name:"tv" help:"Draw a running TV in this terminal and be its remote control."`
	Remote        remoteCmd        `cmd:"" help:"Be the remote control of a TV on this network."`
	Discover      discoverCmd      `cmd:"" help:"List the TVs on this network."`
	Launch        launchCmd        `cmd:"" help:"Ask a running TV for a title, as another app of the box does."`
	Smoke         smokeCmd         `cmd:"" help:"Go through the whole tour in separate processes and say what held."`
	VerifyReceipt verifyReceiptCmd `cmd:"" help:"Check a device's signed receipt without the server."`
	VerifyReports verifyReportsCmd `cmd:"" help:"Check a stolen device's signed reports without the server."`
	Loadtest      loadtestCmd      `cmd:"" help:"Put the load of many simulated TVs on a server of this machine."`
	Version       versionCmd       `cmd:"" help:"Print the version."`
}

// terminal is what a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

type versionCmd struct{}

func (versionCmd) Run(t terminal) error {
	_, err := fmt.Fprintln(t.out, "hearthkey", version)
	return err
}

// exitCode is what kong calls to end early, as for --help.
type exitCode int

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			c, ok := r.(exitCode)
			if !ok {
				panic(r)
			}
			code = int(c)
		}
	}()
	var c commands
	parser, err := kong.New(&c,
		kong.Name("hearthkey"),
		kong.Description("Tools for Hearthkey: try it, look at it, check it."),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(terminal{in, out, errOut}),
	)
	if err != nil {
		fmt.Fprintln(errOut, "hearthkey:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(errOut, "hearthkey: %v\nTry hearthkey --help.\n", err)
		return 2
	}
	err = parsed.Run()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 130 // as a shell says of Ctrl-C
	default:
		fmt.Fprintln(errOut, "hearthkey:", err)
		return 1
	}
}
