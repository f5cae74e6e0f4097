package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
)

// stopped is how long nobody has written a sign of life where no server runs.
const stopped = 30 * time.Second

// Replay makes the PostgreSQL database of cfg, which its own tools restored from a
// backup, the database of now: what [Restore] does for a file (product rule O4). No
// server must run. journals are the journals of all nodes; where there is none it
// refuses, unless without is set. It may be called again.
func Replay(ctx context.Context, cfg Config, journals []string, without bool) (Restored, error) {
	if cfg.Database == "" {
		return Restored{}, operator(nil, "replay-deletions is for --database: a backup of a database file is put in its place by restore.")
	}
	set, err := cfg.check()
	if err != nil {
		return Restored{}, err
	}
	r := restoring{settings: set, now: set.Now()}
	for _, file := range journals {
		r.Deletions = file
		if err := r.readJournal(false); err != nil {
			return Restored{}, err
		}
	}
	if len(journals) == 0 && !without {
		return Restored{}, operator(nil, "Without the journals of deletions what was deleted after the backup would come back: give each node's with --deletions, or give --without-deletions if they are lost.")
	}
	driver, explain, err := openDriver(ctx, set)
	if err != nil {
		return Restored{}, err
	}
	defer driver.Close()
	if err := nobodyServes(ctx, driver, r.now); err != nil {
		return Restored{}, explain(err)
	}
	err = r.prepare(ctx, driver, nil)
	switch {
	case errors.Is(err, store.ErrDamaged):
		return Restored{}, operator(err, "There is nothing in the database %s: restore the backup into it first.", postgres.Name(set.Database))
	case err != nil:
		return Restored{}, explain(err)
	}
	return r.done, nil
}

// nobodyServes fails where a server has written a sign of life a moment ago.
func nobodyServes(ctx context.Context, driver store.Driver, now time.Time) error {
	last, err := store.LastHeartbeat(ctx, driver)
	if err != nil {
		return fmt.Errorf("look for servers: %w", err)
	}
	if age := now.Sub(last); age > -stopped && age < stopped {
		return operator(nil, "A hearthkey-server of this database gave a sign of life %d s ago: stop all of them, wait half a minute, and try again. Nothing was changed.", int(age.Seconds()))
	}
	return nil
}
