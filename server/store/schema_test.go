package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// ownTables lists the columns of all tables with an account's rows.
func ownTables(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := openEngine(t).View(t.Context(), func(tx *store.Tx) error {
		return tx.Rows(func(scan func(...any) error) error {
			var table, column string
			err := scan(&table, &column)
			out[table] = append(out[table], column)
			return err
		}, `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
	})
	if err != nil {
		t.Fatal(err)
	}
	for table, columns := range out {
		if !slices.Contains(columns, "account_id") {
			delete(out, table)
		}
	}
	return out
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
