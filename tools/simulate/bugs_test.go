package main

import (
	"context"
	"database/sql"
	"flag"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hearthkey/hearthkey/server/store"
)

// sqlBug plants a fault in statements: wherever a text is found it is replaced.
type sqlBug struct {
	name  string
	texts [][2]string
	sees  string // part of what the judge says; empty: anything
	first uint64 // seed of the history that found it
}

var sqlBugs = []sqlBug{
	{"an approval does not look whether the browser is signed out", [][2]string{
		{" AND w.generation = a.generation", ""}, {" AND w.generation = accounts.generation", ""}, {"a.generation = w.generation", "1 = 1"},
	}, "a sign-out everywhere", 27},
	{"a sign-in does not look whether it was signed out meanwhile", [][2]string{{"generation = $4 AND password", "$4 > 0 AND password"}}, "", 57},
	{"devices do not hear of a sign-out everywhere", [][2]string{{"a.generation, a.ended_by", "d.generation, a.ended_by"}}, "answered with success", 1},
	{"polls do not see changes", [][2]string{
		{"version = version + 1, updated = $2", "version = version + 1, updated = updated + 0 * $2"},
		{"version = version + 1, updated = $3", "version = version + 1, updated = updated + 0 * $3"},
		{"version = version + 1, updated = $5", "version = version + 1, updated = updated + 0 * $5"},
	}, "", 102},
	{"grants over a connection that crashed are forgotten", [][2]string{
		{"CASE WHEN connected = 1 THEN $6 ELSE last_grant END", "last_grant"},
	}, "the board said", 582},
	{"the last grant of a connection is not written down", [][2]string{
		{"CASE WHEN last_grant < $5 THEN $5 ELSE last_grant END", "last_grant + 0 * $5"},
	}, "the board said", 34},
	{"the end of an old connection is taken for that of the new one", [][2]string{{"AND conn = $4 AND connected = 1", "AND $4 > 0 AND connected = 1"}}, "the board said", 12},
	{"any receipt confirms", [][2]string{{"applied_status = $4", "applied_status = CASE WHEN $4 = '' THEN '' ELSE 'deactivated' END"}}, "the board says confirmed", 1},
	{"nobody counts an account's streams", [][2]string{{"s.until > $2", "s.until < $2 - 1000000000"}}, "play, and", 80},
	{"nobody counts an account's devices", [][2]string{{"AND d.status = 'active' AND d.device_id <> $2", "AND d.status = 'none' AND d.device_id <> $2"}}, "signed in, and may have", 5},
	{"a lock keeps nobody out", [][2]string{{"l WHERE l.account_id = $1)", "l WHERE l.account_id = $1 AND l.operator = '')"}}, "locked account", 41},
	{"a TV goes to another account and stays in the first", [][2]string{{"UPDATE SET account_id = $3,\n\t\t\tepoch", "UPDATE SET account_id = device_index.account_id,\n\t\t\tepoch"}}, "", 455},
	{"a deactivated device's place is kept", [][2]string{{"UPDATE devices SET ip = '', place = ''", "UPDATE devices SET ip = ip, place = place"}}, "still knows where", 1},
	{"where a stolen TV was is not written down", [][2]string{{"$5, $6, $7, $8, $9, $10)\n\t\tON CONFLICT (account_id, device_id, seq) DO UPDATE SET conn", "$5, $6, $7, $8, '', $10 || substr($9, 1, 0))\n\t\tON CONFLICT (account_id, device_id, seq) DO UPDATE SET conn"}}, "is stolen and", 13},
	{"an end date of before is kept at the next sign-in", [][2]string{{"ends = excluded.ends, ends_held", "ends = devices.ends + 0 * excluded.ends, ends_held"}}, "end date", 9},
	{"the board counts on an end date that was set later", [][2]string{{"SET ends = $4, ends_held = $5", "SET ends = $4, ends_held = 1 + 0 * $5"}}, "the board said", 457},
	{"a sign-out of everyone leaves accounts out", [][2]string{{"account_id > $1 AND created <= $2", "account_id > $1 AND account_id LIKE '%1' AND created <= $2"}}, "", 33},
	{"an end is forgotten at the next connection", [][2]string{{"connected = 1, node_id = $4", "status = 'active', connected = 1, node_id = $4"}}, "", 13},
}

