package main

import (
	"context"
	"database/sql"
	"flag"
	"os"
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
	}, "a sign-out everywhere", 652},
	{"a sign-in does not look whether it was signed out meanwhile", [][2]string{{"generation = $4 AND password", "$4 > 0 AND password"}}, "", 260},
	{"devices do not hear of a sign-out everywhere", [][2]string{{"a.generation, a.ended_by", "d.generation, a.ended_by"}}, "answered with success", 1},
	{"polls do not see changes", [][2]string{
		{"version = version + 1, updated = $2", "version = version + 1, updated = updated + 0 * $2"},
		{"version = version + 1, updated = $3", "version = version + 1, updated = updated + 0 * $3"},
		{"version = version + 1, updated = $5", "version = version + 1, updated = updated + 0 * $5"},
	}, "", 1},
	{"grants over a connection that crashed are forgotten", [][2]string{
		{"CASE WHEN connected = 1 THEN $6 ELSE last_grant END", "last_grant"},
	}, "the board said", 192},
	{"the last grant of a connection is not written down", [][2]string{
		{"CASE WHEN last_grant < $5 THEN $5 ELSE last_grant END", "last_grant + 0 * $5"},
	}, "the board said", 44},
	{"the end of an old connection is taken for that of the new one", [][2]string{{"AND conn = $4 AND connected = 1", "AND $4 > 0 AND connected = 1"}}, "the board said", 18},
	{"any receipt confirms", [][2]string{{"applied_status = $4", "applied_status = CASE WHEN $4 = '' THEN '' ELSE 'deactivated' END"}}, "the board says confirmed", 1},
	{"an end is forgotten at the next connection", [][2]string{{"connected = 1, node_id = $4", "status = 'active', connected = 1, node_id = $4"}}, "", 1},
}

var allPlanted = flag.Bool("planted", false, "plant all bugs, not only those that are found at once")

// tries is how many histories may pass until a planted bug is found.
const tries = 1500

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
		{olderStates, "", 1},
		{forgottenProofs, "does not say confirmed", 16},
		{forgottenCounts, "", 1},
		{frozenBoots, "the board said", 664},
		{stoppedClock, "the board said", 326},
		{carelessGrants, "the board said", 699},
		{deafPolls, "", 33},
	} {
		t.Run(string(b.bug), func(t *testing.T) {
			t.Parallel()
			finds(t, b.bug, nil, b.sees, b.first)
		})
	}
	for _, b := range sqlBugs {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			hits := make([]atomic.Int64, len(b.texts))
			finds(t, none, func(d store.Driver) store.Driver { return planted{d, b.texts, hits} }, b.sees, b.first)
			for i := range hits {
				if hits[i].Load() == 0 {
					t.Errorf("no statement has %q: the bug was not planted", b.texts[i][0])
				}
			}
		})
	}
}

// finds plays histories until one is broken, and holds the judge to seeing what
// the bug does.
func finds(t *testing.T, b bug, wrap func(store.Driver) store.Driver, sees string, first uint64) {
	t.Helper()
	if first > atOnce && !*allPlanted {
		t.Skip("takes longer: -args -planted")
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
		seed := (first+i-1)%tries + 1
		switch v := play(l, seed, b, nil, nil); {
		case v.wrong == "":
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
	hits  []atomic.Int64
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
