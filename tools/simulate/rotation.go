package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
)

// rotating gives a history a folder of keys of its own, in which they change. The
// data key is the lab's.
func (w *world) rotating() error {
	w.keysDir = filepath.Join(w.lab.dir, "keys-live")
	if err := os.RemoveAll(w.keysDir); err != nil {
		return err
	}
	if err := os.Mkdir(w.keysDir, 0o700); err != nil {
		return err
	}
	from := filepath.Join(w.lab.dir, "keys")
	files, err := os.ReadDir(from)
	for _, f := range files {
		data, readErr := os.ReadFile(filepath.Join(from, f.Name()))
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(w.keysDir, f.Name()), data, 0o600))
	}
	return err
}

// openKeys opens the keys for a process.
func (n *node) openKeys() (err error) {
	n.keys, n.keyChanges = n.w.lab.keys, n.w.keyChanges
	if n.w.keysDir != "" {
		n.keys, err = keyring.Open(n.w.keysDir, serverName, nil)
	}
	return err
}

// reload takes over keys that have changed, and brings them to whoever is
// connected.
func (n *node) reload() {
	if n.keyChanges == n.w.keyChanges || n.w.bug == deafKeys {
		return
	}
	n.keyChanges = n.w.keyChanges
	if _, err := n.keys.Reload(); err != nil {
		n.w.fail("reload keys: %v", err)
	}
	n.w.dirty = true
	for _, p := range n.peers {
		if p.stage == live && n.devices.Lacks(p.answer) {
			p.pushDue, p.keysDue = true, true
		}
	}
}

// rotate changes the keys as an operator does, beside the running server.
func (w *world) rotate() {
	d, err := keyring.OpenFolder(w.keysDir)
	if err != nil {
		w.fail("open keys: %v", err)
	}
	defer d.Close()
	act := w.n(6)
	switch {
	case w.aKey(d, keyring.KeyNext) != "" && w.n(2) == 0:
		act = 2
	case w.aKey(d, keyring.KeyListed) != "" && w.n(3) == 0:
		act = 3
	}
	what := []string{"list a new key", "use the new key", "use the new key", "retire a key", "say that a key leaked", "change the root key"}[act]
	switch act {
	case 0:
		err = install(d)(d.Add(w.now, w.random()))
	case 1, 2:
		_, _, err = d.Use(w.now, act == 2)
	case 3:
		err = install(d)(d.Retire(w.aKey(d, keyring.KeyListed)))
	case 4:
		id := w.aKey(d, keyring.KeyListed, keyring.KeySigns)
		if err = install(d)(d.Remove(id, w.now, w.random())); err == nil {
			w.leaked[id] = true
		}
	case 5:
		err = changeRoot(d, w.random())
	}
	w.trace("operator: %s: %v", what, err)
	switch {
	case err == nil:
		w.keyChanges++
		w.dirty = true
	case errors.Is(err, keyring.ErrNext), errors.Is(err, keyring.ErrEarly), errors.Is(err, keyring.ErrNoKey), errors.Is(err, keyring.ErrTooMany):
		what += ": refused"
	default:
		w.fail("%s: %v", what, err)
	}
	w.did(what)
	w.keysNumber = d.Status().Number
}

// random is for the next key: a seed replays it.
func (w *world) random() io.Reader {
	return rand.NewChaCha8(sha256.Sum256(fmt.Appendf(nil, "keys %d %d", w.seed, w.keyChanges)))
}

// install signs a draft by the folder's root keys and takes it in.
func install(d *keyring.Folder) func(keyring.Draft, error) error {
	return func(draft keyring.Draft, err error) error {
		if err != nil {
			return err
		}
		lists, err := draft.Sign(d.Root())
		if err != nil {
			return err
		}
		return d.Install(lists)
	}
}

func changeRoot(d *keyring.Folder, random io.Reader) error {
	to, err := keyring.NewRoot(random)
	if err != nil {
		return err
	}
	draft, err := d.ChangeRoot(to.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	lists, err := draft.Sign(d.Root(), to)
	if err != nil {
		return err
	}
	if err := d.KeepRoot(to); err != nil {
		return err
	}
	return d.Install(lists)
}

// aKey returns a key in one of the states; "": there is none.
func (w *world) aKey(d *keyring.Folder, of ...keyring.KeyState) string {
	var ids []string
	for _, k := range d.Status().Keys {
		if slices.Contains(of, k.State) {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return ids[w.n(len(ids))]
}

// kid returns the name of the key that a JWS says it is signed by.
func kid(jws string) string {
	var head struct{ Kid string }
	part, _, _ := strings.Cut(jws, ".")
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(raw, &head) != nil {
		return ""
	}
	return head.Kid
}

// rotated holds, after all healed, a TV to the newest key list, and to believing
// nothing of a key that leaked.
func (j *judge) rotated(w *world, t *television) {
	s := t.model.Saved()
	if w.keyChanges == 0 || s.Status != protocol.Active && s.Status != protocol.Stolen {
		return
	}
	if t.wire != nil && t.wire.spoiled {
		return // lists may be lost on a connection that goes on, as on none of TCP
	}
	w.met("keys have changed, and a TV goes on")
	switch {
	case s.KeysNumber != w.keysNumber:
		w.fail("TV %d holds key list %d, the newest is %d", t.index, s.KeysNumber, w.keysNumber)
	case w.leaked[kid(s.State)]:
		w.fail("TV %d holds a state by a key that leaked", t.index)
	}
	if len(w.leaked) > 0 {
		w.met("a key has leaked, and a TV believes it no more")
	}
}
