package web

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// palettes reads the colours of the style sheet: light, and dark over it.
func palettes(t *testing.T) map[string]map[string]string {
	t.Helper()
	css, err := staticFiles.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := map[string]string{}, map[string]string{}
	for _, m := range colour.FindAllStringSubmatch(string(css), -1) {
		if _, again := light[m[1]]; again {
			dark[m[1]] = m[2]
			continue
		}
		light[m[1]] = m[2]
	}
	for name, value := range light {
		if _, ok := dark[name]; !ok {
			dark[name] = value
		}
	}
	return map[string]map[string]string{"light": light, "dark": dark}
}

// luminance is WCAG 2.2's relative luminance of "rrggbb".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatalf("colour %q: %v", hex, err)
	}
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (edges of controls and focus 3:1).
// WCAG 2.2 AA.
func TestContrast(t *testing.T) {
	type pair struct {
		front, back string
		least       float64
	}
	var pairs []pair
	for _, ground := range []string{"ground", "card", "sunk"} {
		for _, text := range []string{"ink", "soft", "link", "ok", "wait", "bad"} {
			pairs = append(pairs, pair{text, ground, 4.5})
		}
		pairs = append(pairs, pair{"edge", ground, 3}, pair{"focus", ground, 3})
	}
	pairs = append(pairs, pair{"ok", "ok-ground", 4.5}, pair{"wait", "wait-ground", 4.5}, pair{"bad", "bad-ground", 4.5},
		pair{"on-amber", "amber", 4.5}, pair{"on-amber", "amber-hover", 4.5}, pair{"card", "bad", 4.5},
		pair{"ground", "ink", 4.5}, pair{"ink", "wait-ground", 4.5}, pair{"soft", "wait-ground", 4.5})
	for mode, p := range palettes(t) {
		for _, c := range pairs {
			a, b := luminance(t, p[c.front]), luminance(t, p[c.back])
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < c.least {
				t.Errorf("%s: %s on %s has %.2f:1, want at least %.1f:1", mode, c.front, c.back, got, c.least)
			}
		}
	}
}

var (
	apart = regexp.MustCompile(`[{;\s](?:gap|(?:margin|padding)(?:-[a-z-]+)?):([^;}(]*)[;}]`)
	rems  = regexp.MustCompile(`(\d*\.?\d+)rem`)
)

// What stands apart does so by one of few distances (docs/design.md), in rem.
func TestDistancesAreOnTheScale(t *testing.T) {
	scale := []string{".1", ".2", ".4", ".6", ".8", "1", "1.2", "1.5", "2", "2.5", "3", "4", "5"}
	css, err := staticFiles.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range apart.FindAllStringSubmatch(string(css), -1) {
		for _, r := range rems.FindAllStringSubmatch(m[1], -1) {
			n++
			if !slices.Contains(scale, r[1]) && r[1] != "5.2" { // beside the button that reveals a password
				t.Errorf("%q is not on the scale", m[0])
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d distances found", n)
	}
}
