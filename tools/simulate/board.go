package main

import (
	"context"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
)

// board reads the owners' pages and holds them against what was said before, and
// against the TVs themselves.
func (j *judge) board(w *world) {
	n := w.nodes[0]
	for _, o := range w.nodes {
		if !o.cut {
			n = o
			o.catchUp()
		}
	}
	owners := map[protocol.DeviceID]int{}
	for _, h := range w.homes {
		rows, err := n.devices.List(context.Background(), w.now, h.account)
		if err != nil {
			w.fail("list: %v", err)
		}
		active := 0
		for _, r := range rows {
			if r.Wish.Status == protocol.Active {
				active++
				owners[r.ID]++
			}
			j.row(w, n, h, r)
		}
		if active > w.devices {
			w.fail("an account has %d devices signed in, and may have %d", active, w.devices)
		}
		if active == w.devices {
			w.met("an account has as many devices as allowed")
		}
	}
	for id, of := range owners {
		if of > 1 {
			w.fail("device %.8s is signed in to %d accounts at the same time", id, of)
		}
	}
}

// epoch returns the number of a device's newest sign-in to an account.
func (w *world) epoch(h *household, id protocol.DeviceID) protocol.Epoch {
	w.calm++
	defer func() { w.calm-- }()
	rows, err := w.nodes[0].devices.List(context.Background(), w.now, h.account)
	if err != nil {
		w.fail("list: %v", err)
	}
	for _, r := range rows {
		if r.ID == id {
			return r.Epoch
		}
	}
	w.fail("a device was signed in, and the board does not have it")
	return 0
}

// row is one device on the page.
func (j *judge) row(w *world, n *node, h *household, r device.Row) {
	k, at := signIn{r.ID, r.Epoch}, place{h.account, r.ID}
	rank := ranks[r.Wish.Status]
	switch {
	case r.Wish.By == protocol.BySafety && !w.restored:
		w.fail("the server ended a device for its safety, and there was no danger")
	case r.Epoch < j.epochs[at]:
		w.fail("the board went back to sign-in %d of a device, after %d", r.Epoch, j.epochs[at])
	case rank < j.rank[k]:
		w.fail("the board has a device %s that was stricter", r.Wish.Status)
	case rank < j.revoked[k].rank:
		w.fail("the board has a device %s whose end was answered with success", r.Wish.Status)
	case rank == ranks[protocol.Deactivated] && r.IP+r.Place != "":
		w.fail("the server still knows where a deactivated device was")
	}
	if rank == ranks[protocol.Deactivated] {
		w.met("a device is deactivated: nobody knows where it was")
	}
	if s, ok := j.stays[k]; ok {
		j.stay(w, r, s)
	}
	j.epochs[at], j.rank[k] = r.Epoch, rank
	switch {
	case rank == 1:
	case !r.Wish.Confirmed.IsZero():
		j.confirmed(w, n, h, r)
	default:
		j.promised(w, r)
	}
}

// stay holds the board to the end date that was set.
func (j *judge) stay(w *world, r device.Row, s stay) {
	if !r.Ends.Equal(s.ends) {
		w.fail("the board has the end date %s, and %s was set", r.Ends, s.ends)
	}
	if !due(s.ends, w.now) {
		return
	}
	w.met("a device is past its end date")
	if r.Wish.Status == protocol.Active {
		w.fail("the board has a device active past its end date")
	}
}

// confirmed holds the board to a receipt, and the TV to being empty.
func (j *judge) confirmed(w *world, n *node, h *household, r device.Row) {
	k := signIn{r.ID, r.Epoch}
	t, key := w.owns(r.ID)
	if t == nil {
		w.fail("the board has a device that is not there")
	}
	if !j.said[k] {
		w.met("the board says confirmed: " + string(r.Wish.Status))
		proofs, err := n.devices.Receipts(context.Background(), h.account, r.ID)
		if err != nil {
			w.fail("receipts: %v", err)
		}
		if why := proven(proofs, r, key, t.watch.proofs); why != "" {
			w.fail("the board says confirmed: %s", why)
		}
	}
	j.said[k] = true
	s := t.saved()
	if s.Device != r.ID || s.Epoch != r.Epoch {
		return
	}
	if s.Status == protocol.Active || t.disk.cache != nil {
		w.fail("TV %d confirmed, and its disk still holds the session (%s) or profiles", t.index, s.Status)
	}
	if r.Wish.Status == protocol.Stolen && s.Status == protocol.SignedOut {
		w.fail("TV %d confirmed that it is stolen, and forgot it", t.index)
	}
}

// promised notes the bound that the board shows.
func (j *judge) promised(w *world, r device.Row) {
	t, _ := w.owns(r.ID)
	if t == nil || t.watch.blind {
		return
	}
	k := signIn{r.ID, r.Epoch}
	p := promise{r.Wish.Bound.LocksBy, t.watch.heardBoots, t.watch.heardUsed + r.Wish.Bound.FurtherUse}
	if old, ok := j.promises[k]; ok && old.boots == p.boots {
		p.locksBy, p.use = earliest(old.locksBy, p.locksBy), min(old.use, p.use)
	}
	j.promises[k] = p
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
