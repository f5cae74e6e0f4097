package device

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// setStatus changes a device's desired status behind the service's back.
func setStatus(t testing.TB, tv *television, status protocol.Status) {
	t.Helper()
	err := tv.c.DB.Update(tv.ctx, func(tx *store.Tx) error {
		row, err := tx.Device(tv.sess.Account, tv.id)
		if err != nil {
			return err
		}
		return tx.SetDeviceStatus(row, status, protocol.ByOwner, "", tv.now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func types(a Answer) (out []string) {
	for _, f := range a.Frames {
		out = append(out, f.Type())
	}
	return out
}

func TestStateSendsWhatIsLacking(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	everything := protocol.Have{Epoch: 1, Status: protocol.Active}
	a, err := f.State(f.ctx, f.now(), tv.sess, ask("q"), everything)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"keys", "state", "part", "part"}, types(a)); diff != "" {
		t.Error(diff)
	}
	for _, frame := range a.Frames {
		if _, err := protocol.Encode(frame); err != nil {
			t.Error(err)
		}
	}
	c, _ := tv.claims(a)
	if c.Device != tv.id || c.Account != who.Account || c.Epoch != 1 || c.Status != protocol.Active || c.Version != a.Version ||
		!bytes.Equal(c.Ask, ask("q")) || c.Lease != protocol.MaxLease || c.Snapshot.Digest != a.Have.Snapshot || c.Cause != nil {
		t.Errorf("claims = %+v", c)
	}
	if !a.Granted {
		t.Error("not granted")
	}

	tests := map[string]struct {
		change func(*protocol.Have)
		ask    []byte
		want   []string
	}{
		"all, no ask":      {func(*protocol.Have) {}, nil, nil},
		"all, an ask":      {func(*protocol.Have) {}, ask("r"), []string{"still"}},
		"older version":    {func(h *protocol.Have) { h.Version-- }, nil, []string{"state"}},
		"newer version":    {func(h *protocol.Have) { h.Version++ }, ask("r"), []string{"state"}},
		"no keys":          {func(h *protocol.Have) { h.Keys = 0 }, ask("r"), []string{"keys", "still"}},
		"another snapshot": {func(h *protocol.Have) { h.Snapshot = "" }, ask("r"), []string{"state", "part"}},
		"another catalog":  {func(h *protocol.Have) { h.Catalog = "" }, ask("r"), []string{"state", "part"}},
		"another status":   {func(h *protocol.Have) { h.Status = protocol.SignedOut }, ask("r"), []string{"state"}},
	}
	for name, tt := range tests {
		have := a.Have
		tt.change(&have)
		got, err := f.State(f.ctx, f.now(), tv.sess, tt.ask, have)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, types(got)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if diff := cmp.Diff(a.Have, got.Have); diff != "" {
			t.Errorf("%s: the device has then\n%s", name, diff)
		}
	}
}

// TestAnotherCatalogue: titles that change reach a device with the next state, in
// one edition, though nothing of its account changed.
func TestAnotherCatalogue(t *testing.T) {
	f := newFixture(t)
	tv := f.signedIn(t, f.owner(t, "anna@example.org"))
	a := tv.state(nil)
	for edition, data := range []string{`{"titles":[{"id":"a","name":"Amber"}]}`, ``, `{"titles":[{"id":"b","name":"Basalt"}]}`} {
		if _, err := f.titles.Use([]byte(data)); err != nil {
			t.Fatal(err)
		}
		next, err := f.State(f.ctx, f.now(), tv.sess, nil, a.Have)
		if err != nil {
			t.Fatal(err)
		}
		want, digest := []string{"state", "part"}, protocol.DigestOf([]byte(data))
		if data == "" {
			want, digest = []string{"state"}, ""
		}
		if diff := cmp.Diff(want, types(next)); diff != "" {
			t.Fatal(diff)
		}
		c, _ := tv.claims(next)
		if next.Edition != int32(edition)+2 || next.Have.Catalog != digest || c.Version != a.Version || (c.Catalog != nil) != (data != "") ||
			data != "" && (c.Catalog.Digest != digest || string(next.Frames[1].(protocol.Part).Data) != data) {
			t.Errorf("edition %d: %+v, %+v", edition, next, c)
		}
		a = next
	}
}

func TestStill(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	a := tv.state(nil)
	still, err := f.Still(f.now(), a, ask("s"))
	if err != nil {
		t.Fatal(err)
	}
	var c protocol.StillClaims
	if err := f.c.Keys.Verify(still.JWS, protocol.TypStill, &c); err != nil || c.Epoch != 1 || c.Version != a.Version || !bytes.Equal(c.Ask, ask("s")) {
		t.Errorf("claims = %+v, %v", c, err)
	}
	a.Status = protocol.SignedOut
	if _, err := f.Still(f.now(), a, ask("s")); !errors.Is(err, ErrProof) {
		t.Errorf("a grant for a device that is signed out: %v", err)
	}
}

func TestPinsTravelByVersion(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	all, err := f.profiles.List(f.ctx, who.Account)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.profiles.SetPIN(f.ctx, f.now(), who, all[0].ID, "2846"); err != nil {
		t.Fatal(err)
	}
	a := tv.state(nil)
	if diff := cmp.Diff([]string{"state", "pins", "part"}, types(a)); diff != "" {
		t.Fatal(diff)
	}
	var c protocol.PinsClaims
	if err := f.c.Keys.Verify(a.Frames[1].(protocol.Pins).JWS, protocol.TypPins, &c); err != nil || c.Version != 1 || len(c.Pins) != 1 || c.Device != tv.id {
		t.Errorf("claims = %+v, %v", c, err)
	}
	if a := tv.state(nil); len(a.Frames) != 0 {
		t.Errorf("sent again: %v", types(a))
	}
	if err := f.profiles.RemovePIN(f.ctx, f.now(), who, all[0].ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"state", "pins", "part"}, types(tv.state(nil))); diff != "" {
		t.Errorf("after the removal:\n%s", diff)
	}
}

func TestBigDocumentTravelsInParts(t *testing.T) {
	data := bytes.Repeat([]byte("x"), 2*protocol.MaxPart+1)
	var got []byte
	for _, f := range parts(protocol.DigestOf(data), data) {
		if _, err := protocol.Encode(f); err != nil {
			t.Fatal(err)
		}
		p := f.(protocol.Part)
		if p.Offset != len(got) {
			t.Errorf("offset %d, want %d", p.Offset, len(got))
		}
		got = append(got, p.Data...)
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes, want %d", len(got), len(data))
	}
}

func TestStatusOnlyGetsStricter(t *testing.T) {
	order := []protocol.Status{protocol.Active, protocol.SignedOut, protocol.Stolen, protocol.Deactivated}
	for _, from := range order {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.signedIn(t, who)
		if from != protocol.Active {
			setStatus(t, tv, from)
		}
		steps := []struct {
			do   func() error
			want protocol.Status
		}{
			{func() error { return f.SignOut(f.ctx, f.now(), who, tv.id) }, protocol.Stricter(from, protocol.SignedOut)},
			{func() error { return f.Deactivate(f.ctx, f.now(), who, tv.id) }, protocol.Deactivated},
			{func() error { return f.SignOut(f.ctx, f.now(), who, tv.id) }, protocol.Deactivated},
		}
		for i, s := range steps {
			if err := s.do(); err != nil {
				t.Fatal(err)
			}
			a := tv.state(ask("q"))
			if a.Status != s.want || a.Granted || a.Have.Snapshot != "" {
				t.Errorf("from %s, step %d: %+v, want %s", from, i, a, s.want)
			}
		}
	}
}

func TestSignOutEverywhere(t *testing.T) {
	f := newFixture(t)
	who, stranger := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tvs := []*television{f.signedIn(t, who), f.signedIn(t, who), f.signedIn(t, who)}
	other := f.signedIn(t, stranger)
	next, err := f.SignOutEverywhere(f.ctx, f.clock.Advance(time.Minute), who)
	if err != nil {
		t.Fatal(err)
	}
	for _, tv := range tvs {
		c, _ := tv.claims(tv.state(ask("q")))
		if c.Status != protocol.SignedOut || c.Cause == nil || c.Cause.By != protocol.ByAll || c.Cause.Where != fox.Agent || c.Lease != 0 {
			t.Errorf("claims = %+v, cause %+v", c, c.Cause)
		}
		if w := tv.row(who).Wish; w.Status != protocol.SignedOut || w.By != protocol.ByAll || !w.Since.Equal(f.now()) {
			t.Errorf("wish = %+v", w)
		}
	}
	if a := other.state(nil); a.Status != protocol.Active {
		t.Errorf("a stranger's TV: %+v", a)
	}
	// The session that asked goes on, and a TV that signs in anew is active.
	tvs[0].join(next)
	if r := tvs[0].row(next); r.Wish.Status != protocol.Active || r.Epoch != 2 {
		t.Errorf("row = %+v", r)
	}
	if err := f.Deactivate(f.ctx, f.now(), next, tvs[1].id); err != nil || tvs[1].row(next).Wish.Status != protocol.Deactivated {
		t.Errorf("deactivate after it: %v", err)
	}
}

func TestOldEpochHearsNothing(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	old := *tv
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	tv.join(who)
	if _, err := f.State(f.ctx, f.now(), old.sess, ask("q"), old.have); !errors.Is(err, ErrStaleEpoch) {
		t.Errorf("State = %v", err)
	}
	items := protocol.Activity{Epoch: 1, Items: []protocol.ActivityItem{{Seq: 1, Profile: "p", Title: "t", What: protocol.Started}}}
	if _, err := f.Activity(f.ctx, f.now(), old.sess, items); !errors.Is(err, ErrStaleEpoch) {
		t.Errorf("Activity of an old session = %v", err)
	}
	if _, err := f.Activity(f.ctx, f.now(), tv.sess, items); !errors.Is(err, ErrStaleEpoch) {
		t.Errorf("Activity of an old epoch = %v", err)
	}
	if err := f.ProfileSelected(f.ctx, f.now(), old.sess, ""); !errors.Is(err, ErrStaleEpoch) {
		t.Errorf("ProfileSelected = %v", err)
	}
	old.conn = tv.conn
	if _, err := f.Authenticate(f.ctx, f.now(), old.authFrame(), nonce, home); !errors.Is(err, ErrStaleEpoch) {
		t.Errorf("Authenticate = %v", err)
	}
	unknown := f.tv(t)
	unknown.have = protocol.Have{Epoch: 1, Status: protocol.Active}
	if _, err := f.Authenticate(f.ctx, f.now(), unknown.authFrame(), nonce, home); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown device: %v", err)
	}
}

