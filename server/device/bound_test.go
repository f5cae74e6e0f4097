package device

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// at returns a time of the day of the tests.
func at(t testing.TB, clock string) time.Time {
	t.Helper()
	if clock == "" {
		return time.Time{}
	}
	v, err := time.Parse("15:04:05", clock)
	if err != nil {
		t.Fatal(err)
	}
	return v.AddDate(2026, 0, 0)
}

func TestBound(t *testing.T) { // promise 1
	const lease = 8 * time.Hour
	tests := map[string]struct {
		now, since             string
		connected              bool
		heartbeat              string
		lastGrant, lastContact string
		locksBy                string
		use                    time.Duration
	}{
		// Unplugged at 09:00, last granted at 06:00: 14:00, or 5 h of use.
		"disconnected":            {"10:00:00", "09:30:00", false, "", "06:00:00", "09:00:00", "14:00:00", 5 * time.Hour},
		"granted as it went":      {"10:00:00", "09:30:00", false, "", "09:00:00", "09:00:00", "17:00:00", lease},
		"rounded up":              {"10:00:00", "09:30:00", false, "", "06:00:01", "09:00:00", "14:01:00", 5*time.Hour + time.Minute},
		"bound is past":           {"20:00:00", "09:30:00", false, "", "06:00:00", "09:00:00", "14:00:00", 5 * time.Hour},
		"silent beyond the lease": {"20:00:00", "19:00:00", false, "", "06:00:00", "15:00:00", "14:00:00", 0},
		// Connected: what was granted last is not in the database.
		"connected, a moment after": {"09:30:01", "09:30:00", true, "09:29:58", "", "06:00:00", "17:31:00", lease},
		"connected, no answer":      {"10:00:00", "09:30:00", true, "09:59:58", "", "06:00:00", "17:31:00", lease},
		"connected, to a second":    {"10:00:00", "09:29:50", true, "09:59:58", "", "06:00:00", "17:31:00", lease},
		"connected after it":        {"10:00:00", "09:30:00", true, "09:59:58", "05:00:00", "09:50:00", "17:50:00", lease},
		// The node crashed: it granted until 15 s after its last heartbeat.
		"crashed":              {"10:00:00", "09:30:00", true, "09:00:00", "", "06:00:00", "17:01:00", lease},
		"crashed, to a second": {"10:00:00", "09:30:00", true, "08:59:50", "", "06:00:00", "17:01:00", lease},
		"crashed, unknown":     {"10:00:00", "09:30:00", true, "", "", "06:00:00", "17:31:00", lease},
		"crashed after it":     {"12:00:00", "09:30:00", true, "11:00:00", "", "06:00:00", "17:31:00", lease},
		"crashed at once":      {"12:00:00", "09:30:00", true, "06:00:00", "", "06:00:05", "14:01:00", lease},
		"reconnected, crashed": {"12:00:00", "09:30:00", true, "06:00:00", "08:00:00", "08:00:00", "16:00:00", lease},
		// Approved, but it never came for its state.
		"never granted": {"10:00:00", "09:30:00", false, "", "", "09:00:00", "09:30:00", 0},
	}
	for name, tt := range tests {
		c := contact{tt.connected, at(t, tt.heartbeat), at(t, tt.lastGrant), at(t, tt.lastContact), lease}
		got := c.bound(at(t, tt.now), at(t, tt.since))
		if want := (Bound{at(t, tt.locksBy), tt.use}); got != want {
			t.Errorf("%s: %s and %s, want %s and %s", name, got.LocksBy.Format(time.TimeOnly), got.FurtherUse, tt.locksBy, tt.use)
		}
	}
}

// The board never promises an earlier bound than the truth: a device lives
// through random connections, grants, crashes and a sign-out, and its own lease
// is compared with what the database can say at any later time.
func TestBoundIsNeverEarly(t *testing.T) {
	const lease = 8 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)
		sec := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Second
		}
		connectedAt := start.Add(sec("connect", 3600))
		since := connectedAt.Add(sec("sign-out", 7200))
		ended := connectedAt.Add(sec("end", 10800))
		crashed := rapid.Bool().Draw(t, "crashed")

		// The node may grant until 10 s after the change or after its last poll.
		lastGrant := connectedAt.Add(sec("grant", 10800))
		lastGrant = earlier(lastGrant, earlier(ended, since.Add(staleGrant)))
		lastContact := later(lastGrant, earlier(ended, lastGrant.Add(sec("contact", 600))))
		c := contact{connected: true, lastContact: connectedAt, lease: lease}
		now := ended.Add(sec("now", 7200))
		if crashed {
			c.heartbeat = ended.Add(-sec("heartbeat", 5))
		} else {
			c = contact{lastGrant: lastGrant, lastContact: lastContact, lease: lease}
		}
		got := c.bound(later(now, since), since)
		truth := lastGrant.Add(lease)
		if got.LocksBy.Before(truth) {
			t.Errorf("locks by %s, in truth %s", got.LocksBy, truth)
		}
		if left := truth.Sub(lastContact); got.FurtherUse < left {
			t.Errorf("further use %s, in truth %s", got.FurtherUse, left)
		}
	})
}

