package main

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/store"
)

// signIn names one sign-in of one device.
type signIn struct {
	device protocol.DeviceID
	epoch  protocol.Epoch
}

// judge knows what people were told, and holds everybody to it. It compares by
// tables of its own and verifies by code of its own: see proofs.go.
type judge struct {
	ends     int // sign-outs everywhere that were answered with success
	revoked  map[signIn]int
	names    map[protocol.ProfileID]string
	rank     map[signIn]int // as the board showed it last
	epochs   map[protocol.DeviceID]protocol.Epoch
	promises map[signIn]promise
	said     map[signIn]bool // the board said confirmed
}

// promise is a bound that the board showed.
type promise struct {
	locksBy time.Time
	boots   int           // the TV's, when the server last heard it
	use     time.Duration // the TV's count of use may not pass this, once it was off
}

// ranks orders the statuses from mild to strict.
var ranks = map[protocol.Status]int{"": 0, "active": 1, "signed_out": 2, "stolen": 3, "deactivated": 4}

func newJudge() *judge {
	return &judge{
		revoked: map[signIn]int{}, names: map[protocol.ProfileID]string{}, rank: map[signIn]int{},
		epochs: map[protocol.DeviceID]protocol.Epoch{}, promises: map[signIn]promise{}, said: map[signIn]bool{},
	}
}

func (j *judge) clone() *judge {
	return &judge{
		j.ends, maps.Clone(j.revoked), maps.Clone(j.names), maps.Clone(j.rank), maps.Clone(j.epochs), maps.Clone(j.promises), maps.Clone(j.said),
	}
}

// goesBack forgets what the database has lost, but never that a device has
// proved to have erased: that happened.
func (j *judge) goesBack(w *world, to *judge) {
	ends, said := j.ends, j.said
	*j = *to.clone()
	j.ends, j.said = ends, said
	for _, b := range w.browsers {
		b.born = j.ends // the restored generation decides, which no one can know here
	}
	for _, t := range w.tvs {
		t.watch.blind = true
	}
}

// signedIn is a sign-in, of a browser or a TV, that was answered with success.
func (j *judge) signedIn(w *world, b *browser) {
	if b.born < j.ends {
		w.fail("a sign-in that began before a sign-out everywhere survived it")
	}
}

// ended is a device's end that was answered with success.
func (j *judge) ended(w *world, id protocol.DeviceID, to protocol.Status) {
	if e, ok := j.epochs[id]; ok {
		k := signIn{id, e}
		j.revoked[k] = max(j.revoked[k], ranks[to])
	}
}

// everywhere is a sign-out everywhere that was answered with success. What
// the board listed is over.
func (j *judge) everywhere(*world) {
	j.ends++
	for id, e := range j.epochs {
		k := signIn{id, e}
		j.revoked[k] = max(j.revoked[k], ranks[protocol.SignedOut])
	}
}

// named is a change of a profile that was answered with success.
func (j *judge) named(w *world, id protocol.ProfileID, name string, b *browser) {
	if b.born < j.ends {
		w.fail("a web session that a sign-out everywhere ended has changed a profile")
	}
	j.names[id] = name
}

// check holds what must be true at every moment.
func (w *world) check() {
	for _, t := range w.tvs {
		t.watch.record(t)
		if t.shows() {
			w.judge.showing(w, t)
		}
	}
	if w.dirty && w.calm == 0 {
		w.dirty = false
		w.calm++
		w.judge.board(w)
		w.calm--
	}
}

// showing is a TV that shows profiles.
func (j *judge) showing(w *world, t *television) {
	s := t.model.Saved()
	k := signIn{s.Device, s.Epoch}
	if j.said[k] {
		w.fail("TV %d shows profiles of a sign-in that the board called ended and confirmed", t.index)
	}
	p, ok := j.promises[k]
	switch {
	case !ok:
	case t.boots == p.boots && w.now.After(p.locksBy):
		w.fail("TV %d stayed on and shows profiles at %s; the board said that it locks by %s", t.index, w.now, p.locksBy)
	case t.boots != p.boots && t.watch.used > p.use:
		w.fail("TV %d was switched off and was used for %s more than the board said", t.index, t.watch.used-p.use)
	}
}

