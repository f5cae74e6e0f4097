package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

var roundsFlag = flag.Int("rounds", 1, "`number` of times that each part is broken")

// converges is within what every TV and page must agree again (R10).
const converges = 30 * time.Second

// street is a cluster with a household of three TVs, and an owner whose every request
// goes to another node.
type street struct {
	*Cluster
	t     *testing.T
	ctx   context.Context
	owner *drive.Account
	tvs   []*drive.TV
}

// open builds the programs and starts everything.
func open(t *testing.T) *street {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	s := &street{t: t, ctx: ctx}
	bin := t.TempDir()
	build := exec.CommandContext(ctx, "go", "build", "-o", bin, "./server/cmd/hearthkey-server", "./agent/cmd/hearthkey-agent")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if kept, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s", kept[max(0, len(kept)-20_000):])
		}
		log.Close()
	})
	s.Cluster, err = Start(ctx, Plan{Bin: bin, Data: t.TempDir(), Log: log, Port: 9870})
	s.must(err)
	t.Cleanup(func() { s.must(s.Stop()) })
	each := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s.owner = &drive.Account{URL: s.URL(), Email: "anna@example.com", Client: each}
	s.must(s.owner.SignUp(ctx, household.Password))
	for i := range nodes {
		s.tvs = append(s.tvs, s.tv(i))
	}
	s.signInAll()
	return s
}

func (s *street) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// tv starts an agent whose connections the proxy spreads.
func (s *street) tv(i int) *drive.TV {
	s.t.Helper()
	port, err := drive.FreePort(9880 + 7*i)
	s.must(err)
	screen := "127.0.0.1:" + strconv.Itoa(port)
	p, err := drive.Start(fmt.Sprint("tv ", i), filepath.Join(s.plan.Bin, "hearthkey-agent"), []string{
		"-server", "ws://127.0.0.1:" + strconv.Itoa(s.Port()), "-data", filepath.Join(s.t.TempDir(), "tv"), "-name", fmt.Sprint("TV ", i+1), "-screen", screen,
	}, nil, s.plan.Log)
	s.must(err)
	s.t.Cleanup(func() { s.must(p.Stop(10 * time.Second)) })
	var tv *drive.TV
	s.must(drive.Poll(s.ctx, func() (err error) { tv, err = drive.Attach(s.ctx, screen); return err }))
	s.t.Cleanup(tv.Close)
	return tv
}

// signInAll signs in every TV, by a code that is asked for at one node and approved at
// another.
func (s *street) signInAll() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, converges)
	defer cancel()
	for i, tv := range s.tvs {
		s.must(drive.Poll(ctx, func() error { return welcome(ctx, tv) }))
		if err := household.SignInByCode(ctx, tv, s.owner); err != nil {
			s.t.Fatalf("sign in TV %d: %v", i+1, err)
		}
	}
	s.until("every TV online", func(d drive.Device) bool { return d.Online })
}

// welcome takes note, as somebody in front of the TV does, of who signed it out.
func welcome(ctx context.Context, tv *drive.TV) error {
	v, err := tv.Wait(ctx, "signed out", signedOut)
	if err != nil || v.Screen == nav.ScreenWelcome {
		return err
	}
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		return err
	}
	return errors.New("who signed it out is still shown")
}

func signedOut(v nav.View) bool {
	return v.Screen == nav.ScreenWelcome || v.Screen == nav.ScreenSignedOut
}

// until waits until every device of the owner's list is as ok says.
func (s *street) until(what string, ok func(drive.Device) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, converges)
	defer cancel()
	err := drive.Poll(ctx, func() error {
		list, err := s.owner.Devices(ctx)
		if err != nil {
			return err
		}
		if len(list) != len(s.tvs) {
			return fmt.Errorf("%d devices", len(list))
		}
		for _, d := range list {
			if !ok(d) {
				return fmt.Errorf("not yet %s: %+v", what, d)
			}
		}
		return nil
	})
	s.must(err)
}

// signOutAll is sign-out everywhere, asked again until somebody answers: every TV shows
// it, and proves it to the board, within the bound.
func (s *street) signOutAll(when string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, converges)
	defer cancel()
	asked := time.Now()
	s.must(drive.Poll(ctx, func() error { return s.owner.SignOutEverywhere(ctx) }))
	for i, tv := range s.tvs {
		if _, err := tv.Wait(ctx, "signed out", signedOut); err != nil {
			s.t.Fatalf("%s: TV %d is not signed out within %v: %v", when, i+1, converges, err)
		}
	}
	s.until("confirmed", func(d drive.Device) bool { return d.Status != "active" && !d.Confirmed.IsZero() })
	s.t.Logf("%s: signed out on every TV and confirmed after %v", when, time.Since(asked).Round(time.Millisecond))
}

