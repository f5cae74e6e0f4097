package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/audit"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// settleDataKey ends a replacement of the data key that was cut off, and refuses a
// database that another key seals.
func settleDataKey(ctx context.Context, db *store.DB, set settings) error {
	mark, err := markOf(ctx, db)
	if err != nil || mark == "" {
		return err
	}
	dir := filepath.Join(set.Data, "keys")
	err = keyring.SettleDataKey(dir, mark, set.Now())
	if errors.Is(err, keyring.ErrOtherData) {
		return operator(err, "The database is sealed by another key than %s. Put the data.key that was used when it was written there: the newest one, or, after restoring a backup from before rotate-keys, the data.key.before-… of that time.", filepath.Join(dir, "data.key"))
	}
	return explainKeys(dir, err)
}

func markOf(ctx context.Context, db *store.DB) (mark string, err error) {
	err = db.View(ctx, func(tx *store.Tx) (err error) {
		mark, err = tx.DataKey()
		return err
	})
	return mark, err
}

// markDataKey has a database say by which key it is sealed, where it does not yet.
func markDataKey(ctx context.Context, db *store.DB, keys *keyring.Ring) error {
	mark, err := markOf(ctx, db)
	if err != nil || mark == keys.Mark() {
		return err
	}
	return db.Update(ctx, func(tx *store.Tx) error { return tx.SetDataKey(keys.Mark()) })
}

func explainKeys(dir string, err error) error {
	switch {
	case errors.Is(err, keyring.ErrIncomplete):
		return operator(err, "Key files are missing in %s (%v). Restore them from a backup: with new keys every device would have to sign in again.", dir, err)
	case errors.Is(err, keyring.ErrDamaged):
		return operator(err, "A key file in %s is damaged (%v). Restore it from a backup.", dir, err)
	}
	return err
}

// RotateDataKey makes another data key for the installation of cfg, whose servers must
// not run, and seals everything in its database anew (product rule O4). It returns how
// many values that were. The key before opens nothing of it any more; it stays in a
// file of its own for backups of before. One that is cut off is ended by the next, or
// by the server's start.
func RotateDataKey(ctx context.Context, cfg Config) (int, error) {
	set, err := cfg.check()
	if err != nil {
		return 0, err
	}
	p := &parts{cfg: set}
	if set.Database != "" {
		if err := stoppedServers(ctx, set); err != nil {
			return 0, err
		}
	}
	if err := p.openStore(ctx); err != nil {
		if errors.Is(err, store.ErrInUse) {
			err = operator(err, "A hearthkey-server has the database in %s open: stop it first. Nothing was changed.", set.Data)
		}
		return 0, err
	}
	n, err := rotate(ctx, p.db, set)
	return n, errors.Join(err, p.db.Close())
}

func stoppedServers(ctx context.Context, set settings) error {
	driver, explain, err := openDriver(ctx, set)
	if err != nil {
		return err
	}
	return errors.Join(explain(nobodyServes(ctx, driver, set.Now())), driver.Close())
}

func rotate(ctx context.Context, db *store.DB, set settings) (int, error) {
	if err := settleDataKey(ctx, db, set); err != nil {
		return 0, err
	}
	dir := filepath.Join(set.Data, "keys")
	next, err := keyring.ReplaceDataKey(dir, nil)
	if err != nil {
		return 0, explainKeys(dir, err)
	}
	log, err := auditOf(set)
	if err != nil {
		return 0, err
	}
	now := set.Now()
	n, err := db.Reseal(ctx, resealer{next}.again, func(tx *store.Tx) error {
		return errors.Join(
			tx.SetDataKey(next.Mark()),
			log.Append(tx, now, audit.Entry{Act: audit.ActDataKey, About: next.Mark()}),
		)
	})
	if errors.Is(err, keyring.ErrSealed) {
		return 0, operator(err, "Something in the database is not sealed by %s (%v): nothing was changed.", filepath.Join(dir, "data.key"), err)
	}
	if err != nil {
		return 0, err
	}
	return n, next.Finish(now)
}

// resealer seals values of the database anew, and what they hold sealed.
type resealer struct{ next *keyring.Replacement }

func (r resealer) again(c store.SealedColumn, keys []string, value []byte) (out []byte, err error) {
	switch c.Table {
	case "pins":
		out, err = r.next.Again(keyring.PINs, value, keys...)
	case "totp":
		out, err = r.next.Again(keyring.TOTPSecrets, value, keys...)
	case "webhooks":
		out, err = r.next.Again(keyring.Webhooks, value, keys...)
	case "outbox":
		out, err = notify.Reseal(r.next, keys[0], c.Column, value)
	case "chains":
		out, err = r.snapshot(value, keys, account.ResealSnapshot)
	case "links":
		inner := profile.Reseal
		if keys[2] == string(account.NoticeLanguageChanged) {
			inner = func(_ protocol.AccountID, language []byte, _ profile.Again) ([]byte, error) { return language, nil }
		}
		out, err = r.snapshot(value, keys, inner)
	default:
		err = errors.New("server: an unknown table is sealed")
	}
	if err != nil {
		return nil, fmt.Errorf("%s.%s of %v: %w", c.Table, c.Column, keys, err)
	}
	return out, nil
}

// snapshot opens what is sealed whole, has inner seal what is sealed in it, and seals
// it: keys are the account and what the snapshot is of.
func (r resealer) snapshot(value []byte, keys []string, inner func(protocol.AccountID, []byte, profile.Again) ([]byte, error)) ([]byte, error) {
	plain, err := r.next.Unseal(keyring.Snapshots, value, keys[0], keys[1])
	if err != nil {
		return nil, err
	}
	if plain, err = inner(protocol.AccountID(keys[0]), plain, r.next.Again); err != nil {
		return nil, err
	}
	return r.next.Seal(keyring.Snapshots, plain, keys[0], keys[1])
}
