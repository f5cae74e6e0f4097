package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// noPassword is a hash that no password has: argon2id would cost a history more
// than all the rest.
const noPassword = "none"

// browser is a web session, or a sign-in that has checked the password and not
// begun one yet.
type browser struct {
	session account.Session
	born    int // sign-outs everywhere that were over when it began, or renewed it
	begun   bool
	device  protocol.DeviceID // of a password typed at a TV; "": a real browser
}

// found makes the account.
func (w *world) found() error {
	ctx := context.Background()
	w.account = protocol.AccountID(w.uuid())
	email := string(w.account) + "@example.org"
	err := w.lab.db.Update(ctx, func(tx *store.Tx) error {
		row := store.AccountRow{ID: w.account, Email: email, Password: noPassword, Language: "de", Created: w.now}
		return errors.Join(tx.InsertAccount(row, email), profile.Household(tx, w.now, w.account, "de"))
	})
	if err != nil {
		return err
	}
	w.email = email
	return nil
}

// comes is the first half of a sign-in: the password is right, in the
// generation that is read here.
func (w *world) comes(device protocol.DeviceID) *browser {
	b := &browser{device: device, session: account.Session{
		Account: w.account, ID: account.SessionID(w.uuid()), Email: w.email, Language: "de", Created: w.now, Proved: w.now,
		Client: account.Client{Agent: "Firefox on Linux", IP: "192.0.2.8"},
	}}
	err := w.lab.db.View(context.Background(), func(tx *store.Tx) error {
		row, err := tx.Account(w.account)
		b.session.Generation = row.Generation
		return err
	})
	if err != nil {
		w.fail("read the account: %v", err)
	}
	b.born = w.judge.ends // after the read, which something may come before
	return b
}

// enters is the second half: the session begins, where nothing came between.
// That of a password typed at a TV approves it, and ends.
func (w *world) enters(b *browser, n *node) {
	row := store.WebSessionRow{
		Account: w.account, ID: string(b.session.ID), Generation: b.session.Generation, Created: w.now,
		Agent: b.session.Client.Agent, IP: b.session.Client.IP,
	}
	err := w.lab.db.Update(context.Background(), func(tx *store.Tx) error {
		if err := tx.BeginWebSession(row, noPassword); err != nil {
			return err
		}
		if b.device == "" {
			return nil
		}
		if err := n.devices.BySignIn(w.now, b.device)(tx, b.session); err != nil {
			return err
		}
		_, err := tx.DeleteWebSession(w.account, row.ID)
		return err
	})
	b.begun = err == nil && b.device == ""
	if err == nil {
		w.judge.signedIn(w, b)
	}
	w.expected("sign in", err)
}

// expected takes the refusals that any call of an owner may get.
func (w *world) expected(what string, err error) {
	w.trace("owner: %s: %v", what, err)
	if err == nil {
		w.dirty = true
		return
	}
	if errors.Is(err, store.ErrNotFound) {
		return
	}
	if _, ok := api.Explain(err); !ok {
		w.fail("%s: %v", what, err)
	}
}

// owner does one thing that owners do, through a node that works.
func (w *world) owner() {
	var ready []*node
	for _, n := range w.nodes {
		if !n.cut {
			ready = append(ready, n)
		}
	}
	if len(ready) == 0 {
		return
	}
	n, b := ready[w.n(len(ready))], w.browsers[w.n(len(w.browsers))]
	switch w.n(12) {
	case 0, 1, 2:
		w.approve(n, b)
	case 3, 4:
		w.end(n, b, false)
	case 5:
		w.end(n, b, true)
	case 6, 7:
		w.everywhere(n, b)
	case 8:
		w.rename(n, b)
	case 9:
		w.browsers = append(w.browsers, w.comes(""))
	case 10:
		if t := w.tvs[w.n(len(w.tvs))]; t.code() != "" {
			w.browsers = append(w.browsers, w.comes(t.id()))
		}
	case 11:
		if !b.begun {
			w.enters(b, n)
		}
	}
}

// approve types a code that a TV shows, or showed a while ago.
func (w *world) approve(n *node, b *browser) {
	t := w.tvs[w.n(len(w.tvs))]
	if c := t.code(); c != "" && w.n(4) > 0 {
		w.read = c
	}
	if !b.begun || w.read == "" {
		return
	}
	_, err := n.devices.Approve(context.Background(), w.now, b.session, w.read)
	if err == nil {
		w.judge.signedIn(w, b)
	}
	w.expected("approve", err)
}

// end signs one device out, or removes it.
func (w *world) end(n *node, b *browser, forGood bool) {
	t := w.tvs[w.n(len(w.tvs))]
	id, do, to := t.id(), n.devices.SignOut, protocol.SignedOut
	if forGood {
		do, to = n.devices.Deactivate, protocol.Deactivated
	}
	if !b.begun {
		return
	}
	err := do(context.Background(), w.now, b.session, id)
	if err == nil {
		w.judge.ended(w, id, to)
	}
	w.expected(fmt.Sprint("end ", to), err)
}

// everywhere signs out everything but b.
func (w *world) everywhere(n *node, b *browser) {
	if !b.begun {
		return
	}
	next, err := n.devices.SignOutEverywhere(context.Background(), w.now, b.session)
	if err == nil {
		if b.born < w.judge.ends {
			w.fail("a web session outlived a sign-out everywhere, and signs out everywhere")
		}
		b.session = next
		w.judge.everywhere(w)
		b.born = w.judge.ends
	}
	w.expected("everywhere", err)
}

// rename changes a profile's name, which the judge remembers.
func (w *world) rename(n *node, b *browser) {
	if !b.begun {
		return
	}
	ctx := context.Background()
	all, err := n.profiles.List(ctx, w.account)
	if err != nil {
		w.fail("profiles: %v", err)
		return
	}
	p := all[w.n(len(all))]
	w.names++
	name := fmt.Sprint("Ada ", w.names)
	_, err = n.profiles.Edit(ctx, w.now, b.session, p.ID, profile.Edit{Name: name, Avatar: p.Avatar, Level: p.Level, Kids: p.Kids})
	if err == nil {
		w.judge.named(w, p.ID, name, b)
	}
	w.expected("rename", err)
}
