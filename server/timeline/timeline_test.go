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
		{At: now, Kind: AccountCreated, Actor: protocol.ByOwner, Subject: "Firefox", IP: "192.0.2.1", Place: "near Lyon"},
		{At: now.Add(time.Second), Kind: DeviceAdded, Device: "d-1", Subject: "Living room"},
		{At: now.Add(time.Second), Kind: LockSet, Profile: "p-1", Subject: "Lea"}, // in the same moment
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
