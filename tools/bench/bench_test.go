package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The quick measurements, as a person runs them.
func TestRun(t *testing.T) {
	for _, only := range []string{"commits", "keys", "pin.key_meanwhile_p99", "page"} {
		t.Run(only, func(t *testing.T) {
			var out, errOut bytes.Buffer
			if code := run(t.Context(), []string{"--quick", "--json", "--only", only}, &out, &errOut); code != 0 {
				t.Fatalf("run = %d: %s", code, &errOut)
			}
			var lines []struct {
				Name, Unit, Target, Verdict string
				Value, Reference, Ratio     float64
			}
			if err := json.Unmarshal(out.Bytes(), &lines); err != nil || len(lines) == 0 {
				t.Fatalf("run printed %s (%v)", &out, err)
			}
			for _, l := range lines {
				if !strings.HasPrefix(l.Name, strings.SplitN(only, ".", 2)[0]+".") || l.Value <= 0 || l.Unit == "" || l.Target == "" {
					t.Errorf("figure %+v", l)
				}
				if l.Reference > 0 && l.Ratio <= 0 || !slices.Contains([]string{"ok", "short", "-"}, l.Verdict) {
					t.Errorf("figure %+v", l)
				}
			}
			if strings.Contains(only, ".") && len(lines) != 1 {
				t.Errorf("%d figures, want 1", len(lines))
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"--only nothing", 2, `there is no "nothing"; there are: keys, pin,`},
		{"extra", 2, `there is no "extra`},
		{"--colour", 2, "not defined"},
		{"--help", 0, "-only"},
		{"--quick --only commits.none", 1, `no figure "commits.none"`},
	} {
		var out, errOut bytes.Buffer
		code := run(t.Context(), strings.Fields(tt.args), &out, &errOut)
		if code != tt.code || !strings.Contains(errOut.String(), tt.says) || out.Len() > 0 {
			t.Errorf("run(%s) = %d, %q, want %d and %q", tt.args, code, &errOut, tt.code, tt.says)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		f    Figure
		want string
	}{
		{Figure{Name: "a", Value: 1, Unit: "ms"}, "a                               1.000 ms              -         -         - -\n"},
		{Figure{"a", 250, "ms", 50, Target{below, 250}}, "a                               250.0 ms          50.00     5.000      <250 short\n"},
		{Figure{"a", 249.9, "ms", 0, Target{below, 250}}, "a                               249.9 ms              -         -      <250 ok\n"},
		{Figure{"a", 10.5, "MB", 0, Target{atMost, 10.5}}, "a                               10.50 MB              -         -    <=10.5 ok\n"},
		{Figure{"a", 12345.6, "1/s", 6000, Target{ratioAtLeast, 2}}, "a                               12346 1/s          6000     2.058      >=2x ok\n"},
		{Figure{"a", 80, "1/s", 100, Target{ratioAtLeast, 0.9}}, "a                               80.00 1/s         100.0    0.8000    >=0.9x short\n"},
	} {
		var b bytes.Buffer
		if err := printFigures(&b, []Figure{tt.f}); err != nil || b.String() != tt.want {
			t.Errorf("printed %q, want %q (%v)", &b, tt.want, err)
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.25: 1, 0.26: 2, 0.5: 2, 0.75: 3, 0.99: 4, 1: 4} {
		if got := quantile(q, values); got != want {
			t.Errorf("quantile(%g) = %g, want %g", q, got, want)
		}
	}
	if got := quantile(0.5, nil); got != 0 {
		t.Errorf("quantile of nothing = %g", got)
	}
}

func TestBlockP99(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, float64(i%200))
	}
	for i := range 50 { // a burst
		values[400+i] = 1e6
	}
	if got, want := blockP99(values), 197.0; got != want {
		t.Errorf("blockP99 = %g, want %g", got, want)
	}
	if got, want := blockP99(values[:200]), 197.0; got != want {
		t.Errorf("blockP99 of one block = %g, want %g", got, want)
	}
}

func TestReaders(t *testing.T) {
	m, err := readMemory(strings.NewReader("55d-7ff ---p 00000000 00:00 0 [rollup]\nRss:    12 kB\nPss:  9 kB\nAnonymous:   4 kB\n"))
	if want := (memory{12 << 10, 4 << 10}); err != nil || m != want {
		t.Errorf("readMemory = %v, %v, want %v", m, err, want)
	}
	for _, bad := range []string{"", "Rss: many kB\n", "Anonymous: 4 kB\n"} {
		if m, err := readMemory(strings.NewReader(bad)); err == nil {
			t.Errorf("readMemory(%q) = %v", bad, m)
		}
	}
	sum, err := sumMetrics(strings.NewReader("# HELP a b\na 1.5e+03\nab 7\nb 2\n"), "a", "b")
	if err != nil || sum != 1502 {
		t.Errorf("sumMetrics = %g, %v, want 1502", sum, err)
	}
	if _, err := sumMetrics(strings.NewReader("a 1\n"), "a", "b"); err == nil {
		t.Error("sumMetrics did not miss a metric")
	}
}

// Only the hash's own instructions count.
func TestCountHashing(t *testing.T) {
	log := "Trace 0: 0x1 [0/b0214/0/1] golang.org/x/crypto/argon2.blamkaGeneric\n" +
		"Trace 0: 0x2 [0/b0218/0/1] runtime.stealWork\n" +
		"Trace 0: 0x3 [0/b021c/0/1] golang.org/x/crypto/blake2b.hashBlocksGeneric\n"
	if n, err := countHashing(strings.NewReader(log)); n != 2 || err != nil {
		t.Errorf("countHashing = %v, %v, want 2", n, err)
	}
	if _, err := countHashing(strings.NewReader("Trace 0: 0x2 [0/b0218/0/1]\n")); err == nil {
		t.Error("a program without names has a count")
	}
}
