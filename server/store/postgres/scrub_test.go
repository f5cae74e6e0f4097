package postgres

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
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
)

// found counts how often a text is in any file of a cluster: tables, indexes,
// statistics and the log.
func found(t *testing.T, c *pgcluster.Cluster, text string) (n int) {
	t.Helper()
	err := filepath.WalkDir(c.Data(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed by the database meanwhile
		}
		n += bytes.Count(data, []byte(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// D4: what is deleted is gone from every file of the database after a scrub; without
// one it is not, nor after VACUUM alone. wal_recycle is off, as the operator's page
// asks for.
func TestD4_Scrub(t *testing.T) {
	c, err := pgcluster.Start(t.Context(), pgcluster.Settings{"wal_recycle": "off", "fsync": "off", "autovacuum": "off"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	d := mustOpen(t, Config{URL: c.URL("postgres")})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT NOT NULL, place TEXT NOT NULL)`)
	mustUpdate(t, d, `CREATE INDEX t_place ON t (place)`)
	for n := range 400 { // over many pages, some rows larger than one
		mustUpdate(t, d, `INSERT INTO t VALUES ($1, $2, $3)`, n, strings.Repeat("x", n*20), fmt.Sprintf("place-%d-%d", n%2, n))
	}
	do := func(statements ...string) {
		t.Helper()
		if err := c.Do(t.Context(), "postgres", statements...); err != nil {
			t.Fatal(err)
		}
	}
	do("ANALYZE t", "CHECKPOINT")
	mustUpdate(t, d, `DELETE FROM t WHERE n % 2 = 1 AND n > 100`)
	mustUpdate(t, d, `UPDATE t SET place = '' WHERE n % 2 = 1`)
	do("CHECKPOINT")
	if found(t, c, "place-1-") == 0 {
		t.Error("the files hold nothing of what was deleted before a scrub: this test looks for the wrong thing")
	}
	do("VACUUM ANALYZE t", "CHECKPOINT")
	if found(t, c, "place-1-") == 0 {
		t.Error("a plain VACUUM takes it away: then a scrub may be one")
	}
	if err := d.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := found(t, c, "place-1-"); n != 0 {
		t.Errorf("the files hold %d places that were deleted", n)
	}
	if n := found(t, c, "place-0-"); n < 400 {
		t.Errorf("the files hold %d of the other 200 places, in table and index", n)
	}
}

// Scrub waits for who sees what was there before, and says so.
func TestScrubWaitsForReaders(t *testing.T) {
	d := mustOpen(t, Config{URL: pgcluster.Database(t)})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY)`)
	mustUpdate(t, d, `INSERT INTO t VALUES (1)`)
	scrubbed := make(chan error, 1)
	err := d.View(t.Context(), func(q store.Querier) error {
		rows, err := q.QueryContext(t.Context(), `SELECT n FROM t`)
		if err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		mustUpdate(t, d, `DELETE FROM t`)
		go func() { scrubbed <- d.Scrub(t.Context()) }()
		wait(t, func() bool {
			return number(t, d, `SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%backend_xmin%' AND pid <> pg_backend_pid()`) > 0
		})
		select {
		case err := <-scrubbed:
			t.Errorf("Scrub under a reader = %v", err)
		default:
		}
		mustUpdate(t, d, `INSERT INTO t VALUES (2)`) // writing goes on
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-scrubbed; err != nil {
		t.Errorf("Scrub after the reader = %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Scrub(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Scrub after Close = %v", err)
	}
}
