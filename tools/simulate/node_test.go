package main

import (
	"os"
	"strings"
	"testing"
)

// A push that a node could not make, since it did not reach the database, is made
// after its next poll, as package hub does it, though no poll finds the change.
func TestFailedPushIsMadeAfterThePoll(t *testing.T) {
	w, p := connected(t, laboratory(t))
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

// A TV whose sign-in a restored database has lost is told so, and else the judge sees
// that it waits for ever.
func TestALostSignInIsSeen(t *testing.T) {
	for b, want := range map[bug]string{none: "", silentLosses: "has a sign-in that nobody knows"} {
		w := lost(t, laboratory(t), b)
		if got := complaint(w.heal); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("a node that %q: %q, want %q", b, got, want)
		}
	}
}

// lost returns a history in which a backup from before a TV's sign-in was restored.
func lost(t *testing.T, l *lab, b bug) *world {
	t.Helper()
	for seed := range uint64(100) {
		w := newWorld(l, seed*4+1, b, nil)
		if tv := w.tvs[0]; tv.model.Saved().Status == "" {
			w.backUp()
			w.join(tv)
			w.rough = false
			if tv.model.Saved().State != "" {
				w.restore()
				return w
			}
		}
	}
	t.Fatal("no TV is signed in late in any of 100 histories")
	return nil
}

// complaint is what the judge says while f runs.
func complaint(f func()) (what string) {
	defer func() {
		if b, ok := recover().(broken); ok {
			what = b.what
		}
	}()
	f()
	return ""
}

func laboratory(t *testing.T) *lab {
	t.Helper()
	dir, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := newLab(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() })
	return l
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
