package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// found counts how often text is in the database's files.
func found(t *testing.T, path, text string) int {
	t.Helper()
	n := 0
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		data, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		n += bytes.Count(data, []byte(text))
	}
	return n
}

// What is deleted is gone from the file, its free pages, its indexes and the
// write-ahead log after a scrub; without either of the two that do it it is not.
func TestScrub(t *testing.T) {
	for _, c := range []struct {
		name          string
		secure, scrub bool
		gone          bool
	}{
		{"as the server does it", true, true, true},
		{"without secure_delete", false, true, false},
		{"without a scrub", true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			d := mustOpen(t, Config{Path: path})
			if !c.secure {
				mustUpdate(t, d, `PRAGMA secure_delete = 0`)
			}
			mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT NOT NULL, place TEXT NOT NULL)`)
			mustUpdate(t, d, `CREATE INDEX t_place ON t (place)`)
			for n := range 400 { // over many pages, some of which get free, and some rows larger than a page
				mustUpdate(t, d, `INSERT INTO t VALUES ($1, $2, $3)`, n, strings.Repeat("x", n*20), fmt.Sprintf("place-%d-%d", n%2, n))
			}
			mustUpdate(t, d, `DELETE FROM t WHERE n % 2 = 1 AND n > 100`)
			mustUpdate(t, d, `UPDATE t SET place = '' WHERE n % 2 = 1`)
			if c.scrub {
				if err := d.Scrub(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := found(t, path, "place-1-"); (n == 0) != c.gone {
				t.Errorf("the files hold %d places that were deleted", n)
			}
			if n := found(t, path, "place-0-"); n < 400 {
				t.Errorf("the files hold %d of the other 200 places, in table and index", n)
			}
		})
	}
}

func TestScrubWaitsForReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT NOT NULL)`)
	mustUpdate(t, d, `INSERT INTO t VALUES (1, 'zwetschge')`)
	err := d.View(t.Context(), func(q store.Querier) error {
		var n int
		if err := queryOne(t.Context(), q, &n, `SELECT n FROM t`); err != nil {
			return err
		}
		mustUpdate(t, d, `DELETE FROM t`)
		if err := d.Scrub(t.Context()); !errors.Is(err, store.ErrBusy) {
			t.Errorf("Scrub under a reader = %v, want ErrBusy", err)
		}
		mustUpdate(t, d, `INSERT INTO t VALUES (2, 'writing goes on')`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Scrub(t.Context()); err != nil || found(t, path, "zwetschge") > 0 {
		t.Errorf("Scrub after it = %v, with %d traces", err, found(t, path, "zwetschge"))
	}
	mustClose(t, d)
	if err := d.Scrub(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Scrub after Close = %v", err)
	}
}
