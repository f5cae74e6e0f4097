package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// The generated world: one home market with some foreign customers, providers
// with networks, and what people sign in with. Shares are invented; what they
// are like is written beside them.

// share is a value with how common it is.
type share[T any] struct {
	value  T
	weight float64
}

// pick draws a value by its weight.
func pick[T any](r *rand.Rand, from []share[T]) T {
	total := 0.0
	for _, s := range from {
		total += s.weight
	}
	at := r.Float64() * total
	for _, s := range from {
		if at -= s.weight; at < 0 {
			return s.value
		}
	}
	return from[len(from)-1].value
}

// provider is an internet provider in one country.
type provider struct {
	number   uint32
	country  string
	networks int // how many /24 it gives its customers
	mobile   bool
}

// country has providers, by share.
type country struct {
	code      string
	providers []share[*provider] // fixed lines and mobile
	mobile    []share[*provider] // mobile only
}

// client is what one signs in with.
type client struct{ browser, system, device string }

// world is what the population lives in and attackers choose from.
type world struct {
	customers []share[*country] // where households live
	attackers []share[*country] // where naive attackers sit
	clients   []share[client]   // what everybody uses
}

func newWorld() *world {
	w := &world{clients: []share[client]{ // roughly what public web statistics look like
		{client{"Chrome", "Windows", "desktop"}, 24}, {client{"Chrome", "Android", "mobile"}, 22},
		{client{"Safari", "iOS", "mobile"}, 20}, {client{"Edge", "Windows", "desktop"}, 9},
		{client{"Safari", "macOS", "desktop"}, 6}, {client{"Chrome", "macOS", "desktop"}, 6},
		{client{"Firefox", "Windows", "desktop"}, 4}, {client{"Safari", "iOS", "tablet"}, 3},
		{client{"Samsung Internet", "Android", "mobile"}, 3}, {client{"Firefox", "Linux", "desktop"}, 1},
		{client{"Chrome", "Linux", "desktop"}, 1}, {client{"Opera", "Windows", "desktop"}, 1},
	}}
	next := uint32(64500)
	add := func(code string, size int, home, attack float64) {
		c := &country{code: code}
		for i, weight := range []float64{40, 25, 15, 8, 5, 3, 2, 2} { // a few large providers
			p := &provider{number: next, country: code, networks: max(4, int(float64(size)*weight/100)), mobile: i%3 == 1}
			next++
			c.providers = append(c.providers, share[*provider]{p, weight})
			if p.mobile {
				c.mobile = append(c.mobile, share[*provider]{p, weight})
			}
		}
		w.customers = append(w.customers, share[*country]{c, home})
		w.attackers = append(w.attackers, share[*country]{c, attack})
	}
	add("DE", 4000, 90, 4) // the home market
	for i, code := range []string{"AT", "CH", "FR", "GB", "NL", "PL", "US"} {
		add(code, 1500, []float64{3, 2, 1, 1, 1, 1, 1}[i], []float64{1, 1, 4, 5, 5, 3, 15}[i])
	}
	for i, code := range []string{"BR", "CN", "ID", "IN", "NG", "RU", "UA", "VN"} {
		add(code, 3000, 0, []float64{8, 12, 7, 10, 5, 11, 4, 5}[i])
	}
	return w
}

// network draws one of the provider's networks.
func (p *provider) network(r *rand.Rand) string {
	return strconv.FormatUint(uint64(p.number), 10) + "/" + fmt.Sprint(r.IntN(p.networks))
}
