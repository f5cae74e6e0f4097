package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

var errOwn = errors.New("the function's own error")

func testErrorRollsBack(t *testing.T, s *suite) {
	err := s.Update(t.Context(), func(q store.Querier) error {
		if err := exec(t.Context(), q, addOwner, "a"); err != nil {
			return err
		}
		return errOwn
	})
	if !errors.Is(err, errOwn) {
		t.Errorf("Update = %v, want the function's own error", err)
	}
	s.wantOwners(t, 0)
	s.must(t, addOwner, "b")
	s.wantOwners(t, 1)
}

func testPanic(t *testing.T, s *suite) {
	func() {
		defer func() {
			if got := recover(); got != "of the function" {
				t.Errorf("recovered %v, want the function's own panic", got)
			}
		}()
		s.Update(t.Context(), func(q store.Querier) error {
			if err := exec(t.Context(), q, addOwner, "a"); err != nil {
				return err
			}
			panic("of the function")
		})
	}()
	s.wantOwners(t, 0)
	s.must(t, addOwner, "b")
	func() {
		defer func() { recover() }()
		s.View(t.Context(), func(store.Querier) error { panic("in a view") })
	}()
	s.wantOwners(t, 1)
}

func testGoexit(t *testing.T, s *suite) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Update(t.Context(), func(q store.Querier) error {
			if err := exec(t.Context(), q, addOwner, "a"); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
	}()
	within(t, done, "a function that exits")
	s.must(t, addOwner, "b")
	s.wantOwners(t, 1)
}

func testOwnWrites(t *testing.T, s *suite) {
	err := s.Update(t.Context(), func(q store.Querier) error {
		for i := range 3 {
			if err := exec(t.Context(), q, addOwner, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		n, err := number(t.Context(), q, `SELECT count(*) FROM owners`)
		if err == nil && n != 3 {
			t.Errorf("sees %d of its own 3 rows", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testSnapshot(t *testing.T, s *suite) {
	s.must(t, addOwner, "a")
	err := s.View(t.Context(), func(q store.Querier) error {
		before, err := number(t.Context(), q, `SELECT count(*) FROM owners`)
		if err != nil {
			return err
		}
		s.must(t, addOwner, "b") // a View blocks no Update
		after, err := number(t.Context(), q, `SELECT count(*) FROM owners`)
		if before != 1 || after != 1 {
			t.Errorf("view saw %d, then %d rows, want 1 both times", before, after)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.wantOwners(t, 2)

	err = s.Update(t.Context(), func(q store.Querier) error {
		if err := exec(t.Context(), q, addOwner, "c"); err != nil {
			return err
		}
		s.wantOwners(t, 2) // another's View does not see what is not committed
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testReadYourWrites(t *testing.T, s *suite) {
	for i := range int64(50) {
		s.must(t, addOwner, fmt.Sprint(i))
		s.wantOwners(t, i+1)
	}
}

func testViewReadOnly(t *testing.T, s *suite) {
	err := s.View(t.Context(), func(q store.Querier) error { return exec(t.Context(), q, addOwner, "a") })
	if err == nil || s.Classify(err) != store.ErrReadOnly {
		t.Errorf("writing in a View = %v, class %v, want ErrReadOnly", err, s.Classify(err))
	}
	s.wantOwners(t, 0)
	s.must(t, addOwner, "b")
}

func testReopen(t *testing.T, s *suite) {
	for i := range 20 {
		s.must(t, addOwner, fmt.Sprint(i))
	}
	s.reopen(t)
	s.wantOwners(t, 20)
	s.must(t, addOwner, "after")
	s.wantOwners(t, 21)
}

// testConcurrentCounters reads, then writes: without serializable transactions
// it loses counts.
func testConcurrentCounters(t *testing.T, s *suite) {
	const callers, rounds = 16, 25
	s.must(t, addOwner, "a")
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range rounds {
				err := s.Update(t.Context(), func(q store.Querier) error {
					n, err := number(t.Context(), q, `SELECT n FROM owners WHERE id = $1`, "a")
					if err != nil {
						return err
					}
					return exec(t.Context(), q, `UPDATE owners SET n = $1 WHERE id = $2`, n+1, "a")
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := s.count(t, `SELECT n FROM owners WHERE id = $1`, "a"); got != callers*rounds {
		t.Errorf("counted %d, want %d", got, callers*rounds)
	}
}

// testIndependence has many transactions at once, of which some fail in
// different ways: exactly the others must remain.
func testIndependence(t *testing.T, s *suite) {
	s.must(t, addOwner, "taken")
	var wg sync.WaitGroup
	for i := range 120 {
		wg.Go(func() {
			err := s.Update(t.Context(), func(q store.Querier) error {
				if err := exec(t.Context(), q, addOwner, fmt.Sprint(i)); err != nil {
					return err
				}
				return misfortune(t.Context(), q, i)
			})
			if (err == nil) != (i%4 == 0) {
				t.Errorf("Update %d = %v", i, err)
			}
		})
	}
	wg.Wait()
	s.wantOwners(t, 1+30)
	if n := s.count(t, `SELECT count(*) FROM owners WHERE id <> 'taken' AND CAST(id AS BIGINT) % 4 <> 0`); n != 0 {
		t.Errorf("%d rows of failed transactions remain", n)
	}
}

func misfortune(ctx context.Context, q store.Querier, i int) error {
	switch i % 4 {
	case 1:
		return errOwn
	case 2:
		return exec(ctx, q, addOwner, "taken")
	case 3:
		return exec(ctx, q, `INSERT INTO things (owner_id, id) VALUES ('nobody', 'x')`)
	}
	return nil
}

func testEndedContext(t *testing.T, s *suite) {
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	ran := func(store.Querier) error { t.Error("function ran although its context had ended"); return nil }
	if err := s.Update(ctx, ran); !errors.Is(err, cause) {
		t.Errorf("Update = %v, want the context's cause", err)
	}
	if err := s.View(ctx, ran); !errors.Is(err, cause) {
		t.Errorf("View = %v, want the context's cause", err)
	}
}

func testContextEndsWithin(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(q store.Querier) error {
		if err := exec(ctx, q, addOwner, "a"); err != nil {
			return err
		}
		cancel()
		return exec(ctx, q, addOwner, "b")
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want context.Canceled", err)
	}
	s.wantOwners(t, 0)
	s.must(t, addOwner, "c")
}
