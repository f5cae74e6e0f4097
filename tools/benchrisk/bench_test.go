package main

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestThreshold(t *testing.T) {
	attacks := []float64{5, 1, 4, 2, 3}
	for _, c := range []struct{ tpr, want float64 }{{1, 1}, {0.8, 2}, {0.79, 2}, {0.6, 3}, {0.2, 5}} {
		got := threshold(attacks, c.tpr)
		if got != c.want {
			t.Errorf("threshold(%v) = %v, want %v", c.tpr, got, c.want)
		}
		if a := asked(attacks, got); a < c.tpr-1e-9 {
			t.Errorf("threshold(%v) asks %v of the attacks", c.tpr, a)
		}
	}
}

func TestEqualError(t *testing.T) {
	for _, c := range []struct {
		name            string
		honest, attacks []float64
		want            float64
	}{
		{"apart", []float64{1, 2, 3}, []float64{4, 5, 6}, 0},
		{"the wrong way", []float64{4, 5, 6}, []float64{1, 2, 3}, 1},
		{"one of four", []float64{1, 2, 3, 6}, []float64{4, 5, 7, 8}, 0.25},
	} {
		if got := equalError(c.honest, c.attacks); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestMedianAsked(t *testing.T) {
	accounts := [][]float64{{0, 0}, {9, 0}, {9, 9}, {9}}
	if got := medianAsked(accounts, 3, 5); got != 2 {
		t.Errorf("medianAsked = %d, want 2: the first and one more", got)
	}
}

// TestSeeded: the same seed gives the same figures, and attackers who know more
// are harder to tell apart.
func TestSeeded(t *testing.T) {
	timing := regexp.MustCompile(`, [0-9.]+ s\n`)
	var first, again, stderr bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &again} {
		if code := run([]string{"-accounts", "200"}, out, &stderr); code != 0 {
			t.Fatalf("run = %d: %s", code, stderr.String())
		}
	}
	a, b := timing.ReplaceAllString(first.String(), ""), timing.ReplaceAllString(again.String(), "")
	if a != b {
		t.Error("the same seed gave other figures")
	}
	for _, want := range []string{"other data", "not found", "read off the figure", "honest"} {
		if !strings.Contains(a, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	r := play(1, 200)
	var all []float64
	for _, s := range r.honest {
		all = append(all, s...)
	}
	naive, vpn, targeted := equalError(all, r.attack["naive"]), equalError(all, r.attack["VPN"]), equalError(all, r.attack["targeted"])
	if !(naive < vpn && vpn < targeted && targeted < 0.35) {
		t.Errorf("equal-error rates %.3f, %.3f, %.3f: want them to rise, up to 0.35", naive, vpn, targeted)
	}
}

func TestRefusesArguments(t *testing.T) {
	var out bytes.Buffer
	for _, args := range [][]string{{"-accounts", "5"}, {"-accounts", "x"}, {"-seed", "-1"}, {"more"}} {
		if code := run(args, &out, &out); code != 2 {
			t.Errorf("run(%v) = %d, want 2", args, code)
		}
	}
}
