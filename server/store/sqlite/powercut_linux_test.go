package sqlite

import (
	"bufio"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/tools/cutdisk"
)

var cuts = flag.Int("cuts", 5, "how often TestR3_PowerCuts cuts the power")

// committer is a child that commits on a disk.
type committer struct {
	t     *testing.T
	cmd   *exec.Cmd
	read  sync.WaitGroup
	moved chan struct{} // there is more that was acknowledged

	mu    sync.Mutex
	acked []int // guarded by mu
}

func startCommitter(t *testing.T, path string, careless bool) *committer {
	t.Helper()
	c := &committer{t: t, cmd: exec.Command(os.Args[0]), moved: make(chan struct{}, 1)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+path, childEnv+"_FIRST=1")
	if careless {
		c.cmd.Env = append(c.cmd.Env, childEnv+"_CARELESS=1")
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	c.read.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Errorf("the child said %q", lines.Text())
				continue
			}
			c.mu.Lock()
			c.acked = append(c.acked, n)
			c.mu.Unlock()
			select {
			case c.moved <- struct{}{}:
			default:
			}
		}
		close(c.moved)
	})
	return c
}

// after waits until so many commits were acknowledged, and returns all that were.
func (c *committer) after(count int) []int {
	c.t.Helper()
	late := time.After(time.Minute)
	for {
		c.mu.Lock()
		acked := c.acked[:len(c.acked):len(c.acked)]
		c.mu.Unlock()
		if len(acked) >= count {
			return acked
		}
		select {
		case _, ok := <-c.moved:
			if !ok {
				c.t.Fatal("the child ended")
			}
		case <-late:
			c.t.Fatalf("%d commits of %d within a minute", len(acked), count)
		}
	}
}

func (c *committer) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

func (c *committer) kill() {
	_ = c.cmd.Process.Kill()
	c.read.Wait()
	_ = c.cmd.Wait() // it was killed
}

// missing opens what a cut left and returns how many acknowledged rows are not in it.
func missing(t *testing.T, folder string, acked []int) int {
	t.Helper()
	d := mustOpen(t, Config{Path: filepath.Join(folder, "data", "hearthkey.db")})
	defer mustClose(t, d)
	there, verdict := map[int]bool{}, ""
	err := d.View(t.Context(), func(q store.Querier) error {
		rows, err := q.QueryContext(t.Context(), `SELECT n FROM acked`)
		if err != nil {
			return err
		}
		for rows.Next() {
			n := 0
			if err := rows.Scan(&n); err != nil {
				return err
			}
			there[n] = true
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		return queryOne(t.Context(), q, &verdict, `PRAGMA integrity_check`)
	})
	if err != nil || verdict != "ok" {
		t.Fatalf("after a cut: %v, integrity_check %q", err, verdict)
	}
	lost := 0
	for _, n := range acked {
		if !there[n] {
			lost++
		}
	}
	return lost
}

// cutPower cuts so often while a child commits, and returns how many acknowledged rows
// each cut lost.
func cutPower(t *testing.T, cuts int, careless bool) (lost []int) {
	t.Helper()
	below := "/dev/shm"
	if _, err := os.Stat(below); err != nil {
		below = t.TempDir()
	}
	disk, err := cutdisk.Make(below)
	if errors.Is(err, cutdisk.ErrUnavailable) {
		t.Skipf("NOT TESTED on this machine: power cuts: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	}()
	for left := cuts; left > 0; {
		home := filepath.Join(disk.Folder(), "data")
		path := filepath.Join(home, "hearthkey.db")
		if err := errors.Join(os.RemoveAll(home), os.Mkdir(home, 0o700)); err != nil {
			t.Fatal(err)
		}
		d := mustOpen(t, Config{Path: path})
		mustUpdate(t, d, killTable)
		mustClose(t, d)
		c := startCommitter(t, path, careless)
		for range min(left, 50) { // then anew: rows take time to read
			acked := c.after(len(c.after(0)) + 20)
			folder, done, err := disk.Cut()
			if err != nil {
				t.Fatal(err)
			}
			c.signal(syscall.SIGSTOP) // or it fills the disk while we look
			lost = append(lost, missing(t, folder, acked))
			if err := done(); err != nil {
				t.Error(err)
			}
			c.signal(syscall.SIGCONT)
			left--
		}
		c.kill()
	}
	return lost
}

// R3: nothing that was acknowledged is lost by a power cut.
func TestR3_PowerCuts(t *testing.T) {
	for i, lost := range cutPower(t, *cuts, false) {
		if lost > 0 {
			t.Errorf("cut %d of %d: %d acknowledged rows lost", i+1, *cuts, lost)
		}
	}
	t.Logf("%d cuts", *cuts)
}

// The harness would see it: without waiting for the disk there are losses.
func TestR3_ControlLoses(t *testing.T) {
	n := max(2, *cuts/10)
	cutsThatLost := 0
	for _, lost := range cutPower(t, n, true) {
		if lost > 0 {
			cutsThatLost++
		}
	}
	if t.Logf("%d of %d cuts lost acknowledged rows with synchronous=NORMAL", cutsThatLost, n); cutsThatLost == 0 {
		t.Error("nothing was lost where the disk is not waited for: the cuts are none")
	}
}
