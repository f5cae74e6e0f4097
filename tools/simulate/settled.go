package main

import (
	"context"
	"encoding/json"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/store"
)

// settled holds, after all healed, everybody to the database.
func (j *judge) settled(w *world) {
	w.dirty = true
	w.check()
	w.calm++
	defer func() { w.calm-- }()
	for _, h := range w.homes {
		j.settledAt(w, h)
	}
	for _, t := range w.tvs {
		j.rotated(w, t)
		j.told(w, t)
	}
}

// told holds the server to telling a TV whose sign-in it has lost: a TV waits for no
// lease that nobody gives it. After a restore without the command the server cannot
// know.
func (j *judge) told(w *world, t *television) {
	st := t.model.Status(t.now())
	if t.model.Saved().Status != protocol.Active || w.copied {
		return
	}
	if w.restored {
		w.met("a TV is signed in after a backup was restored")
	}
	if st.Phase != session.PhaseActive || !st.Online {
		w.fail("TV %d has a sign-in that nobody knows: phase %d, online %t", t.index, st.Phase, st.Online)
	}
}

// settledAt is settled for one account.
func (j *judge) settledAt(w *world, h *household) {
	ctx, n := context.Background(), w.nodes[0]
	profiles, err := n.profiles.List(ctx, h.account)
	if err != nil {
		w.fail("profiles: %v", err)
	}
	for _, p := range profiles {
		want, ok := j.names[p.ID]
		if ok {
			w.met("a profile was renamed")
		}
		if ok && p.Name != want {
			w.fail("a change is lost: a profile is called %q, and was named %q", p.Name, want)
		}
	}
	var version protocol.Version
	err = w.lab.db.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(h.account)
		version = row.Version
		return err
	})
	if err != nil {
		w.fail("account: %v", err)
	}
	rows, err := n.devices.List(ctx, w.now, h.account)
	if err != nil {
		w.fail("list: %v", err)
	}
	for _, r := range rows {
		if t, _ := w.owns(r.ID); t != nil && t.id() == r.ID {
			j.agrees(w, t, h, r, version, profiles)
		}
	}
}

// agrees holds one TV to its row.
func (j *judge) agrees(w *world, t *television, h *household, r device.Row, version protocol.Version, profiles []protocol.Profile) {
	s, st := t.model.Saved(), t.model.Status(t.now())
	switch {
	case s.Device != r.ID || s.Epoch != r.Epoch:
		if s.Status == protocol.Active && s.Device == r.ID && s.Account == h.account {
			w.fail("TV %d is active in sign-in %d, the database has %d", t.index, s.Epoch, r.Epoch)
		}
		return // approved, and it never asked again
	case w.restored && ranks[s.Status] > 1:
		return // the database forgot its end, or its receipt, and nobody reminds it
	case s.Status != r.Wish.Status && ranks[s.Status] < 2:
		w.fail("TV %d is %s, the database has %s", t.index, s.Status, r.Wish.Status)
	case s.Status == protocol.SignedOut && ranks[r.Wish.Status] > ranks[s.Status]:
		return // it has nothing left to show, and does not come to hear that it is to go for good
	case s.Status != protocol.Active:
		if r.Wish.Confirmed.IsZero() || len(s.Proofs) > 0 {
			w.fail("TV %d is %s and the board (%s) does not say confirmed; %d proofs wait", t.index, s.Status, r.Wish.Status, len(s.Proofs))
		}
		if s.Status == protocol.Stolen {
			j.reports(w, t, h, r)
		}
		return
	case st.Phase != session.PhaseActive || !st.Online || !st.Current || s.Version != version:
		w.fail("TV %d is not up to date: phase %d, online %t, current %t, version %d of %d", t.index, st.Phase, st.Online, st.Current, s.Version, version)
	}
	w.met("a TV is signed in, and shows what the database has")
	var doc struct{ Profiles []struct{ ID, Name string } }
	if err := json.Unmarshal(t.disk.cache[s.Snapshot.Digest], &doc); err != nil {
		w.fail("TV %d: snapshot: %v", t.index, err)
	}
	for i, p := range profiles {
		if i >= len(doc.Profiles) || doc.Profiles[i].ID != string(p.ID) || doc.Profiles[i].Name != p.Name {
			w.fail("TV %d shows other profiles than the database has", t.index)
		}
	}
}

// reports holds the server to telling where a stolen TV is, and was.
func (j *judge) reports(w *world, t *television, h *household, r device.Row) {
	theft, err := w.nodes[0].devices.Theft(context.Background(), w.now, h.account, r.ID)
	if err != nil {
		w.fail("TV %d is stolen: %v", t.index, err)
	}
	if !t.model.Status(t.now()).Online {
		w.fail("TV %d is stolen, and not in contact", t.index)
	}
	w.met("a stolen TV reports where it is")
	known := map[string]bool{}
	now := ""
	for _, p := range theft.Reports {
		known[p.IP] = true
		if p.Now {
			now = p.IP
		}
	}
	if now != t.wire.ip {
		w.fail("TV %d is stolen and at %s; the reports say %q", t.index, t.wire.ip, now)
	}
	for ip := range j.trails[signIn{r.ID, r.Epoch}] {
		if !known[ip] {
			w.fail("TV %d is stolen and was at %s; no report says so", t.index, ip)
		}
	}
}

// hears notes where a device made contact after it was reported stolen.
func (j *judge) hears(k signIn, ip string) {
	if j.revoked[k].rank != stolen {
		return
	}
	if j.trails[k] == nil {
		j.trails[k] = map[string]bool{}
	}
	j.trails[k][ip] = true
}