func TestBoundThroughTheDatabase(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	granted := f.clock.Advance(30 * time.Minute)
	contact := f.clock.Advance(2 * time.Hour)
	if err := f.Disconnected(f.ctx, tv.sess, granted, contact); err != nil {
		t.Fatal(err)
	}
	if r := tv.row(who); r.Online || !r.LastSeen.Equal(contact) {
		t.Errorf("row = %+v", r)
	}
	f.clock.Advance(time.Hour)
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	want := Bound{granted.Add(f.lease), f.lease - 2*time.Hour}
	if got := tv.row(who).Wish.Bound; got != want {
		t.Errorf("bound = %+v, want %+v", got, want)
	}
	// A connection that was replaced says nothing about its successor.
	second := tv.sess
	tv.connect()
	if err := f.Disconnected(f.ctx, second, granted, contact); err != nil || !connected(t, tv) {
		t.Errorf("the older connection's end: %v, connected %t", err, connected(t, tv))
	}
	// The end of one that had no grant leaves what was known before.
	if err := f.Disconnected(f.ctx, tv.sess, time.Time{}, f.now()); err != nil {
		t.Fatal(err)
	}
	if got := tv.row(who).Wish.Bound; !got.LocksBy.Equal(want.LocksBy) || got.FurtherUse > want.FurtherUse {
		t.Errorf("bound = %+v, want %+v", got, want)
	}
}

func TestOnlineFollowsTheNode(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	if !tv.row(who).Online {
		t.Error("not online after the enrolment")
	}
	f.clock.Advance(silence)
	if r := tv.row(who); r.Online {
		t.Error("online though its node is silent")
	}
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	beat := f.now().Add(-silence)
	if got, want := tv.row(who).Wish.Bound.LocksBy, upToMinute(beat.Add(staleGrant+skew+f.lease)); !got.Equal(want) {
		t.Errorf("locks by %s, want %s", got, want)
	}
	// Once the TV is back by another node, the old node's unknown grants are
	// bounded by that moment.
	m := Meta{IP: home.IP, Node: "node-2"}
	if err := f.Heartbeat(f.ctx, f.now(), m.Node); err != nil {
		t.Fatal(err)
	}
	sess, err := f.Authenticate(f.ctx, f.now(), tv.authFrame(), nonce, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Disconnected(f.ctx, sess, time.Time{}, f.now()); err != nil {
		t.Fatal(err)
	}
	if got, want := tv.row(who).Wish.Bound, (Bound{upToMinute(f.now().Add(f.lease)), f.lease}); got != want {
		t.Errorf("bound = %+v, want %+v", got, want)
	}
	if err := f.Tidy(f.ctx, f.clock.Advance(2*keptNodes)); err != nil {
		t.Error(err)
	}
}

func TestChangedSince(t *testing.T) {
	f := newFixture(t)
	who, other := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv := f.signedIn(t, who)
	later := f.clock.Advance(time.Minute)
	if err := f.SignOut(f.ctx, later, who, tv.id); err != nil {
		t.Fatal(err)
	}
	if got := f.changedSince(t, later); len(got) != 1 || got[who.Account] != tv.state(nil).Version {
		t.Errorf("ChangedSince = %v", got)
	}
	if got := f.changedSince(t, later.Add(-time.Hour)); len(got) != 2 || got[other.Account] == 0 {
		t.Errorf("ChangedSince(an hour ago) = %v", got)
	}
}

func (f *fixture) changedSince(t testing.TB, since time.Time) map[protocol.AccountID]protocol.Version {
	t.Helper()
	got := map[protocol.AccountID]protocol.Version{}
	err := f.ChangedSince(f.ctx, since, 10, func(a protocol.AccountID, v protocol.Version, _ int64) { got[a] = v })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// connected reports whether a node is noted to hold the TV's connection.
func connected(t testing.TB, tv *television) (yes bool) {
	t.Helper()
	err := tv.c.DB.View(tv.ctx, func(tx *store.Tx) error {
		row, err := tx.Device(tv.sess.Account, tv.id)
		yes = row.Connected
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

// A node was killed, and the server starts again with a shorter lease: a TV that comes
// back may hold one of the old length, granted a moment before the kill, until it has
// another. Its bound says so.
func TestBoundAfterAKillAndAShorterLease(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	f.clock.Advance(20 * time.Hour) // renewed all the time, which no row tells
	if err := f.Heartbeat(f.ctx, f.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	f.c.Lease = time.Hour
	again := home
	again.Node = "node-2"
	if _, err := f.Authenticate(f.ctx, f.now(), tv.authFrame(), nonce, again); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute) // cut off before it heard anything
	if b := tv.row(who).Wish.Bound; b.LocksBy.Before(f.now().Add(8*time.Hour - 2*time.Minute)) {
		t.Errorf("at %s it locks itself by %s, with a lease of eight hours in hand", f.now(), b.LocksBy)
	}
}
