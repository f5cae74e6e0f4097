package device

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// joinUntil signs the TV in with an end date.
func (tv *television) joinUntil(who account.Session, ends time.Time) {
	tv.t.Helper()
	code, frame := tv.shows()
	if _, err := tv.ApproveUntil(tv.ctx, tv.now(), who, code, ends); err != nil {
		tv.t.Fatal(err)
	}
	e, err := tv.Enrolled(tv.ctx, tv.now(), frame, home)
	if err != nil {
		tv.t.Fatal(err)
	}
	tv.sess, tv.have = e.Session, protocol.Have{Epoch: e.Session.Epoch, Status: protocol.Active}
}

// leaseOf returns the lease of the grant in an answer, in any frame.
func (tv *television) leaseOf(a Answer) time.Duration {
	tv.t.Helper()
	for _, f := range a.Frames {
		var c struct {
			Lease int64 `json:"lease"`
		}
		var err error
		switch f := f.(type) {
		case protocol.State:
			err = tv.c.Keys.Verify(f.JWS, protocol.TypState, &c)
		case protocol.Still:
			err = tv.c.Keys.Verify(f.JWS, protocol.TypStill, &c)
		default:
			continue
		}
		if err != nil {
			tv.t.Fatal(err)
		}
		return time.Duration(c.Lease) * time.Second
	}
	return 0
}

// D1: an end date caps every lease, so that a TV that goes offline the moment
// after a grant locks itself by then too; nothing is granted in its last second.
func TestD1_NoLeaseBeyondTheEndDate(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := f.tv(t)
	ends := f.now().Add(20 * time.Hour)
	tv.joinUntil(who, ends)
	a := tv.state(ask("e"))
	if got := tv.leaseOf(a); got != f.lease || !a.Granted {
		t.Errorf("far from the end: %s, granted %t", got, a.Granted)
	}
	for left := 9 * time.Hour; left > 0; left -= 7 * time.Minute {
		f.clock.Advance(ends.Add(-left).Sub(f.now()))
		want := min(f.lease, left)
		a = tv.state(ask("e"))
		still, err := f.Still(f.now(), a, ask("f"))
		if err != nil {
			t.Fatal(err)
		}
		if got, again := tv.leaseOf(a), tv.leaseOf(Answer{Frames: []protocol.Frame{still}}); got != want || again != want {
			t.Errorf("%s before the end: leases %s and %s, want %s", left, got, again, want)
		}
	}
	old := a
	f.clock.Advance(ends.Add(-time.Second / 2).Sub(f.now()))
	if a = tv.state(ask("g")); a.Granted || a.Status != protocol.Active || len(a.Frames) > 0 {
		t.Errorf("in the last second: %+v", a)
	}
	if _, err := f.Still(f.now(), old, ask("h")); !errors.Is(err, ErrProof) {
		t.Errorf("without the database: %v, want ErrProof", err)
	}
}

