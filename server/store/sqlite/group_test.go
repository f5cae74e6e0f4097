package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// held is a driver whose writer is kept busy by one Update until release.
type held struct {
	*Driver
	release func()
	wait    func() error
}

func hold(t *testing.T, cfg Config) held {
	t.Helper()
	cfg.Path = filepath.Join(t.TempDir(), "x.db")
	d := mustOpen(t, cfg)
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY, s TEXT)`)
	running, finish, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	started := sync.OnceFunc(func() { close(running) }) // it may run again
	go func() {
		ended <- d.Update(t.Context(), func(q store.Querier) error {
			started()
			<-finish
			return nil
		})
	}()
	<-running
	return held{d, func() { close(finish) }, func() error { return <-ended }}
}

// queued runs one Update per query at once and returns when all are waiting;
// results then gives their errors in order.
func (h held) queued(t *testing.T, queries []string, args ...any) (results func() []error) {
	t.Helper()
	errs := make([]error, len(queries))
	var wg sync.WaitGroup
	for i, query := range queries {
		wg.Go(func() { errs[i] = update(t.Context(), h.Driver, query, args...) })
		h.waitQueued(i + 1)
	}
	return func() []error { wg.Wait(); return errs }
}

// waitQueued returns when n transactions wait; nobody takes any out meanwhile.
func (h held) waitQueued(n int) {
	for len(h.writer.queue) < n {
		runtime.Gosched()
	}
}

func insert(n int) string { return fmt.Sprintf(`INSERT INTO t (n) VALUES (%d)`, n) }

// commits counts commits: PRAGMA data_version of a reader moves with each.
func commits(t *testing.T, d *Driver) (n int) {
	t.Helper()
	s := <-d.readers
	defer func() { d.readers <- s }()
	if err := queryOne(t.Context(), &querier{s: s}, &n, "PRAGMA data_version"); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestGroupsCommitOnce(t *testing.T) {
	h := hold(t, Config{Readers: 1})
	queries := make([]string, 40)
	for i := range queries {
		queries[i] = insert(i)
	}
	results := h.queued(t, queries)
	before := commits(t, h.Driver)
	h.release()
	if err := errors.Join(append(results(), h.wait())...); err != nil {
		t.Fatal(err)
	}
	if n := commits(t, h.Driver) - before; n != 1 {
		t.Errorf("41 waiting transactions made %d commits, want 1", n)
	}
	wantRows(t, h.Driver, 40)
}

func TestGroupIsBounded(t *testing.T) {
	h := hold(t, Config{Readers: 1, Group: 4})
	results := h.queued(t, []string{insert(1), insert(2), insert(3), insert(4), insert(5)})
	h.release()
	if err := errors.Join(append(results(), h.wait())...); err != nil {
		t.Fatal(err)
	}
	wantRows(t, h.Driver, 5)
}

// A member that fills the disk loses the whole transaction in SQLite; the
// others must not notice.
func TestFullDiskHitsOnlyOne(t *testing.T) {
	h := hold(t, Config{})
	if err := h.writer.s.exec("PRAGMA max_page_count = 12"); err != nil {
		t.Fatal(err)
	}
	tooBig := `INSERT INTO t (n, s) VALUES (3, printf('%.*c', 200000, 'x'))`
	results := h.queued(t, []string{insert(1), insert(2), tooBig, insert(2), insert(4)})
	h.release()
	if err := h.wait(); err != nil {
		t.Errorf("first member: %v", err)
	}
	want := []error{nil, nil, store.ErrFull, store.ErrExists, nil}
	for i, err := range results() {
		if h.Classify(err) != want[i] || (err == nil) != (want[i] == nil) {
			t.Errorf("member %d: %v, want %v", i, err, want[i])
		}
	}
	wantRows(t, h.Driver, 3)
}

// After SQLite has rolled back by itself, a further statement would commit on
// its own.
func TestNoStatementAfterRollback(t *testing.T) {
	h := hold(t, Config{})
	h.release()
	if err := h.wait(); err != nil {
		t.Fatal(err)
	}
	if err := h.writer.s.exec("PRAGMA max_page_count = 12"); err != nil {
		t.Fatal(err)
	}
	err := h.Update(t.Context(), func(q store.Querier) error {
		q.ExecContext(t.Context(), `INSERT INTO t (n, s) VALUES (1, $1)`, strings.Repeat("x", 200_000))
		if _, err := q.ExecContext(t.Context(), insert(2)); err == nil {
			t.Error("a statement ran after the transaction was lost")
		}
		return nil
	})
	if h.Classify(err) != store.ErrFull {
		t.Errorf("Update = %v, want ErrFull", err)
	}
	wantRows(t, h.Driver, 0)
	mustUpdate(t, h.Driver, insert(3))
}

// A constraint that is only checked at the commit fails the whole group.
func TestFailedCommitHitsOnlyOne(t *testing.T) {
	h := hold(t, Config{})
	h.release()
	if err := h.wait(); err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, h.Driver, `CREATE TABLE child (n BIGINT REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)`)
	finish, running := make(chan struct{}), make(chan struct{})
	var runs atomic.Int32
	first := make(chan error, 1)
	go func() {
		first <- h.Update(t.Context(), func(q store.Querier) error {
			if runs.Add(1) == 1 {
				close(running)
				<-finish
			}
			_, err := q.ExecContext(t.Context(), insert(1))
			return err
		})
	}()
	<-running
	results := h.queued(t, []string{insert(2), `INSERT INTO child VALUES (77)`, insert(3)})
	close(finish)
	errs := results()
	if err := errors.Join(<-first, errs[0], errs[2]); err != nil {
		t.Errorf("innocent members: %v", err)
	}
	if h.Classify(errs[1]) != store.ErrReference {
		t.Errorf("the guilty one: %v, want ErrReference", errs[1])
	}
	if runs.Load() != 2 {
		t.Errorf("ran %d times, want twice", runs.Load())
	}
	wantRows(t, h.Driver, 3)
}

func TestQueueFull(t *testing.T) {
	h := hold(t, Config{Queue: 2})
	results := h.queued(t, []string{insert(1), insert(2)})
	if err := update(t.Context(), h.Driver, insert(3)); !errors.Is(err, store.ErrBusy) {
		t.Errorf("Update with a full queue = %v, want ErrBusy", err)
	}
	h.release()
	if err := errors.Join(append(results(), h.wait())...); err != nil {
		t.Error(err)
	}
	wantRows(t, h.Driver, 2)
}

func TestCancelWhileWaiting(t *testing.T) {
	h := hold(t, Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("gone")
	ended := make(chan error, 1)
	go func() {
		ended <- h.Update(ctx, func(store.Querier) error { t.Error("ran"); return nil })
	}()
	h.waitQueued(1)
	cancel(cause)
	if err := <-ended; !errors.Is(err, cause) {
		t.Errorf("Update = %v, want the context's cause", err)
	}
	h.release()
	if err := h.wait(); err != nil {
		t.Error(err)
	}
	mustUpdate(t, h.Driver, insert(1))
}

// Once its function has run, a transaction is committed whatever its context.
func TestCancelAfterRunning(t *testing.T) {
	h := hold(t, Config{})
	h.release()
	ctx, cancel := context.WithCancel(t.Context())
	err := h.Update(ctx, func(q store.Querier) error {
		_, err := q.ExecContext(ctx, insert(1))
		cancel()
		return err
	})
	if err := errors.Join(err, h.wait()); err != nil {
		t.Error(err)
	}
	wantRows(t, h.Driver, 1)
}
