package flash

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// workerEnv has a test binary be a worker: "how|folder".
const workerEnv = "HEARTHKEY_FLASH_WORKER"

var workerFlag = flag.String("worker", "", "`command` that runs these tests' program as the worker, as \"qemu-arm-static flash.test\"; this program if empty")

func TestMain(m *testing.M) {
	if how, dir, ok := strings.Cut(os.Getenv(workerEnv), "|"); ok {
		work := Work
		if how == "careless" { // the control
			work = func(_, dir string, out io.Writer) error { return careless(dir, out) }
		}
		if err := work(how, dir, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	os.Exit(m.Run())
}

func worker(how, dir string) *exec.Cmd {
	command := strings.Fields(*workerFlag)
	if len(command) == 0 {
		command = []string{os.Args[0]}
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), workerEnv+"="+how+"|"+dir)
	return cmd
}

// writer is a worker that writes for ever.
type writer struct {
	cmd    *exec.Cmd
	acked  atomic.Int64 // the last round that it said is durable
	heard  chan int64   // the same, one by one; what nobody takes is dropped
	closed chan struct{}
	tail   strings.Builder
}

func startWriter(t *testing.T, how, dir string) *writer {
	t.Helper()
	return startWriterAnd(t, how, dir, func(int64) {})
}

// startWriterAnd calls said with each round as soon as it is known to be durable.
func startWriterAnd(t *testing.T, how, dir string, said func(round int64)) *writer {
	t.Helper()
	w := &writer{cmd: worker(how, dir), heard: make(chan int64, 1), closed: make(chan struct{})}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stderr = &w.tail
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.closed)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.ParseInt(lines.Text(), 10, 64)
			if err != nil {
				continue
			}
			w.acked.Store(n)
			said(n)
			select {
			case w.heard <- n:
			default:
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	return w
}

// kill ends it; what it said before is known then.
func (w *writer) kill() {
	_ = w.cmd.Process.Kill()
	<-w.closed
	_ = w.cmd.Wait()
}

// until waits until n rounds are durable. An error where the writer ends first.
func (w *writer) until(n int64) error {
	for w.acked.Load() < n {
		select {
		case <-w.heard:
		case <-w.closed:
			return fmt.Errorf("the writer ended by itself: %v %s", w.cmd.Wait(), w.tail.String())
		}
	}
	return nil
}

// look runs a worker that checks a folder. It may be ended by the kernel twice, as a
// box would start it again; nothing else may go wrong.
func look(dir string) (f Found, crashes int, err error) {
	for ; crashes < 3; crashes++ {
		cmd := worker("check", dir)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, failed := cmd.Output()
		if failed != nil {
			err = fmt.Errorf("%w: %.2000s", failed, stderr.String())
			continue
		}
		if err := json.Unmarshal(out, &f); err != nil {
			return f, crashes, fmt.Errorf("%w in %q", err, out)
		}
		if f.Error != "" {
			return f, crashes, errors.New(f.Error)
		}
		return f, crashes, nil
	}
	return f, crashes, err
}

// holds compares what was found with what was durable, and what may have been under way.
func (f Found) holds(acked int64) error {
	switch {
	case f.Wrong != "":
		return errors.New("served as good: " + f.Wrong)
	case f.Damaged:
		return errors.New("the vault cannot be read")
	case f.Round < acked || f.Round > acked+2:
		return fmt.Errorf("the vault has round %d, %d was durable", f.Round, acked)
	case f.Rebuilt != "":
		return fmt.Errorf("the cache was built anew: %s", f.Rebuilt)
	case f.Memory:
		return errors.New("the cache is in memory")
	case f.Pins < acked || f.Pins > acked+2:
		return fmt.Errorf("the cache has round %d, %d was durable", f.Pins, acked)
	case acked > 0 && f.Queued == 0:
		return errors.New("no item of activity is left")
	}
	return nil
}

// mount mounts a file system, and takes it away at the end at the latest.
func mount(t *testing.T, source, at, kind, options string) error {
	t.Helper()
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	out, err := exec.Command("mount", "-t", kind, "-o", options, source, at).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount %s: %w: %s", source, err, out)
	}
	return nil
}

// unmount takes a file system away whose users have ended. Where another process has made
// itself a mount namespace meanwhile, that holds it, and it goes with it.
func unmount(at string) error {
	err := unix.Unmount(at, 0)
	if errors.Is(err, unix.EBUSY) {
		err = unix.Unmount(at, unix.MNT_DETACH)
	}
	if err != nil {
		return fmt.Errorf("unmount %s: %w", at, err)
	}
	return nil
}

// needsRoot skips where disks cannot be made.
func needsRoot(t *testing.T, programs ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED on this machine, since it needs root: disks of its own")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			if _, err := os.Stat(filepath.Join("/usr/sbin", p)); err != nil {
				t.Skipf("NOT TESTED on this machine, since it needs %s", p)
			}
		}
	}
}

// scratch is a folder in memory where there is one: what is tried on it many thousand
// times is not to wear out a disk.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "hearthkey-flash-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	if filepath.Base(name) == name {
		if _, err := exec.LookPath(name); err != nil {
			cmd.Path, cmd.Err = filepath.Join("/usr/sbin", name), nil
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
