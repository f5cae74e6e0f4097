package main

import (
	"os"
	"testing"
)

// A push that a node could not make, since it did not reach the database, is made
// after its next poll, as package hub does it, though no poll finds the change.
func TestFailedPushIsMadeAfterThePoll(t *testing.T) {
	dir, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := newLab(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	w, p := connected(t, l)
	w.rough, w.calm = false, 1
	h := w.home(p.session.Account)
	p.n.cut = true
	w.rename(p.n, h.browsers[0])
	p.n.seen[h.index], p.wanted, p.pushDue = h.top, h.top, true
	w.flow(10)
	if p.sent >= h.top {
		t.Fatalf("sent %d of %d by a node that is cut off", p.sent, h.top)
	}
	w.now = w.now.Add(2 * pollsBack)
	p.n.polled = w.now
	p.n.cut = false
	w.advance(2*pollEvery, true)
	if got := p.wire.tv.model.Saved().Version; got != h.top {
		t.Errorf("the TV is at version %d, want %d", got, h.top)
	}
}

// connected returns a history that has just begun, and a TV's connection in it.
func connected(t *testing.T, l *lab) (*world, *peer) {
	t.Helper()
	for seed := range uint64(50) {
		w := newWorld(l, seed+1, none, nil)
		for _, p := range w.nodes[0].peers {
			if p.stage == live && !p.wire.broken && !p.wire.stuck && w.lease > pollsBack*10 {
				return w, p
			}
		}
	}
	t.Fatal("no TV is connected in any of 50 histories")
	return nil, nil
}
