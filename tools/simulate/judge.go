package main

import (
	"maps"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// signIn names one sign-in of one device.
type signIn struct {
	device protocol.DeviceID
	epoch  protocol.Epoch
}

// place is a device on the board of one account.
type place struct {
	account protocol.AccountID
	device  protocol.DeviceID
}

// judge knows what people were told, and holds everybody to it. It compares by
// tables of its own and verifies by code of its own: see board.go, proofs.go,
// plays.go and settled.go.
type judge struct {
	ends     map[protocol.AccountID]int // sign-outs everywhere that were answered with success
	locked   map[protocol.AccountID]bool
	revoked  map[signIn]end
	stays    map[signIn]stay
	names    map[protocol.ProfileID]string
	rank     map[signIn]int // as the board showed it last
	epochs   map[place]protocol.Epoch
	promises map[signIn]promise
	said     map[signIn]bool            // the board said confirmed
	trails   map[signIn]map[string]bool // addresses at which a stolen device was heard
	sweep    map[signIn]bool            // that a sign-out of everyone under way is to end
	dealt    map[signIn]bool            // a node has looked for its end date
}

// end is an end of a sign-in that was answered with success.
type end struct {
	rank int
	at   time.Time
}

// stay is the end date of a sign-in.
type stay struct {
	ends   time.Time // zero: never
	latest time.Time // that it ever had; zero: it had none once
}

// promise is a bound that the board showed.
type promise struct {
	locksBy time.Time
	boots   int           // the TV's, when the server last heard it
	use     time.Duration // the TV's count of use may not pass this, once it was off
}

// ranks orders the statuses from mild to strict.
var ranks = map[protocol.Status]int{"": 0, "active": 1, "signed_out": 2, "stolen": 3, "deactivated": 4}

const stolen = 3 // its rank

func newJudge() *judge {
	return &judge{
		map[protocol.AccountID]int{}, map[protocol.AccountID]bool{}, map[signIn]end{}, map[signIn]stay{},
		map[protocol.ProfileID]string{}, map[signIn]int{}, map[place]protocol.Epoch{}, map[signIn]promise{}, map[signIn]bool{},
		map[signIn]map[string]bool{}, map[signIn]bool{}, map[signIn]bool{},
	}
}

func (j *judge) clone() *judge {
	trails := map[signIn]map[string]bool{}
	for k, t := range j.trails {
		trails[k] = maps.Clone(t)
	}
	return &judge{
		maps.Clone(j.ends), maps.Clone(j.locked), maps.Clone(j.revoked), maps.Clone(j.stays), maps.Clone(j.names), maps.Clone(j.rank),
		maps.Clone(j.epochs), maps.Clone(j.promises), maps.Clone(j.said), trails, maps.Clone(j.sweep), maps.Clone(j.dealt),
	}
}

// goesBack forgets what the database has lost, but never that a device has
// proved to have erased: that happened.
func (j *judge) goesBack(w *world, to *judge) {
	ends, said := j.ends, j.said
	*j = *to.clone()
	j.ends, j.said = ends, said
	for _, h := range w.homes {
		for _, b := range h.browsers {
			b.born, b.over, b.sweeping = j.ends[h.account], false, false // the restored generation decides, which no one can know here
		}
	}
	for _, t := range w.tvs {
		t.watch.blind = true
	}
}

// acted is a write of a web session that was answered with success.
func (j *judge) acted(w *world, b *browser) {
	if b.over || b.born < j.ends[b.home.account] {
		w.fail("a web session outlived a sign-out everywhere, and changes something")
	}
}

// signedIn is a sign-in, of a browser or a TV, that was answered with success.
func (j *judge) signedIn(w *world, b *browser) {
	if j.ends[b.home.account] > 0 {
		w.met("a sign-in after a sign-out everywhere began after it")
	}
	if b.over || b.born < j.ends[b.home.account] {
		w.fail("a sign-in that began before a sign-out everywhere survived it")
	}
	j.unlocked(w, b.home)
}

// unlocked holds a sign-in to the account not being locked.
func (j *judge) unlocked(w *world, h *household) {
	if locked, ever := j.locked[h.account]; locked {
		w.fail("somebody has signed in to a locked account")
	} else if ever {
		w.met("a sign-in to an account that was locked once")
	}
}

// approved is a TV's sign-in that was answered with success.
func (j *judge) approved(w *world, h *household, id protocol.DeviceID, s stay) {
	newest := protocol.Epoch(0)
	for _, o := range w.homes {
		newest = max(newest, j.epochs[place{o.account, id}])
	}
	for _, o := range w.homes {
		e := j.epochs[place{o.account, id}]
		if j.revoked[signIn{id, e}].rank == stolen && (o == h || e == newest) {
			w.fail("a device was signed in whose owner has reported it stolen, and did not finish that")
		}
		if o != h && e > 0 {
			w.met("a TV goes from one account to another")
		}
	}
	e := w.epoch(h, id)
	j.epochs[place{h.account, id}], j.stays[signIn{id, e}] = e, s
}

// limited is an end date that was set, or removed, with success.
func (j *judge) limited(h *household, id protocol.DeviceID, ends time.Time) {
	e, ok := j.epochs[place{h.account, id}]
	if !ok {
		return
	}
	k := signIn{id, e}
	s := j.stays[k]
	switch {
	case ends.IsZero() || s.latest.IsZero():
		s.latest = time.Time{}
	case ends.After(s.latest):
		s.latest = ends
	}
	s.ends = ends
	j.stays[k] = s
	delete(j.dealt, k)
}

// ended is a device's end that was answered with success.
func (j *judge) ended(w *world, acc protocol.AccountID, id protocol.DeviceID, to protocol.Status) {
	if e, ok := j.epochs[place{acc, id}]; ok {
		j.revoke(w, signIn{id, e}, ranks[to])
	}
}

func (j *judge) revoke(w *world, k signIn, rank int) {
	old, ok := j.revoked[k]
	if !ok {
		old.at = w.now
	}
	j.revoked[k] = end{max(old.rank, rank), old.at}
}

// everywhere is a sign-out everywhere that was answered with success. What
// the board listed is over.
func (j *judge) everywhere(w *world, h *household) {
	j.ends[h.account]++
	for p, e := range j.epochs {
		if p.account == h.account {
			j.revoke(w, signIn{p.device, e}, ranks[protocol.SignedOut])
		}
	}
}

// sweeps is a sign-out of everyone that was approved: what is signed in now is to
// end by it. Who signs in again meanwhile may stay.
func (j *judge) sweeps(w *world) {
	clear(j.sweep)
	for p, e := range j.epochs {
		j.sweep[signIn{p.device, e}] = true
	}
	for _, h := range w.homes {
		for _, b := range h.browsers {
			b.sweeping = true
		}
	}
}

// swept is its end.
func (j *judge) swept(w *world) {
	for k := range j.sweep {
		j.revoke(w, k, ranks[protocol.SignedOut])
	}
	clear(j.sweep)
	for _, h := range w.homes {
		for _, b := range h.browsers {
			b.over = b.over || b.sweeping
		}
	}
}

// named is a change of a profile that was answered with success.
func (j *judge) named(w *world, id protocol.ProfileID, name string, b *browser) {
	j.acted(w, b)
	j.names[id] = name
}

// over reports whether a sign-in has ended, by what people were told, and since
// when.
func (j *judge) over(k signIn, now time.Time) (since time.Time, over bool) {
	since = j.revoked[k].at
	over = j.revoked[k].rank > 0
	if ends := j.stays[k].ends; due(ends, now) && (!over || ends.Before(since)) {
		since, over = ends, true
	}
	return since, over
}

// ending reports whether an end date has come that no node has looked for.
func (j *judge) ending(now time.Time) bool {
	for k, s := range j.stays {
		if due(s.ends, now) && !j.dealt[k] {
			return true
		}
	}
	return false
}

// dealtWith notes that a node has looked for end dates.
func (j *judge) dealtWith(now time.Time) {
	for k, s := range j.stays {
		if due(s.ends, now) {
			j.dealt[k] = true
		}
	}
}

// check holds what must be true at every moment.
func (w *world) check() {
	for _, t := range w.tvs {
		t.watch.record(t)
		t.watch.contact(t)
		if t.shows() {
			w.judge.showing(w, t)
		}
		w.judge.holding(w, t)
	}
	if w.dirty && w.calm == 0 {
		w.dirty = false
		w.calm++
		w.judge.board(w)
		w.judge.inspects(w)
		w.calm--
	}
}

// heardWithin is in what time a TV in contact is told that it is signed out: 5 s
// (D5), which the look of a node at the database takes where a hint is lost, and
// as much again for the way.
const heardWithin = 10 * time.Second

// showing is a TV that shows profiles.
func (j *judge) showing(w *world, t *television) {
	s := t.model.Saved()
	k := signIn{s.Device, s.Epoch}
	if j.said[k] {
		w.fail("TV %d shows profiles of a sign-in that the board called ended and confirmed", t.index)
	}
	p, ok := j.promises[k]
	if ok {
		w.met("a TV shows profiles under a bound that the board showed")
	}
	switch {
	case !ok:
	case t.boots == p.boots && w.now.After(p.locksBy):
		w.fail("TV %d stayed on and shows profiles at %s; the board said that it locks by %s", t.index, w.now, p.locksBy)
	case t.boots != p.boots && t.watch.used > p.use:
		w.fail("TV %d was switched off and was used for %s more than the board said", t.index, t.watch.used-p.use)
	}
	if w.restored {
		return
	}
	if latest := j.stays[k].latest; !latest.IsZero() && t.watch.granted == t.boots {
		w.met("a TV with an end date shows profiles")
		if w.now.After(latest) {
			w.fail("TV %d stayed on and shows profiles at %s; its end date is %s", t.index, w.now, latest)
		}
	}
	since, over := j.over(k, w.now)
	if over && t.watch.calm {
		w.met("a TV in contact is signed out")
		if t.watch.calmSince.After(since) {
			since = t.watch.calmSince
		}
		if w.now.Sub(since) > heardWithin {
			w.fail("TV %d is in contact and still shows profiles, %s after its sign-out", t.index, w.now.Sub(since))
		}
	}
}
