package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/postgres"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// databaseOf is the file of the database in a data folder.
func databaseOf(data string) string { return filepath.Join(data, "hearthkey.db") }

// openStore opens the database and brings its schema up to date.
func (p *parts) openStore(ctx context.Context) error {
	driver, explain, err := openDriver(ctx, p.cfg)
	if err != nil {
		return err
	}
	if p.figures != nil {
		plain := driver
		p.retried = func() float64 { return retried(plain) }
		driver = meteredDriver{plain, p.figures}
	}
	if p.db, err = store.Open(ctx, driver, p.cfg.Log); err != nil {
		driver.Close()
		return explain(err)
	}
	if p.figures != nil {
		p.db.Hear(p.figures.event)
	}
	return nil
}

// openDriver opens the engine that the settings name. explain says what an operator
// can do about an error of it.
func openDriver(ctx context.Context, cfg settings) (driver store.Driver, explain func(error) error, err error) {
	if cfg.Database != "" {
		name := postgres.Name(cfg.Database)
		explain = func(err error) error { return explainPostgres(name, err) }
		driver, err = opened(postgres.Open(ctx, postgres.Config{URL: cfg.Database, Log: cfg.Log}))
	} else {
		path := databaseOf(cfg.Data)
		explain = func(err error) error { return explainStore(path, err) }
		driver, err = opened(sqlite.Open(ctx, sqlite.Config{Path: path}))
	}
	return driver, explain, explain(err)
}

// opened makes a driver of one, and nil of none.
func opened[D store.Driver](d D, err error) (store.Driver, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

// explainStore says what an operator can do about a database file that does not open.
func explainStore(path string, err error) error {
	return explained(err, path, []explanation{
		{store.ErrNewerSchema, "The database %s was written by a newer version of this program. Install that version again, or restore a backup made before the upgrade. Nothing was changed."},
		{store.ErrInUse, "Another hearthkey-server has the database %s open: stop it, or choose another folder with --data."},
		{store.ErrDamaged, "The database %s is damaged, or not a database of this program. Set the file aside and restore a backup. Nothing was changed."},
		{store.ErrReadOnly, "The database %s cannot be written: check who owns the file and its folder, and that the disk is not mounted read-only."},
		{store.ErrFull, "The disk that holds the database %s is full: make room and start again. Nothing is lost."},
	})
}

// explainPostgres does the same for one in PostgreSQL. name holds no secret.
func explainPostgres(name string, err error) error {
	if errors.Is(err, postgres.ErrURL) {
		return operator(err, "--database cannot be used (%v): postgres://user:password@host/name?sslmode=verify-full.", err)
	}
	return explained(err, name, []explanation{
		{postgres.ErrPlain, "The database %s is on another machine, and --database does not say how the link is protected: add ?sslmode=verify-full, or sslmode=disable in a network that you trust."},
		{postgres.ErrNoDatabase, "There is no database %s: make it with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'."},
		{postgres.ErrRefused, "The database %s lets this user not in: check user and password of --database, and pg_hba.conf."},
		{postgres.ErrVersion, "The database %s is older than PostgreSQL 13: upgrade it."},
		{postgres.ErrEncoding, "The database %s is not in UTF-8: make one with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'."},
		{postgres.ErrUnreachable, "The database %s does not answer: check that it runs, and the address in --database."},
		{store.ErrNewerSchema, "The database %s was written by a newer version of this program. Install that version again, or restore a backup made before the upgrade. Nothing was changed."},
		{store.ErrReadOnly, "The database %s cannot be written: its user needs the right to make tables in the schema, and it must not be a standby."},
		{store.ErrFull, "The disk of the database %s is full: make room and start again. Nothing is lost."},
	})
}

// explanation is what an operator is told of an error, with the database's name.
type explanation struct {
	of   error
	text string
}

func explained(err error, name string, list []explanation) error {
	for _, e := range list {
		if errors.Is(err, e.of) {
			return operator(err, e.text, name)
		}
	}
	return err
}

// maxSkew is how far this machine's clock may be from the database's: nodes look for
// what changed by the times that others wrote.
const maxSkew = 5 * time.Second

// checkClock fails where this machine's clock is too far from the database's.
func (p *parts) checkClock(ctx context.Context) error {
	skew, err := p.db.Skew(ctx)
	if err != nil {
		return err
	}
	p.skew.Store(int64(skew))
	if skew.Abs() > maxSkew {
		return fmt.Errorf("the database's clock is %s ahead of this machine's: set both right", skew)
	}
	return nil
}
