package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

func mustOpen(t testing.TB, cfg Config) *Driver {
	t.Helper()
	d, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func mustClose(t testing.TB, d *Driver) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func mustUpdate(t testing.TB, d *Driver, query string, args ...any) {
	t.Helper()
	if err := update(t.Context(), d, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func update(ctx context.Context, d *Driver, query string, args ...any) error {
	return d.Update(ctx, func(q store.Querier) error {
		_, err := q.ExecContext(ctx, query, args...)
		return err
	})
}

func queryOne(ctx context.Context, q store.Querier, dest any, query string) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("no row"), rows.Err())
	}
	return rows.Scan(dest)
}

func wantRows(t *testing.T, d *Driver, want int) {
	t.Helper()
	got := -1
	err := d.View(t.Context(), func(q store.Querier) error {
		return queryOne(t.Context(), q, &got, `SELECT count(*) FROM t`)
	})
	if err != nil || got != want {
		t.Errorf("%d rows, %v, want %d", got, err, want)
	}
}

func TestPragmas(t *testing.T) {
	d := mustOpen(t, Config{Path: filepath.Join(t.TempDir(), "x.db")})
	tests := []struct{ pragma, update, view string }{
		{"journal_mode", "wal", "wal"},
		{"synchronous", "2", "2"},
		{"foreign_keys", "1", "0"},
		{"secure_delete", "1", "0"},
		{"query_only", "0", "1"},
		{"busy_timeout", "4000", "4000"},
	}
	for _, test := range tests {
		var update, view string
		err := errors.Join(
			d.Update(t.Context(), func(q store.Querier) error { return queryOne(t.Context(), q, &update, "PRAGMA "+test.pragma) }),
			d.View(t.Context(), func(q store.Querier) error { return queryOne(t.Context(), q, &view, "PRAGMA "+test.pragma) }))
		if err != nil || update != test.update || view != test.view {
			t.Errorf("%s = %q for Update, %q for View, %v, want %q, %q", test.pragma, update, view, err, test.update, test.view)
		}
	}
}

func TestModes(t *testing.T) {
	// A name with everything that a URI could take for its own.
	dir := filepath.Join(t.TempDir(), "a b?c=d#e%20&é", "data")
	path := filepath.Join(dir, "hearth key?mode=memory#x.db")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT)`)
	wantMode := func(path string, want os.FileMode) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %v", path, info.Mode().Perm(), err, want)
		}
	}
	wantMode(dir, 0o700)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		wantMode(path+suffix, 0o600)
	}
	mustClose(t, d)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, Config{Path: path})
	wantMode(path, 0o600)
}

func TestTwoServers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	first := mustOpen(t, Config{Path: path})
	if _, err := Open(t.Context(), Config{Path: path}); !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "number") {
		t.Errorf("second Open = %v, want ErrInUse with the process's number", err)
	}
	mustUpdate(t, first, `CREATE TABLE t (n BIGINT)`)
	mustClose(t, first)
	wantRows(t, mustOpen(t, Config{Path: path}), 0)
}

// What cannot be opened is left as it was, byte for byte.
func TestDamagedFiles(t *testing.T) {
	valid := func(t *testing.T, path string) []byte {
		d := mustOpen(t, Config{Path: path})
		mustUpdate(t, d, `CREATE TABLE t (n BIGINT, s TEXT)`)
		for range 30 {
			mustUpdate(t, d, `INSERT INTO t VALUES (1, $1)`, strings.Repeat("x", 1000))
		}
		mustClose(t, d)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tests := []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"text", func([]byte) []byte { return []byte("this is not a database\n") }},
		{"long text", func([]byte) []byte { return []byte(strings.Repeat("this is not a database\n", 1000)) }},
		{"cut short", func(b []byte) []byte { return b[:len(b)/2] }},
		{"header overwritten", func(b []byte) []byte { return append(make([]byte, 100), b[100:]...) }},
		{"page overwritten", func(b []byte) []byte { copy(b[4096:8192], strings.Repeat("\xff", 4096)); return b }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			damaged := test.damage(valid(t, path))
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), Config{Path: path})
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, want ErrDamaged with the path", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(damaged) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), Config{Path: dir}); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("Open of a folder = %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Path: filepath.Join(file, "x.db")}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("Open below a file = %v", err)
	}
}

// A log without its file holds the last transactions; SQLite would delete it.
func TestOrphanLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	log := []byte("the last transactions")
	if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(t.Context(), Config{Path: path}); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("Open = %v, want ErrDamaged", err)
		}
		if got, err := os.ReadFile(path + "-wal"); err != nil || string(got) != string(log) {
			t.Errorf("the log was changed: %q, %v", got, err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil { // then with an empty file
			t.Fatal(err)
		}
	}
}

func TestReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT)`)
	// As if the disk had been remounted read-only: root ignores file modes.
	if err := d.writer.s.exec("PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	err := update(t.Context(), d, `INSERT INTO t VALUES (1)`)
	if d.Classify(err) != store.ErrReadOnly {
		t.Errorf("Update = %v, want ErrReadOnly", err)
	}
	for _, err := range []error{os.ErrPermission, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission}} {
		if d.Classify(err) != store.ErrReadOnly {
			t.Errorf("Classify(%v) = %v, want ErrReadOnly", err, d.Classify(err))
		}
	}
}
