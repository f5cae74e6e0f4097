// Command pincost derives one PIN's key at a cost, and does nothing else: what
// tools/bench runs under an emulator to count the instructions of it.
//
//	pincost MEMORY PASSES    MEMORY in KiB
//
// It exits with 0 when it has derived, 2 for wrong arguments.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/hearthkey/hearthkey/protocol/pin"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, errOut io.Writer) int {
	debug.SetGCPercent(-1) // its work is not the hash's
	cost, err := costOf(args)
	if err == nil {
		_, err = pin.Derive("1234", make([]byte, pin.SaltSize), cost)
	}
	if err != nil {
		fmt.Fprintln(errOut, "pincost:", err)
		return 2
	}
	return 0
}

func costOf(args []string) (pin.Cost, error) {
	if len(args) != 2 {
		return pin.Cost{}, fmt.Errorf("usage: pincost MEMORY PASSES")
	}
	memory, err := strconv.ParseUint(args[0], 10, 32)
	if err != nil {
		return pin.Cost{}, err
	}
	passes, err := strconv.ParseUint(args[1], 10, 32)
	return pin.Cost{Memory: uint32(memory), Passes: uint32(passes)}, err
}
