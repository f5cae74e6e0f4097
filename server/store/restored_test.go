package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// openOldHouse is a house with a TV in its third sign-in, connected at noon.
func openOldHouse(t *testing.T) *store.DB {
	t.Helper()
	db := openHouse(t)
	update(t, db, func(tx *store.Tx) error {
		for range 3 {
			if _, err := tx.NextEpoch(store.DeviceIndexRow{ID: "d1", PublicKey: []byte("key"), Account: house}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO devices (account_id, device_id, public_key, name, model, kind, epoch, generation, status,
			cause_at, last_grant, last_contact, lease, first_seen, signed_in, ip, place, connected)
			VALUES ($1, 'd1', 'key', 'Den', '', 'tv', 3, 1, 'active', 0, $2, $2, 3600000, $2, $2, '192.0.2.1', 'near Lyon', 1)`,
			house, noon.UnixMilli())
		return errors.Join(err, tx.Heartbeat("node", noon))
	})
	return db
}

func TestRepeatedDeletions(t *testing.T) {
	db, day := openOldHouse(t), 24*time.Hour
	for _, c := range []struct {
		name string
		d    store.Deletion
		did  bool
		ends func(*store.Tx) bool // what must be true then
	}{
		{"a TV, before the backup's sign-in", store.Deletion{Kind: store.DeletedDevice, Account: house, Device: "d1", Epoch: 2}, false, func(tx *store.Tx) bool {
			d, err := tx.Device(house, "d1")
			return err == nil && d.Status == protocol.Active && d.IP != ""
		}},
		{"a TV that the backup does not know", store.Deletion{Kind: store.DeletedDevice, Account: house, Device: "d2", Epoch: 1}, false, nil},
		{"a close of nobody", store.Deletion{Kind: store.ClosedAccount, Account: "nobody"}, false, nil},
		{"an erasure of nobody", store.Deletion{Kind: store.ErasedAccount, Account: "nobody"}, false, nil},
		{"a TV", store.Deletion{Kind: store.DeletedDevice, Account: house, Device: "d1", Epoch: 3}, true, func(tx *store.Tx) bool {
			d, err := tx.Device(house, "d1")
			return err == nil && d.Status == protocol.Deactivated && d.CauseBy == protocol.ByRestore && d.IP == "" && d.Place == "" && d.Owner.Version > 0
		}},
		{"a close", store.Deletion{Kind: store.ClosedAccount, Account: house}, true, func(tx *store.Tx) bool {
			due, err := tx.DueErasures(noon.Add(day), 9)
			return err == nil && len(due) == 1 && due[0] == house
		}},
		{"an erasure", store.Deletion{Kind: store.ErasedAccount, Account: house}, true, func(tx *store.Tx) bool {
			_, err1 := tx.Account(house)
			_, err2 := tx.AccountByEmail("a@example.org")
			idx, err3 := tx.DeviceIndex("d1")
			return errors.Is(err1, store.ErrNotFound) && errors.Is(err2, store.ErrNotFound) && err3 == nil && idx.Account == "" && idx.Epoch == 3
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.d.At = noon.Add(time.Hour)
			for range 2 { // a line can be there twice
				update(t, db, func(tx *store.Tx) error {
					did, err := tx.Repeat(c.d, noon.Add(day))
					if did != c.did && c.d.Kind != store.ErasedAccount {
						t.Errorf("Repeat = %t, want %t", did, c.did)
					}
					if c.ends != nil && !c.ends(tx) {
						t.Error("it did not end as it must")
					}
					return err
				})
			}
		})
	}
	update(t, db, func(tx *store.Tx) error {
		if _, err := tx.Repeat(store.Deletion{Kind: "profile", Account: house}, noon); err == nil {
			t.Error("an unknown kind was repeated")
		}
		return nil
	})
}

// After a restore no number is given twice, bounds count from it, and a second restore
// goes above the first, also where the clock went back.
func TestRestoredGivesNoNumberTwice(t *testing.T) {
	db := openOldHouse(t)
	restored := noon.Add(time.Hour)
	var last protocol.Epoch
	for _, at := range []time.Time{restored, restored.AddDate(-20, 0, 0), time.Unix(0, 0).Add(time.Second)} {
		update(t, db, func(tx *store.Tx) error {
			if err := tx.Restored(at, noon, 8*time.Hour); err != nil {
				return err
			}
			for _, id := range []protocol.DeviceID{"d1", protocol.DeviceID("new" + at.String())} {
				e, err := tx.NextEpoch(store.DeviceIndexRow{ID: id, PublicKey: []byte("key"), Account: house, Epoch: 2})
				if err != nil {
					return err
				}
				if e <= last+1000 {
					t.Errorf("%s begins epoch %d after %d", id, e, last)
				}
				if id == "d1" {
					defer func() { last = e }()
				}
			}
			return nil
		})
	}
	update(t, db, func(tx *store.Tx) error {
		d, err := tx.Device(house, "d1")
		if err == nil && (d.Connected || d.Lease != 8*time.Hour || d.LastGrant.Before(noon.AddDate(-60, 0, 0)) || d.Owner.PinsVersion < 3_000_000) {
			t.Errorf("the TV after three restores: %+v", d)
		}
		r, restoredErr := tx.LastRestore()
		if restoredErr == nil && (!r.At.Equal(restored) || !r.Backup.Equal(noon)) {
			t.Errorf("the newest restore %+v", r)
		}
		at, backedErr := tx.BackedUp()
		if backedErr == nil && !at.Equal(noon) {
			t.Errorf("the backup is of %s, want %s", at, noon)
		}
		return errors.Join(err, restoredErr, backedErr)
	})
}

// After a restore nothing goes on that its owner may have stopped since the backup:
// support asks again, and who wanted to leave has a week to say otherwise. What the
// journal knows to be closed is.
func TestRestoredStopsWhatOwnersMayHaveStopped(t *testing.T) {
	db, week := openOldHouse(t), 7*24*time.Hour
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.PutErasure(store.ErasureRow{Account: house, Asked: noon, Due: noon.Add(week)})
		return errors.Join(err,
			tx.InsertFactorReset(store.FactorResetRow{Account: house, Operator: "olga", Reason: "lost", Asked: noon, Due: noon.Add(week)}),
			tx.InsertContactReset(store.ContactResetRow{Account: house, Operator: "olga", Reason: "lost", Email: "b@example.org", EmailKey: "b@example.org", Asked: noon, Due: noon.Add(week)}),
		)
	})
	restored := noon.Add(30 * 24 * time.Hour)
	update(t, db, func(tx *store.Tx) error {
		if err := tx.Restored(restored, noon, 8*time.Hour); err != nil {
			return err
		}
		_, err1 := tx.FactorReset(house)
		_, err2 := tx.ContactReset(house)
		if !errors.Is(err1, store.ErrNotFound) || !errors.Is(err2, store.ErrNotFound) {
			t.Errorf("support's changes go on: %v, %v", err1, err2)
		}
		e, err := tx.Erasure(house)
		if !e.Due.Equal(restored.Add(week)) {
			t.Errorf("the account is closed on %s, want a week after the restore", e.Due)
		}
		return err
	})
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Repeat(store.Deletion{Kind: store.ClosedAccount, Account: house, At: noon.Add(week)}, restored)
		if due, dueErr := tx.DueErasures(restored, 9); dueErr != nil || len(due) != 1 {
			t.Errorf("closed before the restore: due %v, %v", due, dueErr)
		}
		return err
	})
}
