package web

import (
	"cmp"
	"math"
	"slices"

	"github.com/hearthkey/hearthkey/server/speech"
)

// The map of the world, static/world.svg, is equirectangular, true to scale at 35°,
// from 80° north to 56° south: tools/geo/worldmap.mjs draws it.
const (
	mapWidth  = 295 // units
	mapTop    = 80  // degrees
	mapBottom = -56
)

// centre is a point of the earth, in degrees.
type centre struct{ lat, lon float64 }

// Dot is a country on the map: where, in the map's units, and how much is there.
type Dot struct {
	Country string // its name in English
	X, Y    float64
	N       int
	Odd     bool // it is the one to look at
}

// Chart is the part of the map that holds some dots.
type Chart struct {
	Dots          []Dot
	X, Y, Width   float64 // in the map's units
	Height, Small float64 // Small is how large the dot of one is
}

// leastWidth is how little of the map a chart shows: a continent.
const leastWidth = 90

// chart cuts out the part of the map that holds all dots, in the map's proportions.
func chart(all []Dot) Chart {
	const ratio = float64(mapTop-mapBottom) / mapWidth
	left, right, top, bottom := float64(mapWidth), 0.0, float64(mapTop-mapBottom), 0.0
	for _, d := range all {
		left, right = min(left, d.X), max(right, d.X)
		top, bottom = min(top, d.Y), max(bottom, d.Y)
	}
	w := min(max(1.4*(right-left), 1.4*(bottom-top)/ratio, leastWidth), mapWidth)
	h := w * ratio
	x := min(max((left+right-w)/2, 0), mapWidth-w)
	y := min(max((top+bottom-h)/2, 0), mapTop-mapBottom-h)
	return Chart{Dots: all, X: tenths(x), Y: tenths(y), Width: tenths(w), Height: tenths(h), Small: tenths(w / 50)}
}

// Size is how large a dot is drawn: what is one and what is many are told apart, and
// hundreds do not hide a country.
func (c Chart) Size(d Dot) float64 { return tenths(c.Small * min(1+math.Log2(float64(d.N))/4, 2)) }

// dots finds the countries of places, the most frequent first. A place without a
// known country is not on the map.
func dots(places ...string) []Dot {
	var all []Dot
	for _, p := range places {
		code, name := speech.Country(p)
		at, ok := centres[code]
		if !ok {
			continue
		}
		if i := slices.IndexFunc(all, func(d Dot) bool { return d.Country == name }); i >= 0 {
			all[i].N++
			continue
		}
		all = append(all, Dot{
			Country: name, N: 1, X: tenths((at.lon + 180) * mapWidth / 360), Y: tenths(mapTop - min(max(at.lat, mapBottom), mapTop)),
		})
	}
	slices.SortStableFunc(all, func(a, b Dot) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Country, b.Country)) })
	return all
}

func tenths(v float64) float64 { return math.Round(v*10) / 10 }

// mapped is the chart of some dots, nil where there are none.
func mapped(all []Dot) *Chart {
	if len(all) == 0 {
		return nil
	}
	c := chart(all)
	return &c
}

// Where are the countries in which what is signed in was seen last.
func (b Board) Where() *Chart {
	var places []string
	for _, d := range b.Devices {
		if d.State.SignedIn() || d.Stolen() {
			places = append(places, d.Place)
		}
	}
	for _, w := range b.Webs {
		places = append(places, w.Place)
	}
	return mapped(dots(places...))
}

// Where are the countries that a stolen TV reported from.
func (p TheftPage) Where() *Chart {
	var places []string
	for _, r := range p.Reports {
		places = append(places, r.Place)
	}
	return mapped(dots(places...))
}

// Where are the countries of the TV and of the person who is to approve it, where
// they differ.
func (p TVApprovePage) Where() *Chart {
	there, here := dots(p.TV.Place), dots(p.You.Place)
	if len(there) == 0 || len(here) == 0 || there[0].Country == here[0].Country {
		return nil
	}
	there[0].Odd = true
	return mapped(append(here, there...))
}
