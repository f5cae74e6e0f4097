package server

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/server/bus/membus"
	"github.com/hearthkey/hearthkey/server/bus/natsbus"
	"github.com/hearthkey/hearthkey/server/store"
)

// openBus opens what tells the other nodes of changes, or what serves one node.
func (p *parts) openBus(context.Context) error {
	if p.cfg.Bus == "" {
		p.bus = meteredBus{&membus.Bus{}, p.figures}
		return nil
	}
	if p.cfg.Database == "" {
		return operator(nil, "--bus is for several servers of one database: give --database too.")
	}
	b, err := natsbus.Open(p.cfg.Bus, p.cfg.Log)
	if errors.Is(err, natsbus.ErrPlain) {
		return operator(err, "--bus leads to another machine in the clear, and carries what owners type on a TV: write tls://, or add ?tls=none in a network that you trust.")
	}
	if err != nil {
		return operator(err, "--bus cannot be used (%v): nats://host:4222, or tls://user:password@host:4222?ca=FILE.", err)
	}
	p.bus, p.nats = meteredBus{b, p.figures}, b
	return nil
}

const (
	// leaseTime is for how long a node has a background job after it last said so:
	// when it dies another goes on by then.
	leaseTime = 30 * time.Second
	// leaseMargin is how much earlier it stops itself, as clocks differ: twice maxSkew.
	leaseMargin = 2 * maxSkew
)

// job is background work that one node of several does at a time. It belongs to one
// goroutine.
type job struct {
	p     *parts
	name  string
	hold  time.Duration // for how long it is taken; zero: leaseTime
	until time.Time     // as this node may think
}

// mine reports whether this node does the job now, and keeps it for it if so. Where
// the database does not answer, nobody's job is done.
func (j *job) mine(ctx context.Context, now time.Time) bool {
	hold := cmp.Or(j.hold, leaseTime)
	if j.p.alone() || now.Before(j.until.Add(-hold/2)) {
		j.p.figures.holding(j.name, true)
		return true
	}
	err := j.p.db.Update(ctx, func(tx *store.Tx) error {
		return tx.TakeJob(j.name, j.p.node, now, now.Add(hold))
	})
	switch {
	case err == nil:
		j.until = now.Add(hold - leaseMargin)
	case !errors.Is(err, store.ErrNotFound) && ctx.Err() == nil:
		j.p.cfg.Log.WarnContext(ctx, "background job waits", "job", j.name, "error", err)
	}
	held := now.Before(j.until)
	j.p.figures.holding(j.name, held)
	return held
}

// leave gives the job to whoever asks next.
func (j *job) leave(ctx context.Context) {
	if j.p.alone() || j.until.IsZero() {
		return
	}
	j.until = time.Time{}
	j.p.figures.holding(j.name, false)
	err := j.p.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.LeaveJob(j.name, j.p.node) })
	if err != nil {
		j.p.cfg.Log.Warn("background job not handed over: another node takes it within 30 s", "job", j.name, "error", err)
	}
}

// alone reports whether no other server can have this database open.
func (p *parts) alone() bool { return p.cfg.Database == "" }
