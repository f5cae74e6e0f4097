package main

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
)

// onTheWay is how long a frame takes at most, over a connection that is not stuck.
const onTheWay = time.Second

// advance lets time pass, with all that is due meanwhile.
func (w *world) advance(d time.Duration, awake bool) {
	w.trace("%s pass", d)
	for end := w.now.Add(d); w.now.Before(end); {
		w.pass(max(w.next(end).Sub(w.now), time.Millisecond), awake)
	}
}

// next is when something is due, at the latest at end.
func (w *world) next(end time.Time) time.Time {
	soonest := func(at time.Time) {
		if !at.IsZero() && at.Before(end) {
			end = at
		}
	}
	for _, t := range w.tvs {
		if t.on {
			soonest(w.now.Add(t.model.Wake() - t.running))
		}
		if len(t.pending) > 0 {
			soonest(w.now.Add(onTheWay))
		}
	}
	for _, n := range w.nodes {
		if !n.cut && n.behind() {
			soonest(n.polled.Add(pollEvery))
		}
		for _, p := range n.peers {
			soonest(p.expires)
			if p.pushDue || p.askDue {
				soonest(w.now.Add(onTheWay))
			}
		}
	}
	for _, wi := range w.wires {
		soonest(wi.tellTV)
		soonest(wi.tellPeer)
		if wi.stuck {
			soonest(wi.freeAt)
		} else if !wi.broken && len(wi.up)+len(wi.down) > 0 {
			soonest(w.now.Add(onTheWay))
		}
	}
	for _, s := range w.judge.stays {
		if w.now.Before(s.ends) {
			soonest(s.ends)
		}
	}
	if w.sweeping {
		soonest(w.sweepAt)
	}
	return end
}

// pass moves all clocks by d and does what is due then.
func (w *world) pass(d time.Duration, awake bool) {
	w.now = w.now.Add(d)
	for _, t := range w.tvs {
		t.pass(d, awake)
	}
	w.check()
	for _, t := range w.tvs {
		if t.on && t.running >= t.model.Wake() {
			t.step(session.Tick{})
		}
		t.leaves()
	}
	w.sweep()
	for _, n := range w.nodes {
		if n.behind() {
			n.catchUp()
		}
		for _, p := range slices.Clone(n.peers) {
			if due(p.expires, w.now) {
				p.closed()
				w.cut(p.wire)
			}
		}
	}
	w.tell()
	w.flow(200)
	w.check()
}

// heal mends everything; then all must agree.
func (w *world) heal() {
	w.trace("all heals")
	w.down, w.lossy, w.rough = false, false, false
	for _, n := range w.nodes {
		n.cut = false
		n.catchUp()
	}
	for _, wi := range w.wires {
		wi.stuck = false
	}
	for _, t := range w.tvs {
		t.full, t.cutIn = false, 0
		if !t.on {
			t.boot()
		}
		t.step(session.TryAgain{})
	}
	w.advance(50*time.Minute, true)
	for w.sweeping {
		w.advance(time.Second, true)
	}
	w.judge.settled(w)
	if w.n(3) > 0 {
		return
	}
	for _, t := range w.tvs {
		w.plays(t)
	}
	w.advance(time.Minute, true)
	w.judge.played(w)
}
