package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// Dump returns every row of an SQLite database, by table and in an order that
// does not depend on when it was written: for tests of what must leave the
// state as it was.
func Dump(tb testing.TB, driver store.Driver) map[string][]string {
	tb.Helper()
	out := map[string][]string{}
	err := driver.View(context.Background(), func(q store.Querier) error {
		tables, err := texts(q, `SELECT name FROM sqlite_master WHERE type = 'table'`)
		for _, table := range tables {
			if out[table], err = texts(q, `SELECT * FROM "`+table+`"`); err != nil {
				return err
			}
			slices.Sort(out[table])
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// texts returns the rows of an answer, each as text.
func texts(q store.Querier, query string) (out []string, err error) {
	rows, err := q.QueryContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := values[0].String
		for _, v := range values[1:] {
			row += fmt.Sprintf(" | %q", v.String)
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
