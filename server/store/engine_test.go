package store_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// openEngine returns a database that has, beside the server's tables, one
// named bits with a number in each row.
func openEngine(t *testing.T) *store.DB {
	t.Helper()
	driver := servertest.Driver(t)
	t.Cleanup(func() { driver.Close() })
	db, err := store.Open(t.Context(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = driver.Migrate(t.Context(), func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `CREATE TABLE bits (n BIGINT NOT NULL PRIMARY KEY)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// onEveryEngine runs a test on an empty database of each engine.
func onEveryEngine(t *testing.T, test func(*testing.T, store.Driver)) {
	for name, open := range map[string]func(*testing.T) (store.Driver, error){
		"SQLite": func(t *testing.T) (store.Driver, error) {
			return sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
		},
		"PostgreSQL": func(t *testing.T) (store.Driver, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: pgcluster.Database(t)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			driver, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { driver.Close() })
			test(t, driver)
		})
	}
}

const addBit = `INSERT INTO bits (n) VALUES ($1)`

func wantBits(t *testing.T, db *store.DB, want string) {
	t.Helper()
	var got []string
	err := db.View(t.Context(), func(tx *store.Tx) error {
		return tx.Rows(func(scan func(...any) error) error {
			var n string
			err := scan(&n)
			got = append(got, n)
			return err
		}, `SELECT n FROM bits ORDER BY n`)
	})
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("bits = %q, %v, want %q", got, err, want)
	}
}

func TestTxStatements(t *testing.T) {
	db := openEngine(t)
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for n := range 3 {
			if affected, err := tx.Exec(addBit, n); err != nil || affected != 1 {
				t.Errorf("Exec = %d, %v, want 1 row", affected, err)
			}
		}
		n := -1
		if err := tx.Row(&n, `SELECT n FROM bits WHERE n > $1 ORDER BY n`, 0); err != nil || n != 1 {
			t.Errorf("Row = %d, %v, want the first of two", n, err)
		}
		if err := tx.Row(&n, `SELECT n FROM bits WHERE n = $1`, 9); err != store.ErrNotFound {
			t.Errorf("Row without a row = %v, want ErrNotFound", err)
		}
		if err := tx.ExecOne(`UPDATE bits SET n = n + 10 WHERE n = $1`, 9); err != store.ErrNotFound {
			t.Errorf("ExecOne without a row = %v, want ErrNotFound", err)
		}
		return tx.ExecOne(`UPDATE bits SET n = n + 10 WHERE n = $1`, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	wantBits(t, db, "1 2 10")
}

// A swallowed error must not let the rest of the transaction through: in
// PostgreSQL it could not.
func TestFailedStatementEndsTx(t *testing.T) {
	db := openEngine(t)
	tests := []struct {
		name string
		fail func(*store.Tx) error
		want error
	}{
		{"exists", func(tx *store.Tx) error { _, err := tx.Exec(addBit, 1); return err }, store.ErrExists},
		{"many rows", func(tx *store.Tx) error { return tx.ExecOne(`UPDATE bits SET n = n + 100`) }, nil},
		{"scan", func(tx *store.Tx) error { return tx.Row(new(bool), `SELECT 'x'`) }, nil},
		{"nested", func(tx *store.Tx) error {
			return tx.Rows(func(func(...any) error) error { _, err := tx.Exec(addBit, 5); return err }, `SELECT n FROM bits`)
		}, nil},
	}
	for _, test := range tests {
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			tx.Exec(addBit, 1)
			tx.Exec(addBit, 2)
			if err := test.fail(tx); err == nil || (test.want != nil && !errors.Is(err, test.want)) {
				t.Errorf("%s: %v, want %v", test.name, err, test.want)
			}
			if _, err := tx.Exec(addBit, 3); err == nil {
				t.Errorf("%s: a later statement ran", test.name)
			}
			return nil // the error is swallowed
		})
		if err == nil || (test.want != nil && !errors.Is(err, test.want)) {
			t.Errorf("%s: Update = %v, want %v", test.name, err, test.want)
		}
		wantBits(t, db, "")
	}
}

func TestRowsStopsAtError(t *testing.T) {
	db := openEngine(t)
	stop := errors.New("enough")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for n := range 3 {
			tx.Exec(addBit, n)
		}
		calls := 0
		err := tx.Rows(func(func(...any) error) error { calls++; return stop }, `SELECT n FROM bits`)
		if err != stop || calls != 1 {
			t.Errorf("Rows = %v after %d calls, want the callback's error after one", err, calls)
		}
		_, err = tx.Exec(addBit, 3) // the callback's own error is no failed statement
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantBits(t, db, "0 1 2 3")
}

func TestTxEnds(t *testing.T) {
	db := openEngine(t)
	var kept *store.Tx
	if err := db.Update(t.Context(), func(tx *store.Tx) error { kept = tx; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Exec(addBit, 1); err == nil || !strings.Contains(err.Error(), "after its end") {
		t.Errorf("Exec after the end = %v", err)
	}
}

func TestOnCommit(t *testing.T) {
	db := openEngine(t)
	var calls []string
	update := func(name string, result error) error {
		return db.Update(t.Context(), func(tx *store.Tx) error {
			tx.OnCommit(func() { calls = append(calls, name+" 1"); wantBits(t, db, "7") })
			tx.OnCommit(func() { calls = append(calls, name+" 2") })
			_, err := tx.Exec(addBit, 7)
			return errors.Join(err, result)
		})
	}
	if err := update("failed", errors.New("no")); err == nil {
		t.Error("no error")
	}
	if err := update("done", nil); err != nil {
		t.Error(err)
	}
	if err := update("exists", nil); !errors.Is(err, store.ErrExists) {
		t.Errorf("Update = %v, want ErrExists", err)
	}
	if got := strings.Join(calls, ", "); got != "done 1, done 2" {
		t.Errorf("called %q, want those of the committed one, in order", got)
	}
}

// An Update within an Update cannot get its turn; it must say so, not hang.
func TestUpdateWithinUpdate(t *testing.T) {
	servertest.OnlySQLite(t, "one writer at a time")
	db := openEngine(t)
	started := time.Now()
	err := db.Update(t.Context(), func(*store.Tx) error {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, store.ErrBusy)
		defer cancel()
		return db.Update(ctx, func(*store.Tx) error { t.Error("ran"); return nil })
	})
	if !errors.Is(err, store.ErrBusy) {
		t.Errorf("inner Update = %v, want ErrBusy", err)
	}
	if took := time.Since(started); took > store.TxLimit {
		t.Errorf("took %v", took)
	}
}

func TestDialectFS(t *testing.T) {
	steps := fstest.MapFS{"00001_x.sql": {Data: []byte("data BLOB, more BLOB -- BLOBS")}}
	for dialect, want := range map[store.Dialect]string{
		store.SQLite:   "data BLOB, more BLOB -- BLOBS",
		store.Postgres: "data BYTEA, more BYTEA -- BLOBS",
	} {
		translated := store.DialectFS(steps, dialect)
		got, err := fs.ReadFile(translated, "00001_x.sql")
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", dialect, got, err, want)
		}
		if names, err := fs.Glob(translated, "*.sql"); err != nil || len(names) != 1 {
			t.Errorf("%s: Glob = %q, %v", dialect, names, err)
		}
	}
}