func TestActivity(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	all, err := f.profiles.List(f.ctx, who.Account)
	if err != nil {
		t.Fatal(err)
	}
	item := func(seq int64, p protocol.ProfileID) protocol.ActivityItem {
		return protocol.ActivityItem{Seq: seq, Profile: p, Title: "t1", What: protocol.Started, At: protocol.MillisOf(f.now().Add(time.Hour))}
	}
	batch := protocol.Activity{Epoch: 1, Items: []protocol.ActivityItem{item(1, all[0].ID), item(2, "nobody"), item(3, all[1].ID)}}
	for range 2 {
		if through, err := f.Activity(f.ctx, f.now(), tv.sess, batch); err != nil || through != 3 {
			t.Errorf("Activity = %d, %v", through, err)
		}
	}
	rows := activity(t, f, who)
	if len(rows) != 2 || rows[0].At > protocol.MillisOf(f.now()) {
		t.Errorf("stored %+v", rows)
	}
	if err := f.ProfileSelected(f.ctx, f.now(), tv.sess, all[1].ID); err != nil || tv.row(who).Profile != all[1].ID {
		t.Errorf("ProfileSelected: %v, %q", err, tv.row(who).Profile)
	}
	if err := f.ProfileSelected(f.ctx, f.now(), tv.sess, "nobody"); err != nil || tv.row(who).Profile != "" {
		t.Errorf("an unknown profile: %v, %q", err, tv.row(who).Profile)
	}
	if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
		t.Fatal(err)
	}
	late := protocol.Activity{Epoch: 1, Items: []protocol.ActivityItem{item(4, all[0].ID)}}
	if through, err := f.Activity(f.ctx, f.now(), tv.sess, late); err != nil || through != 4 || len(activity(t, f, who)) != 2 {
		t.Errorf("after the sign-out = %d, %v", through, err)
	}
}

func activity(t *testing.T, f *fixture, who account.Session) (rows []store.ActivityRow) {
	t.Helper()
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Activity(store.ActivityQuery{Account: who.Account, Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
