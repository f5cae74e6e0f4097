package store_test

import (
	"database/sql"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/storetest"
)

// ownTables lists the columns of all tables with an account's rows.
func ownTables(t *testing.T) map[string][]string {
	t.Helper()
	driver := servertest.Driver(t)
	t.Cleanup(func() { driver.Close() })
	if _, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for table, columns := range storetest.Columns(t, driver) {
		for _, c := range columns {
			name, _, _ := strings.Cut(c, " ")
			out[table] = append(out[table], name)
		}
		if !slices.Contains(out[table], "account_id") {
			delete(out, table)
		}
	}
	return out
}

// R12: the two engines have one schema, the indexes included, whether it was made
// step by step, with stops in between, or at once.
func TestR12_OneSchemaOnEveryEngine(t *testing.T) {
	var first map[string][]string
	for _, way := range []string{"at once", "step by step"} {
		onEveryEngine(t, func(t *testing.T, driver store.Driver) {
			if way == "step by step" {
				migrateByStep(t, driver)
			}
			if _, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler)); err != nil {
				t.Fatal(err)
			}
			got := storetest.Columns(t, driver)
			if first == nil {
				first = got
			}
			if diff := cmp.Diff(first, got); diff != "" || len(got) < 40 {
				t.Errorf("%s: %d tables and their indexes (-first +this):\n%s", way, len(got), diff)
			}
		})
	}
}

// migrateByStep makes the migrations a few at a time.
func migrateByStep(t *testing.T, driver store.Driver) {
	t.Helper()
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files[:len(files)-1] {
		if i%6 != 2 {
			continue
		}
		err := driver.Migrate(t.Context(), func(db *sql.DB) error {
			return store.MigrateTo(t.Context(), db, driver.Dialect(), stepsUpTo(t, f.Name()[:5]))
		})
		if err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
	}
}

// onlyIndexes are tables that an export leaves out whole: they say again what
// others hold.
var onlyIndexes = []string{"email_index", "phone_index", "device_index"}

// GDPR 15.
func TestA10_ExportKnowsEveryColumn(t *testing.T) {
	known := map[string][]string{}
	for _, e := range store.ExportTables() {
		known[e.Table()] = append(e.Columns(), "account_id")
	}
	tables := ownTables(t)
	for table, columns := range tables {
		if slices.Contains(onlyIndexes, table) {
			continue
		}
		for _, c := range columns {
			if !slices.Contains(known[table], c) {
				t.Errorf("%s.%s is neither exported nor left out", table, c)
			}
		}
	}
	for table, columns := range known {
		for _, c := range columns {
			if !slices.Contains(tables[table], c) {
				t.Errorf("%s has no column %s", table, c)
			}
		}
	}
}

// ASVS 6.5.2.
func TestA10_ExportLeavesSecretsOut(t *testing.T) {
	for _, e := range store.ExportTables() {
		for _, c := range e.Given() {
			for _, secret := range []string{"hash", "password", "sealed", "salt", "token", "snapshot", "body", "data", "attempt_id"} {
				if strings.Contains(c, secret) && c != "password_due" {
					t.Errorf("%s.%s is exported", e.Table(), c)
				}
			}
		}
	}
}

// GDPR 17.
func TestA10_ErasureKnowsEveryTable(t *testing.T) {
	for table := range ownTables(t) {
		if table != "device_index" && !slices.Contains(store.Erased(), table) {
			t.Errorf("%s is not erased", table)
		}
	}
}
