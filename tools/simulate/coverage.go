package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// coverage counts what happened: steps, and rules of the judge whose premise was
// true, so that they could have been broken.
type coverage struct {
	steps, rules map[string]int
}

func newCoverage() coverage { return coverage{map[string]int{}, map[string]int{}} }

// add counts another history's.
func (c coverage) add(o coverage) {
	for what, n := range o.steps {
		c.steps[what] += n
	}
	for what, n := range o.rules {
		c.rules[what] += n
	}
}

// did counts a step.
func (w *world) did(what string) { w.covered.steps[what]++ }

// met counts a rule that had something to hold.
func (w *world) met(what string) { w.covered.rules[what]++ }

// print tells how often each happened.
func (c coverage) print(out io.Writer) {
	for _, part := range []struct {
		title  string
		counts map[string]int
	}{{"steps", c.steps}, {"what the judge looked at", c.rules}} {
		fmt.Fprintf(out, "%s:\n", part.title)
		for _, what := range slices.Sorted(maps.Keys(part.counts)) {
			fmt.Fprintf(out, "%10d  %s\n", part.counts[what], what)
		}
	}
}
