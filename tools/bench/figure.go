package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// Figure is one measured number.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Reference is the same work without us, in the same unit; 0 for none.
	Reference float64 `json:"reference,omitempty"`
	Target    Target  `json:"target"`
}

// Target is a bound of the value, or of its ratio to the reference. The zero
// Target asks for nothing.
type Target struct {
	kind  targetKind
	bound float64
}

type targetKind int

const (
	none targetKind = iota
	atMost
	atLeast
	below
	ratioAtLeast
)

// Ratio is the value to the reference; 0 without one.
func (f Figure) Ratio() float64 {
	if f.Reference == 0 {
		return 0
	}
	return f.Value / f.Reference
}

// Verdict is "ok" or "short", or "-" without a target.
func (f Figure) Verdict() string {
	t := f.Target
	ok := false
	switch t.kind {
	case none:
		return "-"
	case atMost:
		ok = f.Value <= t.bound
	case atLeast:
		ok = f.Value >= t.bound
	case below:
		ok = f.Value < t.bound
	case ratioAtLeast:
		ok = f.Ratio() >= t.bound
	}
	if ok {
		return "ok"
	}
	return "short"
}

// String writes the target as the table has it.
func (t Target) String() string {
	b := strconv.FormatFloat(t.bound, 'f', -1, 64)
	return [...]string{none: "-", atMost: "<=" + b, atLeast: ">=" + b, below: "<" + b, ratioAtLeast: ">=" + b + "x"}[t.kind]
}

// MarshalText implements [encoding.TextMarshaler].
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// number writes four digits, and no more than are worth reading.
func number(v float64) string {
	if v == 0 {
		return "-"
	}
	digits := 3 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', min(max(digits, 0), 6), 64)
}

// printFigures writes one line a figure.
func printFigures(w io.Writer, figures []Figure) error {
	for _, f := range figures {
		_, err := fmt.Fprintf(w, "%-26s %10s %-6s %10s %9s %9s %s\n",
			f.Name, number(f.Value), f.Unit, number(f.Reference), number(f.Ratio()), f.Target, f.Verdict())
		if err != nil {
			return err
		}
	}
	return nil
}

func printJSON(w io.Writer, figures []Figure) error {
	type line struct {
		Figure
		Ratio   float64 `json:"ratio,omitempty"`
		Verdict string  `json:"verdict"`
	}
	lines := make([]line, len(figures))
	for i, f := range figures {
		lines[i] = line{f, f.Ratio(), f.Verdict()}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(lines)
}

// quantile returns the smallest value that a share q of all is no greater than.
func quantile(q float64, values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

// blockP99 cuts the values, which are in the order of their measuring, into five
// blocks and returns the median of the blocks' 99th percentiles: a neighbour's
// burst spoils a block, not the figure. A block needs 100 values.
func blockP99(values []float64) float64 {
	const blocks = 5
	if len(values) < 100*blocks {
		return quantile(0.99, values)
	}
	var each []float64
	for i := range blocks {
		each = append(each, quantile(0.99, values[i*len(values)/blocks:(i+1)*len(values)/blocks]))
	}
	return median(each)
}

func median(values []float64) float64 { return quantile(0.5, values) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
