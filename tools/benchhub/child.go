//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// child is a server or a crowd in a process of its own.
type child struct {
	cmd     *exec.Cmd
	in      *os.File
	out     *bufio.Reader
	address string // that a server listens on
}

// childEnv tells a test's program that it is to be a child.
const childEnv = "HEARTHKEY_BENCHHUB_CHILD"

// start runs this program as a server or a crowd.
func start(ctx context.Context, name, dir string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &child{cmd: exec.CommandContext(ctx, self, "-serve", name, "-data", dir), in: w}
	c.cmd.Env = append(os.Environ(), childEnv+"=1")
	c.cmd.Stdin, c.cmd.Stderr = r, os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if c.address, err = c.answer(); err != nil {
		c.stop()
		return nil, fmt.Errorf("%s did not start: %w", name, err)
	}
	return c, nil
}

func (c *child) stop() {
	c.in.Close() // the end of its input is the end of it
	_ = c.cmd.Wait()
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	c.stop()
}

func (c *child) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c.in, format+"\n", args...)
	return err
}

func (c *child) answer() (string, error) {
	line, err := c.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// tell gives a crowd an order and waits until it has done that.
func (c *child) tell(o order) (r report, err error) {
	data, err := json.Marshal(o)
	if err == nil {
		err = c.say("%s", data)
	}
	line := ""
	if err == nil {
		line, err = c.answer()
	}
	if err == nil {
		err = json.Unmarshal([]byte(line), &r)
	}
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", o.Do, err)
	}
	return r, err
}

// collect has a server collect its garbage, twice.
func (c *child) collect() error {
	if err := c.say("collect"); err != nil {
		return err
	}
	_, err := c.answer()
	return err
}

// memory reads a line of proc(5)'s status: VmRSS, or VmHWM for the highest so far. In KiB.
func (c *child) memory(what string) (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), what+":")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("no %s of process %d", what, c.cmd.Process.Pid)
	}
	return strconv.ParseFloat(fields[0], 64)
}

// forgetPeak has VmHWM begin anew: proc(5), clear_refs.
func (c *child) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", c.cmd.Process.Pid), []byte("5"), 0)
}

const ticksEach = 100 // of the kernel's CPU times, a second

// cpu is the CPU time so far in seconds: fields 14 and 15 of proc(5)'s stat.
func (c *child) cpu() (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat of process %d has %d fields", c.cmd.Process.Pid, len(fields))
	}
	sum := 0.0
	for _, f := range fields[11:13] {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, err
		}
		sum += v / ticksEach
	}
	return sum, nil
}
