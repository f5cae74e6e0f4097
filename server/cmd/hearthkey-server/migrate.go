package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/hearthkey/hearthkey/server"
)

type migrating struct {
	Check bool `help:"Only say what would be done."`
	auditFlags
}

func (c migrating) run(ctx context.Context, s streams) error {
	cfg := c.config()
	cfg.Log = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	from, to, err := server.Migrate(ctx, cfg, c.Check)
	switch {
	case err != nil:
		return err
	case from > to:
		return fmt.Errorf("the database has schema %d, and this program knows up to %d: install the newer version again", from, to)
	case from == to:
		fmt.Fprintf(s.out, "The database has schema %d: nothing is to be done.\n", from)
	case c.Check:
		fmt.Fprintf(s.out, "The database has schema %d; this program would bring it to %d. Make a backup before: there is no way back.\n", from, to)
	default:
		fmt.Fprintf(s.out, "The database has schema %d now, after %d.\n", to, from)
	}
	return nil
}
