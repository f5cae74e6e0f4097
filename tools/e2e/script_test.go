package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hearthkey/hearthkey/tools/drive"
)

// TestScripts runs the scripts of testdata. Besides testscript's own commands
// they have those of this file (programs), tvcmds_test.go and ownercmds_test.go (TVs and accounts),
// diskcmds_test.go (files and file systems) and operatorcmds_test.go.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", binDir+":"+env.Getenv("PATH"))
			s := &scene{procs: map[string]*drive.Process{}, tvs: map[string]*drive.TV{}, mounts: map[string]string{}}
			env.Values[sceneKey{}] = s
			env.Defer(s.tearDown)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: commands,
	})
}

// commands are the scripts' own. Each that waits does so for a minute.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"port":    cmdPort,
	"status":  cmdStatus,
	"start":   cmdStart,
	"says":    cmdSays,
	"end":     cmdEnd,
	"kill9":   cmdKill,
	"ended":   cmdEnded,
	"answers": cmdAnswers,

	"household":  cmdHousehold,
	"tv":         cmdTV,
	"press":      cmdPress,
	"digits":     cmdDigits,
	"shows":      cmdShows,
	"ask-pin":    cmdAskPIN,
	"sign-in":    cmdSignIn,
	"approve":    cmdApprove,
	"code":       cmdCode,
	"device":     cmdDevice,
	"devices":    cmdDevices,
	"sign-out":   cmdSignOut,
	"set-pin":    cmdSetPIN,
	"rename-one": cmdRenameOne,
	"proof":      cmdProof,
	"forge":      cmdForge,

	"owner":      cmdOwner,
	"deactivate": cmdDeactivate,
	"end-date":   cmdEndDate,
	"mailed":     cmdMailed,
	"names":      cmdNames,
	"absent":     cmdAbsent,
	"epoch":      cmdWaitEpoch,

	"garble":       cmdGarble,
	"newer-schema": cmdNewerSchema,
	"tmpfs":        cmdTmpfs,
	"read-only":    cmdReadOnly,
	"fill":         cmdFill,
	"make-room":    cmdMakeRoom,

	"enters-by": cmdEntersBy,
	"hash":      cmdHash,
}

// scene is what a script has running. Scripts run in parallel, each with a
// scene of its own.
type scene struct {
	procs  map[string]*drive.Process
	order  []*drive.Process
	tvs    map[string]*drive.TV
	owner  *drive.Account
	mounts map[string]string // name in the script → folder
}

type sceneKey struct{}

func sceneOf(ts *testscript.TestScript) *scene { return ts.Value(sceneKey{}).(*scene) }

func (s *scene) tearDown() {
	for _, tv := range s.tvs {
		tv.Close()
	}
	for _, p := range s.order {
		_ = p.Stop(20 * time.Second) // not Kill: "hearthkey run" has children to end
	}
	for _, dir := range s.mounts {
		_ = syscall.Unmount(dir, syscall.MNT_DETACH) // it goes with the machine at the latest
	}
}

// need stops a script whose command is used in a way that it does not have.
func need(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func waiting() (context.Context, context.CancelFunc) {
	return drive.Timeout(context.Background(), patience)
}

// cmdPort sets variables to ports that nothing listens on.
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "port NAME…")
	for _, name := range args {
		port, err := freePort()
		ts.Check(err)
		ts.Setenv(name, strconv.Itoa(port))
	}
}

// cmdStatus runs a program that must end with this exit status.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "status NUMBER PROGRAM [ARGUMENT…]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d; stdout:\n%s\nstderr:\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// cmdStart starts a program under a name; what it prints is in NAME.log too.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 1, "start NAME PROGRAM [ARGUMENT…]")
	s, name := sceneOf(ts), args[0]
	log, err := os.OpenFile(ts.MkAbs(name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	ts.Defer(func() { log.Close() })
	args = append([]string(nil), args[1:]...)
	for i, a := range args[1:] {
		if strings.HasPrefix(a, "./") { // the programs run in another folder
			args[i+1] = ts.MkAbs(a)
		}
	}
	p, err := drive.Start(name, program(args[0]), args[1:], nil, log)
	ts.Check(err)
	s.procs[name] = p
	s.order = append(s.order, p)
}

func proc(ts *testscript.TestScript, name string) *drive.Process {
	p := sceneOf(ts).procs[name]
	if p == nil {
		ts.Fatalf("nothing was started as %q", name)
	}
	return p
}

// cmdSays waits until a program has printed what a pattern matches. Negated, it
// looks at once, at the newest 8 KiB.
func cmdSays(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 2, "[!] says NAME PATTERN")
	p, want := proc(ts, args[0]), pattern(ts, args[1])
	if neg {
		if want.MatchString(p.Said()) {
			ts.Fatalf("%s said %s:\n%s", p.Name, want, p.Said())
		}
		return
	}
	ctx, cancel := waiting()
	defer cancel()
	ts.Check(drive.Poll(ctx, func() error {
		if want.MatchString(p.Said()) {
			return nil
		}
		return fmt.Errorf("%s did not say %s; it said:\n%s", p.Name, want, p.Said())
	}))
}

func pattern(ts *testscript.TestScript, text string) *regexp.Regexp {
	re, err := regexp.Compile("(?m)" + text)
	ts.Check(err)
	return re
}

// cmdEnd asks a program to end, by SIGTERM or as Ctrl-C does, and waits. It
// must end with this status.
func cmdEnd(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) >= 1 && len(args) <= 3, "end NAME [TERM|INT [STATUS]]")
	p, want := proc(ts, args[0]), "0"
	sig := syscall.SIGTERM
	if len(args) > 1 && args[1] == "INT" {
		sig = syscall.SIGINT
	}
	if len(args) > 2 {
		want = args[2]
	}
	p.Signal(sig)
	cmdEnded(ts, false, []string{args[0], want})
}

// cmdKill pulls a plug.
func cmdKill(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "kill9 NAME")
	proc(ts, args[0]).Kill()
}

// cmdEnded waits until a program has ended with this status. Negated, it must
// still run.
func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 2 || neg && len(args) == 1, "[!] ended NAME STATUS")
	p := proc(ts, args[0])
	if neg {
		select {
		case <-p.Done():
			ts.Check(p.Ended())
		default:
		}
		return
	}
	ctx, cancel := waiting()
	defer cancel()
	got, err := p.Wait(ctx)
	ts.Check(err)
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s ended with %d, want %s; it said:\n%s", p.Name, got, args[1], p.Said())
	}
}

// cmdAnswers waits until an address answers with this HTTP status.
func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "answers URL STATUS")
	ctx, cancel := waiting()
	defer cancel()
	ts.Check(drive.Poll(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
		if err != nil {
			return err
		}
		resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if strconv.Itoa(resp.StatusCode) != args[1] {
			return fmt.Errorf("%s answers %s", args[0], resp.Status)
		}
		return nil
	}))
}