// board reads the owner's page and holds it against what was said before, and
// against the TVs themselves.
func (j *judge) board(w *world) {
	n := w.nodes[0]
	for _, o := range w.nodes {
		if !o.cut {
			n = o
			o.catchUp()
		}
	}
	rows, err := n.devices.List(context.Background(), w.now, w.account)
	if err != nil {
		w.fail("list: %v", err)
	}
	for _, r := range rows {
		k := signIn{r.ID, r.Epoch}
		rank := ranks[r.Wish.Status]
		switch {
		case r.Wish.By == protocol.BySafety && !w.restored:
			w.fail("the server ended a device for its safety, and there was no danger")
		case r.Epoch < j.epochs[r.ID]:
			w.fail("the board went back to sign-in %d of a device, after %d", r.Epoch, j.epochs[r.ID])
		case rank < j.rank[k]:
			w.fail("the board has a device %s that was stricter", r.Wish.Status)
		case rank < j.revoked[k]:
			w.fail("the board has a device %s whose end was answered with success", r.Wish.Status)
		}
		j.epochs[r.ID], j.rank[k] = r.Epoch, rank
		switch {
		case rank == 1:
		case !r.Wish.Confirmed.IsZero():
			j.confirmed(w, n, r)
		default:
			j.promised(w, r)
		}
	}
}

// confirmed holds the board to a receipt, and the TV to being empty.
func (j *judge) confirmed(w *world, n *node, r device.Row) {
	k := signIn{r.ID, r.Epoch}
	t, key := w.owns(r.ID)
	if t == nil {
		w.fail("the board has a device that is not there")
	}
	if !j.said[k] {
		proofs, err := n.devices.Receipts(context.Background(), w.account, r.ID)
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

// settled holds, after all healed, everybody to the database.
func (j *judge) settled(w *world) {
	ctx := context.Background()
	w.dirty = true
	w.check()
	w.calm++
	defer func() { w.calm-- }()
	profiles, err := w.nodes[0].profiles.List(ctx, w.account)
	if err != nil {
		w.fail("profiles: %v", err)
	}
	for _, p := range profiles {
		if want, ok := j.names[p.ID]; ok && p.Name != want {
			w.fail("a change is lost: a profile is called %q, and was named %q", p.Name, want)
		}
	}
	var version protocol.Version
	err = w.lab.db.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(w.account)
		version = row.Version
		return err
	})
	if err != nil {
		w.fail("account: %v", err)
	}
	rows, err := w.nodes[0].devices.List(ctx, w.now, w.account)
	if err != nil {
		w.fail("list: %v", err)
	}
	for _, r := range rows {
		if t, _ := w.owns(r.ID); t != nil && t.id() == r.ID {
			j.agrees(w, t, r, version, profiles)
		}
	}
}

// agrees holds one TV to its row.
func (j *judge) agrees(w *world, t *television, r device.Row, version protocol.Version, profiles []protocol.Profile) {
	s, st := t.model.Saved(), t.model.Status(t.now())
	switch {
	case s.Device != r.ID || s.Epoch != r.Epoch:
		if s.Status == protocol.Active && s.Device == r.ID {
			w.fail("TV %d is active in sign-in %d, the database has %d", t.index, s.Epoch, r.Epoch)
		}
		return // approved, and it never asked again
	case w.restored && ranks[s.Status] > 1:
		return // the database forgot its end, or its receipt, and nobody reminds it
	case s.Status != r.Wish.Status && ranks[s.Status] < 2:
		w.fail("TV %d is %s, the database has %s", t.index, s.Status, r.Wish.Status)
	case ranks[s.Status] > 1 && ranks[r.Wish.Status] > ranks[s.Status]:
		return // it has nothing left to show, and does not come to hear that it is to go for good
	case s.Status != protocol.Active:
		if r.Wish.Confirmed.IsZero() || len(s.Proofs) > 0 {
			w.fail("TV %d is %s and the board (%s) does not say confirmed; %d proofs wait", t.index, s.Status, r.Wish.Status, len(s.Proofs))
		}
		return
	case st.Phase != session.PhaseActive || !st.Online || !st.Current || s.Version != version:
		w.fail("TV %d is not up to date: phase %d, online %t, current %t, version %d of %d", t.index, st.Phase, st.Online, st.Current, s.Version, version)
	}
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
