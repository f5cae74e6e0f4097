package agent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/agent/vault"
)

// victim tells a re-executed test binary to be a TV that checks one PIN and is
// killed at a point: "server|folder|boot|digits|point".
const victim = "HEARTHKEY_AGENT_VICTIM"

func TestMain(m *testing.M) {
	if how := os.Getenv(victim); how != "" {
		beVictim(strings.Split(how, "|"))
	}
	goleak.VerifyTestMain(m)
}

// beVictim says each point of the check that it reaches on its standard output,
// before it goes on, and is killed by its own hand at the one it was told.
func beVictim(how []string) {
	boot, _ := strconv.Atoi(how[2])
	a := &Agent{Server: how[0], Dir: how[1], Name: "Victim", clock: bootClock(boot), reached: func(point string) {
		os.Stdout.WriteString(point + "\n")
		if point == how[4] {
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		}
	}}
	if err := a.Start(context.Background()); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	for ready := false; !ready; time.Sleep(time.Millisecond) { // its own process: nothing to synchronise with
		_ = a.core.call(func() {
			_, _, err := a.core.verifier(robin)
			ready = err == nil && a.core.session.Status(a.core.now()).Phase == session.PhaseActive
		})
	}
	os.Stdout.WriteString("ready\n")
	_ = a.core.call(func() { a.core.screenEffect(nav.CheckPIN{Check: 1, Profile: robin, Digits: nav.Digits(how[3])}) })
	time.Sleep(time.Minute) // until it is killed
	os.Exit(1)
}

// bootClock is a clock on which each boot begins after more than the longest wait,
// so that no try has to wait.
func bootClock(boot int) func() session.Now {
	begun := time.Now()
	return func() session.Now {
		since := time.Since(begun)
		return session.Now{
			Boot: fmt.Sprint("boot ", boot), Running: 61*time.Minute + since, Wall: time.Now().UnixMilli() + int64(boot)*3_700_000,
		}
	}
}

// kills is how often the plug is pulled: 1,000 times in the long tests
// (HEARTHKEY_KILLS), 100 in the usual ones.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("HEARTHKEY_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 20
	}
	return 100
}

// TestP9_KilledBetweenCountAndCheck kills a real agent with a real vault between
// the count of a try and its check, during either, and at random moments. No try
// whose digits were looked at is ever free, whatever they were.
func TestP9_KilledBetweenCountAndCheck(t *testing.T) {
	s, dir, v := household(t)
	v.unplug()
	drain(s)
	dice := rand.New(rand.NewPCG(9, uint64(time.Now().UnixNano())))
	points := []string{"charged", "hashed", "random", "charged", "answered"}
	looked := map[string]int{}
	for n := range kills() {
		before := freshOf(t, dir)
		point, digits := points[n%len(points)], "9999"
		if n%2 == 1 && point != "answered" {
			digits = robinPIN // the right one costs a try too, until its answer is on the disk
		}
		got := killed(t, s.url(), dir, n+1, digits, point, time.Duration(dice.IntN(3000))*time.Microsecond)
		after := freshOf(t, dir)
		charged := slices.Contains(got, "charged")
		hashed := slices.Contains(got, "hashed")
		switch {
		case digits == robinPIN && hashed && after == 0: // it was right, and its answer is on the disk
		case charged && after != before+1:
			t.Fatalf("kill %d at %s: %v was reached with %d tries on the disk, %d before", n, point, got, after, before)
		case after != before && after != before+1:
			t.Fatalf("kill %d at %s: %d tries on the disk, %d before", n, point, after, before)
		}
		if charged {
			looked[point]++
		}
	}
	if looked["charged"] == 0 || looked["hashed"] == 0 || looked["answered"] == 0 {
		t.Errorf("points reached: %v, want all", looked)
	}
	t.Logf("%d kills; with a try under way at each point: %v", kills(), looked)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clones > 0 {
		t.Errorf("%d connections looked like a clone's", s.clones)
	}
}

// drain reads what nobody asks for.
func drain(s *fakeServer) {
	go func() {
		for {
			select {
			case <-s.receipts:
			case <-s.tries:
			case <-s.t.Context().Done():
				return
			}
		}
	}()
}

// killed runs a victim and returns the points that it reached.
func killed(t *testing.T, server, dir string, boot int, digits, point string, after time.Duration) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+strings.Join([]string{server, dir, strconv.Itoa(boot), digits, point}, "|"))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	var once sync.Once
	var reached []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if line := lines.Text(); line != "ready" {
			reached = append(reached, line)
		} else if point == "random" {
			once.Do(func() { timer.Reset(after) })
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err == nil || len(reached) > 0 && strings.HasPrefix(reached[0], "failed") {
		t.Fatalf("boot %d was not killed: %v, %v", boot, err, reached)
	}
	if point != "random" && !slices.Contains(reached, point) {
		t.Fatalf("boot %d never reached %s: %v", boot, point, reached)
	}
	return reached
}

// freshOf reads from the vault how many tries there were since Robin's PIN was
// last right.
func freshOf(t *testing.T, dir string) int {
	t.Helper()
	v, err := vault.Open[record](filepath.Join(dir, "vault"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	return v.Load().PINs[robin].Counter.Fresh
}
