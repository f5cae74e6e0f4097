package screen_test

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

var variable = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`)

// palette reads the colours of a rule of a style sheet.
func palette(t *testing.T, css, rule string) map[string]float64 {
	t.Helper()
	found := regexp.MustCompile(`(?s)` + regexp.QuoteMeta(rule) + ` \{(.*?)\n\}`).FindStringSubmatch(css)
	if found == nil {
		t.Fatalf("there is no rule %s", rule)
	}
	out := map[string]float64{}
	for _, v := range variable.FindAllStringSubmatch(found[1], -1) {
		out[v[1]] = luminance(t, v[2])
	}
	return out
}

// luminance is the relative luminance of a colour (WCAG 2.2, relative luminance).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func ratio(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// TestColoursCanBeRead holds the colours of words to what docs/design.md says:
// WCAG 2.2, 1.4.3 asks for 4.5, and 1.4.6, which high contrast keeps, for 7.
func TestColoursCanBeRead(t *testing.T) {
	all := asText(folder(t))
	for _, tt := range []struct {
		file, rule string
		least      float64
	}{{"base.css", ":root", 4.5}, {"contrast.css", ".contrast", 7}} {
		c := palette(t, all[tt.file], tt.rule)
		for _, pair := range [][2]string{
			{"text", "ground"}, {"text", "raised"}, {"text", "lifted"}, {"quiet", "ground"}, {"quiet", "raised"}, {"quiet", "lifted"},
			{"amber", "ground"}, {"amber", "raised"}, {"ink", "amber"}, {"bad", "ground"}, {"bad", "raised"}, {"bad-ink", "bad"}, {"good", "raised"},
			{"text", "ember"}, {"ink", "text"},
		} {
			a, known := c[pair[0]]
			b, also := c[pair[1]]
			if !known || !also {
				t.Errorf("%s has no --%s or --%s", tt.file, pair[0], pair[1])
				continue
			}
			got := ratio(a, b)
			t.Logf("%s: %s on %s %.1f", tt.file, pair[0], pair[1], got)
			if got < tt.least {
				t.Errorf("%s: %s on %s has %.2f, want %g", tt.file, pair[0], pair[1], got, tt.least)
			}
		}
		if got := ratio(c["amber"], c["lifted"]); got < 3 { // WCAG 2.2, 1.4.11: what shows the focus
			t.Errorf("%s: the focus beside other choices has %.2f, want 3", tt.file, got)
		}
	}
}
