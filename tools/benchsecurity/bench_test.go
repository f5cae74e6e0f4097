package main

import (
	"bytes"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRefusesArguments(t *testing.T) {
	for _, args := range [][]string{{"-pairs", "19"}, {"-pairs", "1001"}, {"-only", "tea"}, {"x"}, {"-seed", "x"}} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), args, &out, &errs); status != 2 || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%v = %d %q %q, want 2", args, status, &out, &errs)
		}
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"-server", filepath.Join(t.TempDir(), "none")}, &out, &errs); status != 1 || errs.Len() == 0 {
		t.Errorf("without a server = %d %q, want 1", status, &errs)
	}
}

func TestDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var base, same, slower []float64
	for range 500 {
		base = append(base, 1+random.Float64()/10)
		same = append(same, 1+random.Float64()/10)
		slower = append(slower, 1.05*(1+random.Float64()/10))
	}
	if d, low, high := difference(same, base, random); low > 0 || high < 0 || d < low || d > high || high-low > 3 {
		t.Errorf("alike: %.2f in %.2f to %.2f", d, low, high)
	}
	if d, low, high := difference(slower, base, random); low > 5 || high < 5 || low < 3 {
		t.Errorf("5 %% slower: %.2f in %.2f to %.2f", d, low, high)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median = %v, want 2.5", got)
	}
}

func TestNetworksAndAddressesDiffer(t *testing.T) {
	b, seen := &bench{}, map[string]bool{}
	for range 12 * 1000 {
		ip := b.network().To4()
		if key := ip.String(); seen[key] || ip[0] != 127 || ip[1] == 0 {
			t.Fatalf("network %s", key)
		} else {
			seen[key] = true
		}
	}
	for _, k := range kinds {
		known, unknown := email(k, 7, true), email(k, 7, false)
		if known == unknown || len(known) != len(unknown) {
			t.Errorf("%s and %s", known, unknown)
		}
	}
}

// The whole, with few samples, against the real program.
func TestRun(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hearthkey-server")
	if out, err := exec.Command("go", "build", "-o", program, "../../server/cmd/hearthkey-server").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	var out, errs bytes.Buffer
	args := []string{"-server", program, "-pairs", "20", "-only", "recovery-sms"}
	if status := run(t.Context(), args, &out, &errs); status != 0 {
		t.Fatalf("run = %d: %s", status, &errs)
	}
	for _, want := range []string{"recovery-sms         20", "seed 1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &out)
		}
	}
}
