package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/server/risk"
)

// logins is how many sign-ins each honest account makes: as many as the figures
// that ours stand beside.
const logins = 39

// global counts what the server's tables would.
type global struct {
	signIns, accounts int64
	times             [risk.Traits]map[string]int64
	hours             [24]int64
}

func newGlobal() *global {
	g := &global{}
	for t := range g.times {
		g.times[t] = make(map[string]int64)
	}
	return g
}

func (g *global) add(s risk.SignIn, first bool) {
	g.signIns++
	if first {
		g.accounts++
	}
	g.hours[s.At.UTC().Hour()]++
	for t := range g.times {
		g.times[t][s.Value(risk.Trait(t))]++
	}
}

func (g *global) of(s risk.SignIn) risk.Global {
	out := risk.Global{SignIns: g.signIns, Accounts: g.accounts, Hours: g.hours}
	for t := range g.times {
		out.Seen[t] = risk.Seen{Times: g.times[t][s.Value(risk.Trait(t))], Distinct: int64(len(g.times[t]))}
	}
	return out
}

// result is what a play leaves to be measured.
type result struct {
	honest [][]float64          // scores by account and sign-in, without the first
	attack map[string][]float64 // scores by attacker
	caught map[string][4]int    // attacks by level
	asked  [4]int               // honest sign-ins by level
}

// turn is an account's next sign-in.
type turn struct {
	at  time.Time
	who int
}

// play lets n accounts sign in in the order of time, each with the history and
// the counts of that moment, and attackers try each of them at four moments.
func play(seed uint64, n int) result {
	r := rand.New(rand.NewPCG(seed, seed))
	w, g := newWorld(), newGlobal()
	people := make([]*person, n)
	histories := make([]risk.History, n)
	out := result{honest: make([][]float64, n), attack: make(map[string][]float64), caught: make(map[string][4]int)}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var turns queue
	for i := range people {
		people[i] = w.newPerson(r)
		turns.push(turn{people[i].next(r, begin.Add(time.Duration(r.IntN(90*24))*time.Hour)), i})
	}
	for len(turns) > 0 {
		t := turns.pop()
		p, h := people[t.who], histories[t.who]
		a := p.signIn(r, w, t.at)
		if len(h) > 0 {
			got := risk.Assess(risk.Settings{}, a, h, g.of(a.SignIn))
			out.honest[t.who] = append(out.honest[t.who], got.Score)
			out.asked[got.Level]++
		}
		g.add(a.SignIn, len(h) == 0)
		histories[t.who] = append(h, a.SignIn)
		if slices.Contains([]int{3, 6, 12, 24}, len(h)+1) {
			out.attackAll(r, w, p, t.at, histories[t.who], g)
		}
		if len(histories[t.who]) < logins {
			turns.push(turn{p.next(r, t.at), t.who})
		}
	}
	return out
}

// attackAll lets each attacker try p's account within a week of t.
func (out *result) attackAll(r *rand.Rand, w *world, p *person, t time.Time, h risk.History, g *global) {
	for _, who := range attackers() {
		at := t.Add(time.Duration(r.IntN(7*24*60)) * time.Minute)
		a := who.try(r, w, p, at)
		got := risk.Assess(risk.Settings{}, a, h, g.of(a.SignIn))
		out.attack[who.name] = append(out.attack[who.name], got.Score)
		c := out.caught[who.name]
		c[got.Level]++
		out.caught[who.name] = c
	}
}
