package web

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlacesOnTheMap(t *testing.T) {
	for _, c := range []struct {
		name   string
		places []string
		want   []Dot
	}{
		{"none", nil, nil},
		{"not known", []string{"", "Atlantis", "here, there"}, nil},
		{"a city, its country, and another", []string{"Lyon, France", "Oslo, Norway", "France"},
			[]Dot{{Country: "France", X: 149.5, Y: 33.4, N: 2}, {Country: "Norway", X: 158.9, Y: 15.8, N: 1}}},
		{"at the date line", []string{"Fiji"}, []Dot{{Country: "Fiji", X: 293.4, Y: 97.8, N: 1}}},
		{"below the map's edge", []string{"Antarctica"}, []Dot{{Country: "Antarctica", X: 108.3, Y: 136, N: 1}}},
	} {
		if d := cmp.Diff(c.want, dots(c.places...)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// Every country has a place within the map, which is small.
func TestMapIsWhole(t *testing.T) {
	for code, c := range centres {
		if c.lat < -90 || c.lat > 90 || c.lon < -180 || c.lon > 180 || len(code) != 2 {
			t.Errorf("%s lies at %v", code, c)
		}
	}
	drawing, err := staticFiles.ReadFile("static/world.svg")
	if err != nil {
		t.Fatal(err)
	}
	if len(drawing) > 15_000 || !strings.Contains(string(drawing), `viewBox="0 0 295 136"`) || !strings.Contains(string(drawing), `id="land"`) {
		t.Errorf("the map has %d bytes and begins %.80q", len(drawing), drawing)
	}
}

// The map of an approval shows both countries, and none where they are one.
func TestApprovalMap(t *testing.T) {
	p := TVApprovePage{TV: Spot{Place: "Oslo, Norway"}, You: Spot{Place: "Germany"}}
	if got := p.Where(); got == nil || len(got.Dots) != 2 || got.Dots[0].Odd || !got.Dots[1].Odd || got.Dots[1].Country != "Norway" {
		t.Errorf("two countries: %+v", got)
	}
	for _, tv := range []string{"Germany", "Bonn, Germany", ""} {
		p.TV.Place = tv
		if got := p.Where(); got != nil {
			t.Errorf("%q and Germany: %+v", tv, got)
		}
	}
}

// A chart lies within the map, holds its dots, and is never smaller than a
// continent.
func TestChartHoldsItsDots(t *testing.T) {
	for _, places := range [][]string{{"France"}, {"France", "Germany"}, {"Fiji"}, {"Antarctica", "Greenland"}, {"Fiji", "Samoa", "Norway"}, {"New Zealand", "Chile"}} {
		c := chart(dots(places...))
		if c.Width < leastWidth || c.X < 0 || c.Y < 0 || c.X+c.Width > mapWidth+.1 || c.Y+c.Height > mapTop-mapBottom+.1 {
			t.Errorf("%q: chart %+v is outside the map", places, c)
		}
		for _, d := range c.Dots {
			if d.X < c.X || d.X > c.X+c.Width || d.Y < c.Y || d.Y > c.Y+c.Height {
				t.Errorf("%q: %s is outside chart %+v", places, d.Country, c)
			}
		}
	}
	c := chart([]Dot{{N: 1}, {N: 5}, {N: 1000}})
	if !(c.Size(c.Dots[0]) < c.Size(c.Dots[1]) && c.Size(c.Dots[1]) < c.Size(c.Dots[2]) && c.Size(c.Dots[2]) <= 2*c.Small) {
		t.Errorf("sizes: %+v", c)
	}
}
