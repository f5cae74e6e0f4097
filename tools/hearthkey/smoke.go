package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

type smokeCmd struct {
	Keep  bool   `help:"Keep the folder with everything that the tour made."`
	Agent string `help:"Command that runs the agent instead of the program beside this one, e.g. an emulator and a program for another processor."`
	Slow  int    `help:"How many times longer everything may take, e.g. under an emulator." default:"1"`
}

// tour is one run of the smoke tour.
type tour struct {
	out     io.Writer
	bin     string
	dir     string
	agent   []string
	slow    time.Duration // how many times longer everything may take
	home    *household.Home
	owner   *drive.Account
	browser *drive.Browser
	tv      [2]*drive.TV
	steps   int
}

// Run goes through the tour and says what held.
func (c smokeCmd) Run(ctx context.Context, t terminal) error {
	ctx, cancel := drive.Timeout(ctx, time.Duration(c.Slow)*time.Minute)
	defer cancel()
	bin, err := programs()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "hearthkey-smoke-")
	if err != nil {
		return err
	}
	defer func() {
		if c.Keep {
			fmt.Fprintln(t.out, "kept:", dir)
			return
		}
		_ = os.RemoveAll(dir) // a temporary folder: the system tidies it too
	}()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s := &tour{out: t.out, bin: bin, dir: dir, agent: strings.Fields(c.Agent), slow: time.Duration(c.Slow)}
	err = s.run(ctx, log)
	if s.home != nil {
		if stopErr := s.home.Stop(); err == nil {
			err = stopErr
		}
	}
	if err != nil {
		if said, readErr := os.ReadFile(log.Name()); readErr == nil {
			fmt.Fprintf(t.err, "%s\n", said[max(0, len(said)-8<<10):])
		}
		return err
	}
	fmt.Fprintf(t.out, "smoke: %d steps, all held\n", s.steps)
	return nil
}

// run does the steps in order until one does not hold.
func (s *tour) run(ctx context.Context, log io.Writer) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"server and two TVs start", func(ctx context.Context) error { return s.start(ctx, log) }},
		{"sign up with the code from the mail, three profiles, one with a PIN", s.signUp},
		{"living-room TV signs in with the code on its screen", s.signInTV(0)},
		{"bedroom TV signs in with the code on its screen", s.signInTV(1)},
		{"a used user code is refused", s.usedCode},
		{"sign in to the account page: it shows both TVs", s.openPage},
		{"gate: a wrong PIN is refused, the right one opens home", s.pin},
		{"home, menu, Settings, Sign out asks first, and No changes nothing", s.menu},
		{"key sequence from home opens its four choices; Check network is fine", s.checkNetwork},
		{"Start over returns to the gate, still signed in", s.startOver},
		{"a PIN changed on the account is in force on the TV within 1 s", s.newPIN},
		{"sign one TV out: it erases, and its receipt arrives", s.signOutOne},
		{"the receipt verifies without the server, a forged one does not", s.receipt},
		{"the bedroom TV signs in again: email, password and code typed on its screen", s.typeIn(1)},
		{"unplugged TV shows its bound after sign-out everywhere; the other confirms", s.everywhere},
		{"server restarts (kill -9): the account page still shows both", s.restart},
		{"plugged in again, the TV confirms and shows no profile", s.plugIn},
		{"both TVs sign in again", s.bothAgain},
		{"without a server, a TV restarts into the gate and checks a PIN", s.offline},
		{"deactivate: the TV erases its identity and proves it", s.deactivate},
		{"Settings, Sign out, Yes at the TV: the account hears of it", s.signOutHere},
		{"the outbox has a mail for what happened", s.outbox},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", s.steps+1, step.what, err)
		}
		s.steps++
		fmt.Fprintf(s.out, "%2d  %-76s %6d ms\n", s.steps, step.what, time.Since(began).Milliseconds())
	}
	return nil
}

func (s *tour) start(ctx context.Context, log io.Writer) (err error) {
	plan := household.Plan{Bin: s.bin, Agent: s.agent, Data: s.dir, Log: log}
	for _, port := range []*int{&plan.ServerPort, &plan.TVPorts[0], &plan.TVPorts[1]} {
		if *port, err = drive.FreePort(max(18000+os.Getpid()%500*4, plan.After())); err != nil {
			return err
		}
	}
	if s.home, err = household.Start(ctx, plan); err != nil {
		return err
	}
	for i := range s.tv {
		if s.tv[i], err = drive.Attach(ctx, plan.ScreenAddr(i)); err != nil {
			return err
		}
	}
	return nil
}

// attach takes the remote control of TV i anew, after its process was started.
func (s *tour) attach(ctx context.Context, i int) (err error) {
	s.tv[i].Close()
	s.tv[i], err = drive.Attach(ctx, s.home.Plan.ScreenAddr(i))
	return err
}

// tvName is the name of TV i on the account page.
func tvName(i int) string { return household.Names[i] }
