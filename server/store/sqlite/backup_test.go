package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

var whenRestored = time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)

// rows counts the rows of t in the file at path.
func rows(t *testing.T, path string) int {
	t.Helper()
	d := mustOpen(t, Config{Path: path})
	defer mustClose(t, d)
	n := -1
	if err := d.View(t.Context(), func(q store.Querier) error { return queryOne(t.Context(), q, &n, `SELECT count(*) FROM t`) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// A backup under writers is one moment of them, and holds nothing that was deleted.
func TestBackupWhileWriting(t *testing.T) {
	path, to := filepath.Join(t.TempDir(), "x.db"), filepath.Join(t.TempDir(), "backup")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `PRAGMA secure_delete = 0`) // even then
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT NOT NULL)`)
	mustUpdate(t, d, `INSERT INTO t VALUES (0, 'zwetschge')`)
	mustUpdate(t, d, `DELETE FROM t`)
	var writing sync.WaitGroup
	began, stop := make(chan struct{}), make(chan struct{})
	writing.Go(func() {
		for n := 0; ; n += 2 {
			err := d.Update(t.Context(), func(q store.Querier) error { // two or none
				_, err1 := q.ExecContext(t.Context(), `INSERT INTO t VALUES ($1, 'one')`, n)
				_, err2 := q.ExecContext(t.Context(), `INSERT INTO t VALUES ($1, 'other')`, n+1)
				return errors.Join(err1, err2)
			})
			if err != nil {
				t.Error(err)
			}
			if n == 100 {
				close(began)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	<-began
	err := Backup(t.Context(), path, to)
	close(stop)
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if found(t, to, "zwetschge") > 0 {
		t.Error("the backup holds what was deleted")
	}
	if n := rows(t, to); n < 100 || n%2 != 0 {
		t.Errorf("the backup has %d rows, want pairs", n)
	}
	if err := Backup(t.Context(), path, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file = %v", err)
	}
	if err := Backup(t.Context(), path+"x", to+"2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing = %v", err)
	}
	for _, leftover := range []string{path + "x", to + "2", to + "2.partial", to + ".partial"} {
		if _, err := os.Stat(leftover); err == nil {
			t.Errorf("%s was made", leftover)
		}
	}
}

// A backup writes to no file that somebody else put where it works.
func TestBackupWritesOnlyToAFileOfItsOwn(t *testing.T) {
	for name, put := range map[string]func(at, victim string) error{
		"a link":            func(at, victim string) error { return os.Symlink(victim, at) },
		"a link to nothing": func(at, victim string) error { return errors.Join(os.Remove(victim), os.Symlink(victim, at)) },
		"a file":            func(at, _ string) error { return os.WriteFile(at, []byte("precious"), 0o600) },
	} {
		dir := t.TempDir()
		path, to, victim := filepath.Join(dir, "x.db"), filepath.Join(dir, "backup"), filepath.Join(dir, "victim")
		mustClose(t, mustOpen(t, Config{Path: path}))
		if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), put(to+".partial", victim)); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(to + ".partial")
		if err := Backup(t.Context(), path, to); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: Backup = %v, want ErrExist", name, err)
		}
		if after, _ := os.ReadFile(to + ".partial"); string(after) != string(before) {
			t.Errorf("%s was written to", name)
		}
		if _, err := os.Lstat(to + ".partial"); err != nil {
			t.Errorf("%s was removed: %v", name, err)
		}
	}
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "x.db"), filepath.Join(dir, "backup")
	d := mustOpen(t, Config{Path: path})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY)`)
	mustUpdate(t, d, `INSERT INTO t VALUES (1)`)
	if err := Backup(t.Context(), path, backup); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, d, `INSERT INTO t VALUES (2)`)
	ready := func(fresh, old store.Driver) error {
		if old == nil {
			t.Error("no old database")
		}
		return update(t.Context(), fresh.(*Driver), `INSERT INTO t VALUES (10), (11)`)
	}
	if _, err := Restore(t.Context(), path, backup, whenRestored, ready); !errors.Is(err, store.ErrInUse) {
		t.Errorf("under a running server = %v", err)
	}
	mustClose(t, d)
	broken := errors.New("not ready")
	if _, err := Restore(t.Context(), path, backup, whenRestored, func(_, _ store.Driver) error { return broken }); !errors.Is(err, broken) || rows(t, path) != 2 {
		t.Errorf("not made ready = %v, with %d rows", err, rows(t, path))
	}
	aside, err := Restore(t.Context(), path, backup, whenRestored, ready)
	if err != nil {
		t.Fatal(err)
	}
	if got, was, kept := rows(t, path), rows(t, aside), rows(t, backup); got != 3 || was != 2 || kept != 1 {
		t.Errorf("%d rows, before %d, in the backup %d, want 3, 2, 1", got, was, kept)
	}
	if left, _ := filepath.Glob(path + ".restoring*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// What is replaced may be damaged or not there; what replaces it may not.
func TestRestoreOverWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	path, backup, bad := filepath.Join(dir, "x.db"), filepath.Join(dir, "backup"), filepath.Join(dir, "bad")
	d := mustOpen(t, Config{Path: filepath.Join(dir, "y.db")})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY)`)
	if err := Backup(t.Context(), filepath.Join(dir, "y.db"), backup); err != nil {
		t.Fatal(err)
	}
	mustClose(t, d)
	noOld := func(_, old store.Driver) error {
		if old != nil {
			t.Error("an old database")
		}
		return nil
	}
	if aside, err := Restore(t.Context(), path, backup, whenRestored, noOld); err != nil || aside != "" || rows(t, path) != 0 {
		t.Errorf("over nothing = %q, %v", aside, err)
	}
	for _, part := range []string{"", "-wal"} {
		if err := os.WriteFile(path+part, []byte("this is no database, nor the log of one"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	aside, err := Restore(t.Context(), path, backup, whenRestored, noOld)
	if err != nil || rows(t, path) != 0 {
		t.Fatalf("over a damaged one = %v", err)
	}
	for _, part := range []string{"", "-wal"} {
		if text, err := os.ReadFile(aside + part); err != nil || string(text[:10]) != "this is no" {
			t.Errorf("%s was not kept: %q, %v", aside+part, text, err)
		}
	}
	if err := os.WriteFile(bad, []byte("this is no backup either, whatever it is called"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), path, bad, whenRestored, noOld); !errors.Is(err, store.ErrDamaged) || rows(t, path) != 0 {
		t.Errorf("a damaged backup = %v", err)
	}
}
