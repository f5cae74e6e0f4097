// Command clauses writes which tests hold which clauses of security standards
// into docs/security.md, between two marks. The table is in table.go; its test
// checks that each test exists and names the clause.
//
//	go run ./tools/clauses
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

const (
	document = "docs/security.md"
	begin    = "<!-- clauses: written by go run ./tools/clauses -->\n"
	end      = "<!-- clauses end -->\n"
)

func main() {
	if err := rewrite(document); err != nil {
		fmt.Fprintln(os.Stderr, "clauses:", err)
		os.Exit(1)
	}
}

// rewrite puts the section in place of the one in a file.
func rewrite(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next, err := replaced(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(next), 0o644)
}

// replaced is text with the section between the marks, which must be there once.
func replaced(text string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 || strings.Contains(after, begin) {
		return "", errors.New("the marks of the section are not there once, in order")
	}
	return before + begin + section() + end + after, nil
}

// section is the table as people read it.
func section() string {
	var out strings.Builder
	out.WriteString("| clause | asks for (in our words) | held by | not met, or later |\n|---|---|---|---|\n")
	for _, r := range table {
		tests := make([]string, len(r.Tests))
		for i, t := range r.Tests {
			tests[i] = "`" + t + "`"
		}
		held := strings.Join(tests, ", ")
		if held == "" {
			held = "–"
		}
		fmt.Fprintf(&out, "| %s %s | %s | %s | %s |\n", r.Standard, r.Clause, r.Asks, held, r.Rest)
	}
	return out.String()
}
