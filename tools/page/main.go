// Command page packs the files of the TV's page for the agent to embed:
//
//	go run ./tools/page
//
// A test of package screen fails where that was forgotten.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/hearthkey/hearthkey/agent/screen/pagefile"
)

func main() { os.Exit(run(os.Stderr)) }

func run(stderr io.Writer) int {
	packed, err := pagefile.Pack(os.DirFS("agent/screen/static"))
	if err == nil {
		err = os.WriteFile("agent/screen/page.gz", packed, 0o644)
	}
	if err != nil {
		fmt.Fprintln(stderr, "page:", err)
		return 1
	}
	return 0
}
