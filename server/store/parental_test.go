package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server/store"
)

const house = protocol.AccountID("acc")

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// openHouse returns a database with an account of one profile.
func openHouse(t *testing.T) *store.DB {
	t.Helper()
	db := openEngine(t)
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(
			tx.InsertAccount(store.AccountRow{ID: house, Email: "a@example.org", Language: "de", Created: noon}, "a@example.org"),
			tx.InsertProfile(store.ProfileRow{Profile: protocol.Profile{ID: "lea", Name: "Lea", Level: parental.Teens}, Account: house, Created: noon}),
		)
	})
	return db
}

func update(t *testing.T, db *store.DB, do func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func TestParentalIsKept(t *testing.T) {
	db := openHouse(t)
	for _, want := range []store.ParentalRow{
		{},
		{Above: parental.Teens, AddNeedsPIN: true, Titles: []protocol.TitleID{"a", "b"}},
		{Titles: []protocol.TitleID{"b"}},
		{AddNeedsPIN: true},
	} {
		update(t, db, func(tx *store.Tx) error { return tx.SetParental(house, want) })
		update(t, db, func(tx *store.Tx) error {
			got, err := tx.Parental(house)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Parental (-want +got):\n%s", diff)
			}
			other, otherErr := tx.Parental("nobody")
			if diff := cmp.Diff(store.ParentalRow{}, other); diff != "" {
				t.Errorf("of another account (-want +got):\n%s", diff)
			}
			return errors.Join(err, otherErr)
		})
	}
}

func TestBlockedTitlesGoWithTheProfile(t *testing.T) {
	db := openHouse(t)
	blocked := func() (out []protocol.TitleID) {
		update(t, db, func(tx *store.Tx) error {
			rows, err := tx.Profiles(house)
			for _, r := range rows {
				out = append(out, r.Blocked...)
			}
			return err
		})
		return out
	}
	for _, want := range [][]protocol.TitleID{{"a", "b"}, {"b", "c"}, nil, {"a"}} {
		update(t, db, func(tx *store.Tx) error { return tx.SetBlocked(house, "lea", want) })
		if diff := cmp.Diff(want, blocked()); diff != "" {
			t.Errorf("blocked (-want +got):\n%s", diff)
		}
	}
	row := store.ProfileRow{Profile: protocol.Profile{ID: "lea", Name: "Lea", Level: parental.Teens}, Account: house, Created: noon}
	update(t, db, func(tx *store.Tx) error { return errors.Join(tx.DeleteProfile(house, "lea"), tx.InsertProfile(row)) })
	if got := blocked(); got != nil {
		t.Errorf("after the profile was removed: %q", got)
	}
}

func pinOf(p protocol.ProfileID, version int64) store.PinRow {
	return store.PinRow{Account: house, Profile: p, Version: version, Salt: []byte{1}, Memory: 8, Passes: 1, Sealed: []byte{2}, Created: noon}
}

