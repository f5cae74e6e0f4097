package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for args, want := range map[string]int{"64 1": 0, "": 2, "64": 2, "64 1 1": 2, "x 1": 2, "64 x": 2, "63 1": 2, "64 17": 2, "-1 1": 2} {
		var out bytes.Buffer
		if got := run(strings.Fields(args), &out); got != want || (got != 0) != (out.Len() > 0) {
			t.Errorf("pincost %s = %d, %q; want %d", args, got, &out, want)
		}
	}
}
