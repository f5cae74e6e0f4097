// Command limits writes docs/limits.md: every limit and lifetime of the
// programs, read from the constants of their source, with where it comes from.
//
//	go run ./tools/limits > docs/limits.md
//
// The first table has the rules that people meet (table.go); the second is
// everything else that the source bounds, with the source's own words. The test
// fails where the file is not what the source says. It runs no code of the
// product.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(".", os.Stdout, os.Stderr))
}

func run(module string, stdout, stderr io.Writer) int {
	text, err := document(module)
	if err != nil {
		fmt.Fprintln(stderr, "limits:", err)
		return 1
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		fmt.Fprintln(stderr, "limits:", err)
		return 1
	}
	return 0
}
