package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

func TestO3_ImportedPasswordsWorkAndAreHashedAnew(t *testing.T) {
	f := newFixture(t)
	var rows []ImportRow
	for _, v := range foreignVectors {
		rows = append(rows, ImportRow{Email: fmt.Sprintf("user%d@example.org", len(rows)), PasswordHash: v.hash, Language: "de"})
	}
	rows[0].Phone = ownersPhone
	added, left, err := f.Import(f.ctx, f.clock.Now(), "olga: moved", rows)
	if err != nil || added != len(rows) || len(left) > 0 {
		t.Fatalf("Import = %d, %v, %v", added, left, err)
	}
	for _, v := range foreignVectors {
		for _, row := range rows {
			if row.PasswordHash != v.hash {
				continue
			}
			if _, err := f.try(t, row.Email, v.password+" ", "", fox); !errors.Is(err, ErrCredentials) {
				t.Errorf("%.20s: a wrong password = %v", row.PasswordHash, err)
			}
			for range 2 { // with the foreign hash, then with ours
				if _, err := f.try(t, row.Email, v.password, "", fox); err != nil {
					t.Errorf("%.20s: %v", row.PasswordHash, err)
				}
			}
			err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
				acc, err := tx.AccountByEmail(row.Email)
				if err == nil && !strings.HasPrefix(acc.Password, "$argon2id$") {
					t.Errorf("%.20s was not replaced", row.PasswordHash)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := f.Recover(f.ctx, f.clock.Now(), ownersPhone, "", "en", BySMS, "", fox); err != nil || f.mail(t).To != ownersPhone {
		t.Errorf("recovery by the imported number: %v, %+v", err, f.mail(t))
	}
}

func TestO3_ImportLeavesOutWhatCannotBeUsed(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	good := foreignVectors["Django SHA-256"].hash
	rows := []ImportRow{
		{Email: "good@example.org", PasswordHash: good, Phone: ownersPhone},
		{Email: "ANNA@example.org", PasswordHash: good},
		{Email: "good@example.org", PasswordHash: good},
		{Email: "no address", PasswordHash: good},
		{Email: "a@example.org", PasswordHash: "plain text"},
		{Email: "b@example.org", PasswordHash: ""},
		{Email: "c@example.org", PasswordHash: good, Phone: "0151 23456789"},
		{Email: "d@example.org", PasswordHash: good, Phone: ownersPhone},
		{Email: "e@example.org", PasswordHash: "$2b$31$" + strings.Repeat("a", 53)},
		{},
		{Email: "f@example.org", PasswordHash: "$argon2id$v=19$m=1048576,t=32,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"},
	}
	want := map[int]error{1: ErrAddressTaken, 2: ErrAddressTaken, 3: ErrAddress, 4: ErrHash, 5: ErrHash, 6: ErrPhone, 7: ErrPhoneTaken, 8: ErrHash, 9: ErrAddress, 10: ErrHash}
	added, left, err := f.Import(f.ctx, f.clock.Now(), "olga: moved", rows)
	if err != nil || added != 1 || len(left) != len(want) {
		t.Fatalf("Import = %d, %v, %v", added, left, err)
	}
	for _, l := range left {
		if !errors.Is(l, want[l.Row]) {
			t.Errorf("%v, want %v", l, want[l.Row])
		}
	}
}

func TestO3_ImportInBatches(t *testing.T) {
	f := newFixture(t)
	rows := make([]ImportRow, 2*importBatch+1)
	for i := range rows {
		rows[i] = ImportRow{Email: fmt.Sprintf("user%d@example.org", i), PasswordHash: foreignVectors["Django SHA-1"].hash}
	}
	rows[importBatch+3].Email = "?"
	added, left, err := f.Import(f.ctx, f.clock.Now(), "olga: moved", rows)
	if err != nil || added != len(rows)-1 || len(left) != 1 || left[0].Row != importBatch+3 {
		t.Errorf("Import = %d, %v, %v", added, left, err)
	}
}
