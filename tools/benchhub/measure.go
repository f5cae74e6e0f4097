//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	toAll     = 5   // messages to all: the median counts
	toOne     = 500 // messages to one
	patience  = 30 * time.Second
	ticksEach = 100 // of the kernel's CPU times, a second
)

// measure runs one server and puts the work on it.
func measure(ctx context.Context, name string, n int, settle time.Duration) ([]figure, error) {
	c, err := start(ctx, name)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	before, err := c.rss()
	if err != nil {
		return nil, err
	}
	f := &fleet{address: c.address, nats: name == "nats"}
	defer f.close()
	begun := time.Now()
	if err := f.connect(ctx, n); err != nil {
		return nil, err
	}
	connecting := time.Since(begun)
	time.Sleep(settle)
	settled, err := c.rss()
	if err != nil {
		return nil, err
	}
	if err := c.collect(); err != nil {
		return nil, err
	}
	collected, err := c.rss()
	if err != nil {
		return nil, err
	}
	all, cpu, err := broadcasts(c, f, n)
	if err != nil {
		return nil, err
	}
	one, err := targeted(c, f, n)
	if err != nil {
		return nil, err
	}
	each := func(kib float64) float64 { return (kib - before) / float64(n) }
	return []figure{
		{"settled", each(settled), "KiB", 0},
		{"collected", each(collected), "KiB", 0},
		{"connects", float64(n) / connecting.Seconds(), "1/s", 0},
		{"all", all, "ms", 0},
		{"cpu_each", cpu, "us", 0},
		{"one_p50", quantile(one, 0.5), "ms", 0},
		{"one_p99", quantile(one, 0.99), "ms", 0},
	}, nil
}

// broadcasts returns the median time from the command until the last client has the
// message, in ms, and the server's CPU time for one client, in µs.
func broadcasts(c *child, f *fleet, n int) (all, cpu float64, err error) {
	before, err := c.cpu()
	if err != nil {
		return 0, 0, err
	}
	var times []float64
	for i := range toAll {
		begun := time.Now()
		if err := c.say("all %d", i+1); err != nil {
			return 0, 0, err
		}
		if err := f.wait(n, patience); err != nil {
			return 0, 0, err
		}
		times = append(times, ms(time.Since(begun)))
	}
	after, err := c.cpu()
	return quantile(times, 0.5), (after - before) * 1e6 / float64(toAll*n), err
}

// targeted returns the times until one client, another each time, has its message, in ms.
func targeted(c *child, f *fleet, n int) (times []float64, err error) {
	for i := range toOne {
		begun := time.Now()
		if err := c.say("one %d %d", rand.N(n), i+1); err != nil {
			return nil, err
		}
		if err := f.wait(1, patience); err != nil {
			return nil, err
		}
		times = append(times, ms(time.Since(begun)))
	}
	return times, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(values []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// child is a server in a process of its own.
type child struct {
	cmd     *exec.Cmd
	in      *os.File
	out     *bufio.Reader
	address string
}

func start(ctx context.Context, name string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &child{cmd: exec.CommandContext(ctx, self, "-serve", name), in: w}
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
	c.address, err = c.answer()
	if err != nil {
		c.stop()
	}
	return c, err
}

// childEnv tells a test's program that it is to be a server.
const childEnv = "HEARTHKEY_BENCHHUB_CHILD"

func (c *child) stop() {
	c.in.Close() // the end of its input is the end of it
	if c.cmd.Wait() != nil {
		_ = c.cmd.Process.Kill()
	}
}

func (c *child) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c.in, format+"\n", args...)
	return err
}

func (c *child) answer() (string, error) {
	line, err := c.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// collect has it collect its garbage, twice.
func (c *child) collect() error {
	if err := c.say("collect"); err != nil {
		return err
	}
	_, err := c.answer()
	return err
}

// rss is the resident memory in KiB.
func (c *child) rss() (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("no VmRSS of process %d", c.cmd.Process.Pid)
	}
	return strconv.ParseFloat(fields[0], 64)
}

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
