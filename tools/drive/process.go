package drive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Process is a program that this one started.
type Process struct {
	Name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended and was waited for
	tail *tail
	err  error // how it ended; read after done
}

// Start runs path with args. What it prints goes to out, line by line behind
// its name, and the newest 8 KiB are kept for errors. env is added to this
// program's own environment.
func Start(name, path string, args, env []string, out io.Writer) (*Process, error) {
	p := &Process{Name: name, done: make(chan struct{}), tail: &tail{}}
	w := &prefixer{prefix: fmt.Sprintf("%-16s ", name+":"), out: out, tail: p.tail}
	p.cmd = exec.Command(path, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = w, w
	// Ctrl-C reaches the whole group of a terminal. Ours end in order instead.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended returns how a program ended that was not asked to.
func (p *Process) Ended() error {
	return fmt.Errorf("%s ended: %w; it said:\n%s", p.Name, errors.Join(p.err, p.closed()), p.tail)
}

func (p *Process) closed() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return nil
}

// Said returns the newest 8 KiB of what the program printed.
func (p *Process) Said() string { return p.tail.String() }

// PID returns the program's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill pulls the plug: SIGKILL, and waits.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // an error means that it has ended already
	<-p.done
}

// Stop asks the program to end (SIGTERM) and waits; after the patience it is
// killed, which is an error.
func (p *Process) Stop(patience time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended already
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		p.Kill()
		return fmt.Errorf("%s did not end within %s of being asked; it said:\n%s", p.Name, patience, p.tail)
	}
}

// Signal sends a signal. A program that has ended already is none to mind.
func (p *Process) Signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// Wait waits until the program has ended and returns its exit status, which is
// -1 where a signal ended it.
func (p *Process) Wait(ctx context.Context) (status int, err error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s has not ended: %w; it said:\n%s", p.Name, context.Cause(ctx), p.tail)
	}
}

// FreePort returns want where that TCP port of this machine is free, else the
// next free one above it, within 100.
func FreePort(want int) (int, error) {
	for port := want; port < want+100; port++ {
		if free("127.0.0.1", port) && free("::1", port) { // localhost is both
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", want, want+99)
}

func free(host string, port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) // a machine without IPv6
	}
	return l.Close() == nil
}

// Poll calls try, at once and then every 20 ms, until it returns nil or the
// context ends; then the last error is returned.
func Poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// prefixer writes whole lines behind a prefix.
type prefixer struct {
	prefix string
	out    io.Writer
	tail   *tail
	part   []byte // a line that has no end yet
}

func (w *prefixer) Write(data []byte) (int, error) {
	w.tail.add(data)
	w.part = append(w.part, data...)
	for {
		line, rest, ok := bytes.Cut(w.part, []byte("\n"))
		if !ok {
			return len(data), nil
		}
		if _, err := fmt.Fprintf(w.out, "%s%s\n", w.prefix, line); err != nil {
			return 0, err
		}
		w.part = append([]byte(nil), rest...)
	}
}

// tail keeps the newest bytes. It is safe for concurrent use.
type tail struct {
	mu   sync.Mutex
	data []byte // guarded by mu
}

const tailSize = 8 << 10

func (t *tail) add(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, data...)
	if extra := len(t.data) - tailSize; extra > 0 {
		t.data = append([]byte(nil), t.data[extra:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
