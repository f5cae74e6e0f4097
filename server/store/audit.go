package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AuditRow is one entry of the audit log: see package audit.
type AuditRow struct {
	Seq       int64
	ID        string // UUIDv7
	OutcomeOf string // ID of the entry whose outcome this is; empty: an entry of its own
	At        time.Time
	Node      string
	Actor     string
	Act       string
	About     string
	Reason    string
	Outcome   string
	Prev      string // the hash before
	Hash      string
	Seal      string
}

const auditQuery = `SELECT seq, entry_id, outcome_of, at, node, actor, act, about, reason, outcome, prev, hash, seal FROM audit `

func (r *AuditRow) scan(scan scanFunc) error {
	return scan(&r.Seq, &r.ID, &r.OutcomeOf, asTime(&r.At), &r.Node, &r.Actor, &r.Act, &r.About, &r.Reason, &r.Outcome, &r.Prev, &r.Hash, &r.Seal)
}

// AuditHead is the newest entry's number and hash; a zero one: there is none yet.
type AuditHead struct {
	Seq  int64
	Hash string
}

// LockAuditHead returns the head, and keeps other writers from it until this
// transaction ends.
func (tx *Tx) LockAuditHead() (AuditHead, error) {
	var h AuditHead
	err := tx.row(`UPDATE audit_head SET seq = seq WHERE id = 1 RETURNING seq, hash`).Scan(&h.Seq, &h.Hash)
	return h, err
}

// AuditHead returns the head.
func (tx *Tx) AuditHead() (AuditHead, error) {
	var h AuditHead
	err := tx.row(`SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&h.Seq, &h.Hash)
	return h, err
}

// InsertAudit adds an entry and makes it the head.
func (tx *Tx) InsertAudit(r AuditRow) error {
	if err := tx.insertAudit(r); err != nil {
		return err
	}
	return tx.execOne(`UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`, r.Seq, r.Hash)
}

func (tx *Tx) insertAudit(r AuditRow) error {
	_, err := tx.exec(`INSERT INTO audit (seq, entry_id, outcome_of, at, node, actor, act, about, reason, outcome, prev, hash, seal)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Seq, r.ID, r.OutcomeOf, millis(r.At), r.Node, r.Actor, r.Act, r.About, r.Reason, r.Outcome, r.Prev, r.Hash, r.Seal)
	return err
}

// Audit returns an entry by its number: ErrNotFound where there is none.
func (tx *Tx) Audit(seq int64) (AuditRow, error) {
	var r AuditRow
	err := r.scan(tx.row(auditQuery+`WHERE seq = $1`, seq).Scan)
	return r, err
}

// LastAudit returns the newest entry of an act: ErrNotFound where there is none.
func (tx *Tx) LastAudit(act string) (AuditRow, error) {
	var r AuditRow
	err := r.scan(tx.row(auditQuery+`WHERE act = $1 ORDER BY seq DESC LIMIT 1`, act).Scan)
	return r, err
}

// AuditsAfter returns up to n entries whose numbers are above seq, in their order.
func (tx *Tx) AuditsAfter(seq int64, n int) ([]AuditRow, error) {
	var out []AuditRow
	err := tx.rows(func(scan scanFunc) error {
		var r AuditRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, auditQuery+`WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, n)
	return out, err
}

// OldAudits returns the newest of the entries that are, like all before them, from
// before t: ErrNotFound where there are none.
func (tx *Tx) OldAudits(t time.Time) (AuditRow, error) {
	var r AuditRow
	err := r.scan(tx.row(auditQuery+`WHERE seq < (SELECT COALESCE(MIN(seq), 9223372036854775807) FROM audit WHERE at >= $1)
		ORDER BY seq DESC LIMIT 1`, millis(t)).Scan)
	return r, err
}

// DeleteAudits removes the entries up to seq.
func (tx *Tx) DeleteAudits(seq int64) error {
	_, err := tx.exec(`DELETE FROM audit WHERE seq <= $1`, seq)
	return err
}

// auditBatch is how many entries are read at a time.
const auditBatch = 500

// ReadAudit calls each for every entry in their order, in a transaction of an
// engine's that only reads, and returns what the database says its head is. It
// migrates nothing: ErrNotFound where the schema is older than the audit log.
func ReadAudit(ctx context.Context, q Querier, each func(AuditRow) error) (AuditHead, error) {
	schema, err := Inspect(ctx, q)
	if err != nil {
		return AuditHead{}, err
	}
	if schema.Schema < auditSchema {
		return AuditHead{}, fmt.Errorf("%w: the schema %d has no audit log", ErrNotFound, schema.Schema)
	}
	tx := &Tx{ctx: ctx, q: q, driver: noDriver{}}
	head, err := tx.AuditHead()
	for last := int64(-1); err == nil; {
		var page []AuditRow
		if page, err = tx.AuditsAfter(last, auditBatch); err != nil || len(page) == 0 {
			break
		}
		for _, r := range page {
			if err = each(r); err != nil {
				return head, err
			}
			last = r.Seq
		}
	}
	return head, err
}

// auditSchema is the migration that made the audit log.
const auditSchema = 25

// noDriver is for reading only: it knows no classes of errors.
type noDriver struct{ Driver }

// Classify knows none.
func (noDriver) Classify(error) error { return nil }

// CarryAudit copies into db the entries that the database of old has after db's
// newest, where they go on from it: what was written since a backup. It tells how
// many. A database that has no such log, or another one, adds none.
func (db *DB) CarryAudit(ctx context.Context, old Driver) (int, error) {
	n := 0
	for {
		var rows []AuditRow
		err := db.View(ctx, func(tx *Tx) error {
			head, err := tx.AuditHead()
			if err != nil {
				return err
			}
			rows, err = following(ctx, old, head)
			return err
		})
		if err != nil || len(rows) == 0 {
			return n, err
		}
		err = db.Update(ctx, func(tx *Tx) error {
			for _, r := range rows {
				if err := tx.InsertAudit(r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += len(rows)
	}
}

// following reads what a database that is not opened has after head.
func following(ctx context.Context, old Driver, head AuditHead) (rows []AuditRow, err error) {
	err = (&DB{driver: old}).View(ctx, func(tx *Tx) error {
		if head.Seq > 0 {
			r, err := tx.Audit(head.Seq)
			if errors.Is(err, ErrNotFound) || err == nil && r.Hash != head.Hash {
				return nil
			}
			if err != nil {
				return err
			}
		}
		rows, err = tx.AuditsAfter(head.Seq, auditBatch)
		return err
	})
	return rows, err
}
