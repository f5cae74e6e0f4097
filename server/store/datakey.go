package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// DataKey returns the name of the key by which the database is sealed; empty: nobody
// has said yet.
func (tx *Tx) DataKey() (string, error) {
	var mark string
	err := tx.row(`SELECT mark FROM data_key WHERE id = 1`).Scan(&mark)
	return mark, err
}

// SetDataKey says by which key the database is sealed.
func (tx *Tx) SetDataKey(mark string) error {
	return tx.execOne(`UPDATE data_key SET mark = $1 WHERE id = 1`, mark)
}

// SealedColumn is one that the data key seals.
type SealedColumn struct {
	Table  string
	Column string
	Keys   string // the columns that name a row, with spaces between
	Text   bool   // not binary
}

// SealedColumns are all of them. A test compares them with the schema.
var SealedColumns = []SealedColumn{
	{Table: "pins", Column: "sealed", Keys: "account_id profile_id"},
	{Table: "totp", Column: "sealed", Keys: "account_id"},
	{Table: "webhooks", Column: "secret", Keys: "hook_id"},
	{Table: "webhooks", Column: "previous", Keys: "hook_id"},
	{Table: "chains", Column: "snapshot", Keys: "account_id chain_id"},
	{Table: "links", Column: "restores", Keys: "account_id link_hash subject"},
	{Table: "outbox", Column: "text_body", Keys: "message_id", Text: true},
	{Table: "outbox", Column: "html_body", Keys: "message_id", Text: true},
}

// resealBatch is how many rows are read at a time.
const resealBatch = 500

// Reseal replaces every sealed value by what again makes of it, and does then, in one
// transaction, which may take longer than others: no server must run. again is given
// the keys of the row.
func (db *DB) Reseal(ctx context.Context, again func(c SealedColumn, keys []string, value []byte) ([]byte, error), then func(*Tx) error) (int, error) {
	n := 0
	var last *Tx
	err := db.driver.Update(ctx, func(q Querier) error {
		n = 0
		last = &Tx{ctx: ctx, q: q, driver: db.driver}
		return last.run(func(tx *Tx) error {
			for _, c := range SealedColumns {
				did, err := tx.reseal(c, again)
				if err != nil {
					return err
				}
				n += did
			}
			return then(tx)
		})
	})
	if err != nil {
		return 0, classified(db.driver, err)
	}
	for _, f := range last.onCommit {
		f()
	}
	return n, nil
}

// sealedRow is one value, with the keys of its row.
type sealedRow struct {
	keys  []string
	value []byte
}

func (tx *Tx) reseal(c SealedColumn, again func(SealedColumn, []string, []byte) ([]byte, error)) (n int, err error) {
	keys := strings.Fields(c.Keys)
	for after := make([]string, len(keys)); ; {
		page, err := tx.sealedAfter(c, keys, after)
		if err != nil || len(page) == 0 {
			return n, err
		}
		for _, r := range page {
			value, err := again(c, r.keys, r.value)
			if err == nil {
				err = tx.putSealed(c, keys, r.keys, value)
			}
			if err != nil {
				return n, err
			}
			n++
		}
		after = page[len(page)-1].keys
	}
}

func (tx *Tx) sealedAfter(c SealedColumn, keys, after []string) (page []sealedRow, err error) {
	names := strings.Join(keys, ", ")
	args := make([]any, len(keys))
	for i := range after {
		args[i] = after[i]
	}
	err = tx.rows(func(scan scanFunc) error {
		r := sealedRow{keys: make([]string, len(keys))}
		into := make([]any, 0, len(keys)+1)
		for i := range r.keys {
			into = append(into, &r.keys[i])
		}
		err := scan(append(into, &r.value)...)
		page = append(page, r)
		return err
	}, `SELECT `+names+`, `+c.Column+` FROM `+c.Table+` WHERE (`+names+`) > (`+places(len(keys), 1)+`)
		AND `+c.Column+` IS NOT NULL AND LENGTH(`+c.Column+`) > 0 ORDER BY `+names+` LIMIT `+placeholder(len(keys)+1), append(args, resealBatch)...)
	return page, err
}

func (tx *Tx) putSealed(c SealedColumn, keys, of []string, value []byte) error {
	if len(value) == 0 {
		return tx.fail(errors.New("store: nothing in the place of what was sealed"))
	}
	args := []any{value}
	if c.Text {
		args[0] = string(value)
	}
	for _, k := range of {
		args = append(args, k)
	}
	return tx.execOne(`UPDATE `+c.Table+` SET `+c.Column+` = $1 WHERE (`+strings.Join(keys, ", ")+`) = (`+places(len(keys), 2)+`)`, args...)
}

// places writes n placeholders, the first with the number from.
func places(n, from int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = placeholder(from + i)
	}
	return strings.Join(list, ", ")
}

func placeholder(n int) string { return "$" + strconv.Itoa(n) }
