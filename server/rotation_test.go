package server_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/keyring"
)

// changeKeys changes the keys in the folder, as a command beside the server does.
func (h *house) changeKeys(draft func(*keyring.Folder) (keyring.Draft, error), more ...ed25519.PrivateKey) {
	h.t.Helper()
	d, err := keyring.OpenFolder(filepath.Join(h.data, "keys"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer d.Close()
	made, err := draft(d)
	if err != nil {
		h.t.Fatal(err)
	}
	lists, err := made.Sign(append(more, d.Root())...)
	if err == nil {
		err = d.Install(lists)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestO4_ConnectedTVsFollowTheKeys: a list reaches connected TVs within seconds,
// before the key signs anything for them; a root key is followed; nobody is signed
// out; a grant by a key that leaked stands no more.
func TestO4_ConnectedTVsFollowTheKeys(t *testing.T) {
	h := newCinema(t)
	title := h.one.title()
	leaked := h.one.play(1, h.main, title)
	if !h.active(leaked) {
		t.Fatal("the grant does not stand")
	}
	first := h.one.keys.Keys[0].ID
	h.changeKeys(func(d *keyring.Folder) (keyring.Draft, error) { return d.Remove(first, time.Now(), rand.Reader) })
	for _, v := range []*tv{h.one, h.two} {
		v.until("the list without the key", func() bool { return v.keys.Number == 2 })
		if v.serverKey(first) != nil || len(v.keys.Removed) != 1 {
			t.Errorf("%s has %+v", v.name, v.keys)
		}
		v.quiet() // by the other key, or it would not verify
	}
	if h.active(leaked) {
		t.Error("a grant by the key that leaked stands")
	}
	if again := h.one.play(1, h.main, title); !h.active(again) {
		t.Error("the next grant does not stand")
	}
	if _, _, body := h.do("GET", protocol.GrantPath, nil, nil); strings.Contains(string(body), first) {
		t.Error("the key is among those that check grants")
	}

	to, err := keyring.NewRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.changeKeys(func(d *keyring.Folder) (keyring.Draft, error) {
		return d.ChangeRoot(to.Public().(ed25519.PublicKey))
	}, to)
	h.one.until("the lists of another root key", func() bool { return h.one.keys.Number == 4 })
	h.one.quiet()
	h.two.auth() // a connection of its own
	if h.two.keys.Number != 4 {
		t.Errorf("list %d on a new connection, want 4", h.two.keys.Number)
	}
	third := newTV(h.house, "Kitchen")
	third.join(h.o)
	if third.keys.Number != 4 || string(third.enrolled.Root) != string(to.Public().(ed25519.PublicKey)) {
		t.Errorf("a TV that signs in now pins another root key, with list %d", third.keys.Number)
	}
	for _, v := range []*tv{h.one, h.two, third} {
		if v.state.Status != protocol.Active {
			t.Errorf("%s is %s", v.name, v.state.Status)
		}
	}
	if status, _ := h.o.try("GET", "/v1/profiles", nil); status != 200 {
		t.Errorf("the browser's session: %d", status)
	}
}