// D1: at its end date a TV is signed out for whoever asks, before any job ran; the
// job tells those who do not ask.
func TestD1_SignedOutAtTheEndDate(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := f.tv(t)
	ends := f.now().Add(3 * time.Hour)
	tv.joinUntil(who, ends)
	tv.state(ask("e"))
	f.clock.Advance(time.Hour)
	if err := f.Disconnected(f.ctx, tv.sess, f.now(), f.now()); err != nil {
		t.Fatal(err)
	}
	if r := tv.row(who); !r.Ends.Equal(ends) || r.Wish.Status != protocol.Active || r.Wish.Bound.LocksBy.After(ends) {
		t.Errorf("before: %+v", r)
	}
	f.clock.Advance(2*time.Hour - time.Millisecond)
	if err := f.EndDue(f.ctx, f.now()); err != nil {
		t.Fatal(err)
	}
	if got := tv.row(who).Wish.Status; got != protocol.Active {
		t.Errorf("a moment before: %s", got)
	}
	f.clock.Advance(time.Millisecond)
	check := func(when string) {
		t.Helper()
		if w := tv.row(who).Wish; w.Status != protocol.SignedOut || w.By != protocol.ByEndDate || !w.Since.Equal(ends) || w.Bound.LocksBy.After(ends) {
			t.Errorf("%s: %+v", when, w)
		}
	}
	check("nobody looked")
	if err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		n, err := tx.CountActiveDevices(who.Account, "", f.now())
		if n != 0 {
			t.Errorf("%d devices count against the limit", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.EndDue(f.ctx, f.now()); err != nil {
			t.Fatal(err)
		}
		check("the job ran")
	}
	if n := f.notice(t); n.Kind != account.NoticeDeviceSignedOut || n.Detail != account.AtEndDate {
		t.Errorf("notice %+v", n)
	}
	if c, _ := tv.claims(tv.connect()); c.Status != protocol.SignedOut || c.Cause.By != protocol.ByEndDate {
		t.Errorf("the TV was told %+v", c)
	}
	tv.join(who)
	if r := tv.row(who); !r.Ends.IsZero() || r.Wish.Status != protocol.Active {
		t.Errorf("signed in anew without an end date: %+v", r)
	}
}

// What comes first ends it: a sign-out everywhere before the end date stays one.
func TestD1_EndDateAndSignOutEverywhere(t *testing.T) {
	for name, tt := range map[string]struct {
		sweep time.Duration
		want  protocol.By
	}{"before": {time.Hour, protocol.ByAll}, "after": {3 * time.Hour, protocol.ByEndDate}} {
		f := newFixture(t)
		who := f.owner(t, "mara@example.org")
		tv := f.tv(t)
		tv.joinUntil(who, f.now().Add(2*time.Hour))
		f.clock.Advance(tt.sweep)
		if _, err := f.SignOutEverywhere(f.ctx, f.now(), who); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(4 * time.Hour)
		for range 2 {
			if w := tv.row(who).Wish; w.Status != protocol.SignedOut || w.By != tt.want {
				t.Errorf("%s: %+v", name, w)
			}
			if err := f.EndDue(f.ctx, f.now()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The bound on the page trusts an end date only where every lease ends by it.
func TestD1_BoundOfAnEndDate(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := f.signedIn(t, who) // with a lease of 8 h
	start := f.now()
	if err := f.Disconnected(f.ctx, tv.sess, start, start); err != nil {
		t.Fatal(err)
	}
	set := func(d time.Duration) {
		t.Helper()
		if err := f.SetEndDate(f.ctx, f.now(), who, tv.id, start.Add(d)); err != nil {
			t.Fatal(err)
		}
	}
	locksBy := func() time.Duration { return tv.row(who).Wish.Bound.LocksBy.Sub(start) }
	set(2 * time.Hour)
	if got := locksBy(); got != f.lease {
		t.Errorf("set later: locks itself by %s, want the lease's end", got)
	}
	tv2 := f.tv(t)
	tv2.joinUntil(who, start.Add(2*time.Hour))
	tv2.state(ask("e"))
	tv = tv2
	if err := f.Disconnected(f.ctx, tv.sess, start, start); err != nil {
		t.Fatal(err)
	}
	if got := locksBy(); got != 2*time.Hour {
		t.Errorf("set at the approval: %s", got)
	}
	set(3 * time.Hour)
	if got := locksBy(); got != 3*time.Hour {
		t.Errorf("put off: %s", got)
	}
	set(time.Hour)
	if got := locksBy(); got < 3*time.Hour {
		t.Errorf("brought forward: %s is earlier than a lease may end", got)
	}
}

func TestD1_EndDateBounds(t *testing.T) {
	f := newFixture(t)
	who, other := f.owner(t, "mara@example.org"), f.owner(t, "rob@example.org")
	tv := f.signedIn(t, who)
	for _, c := range []struct {
		name string
		who  account.Session
		in   time.Duration
		want error
	}{
		{"past", who, -time.Hour, ErrEnds}, {"at once", who, ShortestStay - 1, ErrEnds}, {"too far", who, LongestStay + 1, ErrEnds},
		{"somebody else's", other, time.Hour, ErrUnknown}, {"soonest", who, ShortestStay, nil}, {"latest", who, LongestStay, nil}, {"again", who, LongestStay, nil},
	} {
		if err := f.SetEndDate(f.ctx, f.now(), c.who, tv.id, f.now().Add(c.in)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if err := f.SetEndDate(f.ctx, f.now(), who, tv.id, time.Time{}); err != nil || !tv.row(who).Ends.IsZero() {
		t.Errorf("none: %v, %s", err, tv.row(who).Ends)
	}
	code, _ := f.tv(t).shows()
	if _, err := f.ApproveUntil(f.ctx, f.now(), who, code, f.now()); !errors.Is(err, ErrEnds) {
		t.Errorf("approval until now: %v", err)
	}
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	if err := f.SetEndDate(f.ctx, f.now(), who, tv.id, f.now().Add(time.Hour)); !errors.Is(err, ErrNotActive) {
		t.Errorf("of a TV that is signed out: %v", err)
	}
}

// D1: the TV is told of its end date, with every change of it, in the state that is
// signed: that is what it shows, and what it ends by itself by.
func TestD1_TheStateNamesTheEndDate(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := f.tv(t)
	ends := f.now().Add(20 * time.Hour).Truncate(time.Second)
	tv.joinUntil(who, ends)
	for _, c := range []struct {
		name string
		ends time.Time
	}{{"as approved", ends}, {"made longer", ends.Add(time.Hour)}, {"made shorter", ends.Add(-time.Hour)}, {"taken away", time.Time{}}} {
		if err := f.SetEndDate(f.ctx, f.now(), who, tv.id, c.ends); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		claims, _ := tv.claims(tv.state(ask("e")))
		want := protocol.Millis(0)
		if !c.ends.IsZero() {
			want = protocol.MillisOf(c.ends)
		}
		if claims.Ends != want {
			t.Errorf("%s: the state says %d, want %d", c.name, claims.Ends, want)
		}
	}
}

// D1: a TV that ended at its date while it was out of reach is confirmed by its proof,
// and says so also where the owner had made the date later, of which it never heard.
func TestD1_ATVEndsByItself(t *testing.T) {
	for _, c := range []struct {
		name  string
		later bool
	}{{"at the date", false}, {"before a later one", true}} {
		f := newFixture(t)
		who := f.owner(t, "mara@example.org")
		tv := f.tv(t)
		ends := f.now().Add(2 * time.Hour).Truncate(time.Second)
		tv.joinUntil(who, ends)
		if c.later {
			if err := f.SetEndDate(f.ctx, f.now(), who, tv.id, ends.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		f.clock.Advance(2*time.Hour + 3*time.Minute)
		jws := tv.jws(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.SignedOut, Applied: protocol.MillisOf(f.now()),
			Erased: protocol.SignedOut.Erases(), By: protocol.ByEndDate,
		})
		if _, err := f.SignedOutHere(f.ctx, f.now(), jws); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := f.EndDue(f.ctx, f.now()); err != nil {
			t.Fatal(err)
		}
		w := tv.row(who).Wish
		if w.Status != protocol.SignedOut || w.By != protocol.ByEndDate || w.Confirmed.IsZero() {
			t.Errorf("%s: the board says %+v", c.name, w)
		}
		all, err := timeline.List(f.ctx, f.c.DB, who.Account, "", 10)
		if err != nil || !slices.ContainsFunc(all, func(e timeline.Entry) bool { return e.Kind == timeline.DeviceEnded }) {
			t.Errorf("%s: the timeline lacks the end: %+v, %v", c.name, all, err)
		}
		if n := f.notice(t); n.Kind != account.NoticeDeviceSignedOut || n.Detail != account.AtEndDate {
			t.Errorf("%s: the owner is told %+v", c.name, n)
		}
	}
}
