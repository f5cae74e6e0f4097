//go:build linux

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Size of a plot and of its margins, in pixels.
const (
	plotWidth, plotHeight = 640, 360
	marginX, marginY      = 64, 36
	legendWidth           = 110
)

// colors of the servers, readable by most who do not see all of them (Okabe and Ito).
var colors = map[string]string{"usual": "#d55e00", "nats": "#cc79a7", "portable": "#56b4e9", "ours": "#009e73", "floor": "#777777", "whole": "#0072b2", "tls": "#e69f00"}

// point is a server's figure at so many clients.
type point struct{ n, value float64 }

// drawn are the figures of which a plot is drawn.
var drawn = []string{"settled", "collected", "sum", "all", "cpu_each", "one_p50", "idle_cpu", "told_p50", "told_p99"}

// drawAll draws them into a folder, as hub-FIGURE.svg.
func drawAll(dir string, all []figure) error {
	for _, what := range drawn {
		var b bytes.Buffer
		if err := plotOf(&b, what, all); err != nil {
			continue // none of those servers was measured
		}
		if err := os.WriteFile(filepath.Join(dir, "hub-"+strings.ReplaceAll(what, "_", "-")+".svg"), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// plot draws how a figure grows with the clients, from the files that -json wrote.
func plot(out io.Writer, what string, files []string) error {
	var all []figure
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var figures []figure
		if err := json.Unmarshal(data, &figures); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, figures...)
	}
	return plotOf(out, what, all)
}

// plotOf draws one figure of all servers, as SVG with logarithmic axes.
func plotOf(out io.Writer, what string, all []figure) error {
	lines, title := map[string][]point{}, what
	for _, f := range all {
		server, rest, _ := strings.Cut(f.Name, ".")
		number, ok := strings.CutPrefix(rest, what+"_")
		n, err := strconv.Atoi(number)
		if ok && err == nil && colors[server] != "" && f.Value > 0 {
			title = what + ", " + f.Unit
			lines[server] = append(lines[server], point{float64(n), f.Value})
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("no figure %q", what)
	}
	return draw(out, title, lines)
}

// axis maps the logarithm of a value to pixels.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (math.Log10(v)-a.low)/(a.high-a.low)*(a.to-a.from)
}

// ticks are 1, 2 and 5 times each power of ten that the axis shows.
func (a axis) ticks() (out []float64) {
	for p := math.Floor(a.low); p <= a.high; p++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, p); math.Log10(v) >= a.low-1e-9 && math.Log10(v) <= a.high+1e-9 {
				out = append(out, v)
			}
		}
	}
	return out
}

func draw(out io.Writer, title string, lines map[string][]point) error {
	var ns, values []float64
	for _, points := range lines {
		for _, p := range points {
			ns, values = append(ns, p.n), append(values, p.value)
		}
	}
	x := axis{math.Log10(slices.Min(ns)) - 0.05, math.Log10(slices.Max(ns)) + 0.05, marginX, plotWidth - legendWidth}
	y := axis{math.Log10(slices.Min(values)) - 0.1, math.Log10(slices.Max(values)) + 0.1, plotHeight - marginY, marginY}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img" aria-label="%s by clients">`+"\n", plotWidth, plotHeight, title)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/><text x="%d" y="20">%s by clients</text>`+"\n", plotWidth, plotHeight, marginX, title)
	for _, v := range x.ticks() {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n", x.at(v), plotHeight-marginY+18, v)
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n",
			marginX, y.at(v), plotWidth-legendWidth, marginX-6, y.at(v)+4, v)
	}
	labels := labelsOf(lines, y)
	for _, name := range names {
		points := lines[name]
		if len(points) == 0 {
			continue
		}
		var path strings.Builder
		for i, p := range points {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x.at(p.n), y.at(p.value))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(p.n), y.at(p.value), colors[name])
		}
		end := points[len(points)-1]
		fmt.Fprintf(&b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/><text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n",
			&path, colors[name], x.at(end.n)+8, labels[name], colors[name], name)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// labelsOf sorts each line's points, and says how far down its name stands: beside its
// last point, and below the name above it.
func labelsOf(lines map[string][]point, y axis) map[string]float64 {
	const lineHeight = 13
	at, order := map[string]float64{}, []string{}
	for name, points := range lines {
		slices.SortFunc(points, func(a, b point) int { return int(a.n - b.n) })
		at[name] = y.at(points[len(points)-1].value) + 4
		order = append(order, name)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Compare(at[a], at[b]) })
	for i := 1; i < len(order); i++ {
		at[order[i]] = max(at[order[i]], at[order[i-1]]+lineHeight)
	}
	return at
}
