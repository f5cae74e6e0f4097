package servertest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// Engine is what the tests' databases are: SQLite, or, where the environment's
// HEARTHKEY_TEST_DATABASE says postgres, a throw-away PostgreSQL.
func Engine(tb testing.TB) store.Dialect {
	tb.Helper()
	switch name := os.Getenv("HEARTHKEY_TEST_DATABASE"); name {
	case "", "sqlite":
		return store.SQLite
	case "postgres":
		return store.Postgres
	default:
		tb.Fatalf("HEARTHKEY_TEST_DATABASE is %q, want sqlite or postgres", name)
		return ""
	}
}

// OnlySQLite skips a test of what SQLite alone has, such as its file.
func OnlySQLite(tb testing.TB, what string) {
	tb.Helper()
	if Engine(tb) != store.SQLite {
		tb.Skip("on SQLite alone: " + what)
	}
}

// Driver opens a database of [Engine] that belongs to the test. One in PostgreSQL has
// the schema already, which saves most of the time. Whoever asks closes it.
func Driver(tb testing.TB) store.Driver {
	tb.Helper()
	ctx := context.Background()
	if url := URL(tb); url != "" {
		return openPostgres(ctx, tb, url)
	}
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(tb.TempDir(), "test.db")})
	if err != nil {
		tb.Fatal(err)
	}
	return driver
}

// URL makes a database that belongs to the test and returns its address: empty for
// SQLite, whose file is in a server's folder.
func URL(tb testing.TB) string {
	tb.Helper()
	if Engine(tb) == store.SQLite {
		return ""
	}
	return Postgres(tb)
}

// Postgres makes a PostgreSQL database with the schema that belongs to the test,
// whatever [Engine] is.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return pgcluster.Copy(tb, "hearthkey", func(url string) error {
		driver := openPostgres(context.Background(), tb, url)
		db, err := store.Open(context.Background(), driver, slog.New(slog.DiscardHandler))
		if err != nil {
			driver.Close()
			return err
		}
		return db.Close()
	})
}

func openPostgres(ctx context.Context, tb testing.TB, url string) store.Driver {
	tb.Helper()
	driver, err := postgres.Open(ctx, postgres.Config{URL: url})
	if err != nil {
		tb.Fatal(err)
	}
	return driver
}

// errAgain is why a [rerun]'s first run is undone.
var errAgain = errors.New("servertest: once more")

// rerun is a driver that runs every Update twice, the first time for nothing: as
// after a conflict, which may come at any time. What a function leaves behind
// outside of its transaction shows then. DB uses it where the environment's
// HEARTHKEY_TEST_TWICE is set.
type rerun struct{ store.Driver }

// Update implements store.Driver.
func (r rerun) Update(ctx context.Context, fn func(store.Querier) error) error {
	err := r.Driver.Update(ctx, func(q store.Querier) error {
		if err := fn(q); err != nil {
			return err
		}
		return errAgain
	})
	if err != nil && !errors.Is(err, errAgain) {
		return err
	}
	return r.Driver.Update(ctx, fn)
}
