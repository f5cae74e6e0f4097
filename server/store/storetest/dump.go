package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// Dump returns every row of a database, by table and in an order that
// does not depend on when it was written: for tests of what must leave the
// state as it was.
func Dump(tb testing.TB, driver store.Driver) map[string][]string {
	tb.Helper()
	out := map[string][]string{}
	err := driver.View(context.Background(), func(q store.Querier) error {
		tables, err := texts(q, tablesQuery[driver.Dialect()])
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

// Columns returns the columns of every table of a database, each with what it holds:
// "name TYPE", "NOT NULL" and "KEY" for one of the primary key, in the words of
// PostgreSQL. A table's indexes stand below its name and "/".
func Columns(tb testing.TB, driver store.Driver) map[string][]string {
	tb.Helper()
	out := map[string][]string{}
	err := driver.View(context.Background(), func(q store.Querier) error {
		for _, query := range columnsQuery[driver.Dialect()] {
			rows, err := q.QueryContext(context.Background(), query)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var table, column string
				if err := rows.Scan(&table, &column); err != nil {
					return err
				}
				out[table] = append(out[table], column)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	for _, columns := range out {
		slices.Sort(columns)
	}
	return out
}

// columnsQuery asks for the columns, and then for the indexes, of all tables but those
// of the migrations' own.
var columnsQuery = map[store.Dialect][]string{
	store.SQLite: {`SELECT m.name, c.name || ' ' || replace(c.type, 'BLOB', 'BYTEA') || CASE WHEN c."notnull" = 1 THEN ' NOT NULL' ELSE '' END
			|| CASE WHEN c.pk > 0 THEN ' KEY' ELSE '' END
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'`,
		`SELECT tbl_name || '/', name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%'`},
	store.Postgres: {`SELECT CAST(c.table_name AS TEXT), c.column_name || ' ' || upper(c.data_type) || CASE WHEN c.is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END
			|| CASE WHEN k.column_name IS NOT NULL THEN ' KEY' ELSE '' END
		FROM information_schema.columns c LEFT JOIN (information_schema.key_column_usage k JOIN information_schema.table_constraints p
				ON p.table_schema = k.table_schema AND p.constraint_name = k.constraint_name AND p.constraint_type = 'PRIMARY KEY')
			ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
		WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE 'goose%'`,
		`SELECT tablename || '/', CAST(indexname AS TEXT) FROM pg_indexes WHERE schemaname = current_schema() AND tablename NOT LIKE 'goose%'
			AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'`},
}

// tablesQuery asks for the names of all tables.
var tablesQuery = map[store.Dialect]string{
	store.SQLite:   `SELECT name FROM sqlite_master WHERE type = 'table'`,
	store.Postgres: `SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> 'goose_lock'`,
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
