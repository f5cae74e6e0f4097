package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// One account that fails keeps no other from what is due.
func TestA9A10_AnAccountThatFailsStopsNoOther(t *testing.T) {
	f := newFixture(t)
	broken := errors.New("broken")
	bad := f.signedUp(t, anna).Session // its id is the least
	for _, email := range []string{"bert@example.org", "cleo@example.org"} {
		who := f.signedUp(t, email).Session
		p := Preferences{CodeOnNewDevice: true, SignInMails: true, RemindDevices: true}
		if err := errors.Join(f.SetPreferences(f.ctx, f.clock.Now(), who, p), f.SetPreferences(f.ctx, f.clock.Now(), bad, p)); err != nil {
			t.Fatal(err)
		}
	}
	post := f.post
	f.post = func(tx *store.Tx, n Notice) error {
		if n.Account == bad.Account {
			return broken
		}
		return post(tx, n)
	}
	if err := f.Tidy(f.ctx, f.clock.Advance(remindDevicesEvery)); !errors.Is(err, broken) {
		t.Errorf("Tidy = %v, want the error of the one that fails", err)
	}
	if n := f.noticed(NoticeReviewDevices); n != 2 {
		t.Errorf("%d reminders, want 2", n)
	}
	f.update(t, func(tx *store.Tx) error {
		for _, email := range []string{anna, "bert@example.org", "cleo@example.org"} {
			acc, err := tx.AccountByEmail(email)
			if err != nil {
				return err
			}
			if _, err := tx.PutErasure(store.ErasureRow{Account: acc.ID, Asked: f.clock.Now(), Due: f.clock.Now().Add(eraseAfter)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err := f.Tidy(f.ctx, f.clock.Advance(eraseAfter)); !errors.Is(err, broken) {
		t.Errorf("Tidy = %v, want the error of the one that fails", err)
	}
	if n := f.noticed(NoticeErased); n != 2 {
		t.Errorf("%d accounts were closed, want 2", n)
	}
	f.post = post
	if err := f.Tidy(f.ctx, f.clock.Advance(time.Hour)); err != nil || f.noticed(NoticeErased) != 3 {
		t.Errorf("the next time: %v, %d closed", err, f.noticed(NoticeErased))
	}
}
