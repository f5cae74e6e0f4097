package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/tools/drive"
	"github.com/hearthkey/hearthkey/tools/household"
)

// settleTime is how long a process is left alone before its memory is read.
const settleTime = 5 * time.Second

// measureAgent weighs the agent: the program on the weakest supported box, and
// its memory while it is signed in, connected and idle with its page open, on
// the two kinds of machine that run here. The targets are of a box's 32 bits.
func measureAgent(ctx context.Context, s *shop) ([]Figure, error) {
	arm, err := s.build(ctx, agentProgram, "GOOS=linux", "GOARCH=arm", "GOARM=7")
	if err != nil {
		return nil, err
	}
	size, err := os.Stat(arm)
	if err != nil {
		return nil, err
	}
	const mb = 1e6
	figures := []Figure{{"agent.armv7_size", float64(size.Size()) / mb, "MB", 0, Target{atMost, 10.5}}}
	for _, arch := range []string{"amd64", "386"} {
		m, checked, err := s.idleMemory(ctx, arch)
		if err != nil {
			return nil, err
		}
		var rss, anonymous Target
		if arch == "386" {
			rss, anonymous = Target{atMost, 12}, Target{atMost, 4}
		}
		figures = append(figures,
			Figure{"agent.rss_" + arch, m.rss / mb, "MB", 0, rss},
			Figure{"agent.anonymous_" + arch, m.anonymous / mb, "MB", 0, anonymous},
			Figure{"agent.rss_after_pin_" + arch, checked.rss / mb, "MB", m.rss / mb, rss},
			Figure{"agent.anon_after_pin_" + arch, checked.anonymous / mb, "MB", m.anonymous / mb, anonymous})
	}
	return figures, nil
}

// afterPIN is how long after a PIN check the memory must be back.
const afterPIN = time.Second

// idleMemory runs an agent of an architecture until it is idle, and again until
// a moment after a PIN check.
func (s *shop) idleMemory(ctx context.Context, arch string) (m, checked memory, err error) {
	program, err := s.build(ctx, agentProgram, "GOOS=linux", "GOARCH="+arch)
	if err != nil {
		return m, checked, err
	}
	v, err := s.serve(ctx)
	if err != nil {
		return m, checked, err
	}
	defer v.proc.Kill()
	owner, err := v.owner(ctx, "memory")
	if err != nil {
		return m, checked, err
	}
	dir, err := s.folder()
	if err != nil {
		return m, checked, err
	}
	out, in := io.Pipe()
	p, err := drive.Start("agent", program, []string{"-server", v.WS, "-data", dir, "-screen", "127.0.0.1:0"}, nil, in)
	if err != nil {
		return m, checked, err
	}
	defer func() {
		_ = out.Close()
		err = errors.Join(err, p.Stop(10*time.Second))
	}()
	addr, err := screenAddr(ctx, p, out)
	if err != nil {
		return m, checked, err
	}
	tv, err := drive.Attach(ctx, addr)
	if err != nil {
		return m, checked, err
	}
	defer tv.Close()
	if err := household.SignInByCode(ctx, tv, owner); err != nil {
		return m, checked, err
	}
	if err := s.settle(ctx, settleTime); err != nil {
		return m, checked, err
	}
	if m, err = memoryOf(p.PID()); err != nil {
		return m, checked, err
	}
	if err := checkOnePIN(ctx, tv, owner); err != nil {
		return m, checked, err
	}
	if err := s.settle(ctx, afterPIN); err != nil {
		return m, checked, err
	}
	checked, err = memoryOf(p.PID())
	return m, checked, err
}

// checkOnePIN locks the first profile of the gate and opens it.
func checkOnePIN(ctx context.Context, tv *drive.TV, owner *drive.Account) error {
	list, err := owner.Profiles(ctx)
	if err != nil {
		return err
	}
	const digits = "2580"
	if err := owner.SetPIN(ctx, list[0].ID, digits); err != nil {
		return err
	}
	if _, err := tv.Wait(ctx, "a locked profile", func(v nav.View) bool { return len(v.Items) > 0 && v.Items[0].Locked }); err != nil {
		return err
	}
	if _, err := tv.Press(ctx, keyseq.OK); err != nil {
		return err
	}
	if _, err := tv.WaitScreen(ctx, nav.ScreenPIN); err != nil {
		return err
	}
	if _, err := tv.Press(ctx, household.Digits(digits)...); err != nil {
		return err
	}
	_, err = tv.WaitScreen(ctx, nav.ScreenHome)
	return err
}

// settle leaves everything alone for d.
func (s *shop) settle(ctx context.Context, d time.Duration) error {
	if s.quick {
		d /= 20
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// memory is what a process holds, in bytes.
type memory struct {
	rss, anonymous float64
}

// memoryOf reads the kernel's account (proc(5), smaps_rollup).
func memoryOf(pid int) (memory, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return memory{}, err
	}
	defer f.Close()
	return readMemory(f)
}

func readMemory(r io.Reader) (memory, error) {
	var m memory
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		kb, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return m, fmt.Errorf("smaps_rollup: %w", err)
		}
		switch fields[0] {
		case "Rss:":
			m.rss = kb * 1024
		case "Anonymous:":
			m.anonymous = kb * 1024
		}
	}
	if m.rss == 0 {
		return m, errors.Join(errors.New("smaps_rollup has no Rss"), lines.Err())
	}
	return m, lines.Err()
}
