package main

import (
	"math/rand/v2"
	"time"

	"github.com/hearthkey/hearthkey/server/risk"
)

// person is an honest account.
type person struct {
	home     *country
	line     *provider // at home
	network  string    // at home, today
	mobile   *provider
	office   string // a network of another provider
	employer *provider
	clients  []share[client]
	hour     float64 // when they mostly sign in
	every    time.Duration
	abroad   *country // where they are travelling, or nil
	trip     int      // sign-ins left of the trip
}

func (w *world) newPerson(r *rand.Rand) *person {
	p := &person{home: pick(r, w.customers), hour: 16 + r.NormFloat64()*3}
	p.line, p.mobile, p.employer = pick(r, p.home.providers), pick(r, p.home.mobile), pick(r, p.home.providers)
	p.network, p.office = p.line.network(r), p.employer.network(r)
	for i, n := 0, 1+r.IntN(4); i < n; i++ { // a household's browsers, the first one most
		p.clients = append(p.clients, share[client]{pick(r, w.clients), 1 / float64(i+1)})
	}
	// From daily to less than monthly, as the population of Wiefling et al.
	p.every = pick(r, []share[time.Duration]{
		{24 * time.Hour, 2}, {72 * time.Hour, 3}, {168 * time.Hour, 3}, {400 * time.Hour, 2},
	})
	return p
}

// next is when the person signs in after t.
func (p *person) next(r *rand.Rand, t time.Time) time.Time {
	day := t.Add(time.Duration(r.ExpFloat64() * float64(p.every))).Truncate(24 * time.Hour)
	at := day.Add(time.Duration((p.hour + r.NormFloat64()*2.5) * float64(time.Hour)))
	if !at.After(t) {
		return t.Add(time.Duration(1+r.IntN(120)) * time.Minute)
	}
	return at
}

// signIn is one honest sign-in. Life changes now and then: the provider gives
// another network, a phone is replaced, somebody travels.
func (p *person) signIn(r *rand.Rand, w *world, at time.Time) risk.Attempt {
	if r.Float64() < 0.04 {
		p.network = p.line.network(r)
	}
	if r.Float64() < 0.02 {
		p.clients[r.IntN(len(p.clients))].value = pick(r, w.clients)
	}
	if p.trip == 0 && r.Float64() < 0.01 {
		p.abroad, p.trip = pick(r, w.customers), 1+r.IntN(3)
	}
	line, network := p.line, p.network
	switch where := r.Float64(); {
	case p.trip > 0:
		p.trip--
		line = pick(r, p.abroad.providers)
		network = line.network(r)
	case where < 0.15:
		line, network = p.mobile, p.mobile.network(r)
	case where < 0.25:
		line, network = p.employer, p.office
	case where < 0.27: // a café, a friend's home
		line = pick(r, p.home.providers)
		network = line.network(r)
	}
	a := risk.Attempt{SignIn: signIn(at, network, line, pick(r, p.clients))}
	if r.Float64() < 0.08 {
		a.Failures.Account = 1 + r.IntN(3)
		a.Failures.Address = a.Failures.Account
	}
	return a
}

func signIn(at time.Time, network string, line *provider, c client) risk.SignIn {
	return risk.SignIn{
		At: at, Network: network, Provider: line.number, Country: line.country,
		Browser: c.browser, System: c.system, Device: c.device,
	}
}

// attacker is one of the models of Wiefling et al. All of them have the
// password; none fails first, so that nothing but the features speaks against
// them.
type attacker struct {
	name, knows string
	try         func(r *rand.Rand, w *world, victim *person, at time.Time) risk.Attempt
}

func attackers() []attacker {
	return []attacker{
		{"naive", "the password", func(r *rand.Rand, w *world, _ *person, at time.Time) risk.Attempt {
			line := pick(r, pick(r, w.attackers).providers)
			return risk.Attempt{SignIn: signIn(at, line.network(r), line, pick(r, w.clients))}
		}},
		{"VPN", "and the country", func(r *rand.Rand, w *world, v *person, at time.Time) risk.Attempt {
			line := pick(r, v.home.providers)
			return risk.Attempt{SignIn: signIn(at, line.network(r), line, pick(r, w.clients))}
		}},
		{"targeted", "and the region, browser and device", func(r *rand.Rand, w *world, v *person, at time.Time) risk.Attempt {
			line := v.line
			if r.Float64() < 0.5 { // a city has several providers
				line = pick(r, v.home.providers)
			}
			return risk.Attempt{SignIn: signIn(at, line.network(r), line, v.clients[0].value)}
		}},
	}
}
