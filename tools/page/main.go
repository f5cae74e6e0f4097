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
	"github.com/hearthkey/hearthkey/agent/screen/pagefile/bundle"
)

func main() { os.Exit(run(os.Stderr)) }

func run(stderr io.Writer) int {
	if err := pack(); err != nil {
		fmt.Fprintln(stderr, "page:", err)
		return 1
	}
	return 0
}

func pack() error {
	files, err := pagefile.Read(os.DirFS("agent/screen/static"))
	if err != nil {
		return err
	}
	if files, err = bundle.Page(files); err != nil {
		return err
	}
	packed, err := pagefile.Pack(files)
	if err != nil {
		return err
	}
	return os.WriteFile("agent/screen/page.gz", packed, 0o644)
}