// TestPinTries: a count belongs to one version of a PIN, and goes with it.
func TestPinTries(t *testing.T) { // P9
	db := openHouse(t)
	row := store.PinTriesRow{
		Account: house, Profile: protocol.ParentalPIN, PIN: 1, Device: "tv", Epoch: 3,
		Told: 2, ToldAt: noon, Checked: 1, CheckedAt: noon.Add(time.Hour), Last: noon.Add(time.Hour),
	}
	want := func(rows ...store.PinTriesRow) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error {
			got, err := tx.PinTries(house)
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("tries (-want +got):\n%s", diff)
			}
			return err
		})
	}
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.SetPin(pinOf(protocol.ParentalPIN, 1)), tx.PutPinTries(row))
	})
	want(row)
	other := row
	other.Epoch, other.Told, other.Checked, other.CheckedAt = 4, 7, 0, time.Time{}
	update(t, db, func(tx *store.Tx) error { return tx.PutPinTries(other) })
	want(row, other)

	update(t, db, func(tx *store.Tx) error { return tx.EndPinWait(house, protocol.ParentalPIN) })
	row.Last, other.Last = time.Time{}, time.Time{}
	want(row, other)

	none := row
	none.Told, none.Checked = 0, 0
	update(t, db, func(tx *store.Tx) error { return tx.PutPinTries(none) })
	want(other)

	update(t, db, func(tx *store.Tx) error {
		n, v, err := tx.BumpTries(house, noon)
		if v != 2 || n != noon.UnixMilli() {
			t.Errorf("number %d, version %d after BumpTries, want the time and 2", n, v)
		}
		n, _, again := tx.BumpTries(house, noon.Add(-time.Hour))
		if n != noon.UnixMilli()+1 {
			t.Errorf("number %d, want one more", n)
		}
		return errors.Join(err, again, tx.AlarmPin(house, protocol.ParentalPIN, noon), tx.UnlockPin(house, protocol.ParentalPIN))
	})
	want()
	update(t, db, func(tx *store.Tx) error {
		pins, err := tx.Pins(house)
		if len(pins) != 1 || pins[0].Unlocks != noon.UnixMilli()+1 || !pins[0].Alarmed.Equal(noon) {
			t.Errorf("after UnlockPin: %+v", pins)
		}
		return errors.Join(err, tx.PutPinTries(row), tx.SetPin(pinOf(protocol.ParentalPIN, 2)))
	})
	want() // a new PIN begins with none
	update(t, db, func(tx *store.Tx) error {
		pins, err := tx.Pins(house)
		if len(pins) != 1 || pins[0].Version != 2 || pins[0].Unlocks != noon.UnixMilli()+1 {
			t.Errorf("after a new PIN: %+v", pins)
		}
		return err
	})
	update(t, db, func(tx *store.Tx) error {
		if err := tx.PutPinTries(row); err != nil {
			return err
		}
		was, err := tx.DeletePin(house, protocol.ParentalPIN)
		if !was {
			t.Error("there was no PIN")
		}
		return err
	})
	want()
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.UnlockPin(house, protocol.ParentalPIN) })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("UnlockPin without a PIN = %v, want ErrNotFound", err)
	}
}

// TestPINsSurviveTheStepToTheHousehold: step 10 makes the table of PINs anew.
func TestPINsSurviveTheStepToTheHousehold(t *testing.T) { onEveryEngine(t, pinsSurvive) }

func pinsSurvive(t *testing.T, driver store.Driver) {
	err := driver.Migrate(t.Context(), func(db *sql.DB) error {
		if err := store.MigrateTo(t.Context(), db, driver.Dialect(), stepsUpTo(t, "00009")); err != nil {
			return err
		}
		for _, query := range []string{
			`INSERT INTO accounts (account_id, email, password, language, generation, version, pins_version, created, updated) VALUES ('acc', 'a', 'b', 'de', 1, 5, 4, 1, 1)`,
			`INSERT INTO profiles (account_id, profile_id, name, avatar, level, language, kids, main, created) VALUES ('acc', 'lea', 'Lea', 'owl', 3, 'de', 0, 1, 1)`,
			`INSERT INTO pins (account_id, profile_id, version, salt, memory, passes, sealed, created) VALUES ('acc', 'lea', 4, 'salt', 8, 1, 'sealed', 1764072000000)`,
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
		pins, err := tx.Pins(house)
		want := pinOf("lea", 4)
		want.Salt, want.Sealed = []byte("salt"), []byte("sealed")
		want.Created = noon.AddDate(-1, 0, 0)
		if diff := cmp.Diff([]store.PinRow{want}, pins); diff != "" {
			t.Errorf("PINs (-want +got):\n%s", diff)
		}
		all, listErr := tx.Profiles(house)
		if len(all) != 1 || !all[0].Locked || all[0].PIN != 4 || all[0].Unlocks != 0 {
			t.Errorf("profiles = %+v", all)
		}
		return errors.Join(err, listErr)
	})
}

// stepsUpTo are the migrations up to the number last.
func stepsUpTo(t *testing.T, last string) fs.FS {
	t.Helper()
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range files {
		if f.Name()[:5] > last {
			continue
		}
		data, err := os.ReadFile(filepath.Join("migrations", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name()] = &fstest.MapFile{Data: data}
	}
	return out
}