// noNATS leaves the nodes to find by themselves what changed (R5).
func (s *street) noNATS() error {
	for i := range nodes {
		s.NATS.Kill(i)
	}
	return nil
}

func (s *street) allNATS() error {
	var errs []error
	for i := range nodes {
		errs = append(errs, s.NATS.Run(i))
	}
	return errors.Join(errs...)
}

// writer renames a profile again and again, at whichever node: what was acknowledged
// last must be there, or what was under way.
type writer struct {
	s            *street
	acked, asked atomic.Int64
	stop         context.CancelFunc
	done         sync.WaitGroup
}

func (s *street) write(profile drive.Profile) *writer {
	ctx, stop := context.WithCancel(s.ctx)
	w := &writer{s: s, stop: stop}
	owner := *s.owner // the writer's own token: nobody proves anything meanwhile
	w.done.Go(func() {
		for n := int64(1); ctx.Err() == nil; n++ {
			p := profile
			p.Name = fmt.Sprint("Mia ", n)
			w.asked.Store(n)
			one, cancel := context.WithTimeout(ctx, 10*time.Second)
			_, err := owner.SaveProfile(one, p)
			cancel()
			var refused *drive.Problem
			switch {
			case err == nil:
				w.acked.Store(n)
			case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
				s.t.Errorf("a change was put off: %v", err)
				return
			case errors.As(err, &refused) && refused.Status < 500:
				s.t.Errorf("a change was refused: %v", err)
				return
			}
		}
	})
	return w
}

// until waits until a count has grown by n.
func (w *writer) until(count *atomic.Int64, n int64) {
	w.s.t.Helper()
	ctx, cancel := context.WithTimeout(w.s.ctx, converges)
	defer cancel()
	want := count.Load() + n
	w.s.must(drive.Poll(ctx, func() error {
		if got := count.Load(); got < want {
			return fmt.Errorf("%d changes of %d", got, want)
		}
		return nil
	}))
}

func (w *writer) end() {
	w.s.t.Helper()
	w.stop()
	w.done.Wait()
	var list []drive.Profile
	w.s.must(drive.Poll(w.s.ctx, func() (err error) { list, err = w.s.owner.Profiles(w.s.ctx); return err }))
	for _, p := range list {
		var n int64
		if _, err := fmt.Sscanf(p.Name, "Mia %d", &n); err != nil {
			continue
		}
		if n < w.acked.Load() || n > w.asked.Load() || w.acked.Load() == 0 {
			w.s.t.Errorf("the profile is at %d; %d was acknowledged, %d asked for", n, w.acked.Load(), w.asked.Load())
		}
		w.s.t.Logf("%d changes acknowledged of %d", w.acked.Load(), w.asked.Load())
		return
	}
	w.s.t.Errorf("no profile was renamed: %+v", list)
}

// R10, D5: sign-out everywhere at one node reaches the TVs of all, whatever dies in the
// middle of it, and nothing that was acknowledged is lost.
func TestR10_ClusterLosesNothing(t *testing.T) {
	s := open(t)
	s.signOutAll("nothing broken")
	list, err := s.owner.Profiles(s.ctx)
	s.must(err)
	for round := range *roundsFlag {
		breaks := []struct {
			name     string
			down, up func() error
		}{
			{"a node killed", func() error { s.KillNode(round % nodes); return nil }, func() error { return s.StartNode(s.ctx, round%nodes) }},
			{"a NATS server killed", func() error { s.NATS.Kill(round % nodes); return nil }, func() error { return s.NATS.Run(round % nodes) }},
			{"every NATS server gone", s.noNATS, s.allNATS},
			{"PostgreSQL crashed", func() error { return s.Postgres.Crash(s.ctx) }, func() error { return nil }},
		}
		for _, b := range breaks {
			s.signInAll()
			w := s.write(list[len(list)-1])
			w.until(&w.acked, 3)
			down := make(chan error, 1)
			go func() { down <- b.down() }()
			w.until(&w.asked, 2)
			w.end()
			s.signOutAll(b.name)
			s.must(<-down)
			s.must(b.up())
		}
	}
}
