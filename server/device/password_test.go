package device

import (
	"encoding/base64"
	"errors"
	"sync"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// bySignIn ends a sign-in on the TV with who, as account.SignInElsewhere does.
func (tv *television) bySignIn(who account.Session) error {
	return tv.c.DB.Update(tv.ctx, func(tx *store.Tx) error { return tv.BySignIn(tv.now(), tv.id)(tx, who) })
}

func TestD1_BySignIn(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.com")
	tv := f.tv(t)
	if err := tv.bySignIn(who); !errors.Is(err, ErrCode) {
		t.Errorf("without a request: %v, want ErrCode", err)
	}
	code, frame := tv.shows()
	if err := tv.bySignIn(who); err != nil {
		t.Fatal(err)
	}
	e, err := tv.Enrolled(tv.ctx, tv.now(), frame, home)
	if err != nil || e.Enrolled == nil || e.Session.Epoch != 1 || e.Session.Account != who.Account {
		t.Errorf("Enrolled = %+v, %v", e, err)
	}
	if n := f.notice(t); n.Kind != account.NoticeNewDevice || n.Device != "Living room" || n.Client.IP != fox.IP {
		t.Errorf("notice %+v", n)
	}
	// The code on the screen is used up with it, and so is the request.
	if _, err := tv.Approve(tv.ctx, tv.now(), who, code); !errors.Is(err, ErrCode) {
		t.Errorf("approved again: %v, want ErrCode", err)
	}
	if err := tv.bySignIn(who); !errors.Is(err, ErrCode) {
		t.Errorf("signed in again: %v, want ErrCode", err)
	}
}

func TestBySignInRefuses(t *testing.T) {
	f := newFixture(t)
	who := f.owner(t, "anna@example.com")
	late := f.tv(t)
	late.shows()
	f.clock.Advance(codeLife)
	if err := late.bySignIn(who); !errors.Is(err, ErrCode) {
		t.Errorf("after the request ran out: %v, want ErrCode", err)
	}
	for range 4 { // as many as the fixture allows
		f.signedIn(t, who)
	}
	full := f.tv(t)
	full.shows()
	if err := full.bySignIn(who); !errors.Is(err, ErrLimit) {
		t.Errorf("one too many: %v, want ErrLimit", err)
	}
	ended := f.browser(t, who.Account, "anna@example.com")
	if err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteWebSession(ended.Account, string(ended.ID))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := full.bySignIn(ended); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("by a sign-in that has ended: %v, want ErrSignedOut", err)
	}
}

// D5: whichever comes first, no TV is active after a sign-out everywhere that was
// asked for at the same time.
func TestD5_SignOutEverywhereRacesSignIn(t *testing.T) {
	f := newFixture(t)
	owner := f.owner(t, "anna@example.com")
	for range 20 {
		tv := f.tv(t)
		tv.shows()
		who := f.browser(t, owner.Account, "anna@example.com")
		var both sync.WaitGroup
		both.Go(func() {
			if err := tv.bySignIn(who); err != nil && !errors.Is(err, account.ErrSignedOut) {
				t.Errorf("sign-in: %v", err)
			}
		})
		both.Go(func() {
			before := owner
			err := f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
				owner, err = account.EndEverything(tx, f.now(), before, protocol.ByAll, f.c.Changed)
				return err
			})
			if err != nil {
				t.Errorf("sign-out everywhere: %v", err)
			}
		})
		both.Wait()
		err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
			row, err := tx.Device(owner.Account, tv.id)
			if err == nil {
				if status, _ := effective(tv.now(), row); status == protocol.Active {
					t.Error("the TV is active after a sign-out everywhere")
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestKnownIsACookieOfItsOwn(t *testing.T) {
	f := newFixture(t)
	a, b := f.Known("d-a"), f.Known("d-b")
	raw, err := base64.RawURLEncoding.DecodeString(a)
	if err != nil || len(raw) != 32 || a == b || a != f.Known("d-a") {
		t.Errorf("Known = %q and %q", a, b)
	}
	if other := newFixture(t).Known("d-a"); other == a {
		t.Error("another server makes the same")
	}
}
