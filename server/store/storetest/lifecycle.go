package storetest

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

func testCloseWaits(t *testing.T, s *suite) {
	running, finish := make(chan struct{}), make(chan struct{})
	updated, closed := make(chan error, 1), make(chan struct{})
	go func() {
		updated <- s.Update(t.Context(), func(q store.Querier) error {
			close(running)
			<-finish
			return exec(t.Context(), q, addOwner, "a")
		})
	}()
	within(t, running, "the function's start")
	go func() {
		defer close(closed)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	select {
	case <-closed:
		t.Fatal("closed under a running Update")
	default:
	}
	close(finish)
	if err := <-updated; err != nil {
		t.Errorf("Update that ran while Close was called: %v", err)
	}
	within(t, closed, "Close")
	s.reopen(t)
	s.wantOwners(t, 1)
}

func testClosed(t *testing.T, s *suite) {
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	ran := func(store.Querier) error { t.Error("function ran on a closed database"); return nil }
	if err := s.Update(t.Context(), ran); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update = %v, want ErrClosed", err)
	}
	if err := s.View(t.Context(), ran); !errors.Is(err, store.ErrClosed) {
		t.Errorf("View = %v, want ErrClosed", err)
	}
}

func testMigrations(t *testing.T, s *suite) {
	for range 2 {
		if _, err := store.Open(t.Context(), s.Driver, quiet()); err != nil {
			t.Fatalf("store.Open: %v", err)
		}
	}
	first := s.count(t, `SELECT count(*) FROM goose_db_version`)
	s.reopen(t)
	if _, err := store.Open(t.Context(), s.Driver, quiet()); err != nil {
		t.Fatalf("store.Open after reopening: %v", err)
	}
	if again := s.count(t, `SELECT count(*) FROM goose_db_version`); again != first || first < 2 {
		t.Errorf("%d steps recorded at first, %d after reopening", first, again)
	}
}

func testNewerSchema(t *testing.T, s *suite) {
	if _, err := store.Open(t.Context(), s.Driver, quiet()); err != nil {
		t.Fatalf("store.Open: %v", err)
	}
	err := s.Migrate(t.Context(), func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, $2)`, 99999, true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), s.Driver, quiet())
	if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "schema 99999") {
		t.Errorf("store.Open = %v, want ErrNewerSchema with both numbers", err)
	}
}
