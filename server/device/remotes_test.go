package device

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// withRemotes is a signed-in TV that knows of remotes, and has told of two.
func withRemotes(t *testing.T, f *fixture, who account.Session) *television {
	t.Helper()
	tv := f.tv(t)
	tv.cap = protocol.RemotesCapability
	tv.join(who)
	tv.connect()
	tv.tells(1, phone, guest)
	return tv
}

var (
	phone = protocol.Remote{ID: "r-1", Name: "Mara’s phone", Role: protocol.RemoteHousehold, Paired: 1764093422000}
	guest = protocol.Remote{ID: "r-2", Name: "Gast", Role: protocol.RemoteGuest, Paired: 1764093421000, Used: 1764028800000}
)

// tells reports remotes, with all wishes that the TV was sent done.
func (tv *television) tells(number int64, remotes ...protocol.Remote) {
	tv.t.Helper()
	tv.report(protocol.Remotes{Number: number, Remotes: remotes, Control: true, Wishes: tv.have.Wishes})
}

func (tv *television) report(r protocol.Remotes) {
	tv.t.Helper()
	r.Epoch = tv.sess.Epoch
	if err := tv.RemotesTold(tv.ctx, tv.now(), tv.sess, r); err != nil {
		tv.t.Fatal(err)
	}
}

// wishes returns what is asked of the TV's remotes in an answer.
func (tv *television) wishes(a Answer) *protocol.RemoteWishesClaims {
	tv.t.Helper()
	for _, f := range a.Frames {
		if w, ok := f.(protocol.RemoteWishes); ok {
			var c protocol.RemoteWishesClaims
			if err := errors.Join(tv.c.Keys.Verify(w.JWS, protocol.TypRemotes, &c), c.Check()); err != nil {
				tv.t.Fatal(err)
			}
			return &c
		}
	}
	return nil
}

func (tv *television) control(who account.Session) Control {
	tv.t.Helper()
	c, err := tv.Control(tv.ctx, tv.now(), who.Account, tv.id)
	if err != nil {
		tv.t.Fatal(err)
	}
	return c
}

// D11: a TV's remotes are on its owner's page, as the TV told them last; what comes late
// changes nothing.
func TestD11_RemotesAreOnTheOwnersPage(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := withRemotes(t, f, who)
	want := Control{
		Device: tv.id, Name: "Living room", Online: true, Node: home.Node, Told: true, Allowed: true,
		Remotes: []Remote{
			{ID: "r-1", Name: "Mara’s phone", Role: protocol.RemoteHousehold, Paired: phone.Paired.Time()},
			{ID: "r-2", Name: "Gast", Role: protocol.RemoteGuest, Paired: guest.Paired.Time(), Used: guest.Used.Time()},
		},
	}
	if d := cmp.Diff(want, tv.control(who), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("control (-want +got):\n%s", d)
	}
	tv.report(protocol.Remotes{Number: 3, Remotes: []protocol.Remote{guest}, Window: 60})
	tv.report(protocol.Remotes{Number: 2, Remotes: []protocol.Remote{phone}, Control: true}) // late
	c := tv.control(who)
	if len(c.Remotes) != 1 || c.Remotes[0].ID != guest.ID || c.Allowed || !c.Open.Equal(f.now().Add(time.Minute)) {
		t.Errorf("after a report and a late one: %+v", c)
	}
	f.clock.Advance(time.Minute)
	if err := f.Heartbeat(f.ctx, f.now(), home.Node); err != nil {
		t.Fatal(err)
	}
	if c := tv.control(who); !c.Open.IsZero() {
		t.Errorf("the window is open after its end: %+v", c)
	}
}

// Every connection brings a report: one that says what is known is not written, and one
// over a connection that is not the newest is late, whatever its number.
func TestD11_ReportsThatSayNothingNewAreNotWritten(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := withRemotes(t, f, who)
	hints := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.hints[who.Account]
	}
	before := hints()
	tv.tells(2, guest, phone)
	if hints() != before {
		t.Error("a report that says what is known was written")
	}
	old := tv.sess
	tv.connect()
	before = hints()
	err := f.RemotesTold(f.ctx, f.now(), old, protocol.Remotes{Epoch: old.Epoch, Number: 9})
	if err != nil || hints() != before || len(tv.control(who).Remotes) != 2 {
		t.Errorf("a report over an older connection: %v, %+v", err, tv.control(who))
	}
	tv.tells(3, phone)
	if hints() == before || len(tv.control(who).Remotes) != 1 {
		t.Errorf("a report with news: %+v", tv.control(who))
	}
}

