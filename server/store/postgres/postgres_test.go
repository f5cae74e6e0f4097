package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
)

func mustOpen(t *testing.T, cfg Config) *Driver {
	t.Helper()
	d, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func update(ctx context.Context, d *Driver, query string, args ...any) error {
	return d.Update(ctx, func(q store.Querier) error {
		_, err := q.ExecContext(ctx, query, args...)
		return err
	})
}

func mustUpdate(t *testing.T, d *Driver, query string, args ...any) {
	t.Helper()
	if err := update(t.Context(), d, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// number reads the one number that query asks for.
func number(t *testing.T, d *Driver, query string) (n int64) {
	t.Helper()
	err := d.View(t.Context(), func(q store.Querier) error {
		rows, err := q.QueryContext(t.Context(), query)
		if err != nil {
			return err
		}
		defer rows.Close()
		rows.Next()
		return errors.Join(rows.Scan(&n), rows.Err())
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// with changes an address's query.
func with(address string, change func(url.Values)) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return u.String()
}

// Whatever is wrong with an address is said by a sentinel, and never with its
// password.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	c, good := pgcluster.Shared(t), pgcluster.Database(t)
	if err := c.Do(t.Context(), "postgres", "CREATE ROLE guest LOGIN", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Do(context.Background(), "postgres", "DROP DATABASE latin", "DROP ROLE guest"); err != nil {
			t.Error(err)
		}
	})
	const secret = "hunter2hunter2"
	tests := []struct {
		name, url string
		want      error
	}{
		{"empty", "", ErrURL},
		{"not an address", "postgres://user:" + secret + "@[::1/x", ErrURL},
		{"a file", "file:///x", ErrURL},
		{"words", "host=x password=" + secret, ErrURL},
		{"a broken escape", "postgres://user:" + secret + "%zz@127.0.0.1/x", ErrURL},
		{"no database", "postgres://user:" + secret + "@127.0.0.1/", ErrURL},
		{"too many connections", good + "&pool_max_conns=5000", ErrURL},
		{"too few connections", good + "&pool_max_conns=1", ErrURL},
		{"connections that are none", good + "&pool_max_conns=many", ErrURL},
		{"an unknown sslmode", "postgres://user:" + secret + "@127.0.0.1/x?sslmode=perhaps", ErrURL},
		{"too long", "postgres://user:" + secret + "@127.0.0.1/" + strings.Repeat("x", 5000), ErrURL},
		{"another machine without TLS", "postgres://user:" + secret + "@db.example/x", ErrPlain},
		{"another address without TLS", "postgres://user:" + secret + "@192.0.2.1/x", ErrPlain},
		{"nobody listens", "postgres://user:" + secret + "@127.0.0.1:9/x", ErrUnreachable},
		{"no such socket", "postgres:///x?host=/nowhere&user=u&password=" + secret, ErrUnreachable},
		{"no such database", c.URL("nothing"), ErrNoDatabase},
		{"no such user", with(good, func(q url.Values) { q.Set("user", "stranger"); q.Set("password", secret) }), ErrRefused},
		{"not UTF-8", c.URL("latin"), ErrEncoding},
	}
	for _, test := range tests {
		d, err := Open(t.Context(), Config{URL: test.url})
		if err == nil {
			d.Close()
		}
		if !errors.Is(err, test.want) || strings.Contains(fmt.Sprintf("%v %#v", err, err), secret) {
			t.Errorf("%s: %v, want %v without the password", test.name, err, test.want)
		}
	}
	// Who may read and not write gets a word too.
	d := mustOpen(t, Config{URL: with(good, func(q url.Values) { q.Set("user", "guest") })})
	if _, err := store.Open(t.Context(), d, slog.New(slog.DiscardHandler)); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("without the right to make tables: %v, want ErrReadOnly", err)
	}
}

func TestName(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://anna:secret@db.example:5433/hk?sslmode=require": "db.example:5433/hk",
		"postgresql:///hk?host=/run/pg&password=secret":             "/run/pg/hk",
		"postgres://anna:sec%zzret@db.example/hk":                   "database",
		"secret": "database",
	} {
		if got := Name(address); got != want {
			t.Errorf("Name(%q) = %q, want %q", address, got, want)
		}
	}
}

// FuzzParse: no address makes a panic, and no error shows a password.
func FuzzParse(f *testing.F) {
	f.Add("db.example", "hk", "sslmode=require&pool_max_conns=9")
	f.Fuzz(func(t *testing.T, host, database, query string) {
		const secret = "hunter2hunter2"
		_, conns, err := parse("postgres://anna:" + secret + "@" + host + "/" + database + "?" + query)
		if err != nil && strings.Contains(err.Error(), secret) && !strings.Contains(host+database+query, secret) {
			t.Errorf("%v shows the password", err)
		}
		if err == nil && (conns < 2 || conns > maxConns) {
			t.Errorf("%d connections", conns)
		}
	})
}

// Servers that start together on an empty database make one schema.
func TestMigrationsTogether(t *testing.T) {
	address := pgcluster.Database(t)
	var starting sync.WaitGroup
	for range 5 {
		starting.Go(func() {
			d := mustOpen(t, Config{URL: address})
			if _, err := store.Open(t.Context(), d, slog.New(slog.DiscardHandler)); err != nil {
				t.Errorf("store.Open: %v", err)
			}
		})
	}
	starting.Wait()
	d := mustOpen(t, Config{URL: address})
	if doubled := number(t, d, `SELECT COUNT(*) - COUNT(DISTINCT version_id) FROM goose_db_version`); doubled != 0 {
		t.Errorf("%d steps were made twice", doubled)
	}
}

// A database that is restarted, or crashes, in the middle costs no acknowledged
// change and, while it comes back in time, no error.
func TestRestartLosesNothing(t *testing.T) {
	c, err := pgcluster.Start(t.Context(), pgcluster.Settings{"fsync": "off"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	d := mustOpen(t, Config{URL: c.URL("postgres")})
	mustUpdate(t, d, `CREATE TABLE t (n BIGINT NOT NULL PRIMARY KEY)`)
	ctx, stop := context.WithCancel(t.Context())
	var (
		writing sync.WaitGroup
		mu      sync.Mutex
		acked   = map[int64]bool{}
		unknown int
	)
	for w := range int64(4) {
		writing.Go(func() {
			for n := w; ctx.Err() == nil; n += 4 {
				one, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				err := update(one, d, `INSERT INTO t (n) VALUES ($1)`, n)
				cancel()
				mu.Lock()
				switch {
				case err == nil:
					acked[n] = true
				case errors.Is(err, store.ErrIO): // the COMMIT's answer was lost
					unknown++
				default:
					t.Errorf("Update: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	for _, again := range []func(context.Context) error{c.Restart, c.Crash, c.Restart} {
		wait(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(acked)%50 > 20 })
		if err := again(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	writing.Wait()
	there := number(t, d, `SELECT COUNT(*) FROM t`)
	if there < int64(len(acked)) || there > int64(len(acked)+unknown) {
		t.Errorf("%d rows, %d acknowledged, %d unknown", there, len(acked), unknown)
	}
	if unknown > 4*3 {
		t.Errorf("%d outcomes unknown", unknown)
	}
}

func wait(t *testing.T, done func() bool) {
	t.Helper()
	for tick, end := time.NewTicker(5*time.Millisecond), time.Now().Add(20*time.Second); !done(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("still waiting after 20 s")
		}
	}
}

// More that wait than the queue takes are refused at once.
func TestFullQueue(t *testing.T) {
	d := mustOpen(t, Config{URL: pgcluster.Database(t) + "&pool_max_conns=2", Queue: 1})
	held, release := make(chan struct{}), make(chan struct{})
	var updates sync.WaitGroup
	updates.Go(func() {
		if err := d.Update(t.Context(), func(store.Querier) error { close(held); <-release; return nil }); err != nil {
			t.Errorf("Update: %v", err)
		}
	})
	<-held
	updates.Go(func() {
		if err := d.Update(t.Context(), func(store.Querier) error { return nil }); err != nil {
			t.Errorf("Update that waited: %v", err)
		}
	})
	wait(t, func() bool { return d.waiting.Load() == 1 })
	if err := d.Update(t.Context(), func(store.Querier) error { return nil }); !errors.Is(err, store.ErrBusy) {
		t.Errorf("Update = %v, want ErrBusy", err)
	}
	close(release)
	updates.Wait()
}

// TestSkew: the database runs on this machine's clock.
func TestSkew(t *testing.T) {
	d := mustOpen(t, Config{URL: pgcluster.Database(t)})
	if skew, err := d.Skew(t.Context()); err != nil || skew.Abs() > time.Second {
		t.Errorf("Skew = %v, %v", skew, err)
	}
}
