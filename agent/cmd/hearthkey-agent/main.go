// Command hearthkey-agent is Hearthkey on a TV as a process of its own. All it
// does is to read flags and run package agent until it is told to end.
// "hearthkey-agent reset -data FOLDER" makes the TV as new instead, and ends.
//
// It exits with 0 after SIGTERM or Ctrl-C, 1 when it cannot start or go on, and
// 78 for wrong flags, after which starting it again is of no use. It is not 2, which
// is how Go's runtime ends a program that crashed or was told to abort.
package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/hearthkey/hearthkey/agent"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/agent/local"
	"github.com/hearthkey/hearthkey/agent/screen"
	"github.com/hearthkey/hearthkey/agent/vault"
	"github.com/hearthkey/hearthkey/supervise"
)

// wrongSettings is sysexits.h's EX_CONFIG: package doc says why.
const wrongSettings = 78

// version names the source this program was built from; the linker sets it.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, getenv func(string) string, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == "reset" {
		return reset(args[1:], getenv, out, errOut)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &agent.Agent{Build: version}
	var api localFlags
	var keys inputFlags
	flags := flag.NewFlagSet("hearthkey-agent", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&a.Server, "server", getenv("HEARTHKEY_SERVER"), "the server's `URL`, wss:// (ws:// only to this machine)")
	flags.Func("service", "`id,name,URL` of a service to choose before signing in, instead of -server; may be repeated", func(v string) error {
		part := strings.SplitN(v, ",", 3)
		if len(part) != 3 {
			return errors.New("want id,name,URL")
		}
		a.Services = append(a.Services, agent.Service{ID: part[0], Name: part[1], Server: part[2]})
		return nil
	})
	flags.StringVar(&a.Dir, "data", getenv("HEARTHKEY_DATA"), "`folder` for what this TV keeps")
	flags.StringVar(&a.Name, "name", "TV", "what the owner reads in the list of devices")
	flags.StringVar(&a.Model, "model", "", "the box's model")
	flags.StringVar(&a.Kind, "kind", "tv", "tv, box or stick")
	flags.StringVar(&a.Language, "language", "", "`tag` (BCP 47: en, es, de, ar) of the screens until a profile is in use; the household's if empty")
	flags.StringVar(&a.Screen, "screen", "", "loopback `host:port` of the page that the box's browser shows; none if empty")
	ca := flags.String("ca", "", "PEM `file` of who may vouch for the server; the system's list if empty")
	api.add(flags, a)
	keys.add(flags, a)
	addLAN(flags, a)
	jsonLog := flags.Bool("json-log", false, "log as JSON lines")
	showVersion := flags.Bool("version", false, "print the version and end")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return wrongSettings
	}
	if *showVersion {
		fmt.Fprintln(out, "hearthkey-agent", version)
		return 0
	}
	smallMemory(getenv)
	a.Log = logger(errOut, *jsonLog)
	if err := errors.Join(pinCA(a, *ca), api.use(a, cancel), keys.use(a)); err != nil {
		fmt.Fprintln(errOut, "hearthkey-agent:", err)
		return 1
	}
	if err := serve(ctx, a, supervise.From(getenv), out); err != nil {
		fmt.Fprintln(errOut, "hearthkey-agent:", advice(err, a))
		if errors.Is(err, agent.ErrSettings) {
			return wrongSettings
		}
		return 1
	}
	return 0
}

func serve(ctx context.Context, a *agent.Agent, manager supervise.Manager, out io.Writer) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	if url := a.ScreenURL(); url != "" {
		fmt.Fprintln(out, "screen:", url)
	}
	if url := a.LocalURL(); url != "" {
		fmt.Fprintln(out, "local:", url)
	}
	if addr := a.LANAddr(); addr != "" {
		fmt.Fprintln(out, "lan:", addr)
	}
	watched := watch(ctx, a, manager)
	<-ctx.Done()
	watched()
	return a.Close()
}

// watch tells the service manager that the agent is ready, and as long as its core
// answers that it is alive. What it returns says that the agent ends, and waits.
func watch(ctx context.Context, a *agent.Agent, manager supervise.Manager) (end func()) {
	manager.Ready()
	var done sync.WaitGroup
	done.Go(func() {
		manager.Watch(ctx, func(context.Context) error { _, err := a.Status(); return err })
	})
	return func() { manager.Stopping(); done.Wait() }
}

// smallMemory makes the runtime fit a set-top box, unless its environment says
// otherwise.
func smallMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(16 << 20)
	}
}

func logger(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

func pinCA(a *agent.Agent, path string) error {
	if path == "" {
		return nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read -ca: %w", err)
	}
	a.CA = x509.NewCertPool()
	if !a.CA.AppendCertsFromPEM(pem) {
		return fmt.Errorf("no certificate in %s", path)
	}
	return nil
}

// advice says what to do about an error that an integrator can mend.
func advice(err error, a *agent.Agent) error {
	switch {
	case errors.Is(err, vault.ErrInUse):
		return fmt.Errorf("%w\nAnother agent uses %s. End it, or give this one a folder of its own with -data", err, a.Dir)
	case errors.Is(err, local.ErrInUse):
		return fmt.Errorf("%w\nGive the local API another place with -local or -local-web", err)
	case errors.Is(err, local.ErrListen):
		return fmt.Errorf("%w\nThis agent must be able to make -local, in a folder that is there, and to take the port of -local-web", err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w\nThe disk is full, and this TV has nothing on it yet. Make room for 2 MB in %s", err, a.Dir)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w\nThis TV must be able to write to %s. Give it a folder of its own with -data", err, a.Dir)
	case errors.Is(err, remote.ErrPortInUse):
		return fmt.Errorf("%w\nGive remote controls another port with -lan", err)
	case errors.Is(err, screen.ErrPortInUse):
		return fmt.Errorf("%w\nGive the screen another port with -screen", err)
	}
	return err
}
