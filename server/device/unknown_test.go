package device

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// A TV that is signed out against its will is an unknown device: the next
// sign-in with the password needs an access code.
func TestV2_ATVThatWasPutOutIsUnknown(t *testing.T) {
	for name, put := range map[string]func(*fixture, account.Session, *television){
		"signed out": func(f *fixture, who account.Session, tv *television) { must(t, f.SignOut(f.ctx, f.now(), who, tv.id)) },
		"deactivated": func(f *fixture, who account.Session, tv *television) {
			must(t, f.Deactivate(f.ctx, f.now(), who, tv.id))
		},
		"a clone": func(f *fixture, _ account.Session, tv *television) {
			copied := *tv
			tv.connect()
			tv.connect()
			if _, err := f.Authenticate(f.ctx, f.now(), copied.authFrame(), nonce, home); !errors.Is(err, ErrClone) {
				t.Fatalf("Authenticate = %v, want ErrClone", err)
			}
		},
		"signed out everywhere, and lost by a restored backup": func(f *fixture, who account.Session, tv *television) {
			jws, err := f.c.Keys.Sign(protocol.TypState, protocol.StateClaims{
				Device: tv.id, Account: who.Account, Epoch: 1, Version: tv.have.Version + 50,
				Status: protocol.SignedOut, Cause: &protocol.Cause{By: protocol.ByAll},
			})
			must(t, err)
			have := tv.have
			have.Version, have.State = tv.have.Version+50, jws
			_, err = f.State(f.ctx, f.now(), tv.sess, ask("q"), have)
			must(t, err)
		},
	} {
		f := newFixture(t)
		who := f.owner(t, "anna@example.org")
		tv := f.signedIn(t, who)
		known := string(protocol.DigestOf([]byte("device " + string(who.Account) + " " + f.Known(tv.id)))) // as package account stores it
		must(t, f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
			return tx.PutKnownDevice(store.KnownDeviceRow{Account: who.Account, Device: known, LastUsed: f.now()}, 10)
		}))
		put(f, who, tv)
		err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
			_, err := tx.KnownDevice(who.Account, known, time.Time{})
			return err
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: the TV is still known (%v)", name, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
