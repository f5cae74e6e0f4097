package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/journal"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// Backup writes a copy of the database in cfg.Data into the new file to, while a
// server may have it open (product rule O4). The keys are not in it.
func Backup(ctx context.Context, cfg Config, to string) error {
	set, err := cfg.check()
	if err != nil {
		return err
	}
	path := databaseOf(set.Data)
	err = sqlite.Backup(ctx, path, to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return operator(err, "There is no database %s, or no folder for %s.", path, to)
	case errors.Is(err, fs.ErrExist) && !isThere(to):
		return operator(err, "%s.partial is there already: another backup runs, or one was cut off. Delete it then.", to)
	case errors.Is(err, fs.ErrExist):
		return operator(err, "%s is there already: it is not overwritten.", to)
	case errors.Is(err, store.ErrFull):
		return operator(err, "The disk of %s is full: nothing was written.", to)
	case errors.Is(err, store.ErrBusy):
		return operator(err, "The database %s is too busy: try again.", path)
	}
	return explainStore(path, err)
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Restored says what a restore did.
type Restored struct {
	Backup   time.Time // until then the backup is complete
	Repeated int       // deletions that were done again
	Audit    int       // audit entries since the backup that were carried over
	Aside    string    // file with the database as it was; empty: there was none
	NoOld    bool      // there was one, but its last deletions could not be read
}

// Restore makes the backup in the file from the database of cfg.Data, whose server
// must not run (product rule O4). The deletions in the journal and those that the
// replaced database had not written there yet are done again first. Where there is
// no journal it refuses, unless without is set.
func Restore(ctx context.Context, cfg Config, from string, without bool) (Restored, error) {
	set, err := cfg.check()
	if err != nil {
		return Restored{}, err
	}
	path := databaseOf(set.Data)
	if _, err := os.Stat(from); err != nil {
		return Restored{}, operator(err, "The backup %s cannot be read: %v.", from, errors.Unwrap(err))
	}
	r := restoring{settings: set, now: set.Now()}
	if err := r.readJournal(without); err != nil {
		return Restored{}, err
	}
	aside, err := sqlite.Restore(ctx, path, from, r.now, func(fresh, old store.Driver) error {
		return r.prepare(ctx, fresh, old)
	})
	switch {
	case errors.Is(err, store.ErrInUse):
		return Restored{}, operator(err, "A hearthkey-server has the database %s open: stop it first. Nothing was changed.", path)
	case errors.Is(err, store.ErrDamaged):
		return Restored{}, operator(err, "The backup %s is damaged, or no backup of this program. Nothing was changed.", from)
	case errors.Is(err, store.ErrNewerSchema):
		return Restored{}, operator(err, "The backup %s was made by a newer version of this program: install that version. Nothing was changed.", from)
	case err != nil:
		return Restored{}, explainStore(path, err)
	}
	r.done.Aside = aside
	r.done.NoOld = r.noOld && aside != ""
	return r.done, nil
}

// restoring is one restore under way.
type restoring struct {
	settings
	now   time.Time
	again []store.Deletion
	noOld bool
	done  Restored
}

func (r *restoring) readJournal(without bool) error {
	err := journal.Read(r.Deletions, func(d store.Deletion) error {
		r.again = append(r.again, d)
		return nil
	})
	switch {
	case errors.Is(err, fs.ErrNotExist) && without:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return operator(err, "There is no journal of deletions %s: what was deleted after the backup would come back. Put its newest copy there, or give --without-deletions if it is lost.", r.Deletions)
	case errors.Is(err, journal.ErrDamaged):
		return operator(err, "The journal of deletions is damaged: %v. Put its newest copy there, or take that line out; what it knew comes back then.", err)
	}
	return err
}

// prepare makes the copy of the backup the database of now.
func (r *restoring) prepare(ctx context.Context, fresh, old store.Driver) error {
	if old == nil {
		r.noOld = true
	} else {
		noted, err := store.NotedDeletions(ctx, old)
		r.noOld, r.again = err != nil, append(r.again, noted...)
	}
	db, err := store.Open(ctx, fresh, r.Log)
	if err != nil {
		return err
	}
	if old != nil { // else, and where it cannot be read, the next start writes down what is lost
		if r.done.Audit, err = db.CarryAudit(ctx, old); err != nil {
			r.Log.WarnContext(ctx, "the audit log since the backup is lost", "error", err)
		}
	}
	err = db.View(ctx, func(tx *store.Tx) (err error) {
		r.done.Backup, err = tx.BackedUp()
		return err
	})
	if err != nil {
		return err
	}
	if r.done.Backup.IsZero() {
		return fmt.Errorf("%w: there is nothing in it", store.ErrDamaged)
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		return tx.Restored(r.now, r.done.Backup, protocol.MaxLease*time.Second)
	})
	for _, d := range r.again {
		if err != nil {
			return err
		}
		err = db.Update(ctx, func(tx *store.Tx) error {
			did, err := tx.Repeat(d, r.now)
			if did {
				r.done.Repeated++
			}
			return err
		})
	}
	return err
}
