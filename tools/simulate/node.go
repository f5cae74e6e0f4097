package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/grant"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

const (
	pollEvery = 5 * time.Second
	freshFor  = 10 * time.Second // a poll vouches for
	pollsBack = time.Minute      // each looks
)

// errCut is a node that does not reach the database.
var errCut = fmt.Errorf("node is cut off: %w", store.ErrBusy)

// node is one process of the server: the real services, and a stand-in for the
// hub and the sockets, without goroutines and in fake time.
type node struct {
	w        *world
	name     string
	profiles *profile.Service
	devices  *device.Service
	grants   *grant.Service

	keys       *keyring.Ring
	keyChanges int // that it has taken over

	cut    bool // off the database
	polled time.Time
	seen   []protocol.Version // of each account, by hints and polls
	peers  []*peer
	left   []device.Gone // to be written down
}

// boot starts a process, which knows nothing of one before.
func (w *world) boot(n *node) error {
	w.boots++
	*n = node{w: w, name: fmt.Sprintf("node-%d", w.boots), seen: make([]protocol.Version, len(w.homes))}
	notify := func(*store.Tx, account.Notice) error { return nil }
	var err error
	if err = n.openKeys(); err != nil {
		return err
	}
	n.profiles, err = profile.New(profile.Config{
		DB: w.lab.db, Keys: n.keys, Gate: admit.New(admit.Config{}), Notify: notify, Changed: w.changed,
	})
	if err != nil {
		return err
	}
	n.devices, err = device.New(device.Config{
		DB: w.lab.db, Keys: n.keys, Profiles: n.profiles, Server: serverName, LinkURL: pageURL,
		Lease: w.lease, MaxDevices: w.devices, Notify: notify, Changed: w.changed, Decided: w.decided,
	})
	if err != nil {
		return err
	}
	n.grants, err = grant.New(grant.Config{
		DB: w.lab.db, Keys: n.keys, Devices: n.devices, Profiles: n.profiles, Title: onOffer,
		Issuer: issuer, Audience: audience, MaxStreams: w.streams,
	})
	if err != nil {
		return err
	}
	n.poll()
	return nil
}

// changed is the bus: a hint reaches each node, or gets lost.
func (w *world) changed(acc protocol.AccountID, v protocol.Version) {
	w.dirty = true
	h := w.home(acc)
	if h == nil {
		return
	}
	h.top = max(h.top, v)
	for _, n := range w.nodes {
		if n.cut || w.n(4) == 0 {
			continue
		}
		n.nudge(h, v)
	}
}

// decided is the bus too.
func (w *world) decided(protocol.DeviceID) {
	w.dirty = true
	for _, n := range w.nodes {
		for _, p := range n.peers {
			p.askDue = p.askDue || p.stage == pending && w.n(3) > 0
		}
	}
}

func (n *node) nudge(h *household, v protocol.Version) {
	n.seen[h.index] = max(n.seen[h.index], v)
	for _, p := range n.peers {
		if p.stage == live && p.session.Account == h.account && v > p.sent {
			p.wanted, p.pushDue = max(p.wanted, v), true
		}
	}
}

// behind reports whether a poll would find something.
func (n *node) behind() bool {
	for _, h := range n.w.homes {
		if n.seen[h.index] < h.top {
			return true
		}
	}
	failed := slices.ContainsFunc(n.peers, func(p *peer) bool { return p.pushFailed })
	return failed || len(n.left) > 0 || n.keyChanges < n.w.keyChanges || n.w.judge.ending(n.w.now)
}

// fresh reports whether the node may grant leases.
func (n *node) fresh() bool { return n.w.now.Sub(n.polled) < freshFor }

// catchUp polls where that is due. Time without events is skipped, so this
// stands for the polls in between too.
func (n *node) catchUp() {
	if !n.cut && n.w.now.Sub(n.polled) >= pollEvery {
		n.poll()
	}
}

// poll looks at what changed, writes the sign of life and what connections ended,
// and has pushes tried again that failed.
func (n *node) poll() {
	ctx, now := context.Background(), n.w.now
	n.w.calm++
	defer func() { n.w.calm-- }()
	for _, p := range n.peers {
		p.pushDue, p.pushFailed = p.pushDue || p.pushFailed, false
	}
	n.reload()
	var err error
	if n.w.judge.ending(now) {
		err = n.devices.EndDue(ctx, now)
		n.w.judge.dealtWith(now)
	}
	err = errors.Join(err, n.devices.ChangedSince(ctx, n.polled.Add(-pollsBack), 10_000, func(acc protocol.AccountID, v protocol.Version, _ int64) {
		if h := n.w.home(acc); h != nil && n.w.bug != deafPolls {
			n.nudge(h, v)
		}
	}))
	if err = errors.Join(err, n.devices.Heartbeat(ctx, now, n.name)); err != nil {
		n.w.fail("poll: %v", err)
		return
	}
	n.polled = now
	for _, h := range n.w.homes {
		n.seen[h.index] = h.top
	}
	n.flush()
	for _, p := range slices.Clone(n.peers) {
		if p.stage == pending {
			p.decided()
		}
	}
}

// flush writes down what connections have ended.
func (n *node) flush() {
	if n.cut || len(n.left) == 0 {
		return
	}
	if err := n.devices.Departed(context.Background(), n.left); err != nil {
		n.w.fail("departed: %v", err)
	}
	n.left, n.w.dirty = nil, true
}

// add makes p the connection of its device here. It reports false where p is
// an older one than the present.
func (n *node) add(p *peer) bool {
	for _, other := range slices.Clone(n.peers) {
		if other == p || other.stage != live || other.session.Device != p.session.Device {
			continue
		}
		if other.session.Conn > p.session.Conn {
			return false
		}
		other.fail(protocol.CodeReplaced)
	}
	return true
}

// restart ends the process, in good order or not, and starts another.
func (w *world) restart(n *node, orderly bool) {
	for _, p := range slices.Clone(n.peers) {
		if orderly {
			p.fail(protocol.CodeBusy)
			continue
		}
		p.stage = ended
		p.wire.peerGone, p.wire.up = true, nil
		w.cut(p.wire)
	}
	if orderly {
		n.flush()
	}
	if err := w.boot(n); err != nil {
		w.fail("boot: %v", err)
	}
}