var allPlanted = flag.Bool("planted", false, "plant all bugs, not only those that are found at once")

// tries is how many histories may pass until a planted bug is found.
const tries = 2000

// atOnce is up to what history a bug counts as found at once.
const atOnce = 40

// TestPlantedBugs: the judge finds each.
func TestPlantedBugs(t *testing.T) {
	for _, b := range []struct {
		bug   bug
		sees  string
		first uint64
	}{
		{lateSync, "", 1},
		{keptCache, "its disk still holds", 1},
		{olderStates, "", 10},
		{forgottenProofs, "does not say confirmed", 118},
		{forgottenCounts, "", 14},
		{frozenBoots, "the board said", 3260},
		{stoppedClock, "", 94},
		{carelessGrants, "the board said", 574},
		{deafPolls, "", 50},
		{forgottenThefts, "stolen", 370},
		{longLeases, "the board said", 843},
		{deafLists, "", 5},
		{keptGrants, "plays by a grant", 11},
		{deafKeys, "", 5},
		{hastyGrants, "after its sign-in had ended", 203},
		{oldAnswers, "a play grant stands", 19},
	} {
		t.Run(string(b.bug), func(t *testing.T) {
			t.Parallel()
			finds(t, b.bug, nil, func() bool { return true }, b.sees, b.first)
		})
	}
	for _, b := range sqlBugs {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			hits := make([]*atomic.Int64, len(b.texts))
			for i := range hits {
				hits[i] = new(atomic.Int64)
			}
			all := func() bool {
				return !slices.ContainsFunc(hits, func(n *atomic.Int64) bool { return n.Load() == 0 })
			}
			finds(t, none, func(d store.Driver) store.Driver { return planted{d, b.texts, hits} }, all, b.sees, b.first)
			for i := range hits {
				if hits[i].Load() == 0 {
					t.Errorf("no statement has %q: the bug was not planted", b.texts[i][0])
				}
			}
		})
	}
}

// finds plays histories until all of the bug was planted and one is broken, and
// holds the judge to seeing what the bug does.
func finds(t *testing.T, b bug, wrap func(store.Driver) store.Driver, planted func() bool, sees string, first uint64) {
	t.Helper()
	if first > atOnce && !*allPlanted {
		t.Skip("planted by make reliability: -args -planted")
	}
	dir, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := newLab(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.wrap = wrap
	other := ""
	for i := range uint64(tries) {
		seed := first + i
		switch v := play(l, seed, b, nil, nil); {
		case v.wrong == "" || !planted():
		case strings.Contains(v.wrong, sees) && !strings.HasPrefix(v.wrong, "panic"):
			t.Logf("found by history %d: %s", seed, v.wrong)
			return
		default:
			other = v.wrong
		}
	}
	t.Errorf("not found in %d histories; the last fault was %q", tries, other)
}

// planted is a driver with a fault in its statements.
type planted struct {
	store.Driver
	texts [][2]string
	hits  []*atomic.Int64
}

func (p planted) Update(ctx context.Context, fn func(store.Querier) error) error {
	return p.Driver.Update(ctx, func(q store.Querier) error { return fn(changed{q, p}) })
}

func (p planted) View(ctx context.Context, fn func(store.Querier) error) error {
	return p.Driver.View(ctx, func(q store.Querier) error { return fn(changed{q, p}) })
}

func (p planted) in(query string) string {
	for i, text := range p.texts {
		if strings.Contains(query, text[0]) {
			p.hits[i].Add(1)
			query = strings.ReplaceAll(query, text[0], text[1])
		}
	}
	return query
}

// changed is a transaction of planted.
type changed struct {
	store.Querier
	p planted
}

func (c changed) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.Querier.ExecContext(ctx, c.p.in(query), args...)
}

func (c changed) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.Querier.QueryContext(ctx, c.p.in(query), args...)
}
