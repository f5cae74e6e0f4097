package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/postgres/pgcluster"
)

// commitScript is for pgbench what measurePostgres has the store do: one row of the
// caller's own in a transaction of its own, but at PostgreSQL's usual isolation.
const commitScript = `BEGIN;
INSERT INTO throttles (scope, subject, count, since, until) VALUES ('pgbench', CAST(CAST(:client_id AS TEXT) AS BYTEA), 1, 1, 0)
	ON CONFLICT (scope, subject) DO UPDATE SET count = throttles.count + 1, since = 2, until = 0;
END;
`

// measurePostgres counts durable, serializable transactions of the store on a
// throw-away PostgreSQL beside pgbench's on the same one.
func measurePostgres(ctx context.Context, s *shop) (_ []Figure, err error) {
	dir, err := s.folder()
	if err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "commit.sql")
	if err := os.WriteFile(script, []byte(commitScript), 0o600); err != nil {
		return nil, err
	}
	cluster, err := pgcluster.Start(ctx, pgcluster.Settings{"max_connections": "200"})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	driver, err := postgres.Open(ctx, postgres.Config{URL: cluster.URL("postgres") + "&pool_max_conns=56"}) // 32 that write
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, driver, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, errors.Join(err, driver.Close())
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	n := make([]int, commitCallers)
	var ours, bench []float64
	for range max(s.rounds(5), 2) {
		rate, err := together(ctx, commitCallers, time.Second, func(ctx context.Context, caller int) error {
			n[caller]++
			row := store.ThrottleRow{Scope: "bench", Subject: []byte(strconv.Itoa(caller)), Count: n[caller], Since: time.Now()}
			return db.Update(ctx, func(tx *store.Tx) error { return tx.SetThrottle(row) })
		})
		if err != nil {
			return nil, err
		}
		ours = append(ours, rate)
		if rate, err = pgbench(ctx, cluster, script); err != nil {
			return nil, err
		}
		bench = append(bench, rate)
	}
	return []Figure{{"postgres.commits_32_callers", median(ours), "1/s", median(bench), Target{ratioAtLeast, 0.6}}}, nil
}

var tps = regexp.MustCompile(`(?m)^tps = ([0-9.]+) `)

// pgbench runs a script by as many callers for a second and returns the rate.
func pgbench(ctx context.Context, c *pgcluster.Cluster, script string) (float64, error) {
	cmd := exec.CommandContext(ctx, c.Program("pgbench"), "--no-vacuum", "--client", strconv.Itoa(commitCallers), "--jobs", "2", "--protocol", "prepared",
		"--time", "1", "--file", script, c.URL("postgres"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	found := tps.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench says no rate: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