// D11: what an owner wants of a TV's remotes reaches it, whatever is lost, until it says
// that it is done; again changes nothing.
func TestD11_WishesAboutRemotesSurviveLoss(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := withRemotes(t, f, who)
	for range 2 {
		if err := f.ForgetRemote(f.ctx, f.now(), who, tv.id, phone.ID); err != nil {
			t.Fatal(err)
		}
		if err := f.SetRemoteRole(f.ctx, f.now(), who, tv.id, guest.ID, protocol.RemoteHousehold); err != nil {
			t.Fatal(err)
		}
	}
	want := &protocol.RemoteWishesClaims{
		Device: tv.id, Epoch: tv.sess.Epoch, Number: 2, Forget: []protocol.RemoteID{phone.ID},
		Roles: []protocol.RoleWish{{ID: guest.ID, Role: protocol.RemoteHousehold}},
	}
	lost := tv.have
	for range 3 { // sent, and lost with the connection
		tv.have = lost
		if d := cmp.Diff(want, tv.wishes(tv.connect())); d != "" {
			t.Fatalf("wishes (-want +got):\n%s", d)
		}
	}
	if w := tv.wishes(tv.state(nil)); w != nil {
		t.Errorf("sent twice over one connection: %+v", w)
	}
	c := tv.control(who)
	if !c.Remotes[0].Leaving || !c.Remotes[1].Changing || c.Remotes[1].Role != protocol.RemoteHousehold {
		t.Errorf("before the TV said so: %+v", c.Remotes)
	}
	promoted := guest
	promoted.Role = protocol.RemoteHousehold
	tv.tells(2, promoted)
	if c = tv.control(who); len(c.Remotes) != 1 || c.Remotes[0].Changing {
		t.Errorf("after the TV said so: %+v", c.Remotes)
	}
	tv.have = lost
	if w := tv.wishes(tv.connect()); w != nil {
		t.Errorf("sent after it was done: %+v", w)
	}
	tv.tells(3, guest) // made a guest again, at the TV
	if c = tv.control(who); c.Remotes[0].Role != protocol.RemoteGuest || c.Remotes[0].Changing {
		t.Errorf("a wish that is done came back: %+v", c.Remotes)
	}
}

// A device of an earlier capability is sent nothing of remotes, and one of a remote that
// it does not know has nothing to wait for.
func TestD11_WishesNeedWhatTheyAreAbout(t *testing.T) {
	f := newFixture(t)
	who, other := f.owner(t, "mara@example.org"), f.owner(t, "vera@example.org")
	old := f.signedIn(t, who)
	tv := withRemotes(t, f, who)
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"a TV that tells nothing", f.ForgetRemote(f.ctx, f.now(), who, old.id, phone.ID), ErrTooOld},
		{"a window on it", f.OpenPairing(f.ctx, f.now(), who, old.id, protocol.RemoteGuest), ErrTooOld},
		{"a remote that is none", f.ForgetRemote(f.ctx, f.now(), who, tv.id, "r-9"), ErrNoRemote},
		{"a role that is none", f.SetRemoteRole(f.ctx, f.now(), who, tv.id, phone.ID, "owner"), ErrRole},
		{"a window for a role that is none", f.OpenPairing(f.ctx, f.now(), who, tv.id, ""), ErrRole},
		{"another account", f.ForgetRemote(f.ctx, f.now(), other, tv.id, phone.ID), ErrUnknown},
		{"another account's window", f.OpenPairing(f.ctx, f.now(), other, tv.id, protocol.RemoteGuest), ErrUnknown},
		{"another account's control", f.Controlled(f.ctx, f.now(), other, tv.id), ErrUnknown},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.err, c.want)
		}
	}
	if _, err := f.Control(f.ctx, f.now(), other.Account, tv.id); !errors.Is(err, ErrUnknown) {
		t.Errorf("another account reads: %v", err)
	}
	if c := old.control(who); c.Told || c.Allowed {
		t.Errorf("a TV that tells nothing: %+v", c)
	}
}

