package server

import (
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/server/journal"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	// deletionsEvery is how often is looked for deletions that the journal does not
	// have yet: within so long what was deleted has left the database's files, unless
	// a backup or a slow reader holds on to it.
	deletionsEvery = time.Second
	// deletionsAtOnce bounds one look.
	deletionsAtOnce = 500
	// toldEvery is how often is logged that it does not work.
	toldEvery = time.Minute
)

// openDeletions opens the journal of deletions.
func (p *parts) openDeletions(context.Context) (err error) {
	p.deleted.file, err = journal.Open(p.cfg.Deletions)
	if errors.Is(err, journal.ErrDamaged) {
		return operator(err, "The journal of deletions %s is damaged (%v). Set it aside, keep it, and start again: a backup from before now is then restored without what it knew.", p.cfg.Deletions, err)
	}
	if err != nil {
		return operator(err, "The journal of deletions %s cannot be opened: %v.", p.cfg.Deletions, err)
	}
	return nil
}

// deletions is what the one goroutine of keepDeletions works with.
type deletions struct {
	file    *journal.Journal
	written []store.Deletion // in the journal, and still noted in the database
	scrub   time.Time        // when the database's files were last scrubbed
	told    time.Time        // when it was last logged that this does not work
}

// keepDeletions has every deletion that was committed written into the journal, and
// then what it deleted taken off the database's files, until ctx ends. What is left
// then goes on at the next start.
func (p *parts) keepDeletions(ctx context.Context) {
	tick := time.NewTicker(deletionsEvery)
	defer tick.Stop()
	if !p.alone() {
		p.deleted.scrub = time.Now() // not all of them at each start
	}
	j := job{p: p, name: "deletions"}
	defer j.leave(ctx)
	for {
		var err error
		if j.mine(ctx, time.Now()) {
			err = p.keepOnce(ctx, time.Now())
		} else {
			p.deleted.written = nil // another node goes on: what is noted it writes again
		}
		if now := time.Now(); err != nil && ctx.Err() == nil && now.Sub(p.deleted.told) > toldEvery {
			p.deleted.told = now
			p.cfg.Log.WarnContext(ctx, "deletions wait for the journal, or for what reads the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// keepOnce does one step of keepDeletions. The order is what counts: journal, then
// files, then the note in the database. Tables that several servers share are written
// anew hourly alone, as nobody can use one meanwhile: the note goes before.
func (p *parts) keepOnce(ctx context.Context, now time.Time) error {
	d := &p.deleted
	if len(d.written) == 0 {
		noted, err := p.notedDeletions(ctx)
		if err != nil {
			return err
		}
		if len(noted) == 0 && now.Sub(d.scrub) < tidyEvery { // what is kept for a time alone goes hourly
			return nil
		}
		if err := d.file.Append(noted); err != nil {
			return errors.Join(err, p.reopenJournal())
		}
		d.written = noted
	}
	if p.alone() || now.Sub(d.scrub) >= tidyEvery {
		if err := p.db.Scrub(ctx); err != nil {
			return err
		}
		d.scrub = now
	}
	err := p.db.Update(ctx, func(tx *store.Tx) error {
		for _, one := range d.written {
			if err := tx.Journaled(one); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		d.written = nil
	}
	return err
}

// reopenJournal cuts off what a write that failed left.
func (p *parts) reopenJournal() error {
	fresh, err := journal.Open(p.cfg.Deletions)
	if err != nil {
		return err
	}
	err = p.deleted.file.Close()
	p.deleted.file = fresh
	return err
}

func (p *parts) notedDeletions(ctx context.Context) (noted []store.Deletion, err error) {
	err = p.db.View(ctx, func(tx *store.Tx) (err error) {
		noted, err = tx.Deletions(deletionsAtOnce)
		return err
	})
	return noted, err
}
