package device

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

// restored has f's database be one that was restored.
func restored(f *fixture) error {
	return f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return tx.Restored(f.now(), f.now().Add(-time.Hour), time.Hour) })
}

// shown is an auth of the TV with the newest state that it holds.
func (tv *television) shown(change func(*protocol.Auth)) protocol.Auth {
	f := tv.authFrame()
	f.Have.State = tv.last
	if change != nil {
		change(&f)
	}
	f.Sig = ed25519.Sign(tv.key, sign.AuthBytes(nonce, "tv.example", f))
	return f
}

// ended reports what the server says to a TV that shows its state, "" for nothing.
func (tv *television) ended(f protocol.Auth, why error) protocol.Status {
	tv.t.Helper()
	if _, err := tv.Authenticate(tv.ctx, tv.now(), f, nonce, home); !errors.Is(err, why) {
		tv.t.Fatalf("Authenticate = %v, want %v", err, why)
	}
	frames, err := tv.Over(tv.ctx, tv.now(), f)
	if err != nil {
		tv.t.Fatal(err)
	}
	if len(frames) == 0 {
		return ""
	}
	c, _ := tv.claims(Answer{Frames: frames})
	if c.Device != tv.id || c.Epoch != tv.have.Epoch || c.Version <= tv.have.Version || c.Cause == nil || c.Lease != 0 {
		tv.t.Errorf("the TV hears %+v", c)
	}
	return c.Status
}

// A TV that was off while its account was erased, or whose sign-in was lost with a
// restored backup, is told by a signed state that it is over: else it would wait for
// ever for a lease.
func TestA10_ALostSignInIsNoDeadEnd(t *testing.T) {
	erase := func(f *fixture, who account.Session, _ *television) error {
		return f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return tx.EraseAccount(who.Account, f.now()) })
	}
	// another is a server with the same keys that does not know the TV.
	another := func(f *fixture) error {
		f.open(t, servertest.DB(t), f.c.Keys, admit.New(admit.Config{}))
		return nil
	}
	for name, c := range map[string]struct {
		lose   func(*fixture, account.Session, *television) error
		change func(*protocol.Auth)
		want   protocol.Status
		erased bool // nobody is left to read a receipt
	}{
		"the account was erased":              {lose: erase, want: protocol.SignedOut, erased: true},
		"it shows nothing":                    {lose: erase, change: func(f *protocol.Auth) { f.Have.State = "" }, erased: true},
		"it shows another sign-in's":          {lose: erase, change: func(f *protocol.Auth) { f.Have.Epoch++ }, erased: true},
		"it shows what is none of the server": {lose: erase, change: func(f *protocol.Auth) { f.Have.State = "a.b.c" }, erased: true},
		"a server that never knew it":         {lose: func(f *fixture, _ account.Session, _ *television) error { return another(f) }},
		"a backup from before it was restored": {
			lose: func(f *fixture, _ account.Session, _ *television) error {
				return errors.Join(another(f), restored(f))
			}, want: protocol.SignedOut,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			who := f.owner(t, "anna@example.org")
			tv := f.signedIn(t, who)
			must(t, c.lose(f, who, tv))
			if got := tv.ended(tv.shown(c.change), ErrUnknown); got != c.want {
				t.Errorf("the TV hears %q, want %q", got, c.want)
			}
			tv.have.Status = protocol.SignedOut
			if _, err := f.Receipt(f.ctx, f.now(), tv.receipt(nil)); c.erased != (err == nil) {
				t.Errorf("its receipt: %v", err)
			}
		})
	}
}

// A TV went from one household to another, and the backup of before is restored: it
// is the first one's no more, and its owner does not see where it is now.
func TestO4_ATVThatMovedIsNotTheFirstHouseholdsAgain(t *testing.T) {
	f := newFixture(t)
	anna := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, anna)
	must(t, restored(f))
	moved, err := f.c.Keys.Sign(protocol.TypState, protocol.StateClaims{
		Device: tv.id, Account: "berts", Epoch: 2, Status: protocol.Active, Version: 3, Issued: protocol.MillisOf(f.now()),
	})
	must(t, err)
	tv.last, tv.have.Epoch, tv.have.Version = moved, 2, 3
	before := tv.row(anna)
	away := tv.shown(nil)
	if got := tv.ended(away, ErrUnknown); got != protocol.SignedOut {
		t.Errorf("the TV hears %q", got)
	}
	if r := tv.row(anna); r.IP != before.IP || !r.LastSeen.Equal(before.LastSeen) || r.Online {
		t.Errorf("on the first owner's board: %+v", r)
	}
}

// The same where it went back to a household that it had been at before the backup:
// that one's own row of it is of the earlier sign-in.
func TestO4_ATVThatWentBackIsTheOtherHouseholdsNoMore(t *testing.T) {
	f := newFixture(t)
	bert, anna := f.owner(t, "bert@example.org"), f.owner(t, "anna@example.org")
	tv := f.signedIn(t, bert)
	stays := tv.shown(nil)
	must(t, f.SignOut(f.ctx, f.now(), bert, tv.id))
	tv.join(anna)
	must(t, restored(f))
	back, err := f.c.Keys.Sign(protocol.TypState, protocol.StateClaims{
		Device: tv.id, Account: bert.Account, Epoch: tv.have.Epoch + 1, Status: protocol.Active, Version: 9, Issued: protocol.MillisOf(f.now()),
	})
	must(t, err)
	tv.last, tv.have.Epoch, tv.have.Version = back, tv.have.Epoch+1, 9
	if got := tv.ended(tv.shown(nil), ErrUnknown); got != protocol.SignedOut {
		t.Errorf("the TV hears %q", got)
	}
	if frames, err := f.Over(f.ctx, f.now(), stays); err != nil || len(frames) > 0 {
		t.Errorf("where the sign-in is known the TV hears %v, %v", frames, err)
	}
}

// What a TV shows that is known, active or ended, changes nothing.
func TestOverOnlyWhatIsLost(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.org")
	tv := f.signedIn(t, who)
	frames, err := f.Over(f.ctx, f.now(), tv.shown(nil))
	if err != nil || len(frames) > 0 {
		t.Errorf("a TV that is signed in hears %v, %v", frames, err)
	}
	active := tv.last
	must(t, f.SignOut(f.ctx, f.now(), who, tv.id))
	tv.state(nil)
	ended := tv.shown(nil)
	must(t, f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return tx.EraseAccount(who.Account, f.now()) }))
	if frames, err := f.Over(f.ctx, f.now(), ended); err != nil || len(frames) > 0 || active == tv.last {
		t.Errorf("a TV whose sign-in has ended hears %v, %v", frames, err)
	}
}
