package operator

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// O3: sign-outs and locks have their reason in both logs, and are rationed.
func TestO3_SignOutAndLock(t *testing.T) {
	o := newOffice(t)
	id := o.owner("anna@example.org")
	key := make([]byte, 32)
	tv := protocol.DeviceIDOf(key)
	o.must(o.db.Update(o.ctx, func(tx *store.Tx) error {
		_, err := tx.NextEpoch(store.DeviceIndexRow{ID: tv, PublicKey: key, Account: id})
		return err
	}))
	sam, _ := o.add("sam", Support)
	now := o.clock.Now()
	was, err := o.SignOutDevice(o.ctx, now, sam, tv, "sold")
	if err != nil || !was {
		t.Errorf("SignOutDevice = %t, %v", was, err)
	}
	for _, act := range []struct {
		act Act
		do  func() error
	}{
		{ActSignOut, func() error { return o.SignOut(o.ctx, now, sam, "anna@example.org", "taken over") }},
		{ActLock, func() error { return o.Lock(o.ctx, now, sam, string(tv), "taken over") }},
		{ActUnlock, func() error { return o.Unlock(o.ctx, now, sam, string(id), "taken over") }},
	} {
		o.must(act.do())
		if diff := cmp.Diff(Entry{Operator: "sam", Act: act.act, About: string(id), Reason: "taken over", Outcome: done}, o.last()); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	}
	want := []string{"account_unlocked sam: taken over", "signed_out_everywhere ", "account_locked sam: taken over", "signed_out_everywhere "}
	if diff := cmp.Diff(want, o.events(id)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		what, reason string
		want         error
	}{{"anna@example.org", " ", ErrReason}, {"nobody@example.org", "x", ErrNobody}, {"", "x", ErrLookup}, {"anna@example.org", "x", account.ErrNotLocked}} {
		if err := o.Unlock(o.ctx, now, sam, c.what, c.reason); !errors.Is(err, c.want) {
			t.Errorf("%q = %v, want %v", c.what, err, c.want)
		}
	}
	if _, err := o.SignOutDevice(o.ctx, now, sam, "x", "sold"); !errors.Is(err, ErrDevice) {
		t.Errorf("no device's id: %v", err)
	}
	for range endsPerDay {
		err = o.SignOut(o.ctx, now, sam, "anna@example.org", "again")
	}
	if !errors.As(err, new(*account.ThrottledError)) {
		t.Errorf("a hundred more: %v", err)
	}
}

// O3: names of devices have bounds, and looking for one is in the log.
func TestO3_FindDevicesByName(t *testing.T) {
	o := newOffice(t)
	vera, _ := o.add("vera", Viewer)
	for name, want := range map[string]error{"": ErrLookup, "%": ErrNobody, "Bedroom": ErrNobody, strings.Repeat("x", 300): ErrLookup, "\xff": ErrLookup} {
		if _, err := o.FindDevices(o.ctx, o.clock.Now(), vera, name); !errors.Is(err, want) {
			t.Errorf("%q = %v, want %v", name, err, want)
		}
	}
	if e := o.last(); e.Act != ActFindDevices || e.Outcome != "0 found" || e.About != "" {
		t.Errorf("log = %+v", e)
	}
}
