package device

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestCloneIsLocked(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	copied := *tv // key, counter and all
	tv.connect()
	tv.connect()

	frame := copied.authFrame() // a number that the original has used
	sess, err := f.Authenticate(f.ctx, f.now(), frame, nonce, home)
	if !errors.Is(err, ErrClone) {
		t.Fatalf("Authenticate = %v, want ErrClone", err)
	}
	copied.sess = sess
	if c, _ := copied.claims(copied.state(nil)); c.Status != protocol.SignedOut || c.Cause.By != protocol.BySafety {
		t.Errorf("the copy hears %+v", c)
	}
	if n := f.notice(t); n.Kind != account.NoticeDeviceCloned || n.Device != "Living room" {
		t.Errorf("notice = %+v", n)
	}
	if a := tv.connect(); a.Status != protocol.SignedOut || a.Granted {
		t.Errorf("the original hears %+v", a)
	}
	entries, err := timeline.List(f.ctx, f.c.DB, who.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.DeviceCloned {
		t.Errorf("timeline = %+v, %v", entries, err)
	}
	// Again: locked already, nothing more to say.
	notices := len(f.notices)
	if _, err := f.Authenticate(f.ctx, f.now(), frame, nonce, home); !errors.Is(err, ErrClone) || len(f.notices) != notices {
		t.Errorf("again: %v, %d notices", err, len(f.notices)-notices)
	}
	// The owner can approve the TV anew.
	tv.join(who)
	if r := tv.row(who); r.Wish.Status != protocol.Active || r.Epoch != 2 {
		t.Errorf("row = %+v", r)
	}
	if _, err := f.Enrol(f.ctx, f.now(), copied.enrolFrame(), nonce, home); !errors.Is(err, ErrClone) {
		t.Errorf("the copy enrols: %v", err)
	}
	if got := tv.row(who).Wish.Status; got != protocol.SignedOut {
		t.Errorf("after the copy enrolled the TV is %s", got)
	}
}

func TestForgedAuth(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	for name, change := range map[string]func(*protocol.Auth){
		"another number":  func(a *protocol.Auth) { a.Conn += 5 },
		"another ask":     func(a *protocol.Auth) { a.Ask = ask("z") },
		"another version": func(a *protocol.Auth) { a.Have.Version++ },
		"no signature":    func(a *protocol.Auth) { a.Sig = nil },
	} {
		a := tv.authFrame()
		change(&a)
		if _, err := f.Authenticate(f.ctx, f.now(), a, nonce, home); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	replayed := tv.authFrame()
	if _, err := f.Authenticate(f.ctx, f.now(), replayed, ask("x"), home); !errors.Is(err, ErrSignature) {
		t.Errorf("replayed to another nonce: %v", err)
	}
	if a := tv.connect(); a.Status != protocol.Active {
		t.Errorf("forgeries locked the TV: %+v", a)
	}
}

// A backup was restored: the device holds a state that this server signed and
// the database no longer knows.
func TestRestoredBackup(t *testing.T) {
	const ahead = 50
	tests := map[string]struct {
		change     func(*protocol.StateClaims)
		want       protocol.Status
		epoch      protocol.Epoch
		generation int64
		alarm      bool
	}{
		"a lost change":       {func(*protocol.StateClaims) {}, protocol.Active, 1, 1, true},
		"a lost sign-out":     {func(c *protocol.StateClaims) { c.Status = protocol.SignedOut }, protocol.SignedOut, 1, 1, true},
		"a lost deactivation": {func(c *protocol.StateClaims) { c.Status = protocol.Deactivated }, protocol.Deactivated, 1, 1, true},
		"a lost sign-in":      {func(c *protocol.StateClaims) { c.Epoch = 7 }, protocol.SignedOut, 7, 1, true},
		"lost, everywhere": {func(c *protocol.StateClaims) {
			c.Status, c.Cause = protocol.SignedOut, &protocol.Cause{By: protocol.ByAll}
		}, protocol.SignedOut, 1, 2, true},
		"nothing lost": {func(c *protocol.StateClaims) { c.Status, c.Version = protocol.SignedOut, 1 }, protocol.Active, 1, 1, false},
	}
	for name, tt := range tests {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.signedIn(t, who)
		claims := protocol.StateClaims{
			Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.Active, Version: tv.have.Version + ahead,
		}
		tt.change(&claims)
		jws, err := f.c.Keys.Sign(protocol.TypState, claims)
		if err != nil {
			t.Fatal(err)
		}
		have := tv.have
		have.Epoch, have.Version, have.State = claims.Epoch, claims.Version, jws
		a, err := f.State(f.ctx, f.now(), tv.sess, ask("q"), have)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.Status != tt.want || a.Session.Epoch != tt.epoch || (a.Version > claims.Version) != tt.alarm && tt.alarm {
			t.Errorf("%s: %s, epoch %d, version %d after %d", name, a.Status, a.Session.Epoch, a.Version, claims.Version)
		}
		if (len(f.restored) == 1) != tt.alarm {
			t.Errorf("%s: alarms %v", name, f.restored)
		}
		err = f.c.DB.View(f.ctx, func(tx *store.Tx) error {
			acc, err := tx.Account(who.Account)
			if acc.Generation != tt.generation {
				t.Errorf("%s: generation %d, want %d", name, acc.Generation, tt.generation)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := tv.claims(a); c.Epoch != tt.epoch || c.Status != tt.want {
			t.Errorf("%s: the device hears %+v", name, c)
		}
	}
}

func TestForeignStateIsNotTakenOver(t *testing.T) {
	f := newFixture(t)
	who, stranger := f.owner(t, "anna@example.org"), f.owner(t, "bert@example.org")
	tv, other := f.signedIn(t, who), f.signedIn(t, who)
	signed := func(change func(*protocol.StateClaims)) string {
		c := protocol.StateClaims{Device: tv.id, Account: who.Account, Epoch: 1, Status: protocol.SignedOut, Version: 99}
		change(&c)
		jws, err := f.c.Keys.Sign(protocol.TypState, c)
		if err != nil {
			t.Fatal(err)
		}
		return jws
	}
	for name, jws := range map[string]string{
		"garbage":         "a.b.c",
		"by the device":   tv.jws(protocol.TypState, protocol.StateClaims{Device: tv.id, Account: who.Account, Epoch: 9}),
		"another device":  signed(func(c *protocol.StateClaims) { c.Device = other.id }),
		"another account": signed(func(c *protocol.StateClaims) { c.Account = stranger.Account }),
		"no status":       signed(func(c *protocol.StateClaims) { c.Status = "" }),
	} {
		have := tv.have
		have.State = jws
		if _, err := f.State(f.ctx, f.now(), tv.sess, nil, have); !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v, want ErrProof", name, err)
		}
	}
	if a := tv.state(nil); a.Status != protocol.Active {
		t.Errorf("a foreign state was taken over: %+v", a)
	}
}

// A frame that was sent over an earlier connection, and arrives after the TV
// gave that up and made another, is late and no clone's: packets are sent again
// for a while after both ends have forgotten them.
func TestLateConnectionIsNoClone(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	early, same, other := home, home, home
	early.Greeted = f.now()
	other.Node = "node-2" // its clock may differ
	f.clock.Advance(time.Second)
	other.Greeted = f.now().Add(skew - time.Millisecond)
	late, enrols := tv.authFrame(), tv.enrolFrame()
	same.Greeted = f.now().Add(time.Millisecond - 1) // rows do not tell whether that was before
	tv.connect()
	notices := len(f.notices)
	for name, m := range map[string]Meta{"early": early, "the same millisecond": same, "another node": other} {
		f.clock.Advance(time.Second)
		if _, err := f.Authenticate(f.ctx, f.now(), late, nonce, m); !errors.Is(err, ErrReplaced) {
			t.Errorf("%s: Authenticate = %v, want ErrReplaced", name, err)
		}
		if _, err := f.Enrol(f.ctx, f.now(), enrols, nonce, m); !errors.Is(err, ErrReplaced) {
			t.Errorf("%s: Enrol = %v, want ErrReplaced", name, err)
		}
	}
	if a := tv.connect(); a.Status != protocol.Active || len(f.notices) != notices {
		t.Errorf("the TV is %s, %d notices", a.Status, len(f.notices)-notices)
	}
	fresh := home // greeted after the TV's last connection: a copy
	f.clock.Advance(time.Second)
	fresh.Greeted = f.now()
	if _, err := f.Authenticate(f.ctx, f.now(), late, nonce, fresh); !errors.Is(err, ErrClone) {
		t.Errorf("Authenticate of a copy = %v, want ErrClone", err)
	}
}

// A copy that is greeted right after a sign-in is seen: where the connection that
// asked for the sign-in has it, and no other was counted since, its row tells when.
func TestCopyRightAfterASignIn(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	copied := *tv
	copied.conn-- // the number that the TV signed in with
	fresh := home
	f.clock.Advance(time.Millisecond)
	fresh.Greeted = f.now()
	if _, err := f.Authenticate(f.ctx, f.now(), copied.authFrame(), nonce, fresh); !errors.Is(err, ErrClone) {
		t.Errorf("Authenticate of a copy = %v, want ErrClone", err)
	}
	if got := tv.row(who).Wish.Status; got != protocol.SignedOut {
		t.Errorf("the TV is %s", got)
	}
}

// A copy that was taken before the sign-in is seen as soon as it asks with the number
// of the connection that signed in, and neither takes over nor gets anything.
func TestCopyFromBeforeASignIn(t *testing.T) {
	for name, again := range map[string]bool{"a new TV": false, "one that was signed in before": true} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.tv(t)
		if again {
			tv.join(who)
			if err := f.SignOut(f.ctx, f.now(), who, tv.id); err != nil {
				t.Fatal(err)
			}
		}
		copied := *tv
		tv.join(who)
		fresh := home
		f.clock.Advance(2 * skew)
		fresh.Greeted = f.now()
		if e, err := f.Enrol(f.ctx, f.now(), copied.enrolFrame(), nonce, fresh); !errors.Is(err, ErrClone) {
			t.Errorf("%s: Enrol of a copy = %+v, %v, want ErrClone", name, e, err)
		}
		if got := tv.row(who).Wish.Status; got != protocol.SignedOut {
			t.Errorf("%s: the TV is %s", name, got)
		}
	}
}

// Of two connections with one number that wait for the same approval, one begins.
func TestCopyThatWaitsForTheSameApproval(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.tv(t)
	copied := *tv
	code, frame := tv.shows()
	_, other := copied.shows()
	if _, err := f.Approve(f.ctx, f.now(), who, code); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Enrolled(f.ctx, f.now(), frame, home); err != nil {
		t.Fatal(err)
	}
	if e, err := f.Enrolled(f.ctx, f.now(), other, home); !errors.Is(err, ErrReplaced) {
		t.Errorf("Enrolled of the other = %+v, %v, want ErrReplaced", e, err)
	}
}
