package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hearthkey/hearthkey/server/store"
)

// Inspect reads the database at path through, which takes about a second for 64 MiB,
// and lends look a transaction in it that only reads. A server may have it open. It
// makes and changes nothing. Errors: fs.ErrNotExist (there is none), ErrDamaged.
func Inspect(ctx context.Context, path string, look func(store.Querier) error) error {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		err = inspect(ctx, path, look)
	}
	if err != nil {
		return fmt.Errorf("inspect %s: %w", path, withClass(err))
	}
	return nil
}

func inspect(ctx context.Context, path string, look func(store.Querier) error) error {
	if err := sound(ctx, path); err != nil {
		return err
	}
	db := openPool(path, "query_only(1)")
	defer db.Close()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(look(tx), tx.Rollback())
}
