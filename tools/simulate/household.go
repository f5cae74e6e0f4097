package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// An owner's password, and its hash as the server would store it: made once,
// since argon2id costs more than the rest of a history.
const (
	password     = "correct horse living room"
	passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$IJSMPfFXKGAVABB4Q9aICQ$Ihfuxh5YRuyUuks+s6SReyEMFDNZnTwMBt9tHuD0e0w"
)

// household is an account, and its owner's browsers.
type household struct {
	index    int
	account  protocol.AccountID
	email    string
	main     protocol.ProfileID
	browsers []*browser
	top      protocol.Version // that a change made
	code     string           // the newest access code in the mailbox
}

// browser is a web session, or a sign-in that has checked the password and not
// begun one yet.
type browser struct {
	home    *household
	session account.Session
	born    int // sign-outs everywhere that were over when it began, or renewed it
	begun   bool
	device  protocol.DeviceID // of a password typed at a TV; "": a real browser

	entering bool // its session is being begun
	sweeping bool // a sign-out of everyone has begun since
	over     bool // and is over
}

// found makes an account, with its owner at a browser.
func (w *world) found() error {
	h := &household{index: len(w.homes), account: protocol.AccountID(w.uuid())}
	h.email = string(h.account) + "@example.org"
	ctx := context.Background()
	err := w.lab.db.Update(ctx, func(tx *store.Tx) error {
		row := store.AccountRow{ID: h.account, Email: h.email, Password: passwordHash, Language: "de", Created: w.now}
		err := errors.Join(tx.InsertAccount(row, h.email), profile.Household(tx, w.now, h.account, "de"))
		if err != nil {
			return err
		}
		all, err := tx.Profiles(h.account)
		if err == nil {
			h.main = all[0].ID
		}
		return err
	})
	w.homes = append(w.homes, h)
	return err
}

// home returns the household of an account of this history, or nil.
func (w *world) home(id protocol.AccountID) *household {
	for _, h := range w.homes {
		if h.account == id {
			return h
		}
	}
	return nil
}

// comes is the first half of a sign-in: the password is right, in the
// generation that is read here.
func (w *world) comes(h *household, device protocol.DeviceID) *browser {
	b := &browser{home: h, device: device, session: account.Session{
		Account: h.account, ID: account.SessionID(w.uuid()), Email: h.email, Language: "de", Created: w.now, Proved: w.now,
		Client: account.Client{Agent: "Firefox on Linux", IP: "192.0.2.8"},
	}}
	err := w.lab.db.View(context.Background(), func(tx *store.Tx) error {
		row, err := tx.Account(h.account)
		b.session.Generation = row.Generation
		return err
	})
	if err != nil {
		w.fail("read the account: %v", err)
	}
	b.born = w.judge.ends[h.account] // after the read, which something may come before
	h.browsers = append(h.browsers, b)
	return b
}

// enters is the second half: the session begins, where nothing came between.
// That of a password typed at a TV approves it, and ends.
func (w *world) enters(b *browser, n *node) {
	if b.entering {
		return
	}
	b.entering = true
	defer func() { b.entering = false }()
	row := store.WebSessionRow{
		Account: b.home.account, ID: string(b.session.ID), Generation: b.session.Generation, Created: w.now,
		Agent: b.session.Client.Agent, IP: b.session.Client.IP,
	}
	err := w.lab.db.Update(context.Background(), func(tx *store.Tx) error {
		if err := tx.BeginWebSession(row, passwordHash); err != nil {
			return err
		}
		if b.device == "" {
			return nil
		}
		if err := n.devices.BySignIn(w.now, b.device)(tx, b.session); err != nil {
			return err
		}
		_, err := tx.DeleteWebSession(b.home.account, row.ID)
		return err
	})
	b.begun = err == nil && b.device == ""
	if err == nil {
		w.judge.signedIn(w, b)
		if b.device != "" {
			w.judge.approved(w, b.home, b.device, stay{})
		}
	}
	w.expected("sign in", err)
}

// rename changes a profile's name, which the judge remembers.
func (w *world) rename(n *node, b *browser) {
	ctx := context.Background()
	all, err := n.profiles.List(ctx, b.home.account)
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
	w.expected("rename a profile", err)
}
