//go:build linux

package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	toAll = 5   // messages to all: the median counts
	toOne = 500 // messages to one
	// perSecond is how many TVs are signed out a second: so many households' ten.
	perSecond = 500
)

// measure runs one kind of server and puts its work on it.
func (s settings) measure(ctx context.Context, kind string, n int) ([]figure, error) {
	h, err := newHerd(ctx, kind, n, s.each)
	if err != nil {
		return nil, err
	}
	defer h.close()
	took, err := h.connect()
	if err != nil {
		return nil, h.stage("connect", err)
	}
	cpu, err := h.idle(s.settle)
	if err != nil {
		return nil, h.stage("idle", err)
	}
	figures, err := h.memory()
	if err != nil {
		return nil, h.stage("memory", err)
	}
	figures = append(figures, figure{Name: "connects", Value: float64(n) / took.Seconds(), Unit: "1/s"})
	if h.kind == "whole" {
		figures = append(figures, figure{Name: "idle_cpu", Value: cpu, Unit: "us/s"})
	}
	if n == s.n && (h.kind == "whole" || h.kind == "ours") {
		storms, err := h.storms(s.spread)
		if err != nil {
			return nil, h.stage("storm", err)
		}
		figures = append(figures, storms...)
	}
	var more []figure
	switch kind {
	case "tls":
	case "whole":
		more, err = h.household()
	default:
		more, err = h.messages()
	}
	return append(figures, more...), h.stage("work", err)
}

// storms are two: all clients come back at once, and spread.
func (h *herd) storms(spread time.Duration) ([]figure, error) {
	at, peak, err := h.storm(0)
	if err != nil {
		return nil, err
	}
	within, _, err := h.storm(spread)
	time.Sleep(time.Second)
	return []figure{
		{Name: "storm", Value: at.Seconds(), Unit: "s"}, {Name: "storm_peak", Value: peak / 1024, Unit: "MiB"},
		{Name: "storm_spread", Value: within.Seconds(), Unit: "s"},
	}, err
}

// messages are sent to all, and to one at a time.
func (h *herd) messages() ([]figure, error) {
	all, cpu, err := h.broadcasts()
	if err != nil {
		return nil, err
	}
	one, err := h.targeted()
	if err != nil {
		return nil, err
	}
	return []figure{
		{Name: "all", Value: all, Unit: "ms"}, {Name: "cpu_each", Value: cpu, Unit: "us"},
		{Name: "one_p50", Value: quantile(one, 0.5), Unit: "ms"}, {Name: "one_p99", Value: quantile(one, 0.99), Unit: "ms"},
	}, nil
}

// broadcasts returns the median time from the command until the last client has the
// message, in ms, and the servers' CPU time for one client, in µs.
func (h *herd) broadcasts() (all, cpu float64, err error) {
	before, err := h.sum((*child).cpu)
	if err != nil {
		return 0, 0, err
	}
	var times []float64
	for i := range toAll {
		took, err := h.timed(func(p *pair) (report, error) {
			if err := p.server.say("all %d", i+1); err != nil {
				return report{}, err
			}
			return p.crowd.tell(order{Do: "await", Count: p.n})
		})
		if err != nil {
			return 0, 0, err
		}
		times = append(times, ms(took))
	}
	after, err := h.sum((*child).cpu)
	return quantile(times, 0.5), (after - before) * 1e6 / float64(toAll*h.n), err
}

// targeted returns the times until one client, another each time, has its message, in ms.
func (h *herd) targeted() (times []float64, err error) {
	for i := range toOne {
		p := h.pairs[i%len(h.pairs)]
		begun := time.Now()
		if err := p.server.say("one %d %d", p.first+rand.N(p.n), i+1); err != nil {
			return nil, err
		}
		r, err := p.crowd.tell(order{Do: "await", Count: 1})
		if err != nil {
			return nil, err
		}
		times = append(times, ms(time.Unix(0, r.Last).Sub(begun)))
	}
	return times, nil
}

// household signs TVs out everywhere.
func (h *herd) household() ([]figure, error) {
	all, err := h.signOuts()
	if err != nil || len(all.Told) == 0 {
		return nil, err
	}
	told, bare := all.Told, all.Bare
	beyond := func(q float64) float64 { return max(quantile(told, q)-quantile(bare, 0.5), 0.001) }
	return []figure{
		{Name: "clicks_failed", Value: float64(all.Tries), Unit: "-"},
		{Name: "commit_p50", Value: quantile(bare, 0.5), Unit: "ms"}, {Name: "commit_p99", Value: quantile(bare, 0.99), Unit: "ms"},
		{Name: "told_p50", Value: beyond(0.5), Unit: "ms"}, {Name: "told_p99", Value: beyond(0.99), Unit: "ms"},
		{Name: "after_p50", Value: quantile(all.After, 0.5), Unit: "ms"}, {Name: "after_p99", Value: quantile(all.After, 0.99), Unit: "ms"},
	}, nil
}

// signOuts signs the small households out everywhere, perSecond TVs each second in all.
func (h *herd) signOuts() (all report, err error) {
	homes := min(small(h.pairs[0].n), smallHomes/len(h.pairs))
	if homes == 0 {
		return report{}, nil
	}
	reports := make([]report, len(h.pairs))
	rate := max(perSecond/smallHome/len(h.pairs), 1) // households a second
	err = h.each(func(p *pair) (err error) {
		reports[slices.Index(h.pairs, p)], err = p.crowd.tell(order{
			Do: "signouts", Address: p.server.address, First: p.first, Count: homes, TVs: p.n,
			Spread: time.Duration(homes) * time.Second / time.Duration(rate),
		})
		return err
	})
	for _, r := range reports {
		all.Tries += r.Tries
		all.Told, all.After, all.Bare = append(all.Told, r.Told...), append(all.After, r.After...), append(all.Bare, r.Bare...)
	}
	return all, err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(values []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}
