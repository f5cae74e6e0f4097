package store_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/storetest"
)

// plainBinary are the binary columns that are not sealed, with why they need not be.
var plainBinary = []string{
	"access_codes.code_hash", "ceremonies.data", "device_index.public_key", "devices.public_key", "enrolments.code_hash", "enrolments.public_key",
	"enrolments.salt", "passkeys.data", "pins.salt", "recovery_codes.code_hash", "throttles.subject",
}

// ASVS 13.3.1: every binary column is sealed anew with another data key,
// or is a hash, a salt, or public.
func TestSealedColumnsAreKnown(t *testing.T) {
	driver := servertest.Driver(t)
	t.Cleanup(func() { driver.Close() })
	if _, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	known, met := slices.Clone(plainBinary), 0
	for _, c := range store.SealedColumns {
		known = append(known, c.Table+"."+c.Column)
	}
	for table, columns := range storetest.Columns(t, driver) {
		for _, c := range columns {
			name, kind, _ := strings.Cut(c, " ")
			if lower := strings.ToLower(kind); !strings.Contains(lower, "blob") && !strings.Contains(lower, "bytea") {
				continue
			}
			if slices.Contains(plainBinary, table+"."+name) {
				met++
			}
			if !slices.Contains(known, table+"."+name) {
				t.Errorf("%s.%s (%s) is neither sealed nor known not to be a secret", table, name, kind)
			}
		}
	}
	if met != len(plainBinary) {
		t.Errorf("%d of the %d columns that need no seal are there", met, len(plainBinary))
	}
}

// TestReseal: every row of every page is given away once and gets what came back, or,
// where one fails, none does.
func TestReseal(t *testing.T) {
	db := servertest.DB(t)
	const rows = 1203 // more than two pages
	now := servertest.NewClock().Now()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for i := range rows {
			r := store.OutboxRow{ID: fmt.Sprintf("m-%04d", i), Channel: "mail", Kind: "x", Text: fmt.Sprint("text ", i), Created: now, GiveUp: now}
			if i%2 == 0 {
				r.HTML = fmt.Sprint("html ", i)
			}
			if err := tx.InsertOutbox(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	again := func(c store.SealedColumn, keys []string, value []byte) ([]byte, error) {
		return []byte(keys[0] + " " + c.Column + " " + string(value)), nil
	}
	failing := errors.New("no more")
	if _, err := db.Reseal(t.Context(), again, func(*store.Tx) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("Reseal = %v, want the error of then", err)
	}
	n, err := db.Reseal(t.Context(), again, func(tx *store.Tx) error { return tx.SetDataKey("mark") })
	if err != nil || n != rows+rows/2+1 {
		t.Errorf("Reseal = %d, %v", n, err)
	}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.RecentOutbox(rows)
		for _, r := range list {
			var i int
			fmt.Sscanf(r.ID, "m-%04d", &i)
			if want := fmt.Sprintf("%s text_body text %d", r.ID, i); r.Text != want {
				t.Errorf("%s holds %q, want %q", r.ID, r.Text, want)
			}
			if want := fmt.Sprintf("%s html_body html %d", r.ID, i); i%2 == 0 && r.HTML != want || i%2 == 1 && r.HTML != "" {
				t.Errorf("%s holds %q", r.ID, r.HTML)
			}
		}
		mark, markErr := tx.DataKey()
		if mark != "mark" || len(list) != rows {
			t.Errorf("%d rows, mark %q", len(list), mark)
		}
		return errors.Join(err, markErr)
	})
	if err != nil {
		t.Fatal(err)
	}
}
