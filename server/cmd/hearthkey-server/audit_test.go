package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

var anchorForm = regexp.MustCompile(`[0-9]+:[A-Za-z0-9_-]{43}`)

// ASVS 16.4.3: the log of a running server verifies and is exported; in a
// copy of the folder somebody changes it, and verify and doctor say where.
func TestO3_AuditByCommands(t *testing.T) {
	d := openDesk(t)
	chmod(t, d.data, 0o700)
	for _, name := range []string{"sam", "carl"} {
		if status, _, errs := d.ask("operator", "add", name, "--role", "viewer", "--reason", "on call"); status != 0 {
			t.Fatal(errs)
		}
	}
	export := filepath.Join(t.TempDir(), "export.jsonl")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"audit", "verify", "--data", d.data}, "4 entries, 1 to 4; the newest: 4:"}, // olga, the keys, sam, carl
		{[]string{"audit", "export", export, "--data", d.data}, "4 entries are in"},
		{[]string{"audit", "verify", "--file", export, "--data", d.data}, "4 entries, 1 to 4"},
		{[]string{"audit", "export", "-", "--from", "4", "--data", d.data}, `"about":"carl","reason":"on call"`},
	} {
		if status, out, errs := d.bare(c.args...); status != 0 || !strings.Contains(out, c.want) {
			t.Errorf("%v = %d %s%s, want %s", c.args, status, out, errs, c.want)
		}
	}
	if status, _, errs := d.bare("audit", "export", export, "--data", d.data); status == 0 || !strings.Contains(errs, "cannot be written") {
		t.Errorf("an export is overwritten: %d %s", status, errs)
	}
	_, out, _ := d.bare("audit", "verify", "--data", d.data)
	anchor := anchorForm.FindString(out)

	copied := *d
	copied.data = copyFolder(t, d)
	spoil(t, copied.data, `UPDATE audit SET actor = 'sam' WHERE seq = 4`)
	if status, out, _ := copied.bare("audit", "verify", "--data", copied.data); status != 1 || !strings.Contains(out, "changed        4  ") {
		t.Errorf("a changed log = %d %s", status, out)
	}
	if _, found := copied.examine(t); !slices.Contains(found, "audit bad") {
		t.Errorf("the doctor finds %v", found)
	}
	spoil(t, copied.data, `DELETE FROM audit WHERE seq = 4`, `UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)`)
	if status, out, _ := copied.bare("audit", "verify", "--data", copied.data); status != 0 {
		t.Errorf("what only an anchor shows = %d %s", status, out)
	}
	if status, out, _ := copied.bare("audit", "verify", "--data", copied.data, "--anchor", anchor); status != 1 || !strings.Contains(out, "cut            4  ") {
		t.Errorf("a log that was cut = %d %s", status, out)
	}
	seen, err := os.ReadFile(filepath.Join(d.data, "audit.head"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied.data, "audit.head"), seen, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, _ := copied.bare("audit", "verify", "--data", copied.data); status != 1 || !strings.Contains(out, "cut            4  ") {
		t.Errorf("a log that was cut, with the file of the server = %d %s", status, out)
	}
}

// spoil runs statements in a copied database.
func spoil(t *testing.T, data string, queries ...string) {
	t.Helper()
	driver, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(data, "hearthkey.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	err = driver.Update(t.Context(), func(q store.Querier) error {
		for _, query := range queries {
			if _, err := q.ExecContext(t.Context(), query); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestO4_MaintenanceByCommands: a stopped server's database is brought up to date and
// sealed by another key; a running one's is not.
func TestO4_MaintenanceByCommands(t *testing.T) {
	d := openDesk(t)
	copied := *d
	copied.data = copyFolder(t, d)
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"migrate", "--data", copied.data}, 0, "nothing is to be done"},
		{[]string{"migrate", "--check", "--data", copied.data}, 0, "nothing is to be done"},
		{[]string{"migrate", "--data", t.TempDir()}, 1, "There is no database"},
		{[]string{"rotate-keys", "--data", d.data}, 1, "stop it first"},
		{[]string{"rotate-keys", "--data", copied.data}, 0, "sealed by a new"},
		{[]string{"audit", "verify", "--data", copied.data}, 0, "3 entries, 1 to 3"}, // olga, the keys, this
	} {
		status, out, errs := d.bare(c.args...)
		if status != c.status || !strings.Contains(out+errs, c.want) {
			t.Errorf("%v = %d %s%s, want %d, %s", c.args, status, out, errs, c.status, c.want)
		}
	}
	spoil(t, copied.data, `DELETE FROM goose_db_version WHERE version_id > 25`)
	want := fmt.Sprintf("has schema 25; this program would bring it to %d", store.Schema())
	if status, out, _ := d.bare("migrate", "--check", "--data", copied.data); status != 0 || !strings.Contains(out, want) {
		t.Errorf("migrate --check = %d %s, want %s", status, out, want)
	}
}
