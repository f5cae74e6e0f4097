package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// ErrCut: entries that this node had seen are gone, or others stand in their place,
// and no restore says why.
var ErrCut = errors.New("audit: entries that were there are gone")

// Begin is called once at a server's start. It holds the log against what this node
// had seen, and writes down a restored backup, or, with ErrCut beside it, that entries
// are gone: the log goes on in either case, with numbers above those.
func (l *Log) Begin(ctx context.Context, db *store.DB, now time.Time) error {
	seen, err := l.c.Head.Read()
	if err != nil && !errors.Is(err, ErrAnchor) {
		return err
	}
	damaged := err
	var found Entry
	err = db.View(ctx, func(tx *store.Tx) (err error) {
		found, _, err = since(tx, seen)
		return err
	})
	if err == nil && found.Act != "" {
		err = db.Update(ctx, func(tx *store.Tx) error { return l.resume(tx, now, seen, &found) })
	}
	if err != nil {
		return fmt.Errorf("begin audit log: %w", err)
	}
	if found.Act == ActCut {
		return errors.Join(damaged, ErrCut)
	}
	return errors.Join(damaged, l.Look(ctx, db))
}

// since returns what is to be written down about the time since seen, with the act
// empty where that is nothing, and when the newest restore was.
func since(tx *store.Tx, seen Anchor) (e Entry, restored time.Time, err error) {
	head, err := tx.AuditHead()
	if err != nil {
		return e, restored, err
	}
	lost, err := gone(tx, head, seen)
	if err != nil {
		return e, restored, err
	}
	restore, err := tx.LastRestore()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return e, restored, err
	}
	fresh, err := unknown(tx, restore)
	switch {
	case lost && (restore.At.IsZero() || seen.At.After(restore.At)):
		e = Entry{Actor: Server, Act: ActCut}
	case lost || fresh:
		e = Entry{Actor: Server, Act: ActRestored, Outcome: "whole until " + restore.Backup.UTC().Format(time.RFC3339)}
	}
	if seen.Seq > head.Seq {
		e.About = span(head.Seq+1, seen.Seq)
	}
	return e, restore.At, err
}

// gone reports whether the log lacks what was seen.
func gone(tx *store.Tx, head store.AuditHead, seen Anchor) (bool, error) {
	if seen.Seq == 0 {
		return false, nil
	}
	if seen.Seq > head.Seq {
		return true, nil
	}
	row, err := tx.Audit(seen.Seq)
	if errors.Is(err, store.ErrNotFound) { // trimmed, or jumped over since: Verify tells
		return false, nil
	}
	return err == nil && row.Hash != seen.Hash, err
}

// unknown reports whether there was a restore of a backup that the log does not tell of.
func unknown(tx *store.Tx, r store.Restore) (bool, error) {
	if r.At.IsZero() {
		return false, nil
	}
	row, err := tx.LastAudit(ActRestored)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return err == nil && row.At.Before(r.At), err
}

// resume goes on after a gap up to what was seen, if there is one, and returns in found
// what it wrote: another node may have written of the same restore meanwhile.
func (l *Log) resume(tx *store.Tx, now time.Time, seen Anchor, found *Entry) error {
	head, err := tx.LockAuditHead()
	if err != nil {
		return err
	}
	e, restored, err := since(tx, seen)
	if *found = e; err != nil || e.Act == "" {
		return err
	}
	return l.append(tx, later(now, restored), head, max(head.Seq, seen.Seq)+1, e)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Look keeps the newest entry outside of the database, whichever node wrote it. ErrCut
// where entries that this node had seen are gone.
func (l *Log) Look(ctx context.Context, db *store.DB) error {
	seen, err := l.c.Head.Read()
	if err != nil && !errors.Is(err, ErrAnchor) {
		return err
	}
	var newest store.AuditRow
	err = db.View(ctx, func(tx *store.Tx) error {
		head, err := tx.AuditHead()
		if err != nil {
			return err
		}
		if lost, err := gone(tx, head, seen); err != nil || lost {
			return errors.Join(err, fmt.Errorf("%w: the newest is %d, this node had seen %d", ErrCut, head.Seq, seen.Seq))
		}
		newest, err = tx.Audit(head.Seq)
		if errors.Is(err, store.ErrNotFound) && head.Seq == 0 {
			return nil
		}
		return err
	})
	if err != nil || newest.Seq == 0 {
		return err
	}
	return l.c.Head.Raise(Anchor{newest.Seq, newest.Hash, newest.At})
}

// Keys writes down that another key list, or another key, is in use, where the log does
// not say so yet: state is what it is now.
func (l *Log) Keys(ctx context.Context, db *store.DB, now time.Time, state string) error {
	known := func(tx *store.Tx) (bool, error) {
		last, err := tx.LastAudit(ActKeys)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return last.About == state, err
	}
	same := false
	err := db.View(ctx, func(tx *store.Tx) (err error) { same, err = known(tx); return err })
	if err == nil && !same {
		err = db.Update(ctx, func(tx *store.Tx) error {
			head, err := tx.LockAuditHead()
			if err != nil {
				return err
			}
			if same, err := known(tx); err != nil || same {
				return err
			}
			return l.append(tx, now, head, head.Seq+1, Entry{Actor: Server, Act: ActKeys, About: state})
		})
	}
	if err != nil {
		return fmt.Errorf("note changed keys: %w", err)
	}
	return nil
}
