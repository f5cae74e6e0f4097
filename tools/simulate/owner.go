package main

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/store"
)

// expected takes the refusals that any call of an owner may get.
func (w *world) expected(what string, err error) {
	w.trace("%s: %v", what, err)
	if err == nil {
		w.did(what)
		w.dirty = true
		return
	}
	w.did(what + ": refused")
	if errors.Is(err, store.ErrNotFound) {
		return
	}
	if _, ok := api.Explain(err); !ok {
		w.fail("%s: %v", what, err)
	}
}

// ready returns the processes that work.
func (w *world) ready() (out []*node) {
	for _, n := range w.nodes {
		if !n.cut {
			out = append(out, n)
		}
	}
	return out
}

// owner does one thing that owners do, through a node that works.
func (w *world) owner() {
	ready := w.ready()
	if len(ready) == 0 {
		return
	}
	n, h := ready[w.n(len(ready))], w.homes[w.n(len(w.homes))]
	b, t := h.browsers[w.n(len(h.browsers))], w.tvs[w.n(len(w.tvs))]
	switch act := w.n(17); {
	case act == 0:
		w.comes(h, "")
	case act == 1:
		if t.code() != "" {
			w.comes(h, t.id())
		}
	case act == 2:
		if !b.begun {
			w.enters(b, n)
		}
	case b.begun:
		w.manage(act, n, b, t)
	}
}

// manage is what a browser does that is signed in, or was.
func (w *world) manage(act int, n *node, b *browser, t *television) {
	switch act {
	case 3, 4, 5, 6:
		w.approve(n, b, t)
	case 7, 8:
		w.end("sign a TV out", n.devices.SignOut, b, t, protocol.SignedOut)
	case 9:
		w.end("deactivate a TV", n.devices.Deactivate, b, t, protocol.Deactivated)
	case 10:
		w.end("report a TV stolen", n.devices.ReportStolen, b, t, protocol.Stolen)
	case 11:
		for _, o := range w.tvs {
			if o.model.Saved().Status == protocol.Stolen {
				t = o
			}
		}
		w.end("finish a stolen TV", n.devices.Finish, b, t, protocol.Deactivated)
	case 12, 13:
		w.everywhere(n, b)
	case 14:
		w.rename(n, b)
	case 15, 16:
		w.limit(n, b, t)
	}
}

// approve types a code that a TV shows, or showed a while ago, now and then with
// an end date.
func (w *world) approve(n *node, b *browser, t *television) {
	if c := t.code(); c != "" && w.n(4) > 0 {
		w.read = c
	}
	if w.read == "" {
		return
	}
	what, ends := "approve a TV", time.Time{}
	if w.read == t.code() && w.n(2) == 0 && w.calm == 0 {
		what, ends = "approve a TV until a date", w.date()
	}
	id, err := n.devices.ApproveUntil(context.Background(), w.now, b.session, w.read, ends)
	if err == nil {
		w.judge.signedIn(w, b)
		w.judge.approved(w, b.home, id, stay{ends: ends, latest: ends})
	}
	w.expected(what, err)
}

// date is an end date, as a page sends it: in seconds.
func (w *world) date() time.Time {
	return w.now.Add(time.Minute + time.Duration(w.n([]int{300, 3600, 24 * 3600}[w.n(3)]))*time.Second).Truncate(time.Second)
}

// limit sets a TV's end date, or removes it.
func (w *world) limit(n *node, b *browser, t *television) {
	what, ends := "remove an end date", time.Time{}
	if w.n(4) > 0 {
		what, ends = "set an end date", w.date()
	}
	id := t.id()
	err := n.devices.SetEndDate(context.Background(), w.now, b.session, id, ends)
	if err == nil {
		w.judge.acted(w, b)
		w.judge.limited(b.home, id, ends)
	}
	w.expected(what, err)
}

// end makes a TV's status stricter.
func (w *world) end(what string, do func(context.Context, time.Time, account.Session, protocol.DeviceID) error, b *browser, t *television, to protocol.Status) {
	id := t.id()
	err := do(context.Background(), w.now, b.session, id)
	if err == nil {
		w.judge.acted(w, b)
		w.judge.ended(w, b.home.account, id, to)
	}
	w.expected(what, err)
}

// everywhere signs out everything but b.
func (w *world) everywhere(n *node, b *browser) {
	next, err := n.devices.SignOutEverywhere(context.Background(), w.now, b.session)
	if err == nil {
		w.judge.acted(w, b)
		b.session = next
		w.judge.everywhere(w, b.home)
		b.born = w.judge.ends[b.home.account]
	}
	w.expected("sign out everywhere", err)
}
