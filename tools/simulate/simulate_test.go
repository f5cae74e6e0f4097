package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var histories = flag.Int("histories", 150, "random histories in TestHistories")

// TestHistories (promises 1 and 2, D3 to D7): no history of the real code breaks
// a promise.
func TestHistories(t *testing.T) {
	s, err := simulate(context.Background(), 1, *histories, 2, none, progress(io.Discard, *histories, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range s.broken {
		t.Errorf("go run ./tools/simulate -seed %d: %s", v.seed, v.wrong)
	}
	t.Logf("%d histories", s.played)
}

// A seed replays a history, step by step.
func TestSeedReplays(t *testing.T) {
	told := func() string {
		var out bytes.Buffer
		dir, err := workspace()
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		l, err := newLab(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		for seed := range uint64(12) {
			play(l, seed+1, none, nil, func(line string) { out.WriteString(line + "\n") })
		}
		return out.String()
	}
	first, second := told(), told()
	if first != second || strings.Count(first, "\n") < 1000 {
		t.Errorf("two runs differ, or told little: %d and %d bytes", len(first), len(second))
	}
}
