//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test's own program is the servers too.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// Every server does all of its work, also where it takes two processes, and a figure is drawn.
func TestSmoke(t *testing.T) {
	var out, errOut bytes.Buffer
	plots := t.TempDir()
	args := []string{"-n", "45", "-each", "30", "-grow", "20", "-settle", "1ms", "-spread", "1ms", "-json", "-draw", plots}
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errOut); code != 0 {
		t.Fatalf("benchhub = %d\n%s", code, &errOut)
	}
	var figures []figure
	if err := json.Unmarshal(out.Bytes(), &figures); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"usual.all_45", "nats.one_p50_45", "portable.cpu_each_45", "floor.one_p99_45", "ours.all_20", "ours.storm_45",
		"whole.told_p99_20", "whole.told_p50_45", "whole.storm_spread_45", "whole.storm_peak_45", "tls.sum_45",
	} {
		if f := find(figures, want); f == nil || f.Value < 0 || f.Value == 0 && !strings.Contains(want, "cpu") {
			t.Errorf("%s = %+v, want it measured", want, f)
		}
	}
	if svg, err := os.ReadFile(filepath.Join(plots, "hub-told-p50.svg")); err != nil || !bytes.Contains(svg, []byte(">whole</text>")) {
		t.Errorf("plot of told_p50: %v\n%s", err, svg)
	}
	file := filepath.Join(t.TempDir(), "45.json")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if code := run(t.Context(), []string{"-plot", "one_p50", file}, strings.NewReader(""), &out, &errOut); code != 0 || !strings.Contains(out.String(), ">ours</text>") {
		t.Errorf("benchhub -plot = %d\n%s%s", code, &errOut, &out)
	}
}

func TestRefuses(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-n", "100001"}, {"-grow", "many"}, {"-only", "nobody"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errOut); code != 1 {
			t.Errorf("benchhub %q = %d, want 1", args, code)
		}
	}
}
