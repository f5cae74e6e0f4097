package timeline

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

// ASVS 16.2.1.
func TestTimeline(t *testing.T) {
	ctx, db, now := context.Background(), servertest.DB(t), servertest.NewClock().Now()
	entries := []Entry{
		{At: now, Kind: AccountCreated, Actor: protocol.ByOwner, Subject: "Firefox", IP: "192.0.2.1", Place: "near Lyon", Agent: "Firefox on Linux", Times: 1},
		{At: now.Add(time.Second), Kind: DeviceAdded, Device: "d-1", Subject: "Living room", Times: 1},
		{At: now.Add(time.Second), Kind: LockSet, Profile: "p-1", Subject: "Lea", Times: 1}, // in the same moment
	}
	err := db.Update(ctx, func(tx *store.Tx) error {
		for i, acc := range []protocol.AccountID{"a", "b"} {
			row := store.AccountRow{ID: acc, Email: string(acc), Password: "x", Language: "en", Created: now}
			if err := tx.InsertAccount(row, string(acc)); err != nil {
				return err
			}
			for _, e := range entries[:len(entries)-i] {
				if err := Add(tx, acc, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := List(ctx, db, "a", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{entries[2], entries[1], entries[0]}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Entry{}, "ID")); diff != "" {
		t.Error(diff)
	}
	page, err := List(ctx, db, "a", got[0].ID, 1)
	if err != nil || len(page) != 1 || page[0] != got[1] {
		t.Errorf("the page after the newest = %+v, %v", page, err)
	}
	if got, err := List(ctx, db, "nobody", "", 10); err != nil || len(got) != 0 {
		t.Errorf("of nobody = %+v, %v", got, err)
	}
}

// Repeats are counted within the hour, and what is too old goes.
func TestRepeatsAreCountedAndOldEntriesGo(t *testing.T) {
	ctx, db, now := t.Context(), servertest.DB(t), servertest.NewClock().Now()
	acc := servertest.Owner(t, db, now, "anna@example.org")
	servertest.Owner(t, db, now, "bert@example.org")
	for _, at := range []time.Duration{0, time.Minute, time.Hour, time.Hour + time.Second, 90 * time.Minute} {
		err := db.Update(ctx, func(tx *store.Tx) error {
			return AddOrCount(tx, acc, Entry{Kind: SignInFailed, At: now.Add(at), IP: at.String()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []Entry{
		{Kind: SignInFailed, At: now.Add(time.Hour + time.Second), IP: "1h0m1s", Times: 2},
		{Kind: SignInFailed, At: now, IP: "0s", Times: 3},
	}
	got, err := List(ctx, db, acc, "", 0)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Entry{}, "ID")); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if err := Tidy(ctx, db, now.Add(Life+time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got, err = List(ctx, db, acc, "", 0); err != nil || len(got) != 1 || got[0].At != want[0].At {
		t.Errorf("after two years: %+v, %v", got, err)
	}
}
