package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/operator"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	mara   = "mara"
	reason = "the owner called"
	pace   = 200 // accounts that a sign-out of everyone does in a second
)

// support does one thing that operators do to an account.
func (w *world) support() {
	ready := w.ready()
	if len(ready) == 0 {
		return
	}
	ctx, n, h, accounts := context.Background(), ready[w.n(len(ready))], w.homes[w.n(len(w.homes))], w.lab.accounts
	act := w.n(8)
	if w.judge.locked[h.account] && w.n(3) > 0 {
		act = 5
	}
	switch act {
	case 0, 1:
		id := w.tvs[w.n(len(w.tvs))].id()
		_, err := n.devices.SignOutByOperator(ctx, w.now, h.account, id, mara, reason)
		if err == nil {
			w.judge.ended(w, h.account, id, protocol.SignedOut)
		}
		w.supported("operator signs a TV out", err)
	case 2:
		err := accounts.SignOutByOperator(ctx, w.now, h.account, mara, reason)
		if err == nil {
			w.judge.everywhere(w, h)
		}
		w.supported("operator signs an account out", err)
	case 3, 4:
		err := accounts.Lock(ctx, w.now, h.account, mara, reason)
		if err == nil {
			w.judge.locked[h.account] = true
			w.judge.everywhere(w, h)
		}
		w.supported("operator locks an account", err)
	case 5, 6:
		err := accounts.Unlock(ctx, w.now, h.account, mara, reason)
		if err == nil {
			w.judge.locked[h.account] = false
		}
		w.supported("operator unlocks an account", err)
	case 7:
		w.everyone()
	}
}

// supported takes the refusals that operators may get.
func (w *world) supported(what string, err error) {
	w.trace("%s: %v", what, err)
	switch {
	case err == nil:
		w.did(what)
		w.dirty = true
	case errors.Is(err, account.ErrLocked), errors.Is(err, account.ErrNotLocked), errors.Is(err, device.ErrUnknown):
		w.did(what + ": refused")
	default:
		w.fail("%s: %v", what, err)
	}
}

// everyone has two operators begin to sign everyone out, where that is not under
// way.
func (w *world) everyone() {
	if w.sweeping {
		return
	}
	w.sweeping = true // nobody asks between
	ctx, ops := context.Background(), w.lab.operators
	s, err := ops.AskSweep(ctx, w.now, w.lab.first, reason, pace, false)
	if err == nil {
		_, err = ops.ApproveSweep(ctx, w.now, w.lab.second, s.ID, reason)
	}
	w.sweeping = err == nil
	if err == nil {
		w.sweepAt = w.now
		w.judge.sweeps(w)
	}
	w.supported("operators sign everyone out", err)
}

// sweep does the next batch of a sign-out of everyone.
func (w *world) sweep() {
	if !w.sweeping || w.now.Before(w.sweepAt) {
		return
	}
	ctx := context.Background()
	wait, err := w.lab.operators.Sweep(ctx, w.now)
	if err != nil {
		w.fail("sweep: %v", err)
	}
	w.sweepAt, w.dirty = w.now.Add(max(wait, time.Millisecond)), true
	list, err := w.lab.operators.Sweeps(ctx, w.now)
	if err != nil {
		w.fail("sweeps: %v", err)
	}
	if slices.ContainsFunc(list, func(s operator.Sweep) bool { return s.Finished.IsZero() && s.Cancelled.IsZero() }) {
		return
	}
	w.sweeping = false
	w.judge.swept(w)
}

// backups backs up, and now and then restores.
func (w *world) backups() {
	if w.backedUp == nil || w.n(2) == 0 {
		w.backUp()
		return
	}
	w.restore()
}

func (w *world) backUp() {
	w.did("operator backs up")
	if err := w.lab.backup(); err != nil {
		w.fail("backup: %v", err)
	}
	w.backedUp, w.sweepingThen = w.judge.clone(), w.sweeping
}

// restore puts the backup in place while no process runs.
func (w *world) restore() {
	w.did("operator restores a backup")
	w.trace("operator: restore")
	for _, n := range w.nodes {
		n.cut, n.left = true, nil
		for _, p := range slices.Clone(n.peers) {
			p.closed()
			w.cut(p.wire)
		}
	}
	if err := w.lab.restore(); err != nil {
		w.fail("restore: %v", err)
	}
	if w.copied = w.seed%4 == 0; !w.copied {
		w.becomes()
	}
	for _, n := range w.nodes {
		if err := w.boot(n); err != nil {
			w.fail("boot: %v", err)
		}
	}
	w.restored, w.dirty, w.sweeping = true, true, w.sweepingThen
	w.judge.goesBack(w, w.backedUp)
}

// becomes makes the backup the database of now, as the restore command does; without
// it somebody has just copied the file.
func (w *world) becomes() {
	w.calm++
	defer func() { w.calm-- }()
	err := w.lab.db.Update(context.Background(), func(tx *store.Tx) error {
		backup, err := tx.BackedUp()
		if err != nil {
			return err
		}
		return tx.Restored(w.now, backup, protocol.MaxLease*time.Second)
	})
	if err != nil {
		w.fail("restored: %v", err)
	}
	w.did("the restore command makes it the database of now")
}