// D11: an owner's page opens a pairing window only on a TV that is there, for two
// minutes from the click, once.
func TestD11_PairingOpensOnceAndOnlyNow(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := withRemotes(t, f, who)
	if err := f.OpenPairing(f.ctx, f.now(), who, tv.id, protocol.RemoteGuest); err != nil {
		t.Fatal(err)
	}
	if c := tv.control(who); !c.Opening {
		t.Errorf("asked for, and not so on the page: %+v", c)
	}
	lost := tv.have
	f.clock.Advance(10 * time.Second)
	open := &protocol.OpenWish{Number: 1, Seconds: 110, Role: protocol.RemoteGuest}
	if d := cmp.Diff(open, tv.wishes(tv.state(nil)).Open); d != "" {
		t.Errorf("10 s later (-want +got):\n%s", d)
	}
	// Another wish, while it is open: the window keeps its own number.
	if err := f.ForgetRemote(f.ctx, f.now(), who, tv.id, guest.ID); err != nil {
		t.Fatal(err)
	}
	if w := tv.wishes(tv.state(nil)); w == nil || w.Number != 2 || w.Open == nil || w.Open.Number != 1 {
		t.Errorf("with another wish: %+v", w)
	}
	tv.report(protocol.Remotes{Number: 2, Remotes: []protocol.Remote{phone}, Control: true, Window: 100, Wishes: 2})
	if c := tv.control(who); c.Opening || !c.Open.Equal(f.now().Add(100*time.Second)) {
		t.Errorf("open on the TV: %+v", c)
	}

	// A window that the TV did not hear of in time opens no more.
	if err := f.OpenPairing(f.ctx, f.now(), who, tv.id, protocol.RemoteGuest); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(protocol.MaxPairing * time.Second)
	tv.have = lost
	if w := tv.wishes(tv.connect()); w == nil || w.Open != nil || w.Number != 3 {
		t.Errorf("after its time: %+v", w)
	}
	if err := f.Disconnected(f.ctx, tv.sess, time.Time{}, f.now()); err != nil {
		t.Fatal(err)
	}
	if err := f.OpenPairing(f.ctx, f.now(), who, tv.id, protocol.RemoteGuest); !errors.Is(err, ErrOffline) {
		t.Errorf("offline: %v, want ErrOffline", err)
	}
}

// D5, D11: with the sign-in goes what controlled the TV, whoever ended it; a report that
// comes after that is nothing.
func TestD11_RemotesGoWithTheSignIn(t *testing.T) {
	for name, end := range map[string]func(*fixture, account.Session, *television) error{
		"signed out": func(f *fixture, who account.Session, tv *television) error {
			return f.SignOut(f.ctx, f.now(), who, tv.id)
		},
		"stolen": func(f *fixture, who account.Session, tv *television) error {
			return f.ReportStolen(f.ctx, f.now(), who, tv.id)
		},
		"everywhere": func(f *fixture, who account.Session, tv *television) error {
			_, err := f.SignOutEverywhere(f.ctx, f.now(), who)
			return errors.Join(err, f.Tidy(f.ctx, f.now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			who := f.owner(t, "mara@example.org")
			tv := withRemotes(t, f, who)
			if err := end(f, who, tv); err != nil {
				t.Fatal(err)
			}
			tv.tells(9, phone)
			if _, err := f.Control(f.ctx, f.now(), who.Account, tv.id); !errors.Is(err, ErrNotActive) {
				t.Errorf("Control: %v, want ErrNotActive", err)
			}
			err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
				_, err := tx.Control(who.Account, tv.id)
				left, rows := tx.Remotes(who.Account, tv.id)
				if !errors.Is(err, store.ErrNotFound) || len(left) > 0 {
					t.Errorf("left: %v, %+v", err, left)
				}
				return rows
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What controls a TV is in the owner's timeline: who paired, who was forgotten, and who
// used the account page's remote. What the TV told first is not news.
func TestD11_RemotesAreInTheTimeline(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "mara@example.org")
	tv := withRemotes(t, f, who)
	another := protocol.Remote{ID: "r-3", Name: "Ben", Role: "child", Paired: 1764093423000}
	tv.tells(2, another, phone, guest)
	if got := tv.control(who).Remotes[0]; got.Role != protocol.RemoteGuest {
		t.Errorf("a role to come is %q, want a guest's", got.Role)
	}
	for _, err := range []error{
		f.OpenPairing(f.ctx, f.now(), who, tv.id, protocol.RemoteHousehold),
		f.SetRemoteRole(f.ctx, f.now(), who, tv.id, phone.ID, protocol.RemoteGuest),
		f.ForgetRemote(f.ctx, f.now(), who, tv.id, another.ID),
		f.Controlled(f.ctx, f.now(), who, tv.id),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	entries, err := timeline.List(f.ctx, f.c.DB, who.Account, "", 5)
	if err != nil {
		t.Fatal(err)
	}
	got := map[timeline.Kind]string{}
	for _, e := range entries {
		got[e.Kind] = string(e.Actor) + ": " + e.Subject + ", " + e.Detail
	}
	want := map[timeline.Kind]string{
		timeline.RemotePaired: "this_tv: Ben, Living room", timeline.PairingOpened: "owner: Living room, ",
		timeline.RemoteRole: "owner: Mara’s phone, Living room", timeline.RemoteForgotten: "owner: Ben, Living room",
		timeline.DeviceControlled: "owner: Living room, ",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("timeline (-want +got):\n%s", d)
	}
}
