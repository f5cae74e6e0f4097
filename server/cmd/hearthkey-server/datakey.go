package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/hearthkey/hearthkey/server"
)

type rotatingKeys struct {
	auditFlags
}

func (c rotatingKeys) run(ctx context.Context, s streams) error {
	cfg := c.config()
	cfg.Log = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := server.RotateDataKey(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Everything is sealed by a new %s/keys/data.key: %d values. Copy it to every server and to where the keys are kept, then start.\n", c.Data, n)
	fmt.Fprintln(s.out, "The one before is in keys/data.key.before-…: it opens backups of before and nothing else. Keep it with those, not here.")
	return nil
}
