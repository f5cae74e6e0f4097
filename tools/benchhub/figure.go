//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// figure is one number of one server.
type figure struct {
	Name      string  `json:"name"` // server.what_clients
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Reference float64 `json:"reference,omitempty"` // the same of the usual pattern, in this run
	Ratio     float64 `json:"ratio,omitempty"`
	Target    string  `json:"target,omitempty"`
	Verdict   string  `json:"verdict,omitempty"` // ok or short
}

// targets are at most, by the server and what is measured; some only from so many clients
// on, since what a process needs without any is spread over them.
var targets = []struct {
	figure   string
	from, to int // clients
	most     float64
}{
	{"ours.settled", 0, maxEach, 2.5},
	{"ours.collected", 0, maxEach, 2},
	{"ours.all", 15_000, 20_000, 200},
	{"ours.all", 45_000, 50_000, 500},
	{"ours.cpu_each", 0, maxEach, 11},
	{"ours.sum", 95_000, 100_000, 300},
	{"ours.storm", 15_000, 20_000, 2},
	{"ours.storm_spread", 15_000, 20_000, 3.15},
	{"ours.storm_peak", 15_000, 20_000, 96},
	{"whole.settled", 15_000, 20_000, 2.5},
	{"whole.collected", 15_000, 20_000, 2},
	{"whole.idle_cpu", 0, maxClients, 2.2},
	{"whole.storm", 15_000, 20_000, 2},
	{"whole.storm_spread", 15_000, 20_000, 3.15},
	{"whole.storm_peak", 15_000, 20_000, 96},
	{"whole.told_p50", 0, maxClients, 1},
	{"whole.told_p99", 0, maxClients, 5},
	{"whole.after_p50", 0, maxClients, 1},
	{"whole.after_p99", 0, maxClients, 5},
	{"tls.settled", 0, maxClients, 15},
	{"tls.collected", 0, maxClients, 10.5},
}

// judged names a server's figures, and holds them against the reference's and the targets.
func judged(server string, n int, figures, reference []figure) []figure {
	for i := range figures {
		f := &figures[i]
		what := f.Name
		f.Name = fmt.Sprintf("%s.%s_%d", server, what, n)
		for _, r := range reference {
			if r.Name == fmt.Sprintf("%s.%s_%d", base, what, n) && r.Value > 0 && server != base {
				f.Reference, f.Ratio = r.Value, f.Value/r.Value
			}
		}
		for _, t := range targets {
			if t.figure == server+"."+what && n >= t.from && n <= t.to {
				f.Target, f.Verdict = "<="+strconv.FormatFloat(t.most, 'g', -1, 64), "ok"
				if f.Value > t.most {
					f.Verdict = "short"
				}
			}
		}
	}
	return figures
}

// find returns the figure of a name, nil where there is none.
func find(all []figure, name string) *figure {
	i := slices.IndexFunc(all, func(f figure) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// slopes say how a figure changes from the fewest clients to the most: 1 is not at all.
func slopes(all []figure) (out []figure) {
	for _, what := range []string{"ours.collected", "whole.collected", "whole.idle_cpu", "whole.told_p50"} {
		var low, high *figure
		var few, many int
		for i := range all {
			number, ok := strings.CutPrefix(all[i].Name, what+"_")
			n, err := strconv.Atoi(number)
			if !ok || err != nil {
				continue
			}
			if low == nil || n < few {
				low, few = &all[i], n
			}
			if high == nil || n > many {
				high, many = &all[i], n
			}
		}
		if low != nil && few < many && low.Value > 0 {
			out = append(out, figure{Name: fmt.Sprintf("%s_%d_to_%d", what, few, many), Value: high.Value / low.Value, Unit: "x"})
		}
	}
	return out
}

func printTable(out io.Writer, all []figure) error {
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	for _, f := range all {
		reference, ratio := "-", "-"
		if f.Reference != 0 {
			reference, ratio = fmt.Sprintf("%.4g", f.Reference), fmt.Sprintf("%.3f", f.Ratio)
		}
		_, err := fmt.Fprintf(out, "%-32s %10.4g %-5s %10s %8s %8s %s\n", f.Name, f.Value, f.Unit, reference, ratio, dash(f.Target), dash(f.Verdict))
		if err != nil {
			return err
		}
	}
	return nil
}

func printJSON(out io.Writer, all []figure) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
