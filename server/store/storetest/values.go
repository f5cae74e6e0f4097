package storetest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

func testClassify(t *testing.T, s *suite) {
	s.must(t, `INSERT INTO owners (id, lookup) VALUES ('a', 'l')`)
	s.must(t, `INSERT INTO things (owner_id, id) VALUES ('a', 'x')`)
	tests := []struct {
		name, query string
		want        error
	}{
		{"primary key", `INSERT INTO owners (id) VALUES ('a')`, store.ErrExists},
		{"compound primary key", `INSERT INTO things (owner_id, id) VALUES ('a', 'x')`, store.ErrExists},
		{"unique index", `INSERT INTO owners (id, lookup) VALUES ('b', 'l')`, store.ErrExists},
		{"missing parent", `INSERT INTO things (owner_id, id) VALUES ('b', 'x')`, store.ErrReference},
		{"parent with children", `DELETE FROM owners WHERE id = 'a'`, store.ErrReference},
		{"not null", `INSERT INTO things (owner_id, id) VALUES ('a', NULL)`, nil},
		{"syntax", `SELEC`, nil},
		{"text in double quotes is a column", `SELECT "no such column" FROM owners`, nil},
	}
	for _, test := range tests {
		err := s.Update(t.Context(), func(q store.Querier) error { return exec(t.Context(), q, test.query) })
		if err == nil {
			t.Errorf("%s: no error", test.name)
		} else if got := s.Classify(err); got != test.want {
			t.Errorf("%s: Classify(%v) = %v, want %v", test.name, err, got, test.want)
		}
	}
	for _, err := range []error{nil, errOwn} {
		if got := s.Classify(err); got != nil {
			t.Errorf("Classify(%v) = %v, want nil", err, got)
		}
	}
	if got := s.Classify(fmt.Errorf("wrapped: %w", sql.ErrNoRows)); got != store.ErrNotFound {
		t.Errorf("Classify(no rows) = %v, want ErrNotFound", got)
	}
}

func testValues(t *testing.T, s *suite) {
	big := bytes.Repeat([]byte{0, 1, 0xff, 'x'}, 2<<20)
	texts := []string{"", " ", "é e\u0301 👩‍👩‍👧 \u202e", "it's $1 ? \" \\ \n\r\t", strings.Repeat("long ", 1<<20)}
	blobs := [][]byte{{}, {0}, []byte("\x00\xff\xfe"), big}
	numbers := []int64{0, -1, math.MaxInt64, math.MinInt64}
	for i, text := range texts {
		id := fmt.Sprint("text ", i)
		s.must(t, `INSERT INTO owners (id, name) VALUES ($1, $2)`, id, text)
		got := ""
		s.get(t, []any{&got}, `SELECT name FROM owners WHERE id = $1`, id)
		if got != text {
			t.Errorf("text %d of %d bytes came back as %d bytes", i, len(text), len(got))
		}
	}
	for i, n := range numbers {
		id := fmt.Sprint("number ", i)
		s.must(t, `INSERT INTO owners (id, n) VALUES ($1, $2)`, id, n)
		if got := s.count(t, `SELECT n FROM owners WHERE id = $1`, id); got != n {
			t.Errorf("number %d came back as %d", n, got)
		}
	}
	for i, data := range blobs {
		id := fmt.Sprint("blob ", i)
		s.must(t, `INSERT INTO things (owner_id, id, data) VALUES ('text 0', $1, $2)`, id, data)
		var got []byte
		var missing bool
		s.get(t, []any{&got, &missing}, `SELECT data, data IS NULL FROM things WHERE id = $1`, id)
		if !bytes.Equal(got, data) || missing {
			t.Errorf("blob %d of %d bytes came back as %d bytes, NULL: %t", i, len(data), len(got), missing)
		}
	}
	s.must(t, `INSERT INTO things (owner_id, id, data) VALUES ('text 0', 'none', $1)`, []byte(nil))
	if n := s.count(t, `SELECT count(*) FROM things WHERE id = 'none' AND data IS NULL`); n != 1 {
		t.Error("nil bytes were not stored as NULL")
	}
}

func (s *suite) get(t *testing.T, dest []any, query string, args ...any) {
	t.Helper()
	err := s.View(t.Context(), func(q store.Querier) error { return scan(t.Context(), q, dest, query, args...) })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// testSharedSQL tries the phrases that the server's SQL relies on.
func testSharedSQL(t *testing.T, s *suite) {
	s.must(t, `INSERT INTO owners (id, n) VALUES ('a', 1)`)
	err := s.Update(t.Context(), func(q store.Querier) error {
		n, err := number(t.Context(), q, `UPDATE owners SET n = n + 1 WHERE id = $1 RETURNING n`, "a")
		if err == nil && n != 2 {
			t.Errorf("RETURNING gave %d, want 2", n)
		}
		return err
	})
	if err != nil {
		t.Fatalf("UPDATE RETURNING: %v", err)
	}
	s.must(t, `INSERT INTO owners (id, n) VALUES ('a', 5) ON CONFLICT (id) DO UPDATE SET n = excluded.n + owners.n`)
	s.must(t, `INSERT INTO owners (id, n) VALUES ('a', 9) ON CONFLICT DO NOTHING`)
	if n := s.count(t, `SELECT n FROM owners WHERE id = 'a'`); n != 7 {
		t.Errorf("after ON CONFLICT n = %d, want 7", n)
	}
	if n := s.count(t, `SELECT COALESCE(MAX(n), $1) FROM owners WHERE $2 = id AND $2 <> 'b'`, 0, "a"); n != 7 {
		t.Errorf("a parameter used twice: n = %d, want 7", n)
	}
	s.must(t, `INSERT INTO things (owner_id, id) VALUES ('a', 'x'), ('a', 'y'), ('a', 'z')`)
	if n := s.count(t, `SELECT COUNT(*) FROM things WHERE (owner_id, id) < ($1, $2)`, "a", "y"); n != 1 {
		t.Errorf("%d rows before one by two columns, want 1", n)
	}
	s.must(t, `DELETE FROM things WHERE (owner_id, id) IN (SELECT owner_id, id FROM things ORDER BY id LIMIT $1)`, 2)
	if n := s.count(t, `SELECT COUNT(*) FROM things`); n != 1 {
		t.Errorf("%d rows left after the removal of two of three", n)
	}
	err = s.View(t.Context(), func(q store.Querier) error {
		_, err := number(t.Context(), q, `SELECT n FROM owners WHERE id = $1`, "nobody")
		if !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("no row = %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
