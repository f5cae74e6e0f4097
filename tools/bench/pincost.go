package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"

	"github.com/hearthkey/hearthkey/protocol/pin"
)

// board is a processor of a supported box, and the cost of a PIN that suits it.
type board struct {
	name     string
	env      []string
	emulator string
	cost     pin.Cost
	clock    float64 // of a common one, in instructions a second at one a cycle
	within   float64 // estimate of the time of one check there, in seconds, and 40 % more
}

var boards = []board{
	{"armv7", []string{"GOARCH=arm", "GOARM=7"}, "qemu-arm-static", pin.Cost{Memory: 7 << 10, Passes: 5}, 1.2e9, 0.8},
	{"arm64", []string{"GOARCH=arm64"}, "qemu-aarch64-static", pin.Cost{Memory: 12 << 10, Passes: 3}, 1.4e9, 0.36},
}

// Memories of the two derivations whose instructions are counted, in KiB, with
// one pass each. What they differ in is the hash alone, without the program's
// start; it grows with memory times passes.
const (
	fewBlocks  = 64
	manyBlocks = 192
)

// hashing begins the names of what the hash's instructions belong to. Beside it the
// runtime's other threads look for work, by a clock that an emulator does not slow down: they
// would double the count.
const hashing = "golang.org/x/crypto/"

// measurePINCost counts the instructions of a PIN's hash on the boxes' processors,
// under an emulator that executes them one by one. It is minutes of work on a
// crowded machine.
func measurePINCost(ctx context.Context, s *shop) ([]Figure, error) {
	var figures []Figure
	for _, b := range boards {
		perBlock, err := s.instructionsPerBlock(ctx, b)
		if err != nil {
			return nil, err
		}
		total := perBlock * float64(b.cost.Memory) * float64(b.cost.Passes)
		name := fmt.Sprintf("pincost.%s_m%d_t%d", b.name, b.cost.Memory, b.cost.Passes)
		figures = append(figures,
			Figure{name, total / 1e6, "Minstr", 0, Target{}},
			Figure{"pincost." + b.name + "_one_a_cycle", total / b.clock, "s", 0, Target{atMost, b.within}})
	}
	return figures, nil
}

// instructionsPerBlock is what a pass over one KiB takes.
func (s *shop) instructionsPerBlock(ctx context.Context, b board) (float64, error) {
	program, err := s.build(ctx, pinCostProgram, append([]string{"GOOS=linux"}, b.env...)...)
	if err != nil {
		return 0, err
	}
	var counts [2]float64
	for i, memory := range []int{fewBlocks, manyBlocks} {
		if counts[i], err = instructions(ctx, b.emulator, program, strconv.Itoa(memory), "1"); err != nil {
			return 0, err
		}
	}
	return (counts[1] - counts[0]) / (manyBlocks - fewBlocks), nil
}

// instructions runs a program under an emulator that logs every instruction on a
// line of its standard error, with the name of the function, and returns how many there were
// of the hash.
func instructions(ctx context.Context, emulator, program string, args ...string) (float64, error) {
	cmd := exec.CommandContext(ctx, emulator, append([]string{"-singlestep", "-d", "nochain,exec", program}, args...)...)
	log, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	n, err := countHashing(log)
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return 0, fmt.Errorf("%s: %w", emulator, err)
	}
	return n, nil
}

// countHashing counts the lines that name a function of the hash.
func countHashing(log io.Reader) (n float64, err error) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte(hashing)) {
			n++
		}
	}
	if n == 0 && lines.Err() == nil {
		return 0, errors.New("the log names no function of the hash")
	}
	return n, lines.Err()
}
