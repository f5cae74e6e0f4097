package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/tools/boxbuild"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// measureBox measures what the agent costs a box that it stands in, beside its memory
// (measureAgent) and its start (measureStart): its libraries' sizes, what it does while
// nobody does anything, and what lies on its disk. What it writes is counted at the block
// device of a real ARM kernel, by tools/boxmachine: an account of pages tells of large
// ones here.
func measureBox(ctx context.Context, s *shop) ([]Figure, error) {
	figures, err := s.librarySizes(ctx)
	if err != nil {
		return nil, err
	}
	program, err := s.build(ctx, agentProgram)
	if err != nil {
		return nil, err
	}
	v, err := s.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer v.proc.Kill()
	owner, err := v.owner(ctx, "box")
	if err != nil {
		return nil, err
	}
	b, err := s.signedInBox(ctx, program, v.WS, owner)
	if err != nil {
		return nil, err
	}
	for _, measure := range []func(context.Context, *shop) ([]Figure, error){b.connecting, b.idling, b.lying, b.growing} {
		more, err := measure(ctx, s)
		if err != nil {
			return nil, err
		}
		figures = append(figures, more...)
	}
	return figures, nil
}

// librarySizes weighs what a host in C links, for the weakest box. Without the cross
// compiler, and in a quick run, there are none.
func (s *shop) librarySizes(ctx context.Context) ([]Figure, error) {
	const cc = "arm-linux-gnueabihf-gcc"
	if _, err := exec.LookPath(cc); err != nil || s.quick {
		return nil, nil
	}
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	module, err := boxbuild.Root(ctx)
	if err != nil {
		return nil, err
	}
	lib, client := filepath.Join(dir, "libhearthkey.so"), filepath.Join(dir, "client.so")
	if err := boxbuild.Build(ctx, boxbuild.Program{Module: module, Package: boxbuild.Library, Arch: boxbuild.ARMv7, Out: lib, Mode: "c-shared", CC: cc}); err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, cc, "-std=c99", "-Os", "-s", "-shared", "-fPIC", "-o", client,
		filepath.Join(module, "clients/c/hearthkey.c")).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cc, err, out)
	}
	var figures []Figure
	for _, f := range []struct {
		name, path string
		most       float64
	}{{"box.armv7_library", lib, 9}, {"box.armv7_c_client", client, 0.05}} {
		info, err := os.Stat(f.path)
		if err != nil {
			return nil, err
		}
		figures = append(figures, Figure{f.name, float64(info.Size()) / 1e6, "MB", 0, Target{atMost, f.most}})
	}
	return figures, nil
}

// box is the data of a TV that is signed in, and what runs on it.
type box struct {
	program, server, dir string
	owner                *drive.Account
}

// running is an agent on a box, with its local API.
type running struct {
	*drive.Process
	tv  *drive.TV
	api *bufio.ReadWriter
	end func() error
}

func (s *shop) signedInBox(ctx context.Context, program, server string, owner *drive.Account) (*box, error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	b := &box{program, server, dir, owner}
	r, err := b.start(ctx)
	if err != nil {
		return nil, err
	}
	return b, errors.Join(household.SignInByCode(ctx, r.tv, owner), r.end())
}

// start starts the agent and attaches to its screen and its API.
func (b *box) start(ctx context.Context) (*running, error) {
	out, in := io.Pipe()
	socket := filepath.Join(b.dir, "api")
	p, err := drive.Start("agent", b.program, []string{
		"-server", b.server, "-data", filepath.Join(b.dir, "tv"), "-screen", "127.0.0.1:0", "-local", socket,
	}, nil, in)
	if err != nil {
		return nil, err
	}
	r := &running{Process: p}
	stop := func() error { _ = out.Close(); return p.Stop(10 * time.Second) }
	addr, err := screenAddr(ctx, p, out)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	if r.tv, err = drive.Attach(ctx, addr); err != nil {
		return nil, errors.Join(err, stop())
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	r.api = bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
	r.end = func() error { r.tv.Close(); conn.Close(); return stop() }
	return r, nil
}

// call makes a call of the local API.
func (r *running) call(method, params string) (map[string]any, error) {
	fmt.Fprintf(r.api, `{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}`+"\n", method, params)
	if err := r.api.Flush(); err != nil {
		return nil, err
	}
	line, err := r.api.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var m struct {
		Result map[string]any
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return nil, err
	}
	if m.Error != nil {
		return nil, fmt.Errorf("%s: %s", method, m.Error.Message)
	}
	return m.Result, nil
}

// online waits until the agent is in contact.
func (r *running) online(ctx context.Context) error {
	for {
		s, err := r.call("status", "{}")
		if err != nil || s["online"] == true {
			return err
		}
		select {
		case <-time.After(500 * time.Microsecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// connecting times the start of a TV that is signed in, until it is in contact.
func (b *box) connecting(ctx context.Context, s *shop) ([]Figure, error) {
	var took []float64
	for range s.rounds(20) {
		begun := time.Now()
		r, err := b.start(ctx)
		if err != nil {
			return nil, err
		}
		err = r.online(ctx)
		took = append(took, ms(time.Since(begun)))
		if err := errors.Join(err, r.end()); err != nil {
			return nil, err
		}
	}
	return []Figure{{"box.start_to_connected", median(took), "ms", 0, Target{atMost, 100}}}, nil
}

// idleFor is how long an agent that is connected and idle is watched.
const idleFor = time.Minute

// idling watches an agent at the gate, with its page open, of which nobody wants anything.
func (b *box) idling(ctx context.Context, s *shop) ([]Figure, error) {
	r, err := b.start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.end() }()
	if err := r.online(ctx); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, settleTime); err != nil {
		return nil, err
	}
	before, begun := readSchedule(r.PID()), time.Now()
	if err := s.settle(ctx, idleFor); err != nil {
		return nil, err
	}
	after, seconds := readSchedule(r.PID()), time.Since(begun).Seconds()
	return []Figure{
		{"box.idle_wakeups", float64(after.slices-before.slices) / seconds, "/s", 0, Target{atMost, 6}},
		{"box.idle_cpu", 100 * float64(after.run-before.run) / 1e9 / seconds, "%", 0, Target{atMost, 0.06}},
	}, nil
}

// schedule is what a process did: nanoseconds on a processor, and how often it got one.
type schedule struct{ run, slices int64 }

// readSchedule sums up the threads (proc/PID/task/TID/schedstat). A thread that ended
// meanwhile is missing: the agent's live as long as it.
func readSchedule(pid int) (sum schedule) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is one
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		var run, waited, slices int64
		if _, err := fmt.Sscan(string(data), &run, &waited, &slices); err == nil {
			sum.run, sum.slices = sum.run+run, sum.slices+slices
		}
	}
	return sum
}

// lying weighs what lies on the disk after all of that.
func (b *box) lying(context.Context, *shop) ([]Figure, error) {
	sum, err := allocated(filepath.Join(b.dir, "tv"))
	return []Figure{{"box.disk", sum / 1e6, "MB", 0, Target{atMost, 2}}}, err
}
