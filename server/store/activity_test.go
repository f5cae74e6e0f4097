package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// addDevice gives the house a device with that id.
func addDevice(t *testing.T, db *store.DB, id string) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO devices (account_id, device_id, public_key, name, model, kind, epoch, generation, status,
			cause_at, last_grant, last_contact, lease, first_seen, signed_in, ip, place)
			VALUES ('acc', $1, 'key', $1, '', 'tv', 1, 1, 'active', 0, 0, 0, 0, 0, 0, '192.0.2.1', 'near Lyon')`, id)
		return err
	})
}

// viewing is one of the house, so many minutes after noon.
func viewing(device protocol.DeviceID, seq int64, minute int, profile protocol.ProfileID) store.ActivityRow {
	at := noon.Add(time.Duration(minute) * time.Minute)
	return store.ActivityRow{
		ActivityItem: protocol.ActivityItem{Seq: seq, Profile: profile, Title: "moon", What: protocol.Started, At: protocol.MillisOf(at), Position: 3, Length: 90},
		Account:      house, Device: device, Epoch: 1, Ended: protocol.MillisOf(at), Sitting: seq, IP: "192.0.2.1", Place: "near Lyon", Received: at,
	}
}

func TestActivityIsChosenAndOrdered(t *testing.T) {
	db := openHouse(t)
	addDevice(t, db, "d1")
	addDevice(t, db, "d2")
	rows := []store.ActivityRow{ // newest first
		viewing("d2", 9, 5, "lea"), viewing("d2", 8, 5, "tom"), viewing("d1", 7, 5, "lea"), viewing("d1", 6, 4, "tom"), viewing("d1", 2, 1, "lea"),
	}
	update(t, db, func(tx *store.Tx) error {
		for _, r := range rows {
			if err := tx.InsertActivity(r); err != nil {
				return err
			}
		}
		return nil
	})
	pick := func(at ...int) (out []store.ActivityRow) {
		for _, i := range at {
			out = append(out, rows[i])
		}
		return out
	}
	for _, c := range []struct {
		name string
		q    store.ActivityQuery
		want []store.ActivityRow
	}{
		{"all", store.ActivityQuery{Account: house, Limit: 9}, rows},
		{"a few", store.ActivityQuery{Account: house, Limit: 2}, pick(0, 1)},
		{"of a profile", store.ActivityQuery{Account: house, Profile: "tom", Limit: 9}, pick(1, 3)},
		{"on a device", store.ActivityQuery{Account: house, Device: "d1", Limit: 9}, pick(2, 3, 4)},
		{"of one on one", store.ActivityQuery{Account: house, Profile: "lea", Device: "d1", Limit: 9}, pick(2, 4)},
		{"only of some", store.ActivityQuery{Account: house, Only: []protocol.ProfileID{"tom", "nobody"}, Limit: 9}, pick(1, 3)},
		{"only of none", store.ActivityQuery{Account: house, Only: []protocol.ProfileID{}, Limit: 9}, nil},
		{"one that is not among some", store.ActivityQuery{Account: house, Profile: "lea", Only: []protocol.ProfileID{"tom"}, Limit: 9}, nil},
		{"another account", store.ActivityQuery{Account: "other", Limit: 9}, nil},
		{"after the first of three at once", store.ActivityQuery{Account: house, Before: rows[0].PlaceOf(), Limit: 9}, rows[1:]},
		{"after the last of three at once", store.ActivityQuery{Account: house, Before: rows[2].PlaceOf(), Limit: 1}, pick(3)},
		{"after the last", store.ActivityQuery{Account: house, Before: rows[4].PlaceOf(), Limit: 9}, nil},
	} {
		update(t, db, func(tx *store.Tx) error {
			got, err := tx.Activity(c.q)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
			return err
		})
	}
}

func TestActivityGrowsAndGoes(t *testing.T) {
	db := openHouse(t)
	addDevice(t, db, "d1")
	first, second := viewing("d1", 1, 0, "lea"), viewing("d1", 5, 10, "lea")
	second.Sitting = 1
	update(t, db, func(tx *store.Tx) error {
		if _, err := tx.LastActivity(house, "d1", 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("LastActivity of nothing = %v", err)
		}
		err := errors.Join(tx.InsertActivity(first), tx.InsertActivity(second))
		second.What, second.Ended, second.Position = protocol.Stopped, second.At+60_000, 63
		err = errors.Join(err, tx.ExtendActivity(second))
		last, lastErr := tx.LastActivity(house, "d1", 1)
		if diff := cmp.Diff(second, last); diff != "" {
			t.Errorf("last (-want +got):\n%s", diff)
		}
		sittings, sittingErr := tx.Sittings(store.ActivityQuery{Account: house, Limit: 9})
		want := first
		want.Ended = second.Ended
		if diff := cmp.Diff([]store.ActivityRow{want}, sittings); diff != "" {
			t.Errorf("sittings (-want +got):\n%s", diff)
		}
		viewed, viewedErr := tx.ViewedSince(house, noon.Add(time.Minute))
		if diff := cmp.Diff(map[protocol.ProfileID]store.Viewed{"lea": {Titles: 1, Lasting: time.Minute}}, viewed); diff != "" {
			t.Errorf("viewed (-want +got):\n%s", diff)
		}
		return errors.Join(err, lastErr, sittingErr, viewedErr)
	})
	update(t, db, func(tx *store.Tx) error {
		other := first
		other.Title = "sea"
		err := tx.InsertActivity(other)
		rows, rowsErr := tx.Activity(store.ActivityQuery{Account: house, Limit: 9})
		if len(rows) != 2 || rows[1].Title != "moon" {
			t.Errorf("after a number came twice: %+v", rows)
		}
		return errors.Join(err, rowsErr)
	})
	later := noon.Add(time.Hour)
	for _, c := range []struct {
		what   string
		remove func(*store.Tx) (int64, error)
		want   int64
	}{
		{"places before the first", func(tx *store.Tx) (int64, error) { return tx.ForgetActivityPlacesBefore(noon, 9) }, 0},
		{"one place", func(tx *store.Tx) (int64, error) { return tx.ForgetActivityPlacesBefore(later, 1) }, 1},
		{"the other place", func(tx *store.Tx) (int64, error) { return tx.ForgetActivityPlacesBefore(later, 9) }, 1},
		{"no place is left", func(tx *store.Tx) (int64, error) { return tx.ForgetActivityPlacesBefore(later, 9) }, 0},
		{"rows before the first", func(tx *store.Tx) (int64, error) { return tx.DeleteActivityBefore(noon, 9) }, 0},
		{"one row", func(tx *store.Tx) (int64, error) { return tx.DeleteActivityBefore(later, 1) }, 1},
		{"the other row", func(tx *store.Tx) (int64, error) { return tx.DeleteActivityBefore(later, 9) }, 1},
	} {
		update(t, db, func(tx *store.Tx) error {
			n, err := c.remove(tx)
			if n != c.want {
				t.Errorf("%s: %d, want %d", c.what, n, c.want)
			}
			return err
		})
	}
}

func TestD4_PlacesGoWithADevice(t *testing.T) {
	db := openHouse(t)
	addDevice(t, db, "d1")
	addDevice(t, db, "d2")
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.InsertActivity(viewing("d1", 1, 0, "lea")), tx.InsertActivity(viewing("d2", 1, 0, "lea")))
	})
	located := func(want ...protocol.DeviceID) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error {
			var got []protocol.DeviceID
			rows, err := tx.Activity(store.ActivityQuery{Account: house, Limit: 9})
			for _, r := range rows {
				if r.IP != "" || r.Place != "" {
					got = append(got, r.Device)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("with a place (-want +got):\n%s", diff)
			}
			return err
		})
	}
	located("d2", "d1")
	update(t, db, func(tx *store.Tx) error { return tx.ForgetDevicePlace(house, "d1", noon) })
	located("d2")
	update(t, db, func(tx *store.Tx) error { return tx.DeactivateDevices(house, protocol.ByOwner, noon) })
	located()
}

func TestLibraryIsKept(t *testing.T) {
	db := openHouse(t)
	listed := store.ListRow{Account: house, Profile: "lea", Title: "moon", Listed: true, At: 5}
	gone := store.ListRow{Account: house, Profile: "lea", Title: "sea", At: 9}
	begun := store.ProgressRow{Account: house, Profile: "lea", Watched: protocol.Watched{Title: "moon", Position: 3, Length: 90, At: 7}}
	done := store.ProgressRow{Account: house, Profile: "lea", Watched: protocol.Watched{Title: "sea", Position: 89, Length: 90, At: 8}, Done: true}
	update(t, db, func(tx *store.Tx) error {
		again := listed
		again.At = 2
		return errors.Join(tx.PutOnList(again), tx.PutOnList(listed), tx.PutOnList(gone), tx.PutProgress(begun), tx.PutProgress(done))
	})
	want := func(name string, lists []store.ListRow, all []store.ProgressRow) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error {
			gotLists, err := tx.OwnList(house, "lea")
			gotAll, err2 := tx.Progress(house, "lea")
			if diff := cmp.Diff(lists, gotLists); diff != "" {
				t.Errorf("%s: list (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(all, gotAll); diff != "" {
				t.Errorf("%s: progress (-want +got):\n%s", name, diff)
			}
			return errors.Join(err, err2)
		})
	}
	want("all", []store.ListRow{gone, listed}, []store.ProgressRow{done, begun})
	update(t, db, func(tx *store.Tx) error {
		lists, shown, err := tx.Libraries(house)
		if diff := cmp.Diff([]store.ListRow{listed}, lists); diff != "" {
			t.Errorf("lists that are shown (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]store.ProgressRow{begun}, shown); diff != "" {
			t.Errorf("begun (-want +got):\n%s", diff)
		}
		return err
	})
	update(t, db, func(tx *store.Tx) error {
		n, err := tx.DeleteLibraryBefore(time.UnixMilli(8), 9) // what is listed stays
		if n != 1 {
			t.Errorf("%d old rows removed, want 1", n)
		}
		return err
	})
	want("without the old", []store.ListRow{gone, listed}, []store.ProgressRow{done})
	update(t, db, func(tx *store.Tx) error { return errors.Join(tx.DropFromList(gone), tx.DropProgress(done)) })
	want("without two", []store.ListRow{listed}, nil)
	update(t, db, func(tx *store.Tx) error { return tx.DeleteProfile(house, "lea") })
	want("without the profile", nil, nil)
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.PutOnList(listed) })
	if !errors.Is(err, store.ErrReference) {
		t.Errorf("a list of nobody = %v, want ErrReference", err)
	}
}

// A library's number only grows, also by a clock that was set back, and a
// restored backup gives none a second time. Who polls hears of it.
func TestLibraryNumberGrows(t *testing.T) {
	db := openHouse(t)
	last := int64(0)
	for _, now := range []time.Time{noon, noon, noon.Add(-time.Hour), noon.Add(time.Hour)} {
		update(t, db, func(tx *store.Tx) error {
			n, err := tx.BumpLibrary(house, now)
			if n <= last || n < now.UnixMilli() {
				t.Errorf("number %d at %s, after %d", n, now, last)
			}
			last = n
			return err
		})
	}
	update(t, db, func(tx *store.Tx) error {
		var got []string
		err := tx.ChangedSince(noon.Add(time.Minute), 9, func(id protocol.AccountID, v protocol.Version, library int64) {
			got = append(got, fmt.Sprint(id, v, library == last))
		})
		if diff := cmp.Diff([]string{"acc1 true"}, got); diff != "" {
			t.Errorf("changed (-want +got):\n%s", diff)
		}
		return err
	})
}

// TestItemsBecomeViewings: step 11 joins what was stored item by item.
func TestItemsBecomeViewings(t *testing.T) { onEveryEngine(t, itemsBecomeViewings) }

func itemsBecomeViewings(t *testing.T, driver store.Driver) {
	item := func(seq int, title, what string, at int) string {
		return fmt.Sprintf(`INSERT INTO activity (account_id, device_id, epoch, seq, profile_id, title_id, what, at, position, received)
			VALUES ('acc', 'd1', 1, %d, 'lea', '%s', '%s', %d, 0, 1)`, seq, title, what, at)
	}
	err := driver.Migrate(t.Context(), func(db *sql.DB) error {
		if err := store.MigrateTo(t.Context(), db, driver.Dialect(), stepsUpTo(t, "00010")); err != nil {
			return err
		}
		for _, query := range []string{
			`INSERT INTO accounts (account_id, email, password, language, generation, version, created, updated) VALUES ('acc', 'a', 'b', 'de', 1, 5, 1, 1)`,
			`INSERT INTO devices (account_id, device_id, public_key, name, model, kind, epoch, generation, status, cause_at, last_grant,
				last_contact, lease, first_seen, signed_in, ip, place) VALUES ('acc', 'd1', 'key', '', '', 'tv', 1, 1, 'active', 0, 0, 0, 0, 0, 0, '', '')`,
			item(1, "moon", "started", 10), item(2, "moon", "progress", 20), item(3, "moon", "stopped", 30), item(4, "moon", "started", 40),
			item(5, "moon", "progress", 50), item(6, "sea", "progress", 60),
		} {
			if _, err := db.ExecContext(t.Context(), query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *store.Tx) error {
		rows, err := tx.Activity(store.ActivityQuery{Account: house, Limit: 9})
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprint(r.Seq, " ", r.Title, " ", r.At, "-", r.Ended, " ", r.Sitting))
		}
		if diff := cmp.Diff([]string{"6 sea 60-60 6", "4 moon 40-50 4", "1 moon 10-30 1"}, got); diff != "" {
			t.Errorf("viewings (-want +got):\n%s", diff)
		}
		return err
	})
}
