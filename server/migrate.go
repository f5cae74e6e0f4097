package server

import (
	"context"
	"errors"

	"github.com/hearthkey/hearthkey/server/store"
)

// Migrate brings the schema of the database of cfg up to date, as a server's start
// does, and returns its numbers before and after. A database file must not be in use;
// PostgreSQL may be, by servers that know the new schema. With check it only looks.
func Migrate(ctx context.Context, cfg Config, check bool) (from, to int64, err error) {
	set, err := cfg.check()
	if err != nil {
		return 0, 0, err
	}
	err = set.readDatabase(ctx, func(q store.Querier) error {
		found, err := store.Inspect(ctx, q)
		from = found.Schema
		return err
	})
	if err != nil || check {
		return from, store.Schema(), err
	}
	p := &parts{cfg: set}
	if err := p.openStore(ctx); err != nil {
		if errors.Is(err, store.ErrInUse) {
			err = operator(err, "A hearthkey-server has the database in %s open: stop it first. Nothing was changed.", set.Data)
		}
		return from, from, err
	}
	return from, store.Schema(), p.db.Close()
}
