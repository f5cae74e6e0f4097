package server_test

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// vault is a server with one of everything that the data key seals.
type vault struct {
	*staffed
	o      *owner
	kit    string // a profile with the PIN 4937
	tv     *tv
	app    string   // secret of the authenticator
	saved  []string // recovery codes
	notMe  string   // link of "It wasn't me"
	backup string   // copy of the database
}

func openVault(t *testing.T) *vault {
	t.Helper()
	servertest.OnlySQLite(t, "the bytes of the database's file")
	v := &vault{staffed: openStaffed(t)}
	v.o = v.signUp("nora@example.org")
	var made struct{ ID string }
	v.o.call("POST", "/v1/profiles", object{"name": "Kit", "avatar": "fox", "level": 3}, &made)
	v.kit = made.ID
	v.o.call("PUT", "/v1/profiles/"+v.kit+"/pin", object{"pin": "4937", "current": password}, nil)
	v.o.call("PUT", "/v1/parental/pin", object{"pin": "8264", "current": password}, nil)
	v.tv = newTV(v.house, "TV")
	v.tv.join(v.o)
	v.app, v.saved = v.o.addApp()
	v.o.call("POST", "/v1/email", object{"email": "nora@example.net"}, nil) // opens a chain
	v.o.renewed("POST", "/v1/changes/email/confirm", object{"code": v.accessCode("nora@example.net")})
	v.o.call("DELETE", "/v1/profiles/"+v.kit, nil, nil) // its mail has a link that brings it back, PIN and all
	v.notMe = v.link("nora@example.org", "email-changed")
	hook, err := v.as(v.olga).AddWebhook(t.Context(), "http://127.0.0.1:9/in", nil, false, "", "for the SIEM")
	if err != nil {
		t.Fatal(err)
	}
	v.secrets.add("webhook", hook.Secret)
	v.backup = filepath.Join(t.TempDir(), "stolen.db")
	if err := server.Backup(t.Context(), v.cfg, v.backup); err != nil {
		t.Fatal(err)
	}
	return v
}

// personal are what a stolen database tells, as docs/security.md says.
var personal = []string{"email", "login", "number"}

// ASVS 13.3.1: whoever steals the database, and not the keys, finds in its bytes
// none of the secrets that were typed, sent or shown: of mails that wait neither.
func TestV1_AStolenDatabaseTellsNoSecret(t *testing.T) {
	v := openVault(t)
	files := map[string]string{"backup": v.backup, "database": v.data + "/hearthkey.db", "log of writes": v.data + "/hearthkey.db-wal"}
	v.secrets.mu.Lock()
	for value, name := range v.secrets.known {
		// What stands before the dot in a link that stops an attempt is as the database
		// has it; whole links of the other kind are longer.
		if slices.Contains(personal, name) || name == "link" && len(value) < 64 {
			delete(v.secrets.known, value)
		}
	}
	v.secrets.mu.Unlock()
	for _, kind := range []string{"current", "code", "recovery_codes", "token", "secret", "link", "webhook"} {
		if !slices.Contains(v.secrets.kinds(), kind) {
			t.Errorf("no %s was used: got %v", kind, v.secrets.kinds())
		}
	}
	for name, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, told := range v.secrets.told(string(raw)) {
			t.Errorf("the %s tells %.60q", name, told)
		}
		if name == "backup" && (!strings.Contains(string(raw), "nora@example.org") || len(v.secrets.told(string(raw)+" "+v.o.token)) != 1) {
			t.Error("this test would find nothing")
		}
	}
}

// TestO4_TheDataKeyIsReplaced: after rotate-keys everything works as before, the key
// before opens nothing, and a replacement that was cut off anywhere is ended.
func TestO4_TheDataKeyIsReplaced(t *testing.T) {
	v := openVault(t)
	if _, err := server.RotateDataKey(t.Context(), v.cfg); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Fatalf("under a running server = %v", err)
	}
	if err := v.stop(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(v.data, "keys")
	old, err := os.ReadFile(filepath.Join(dir, "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := keyring.Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time the keys of hashes are in the file already
		if n, err := server.RotateDataKey(t.Context(), v.cfg); err != nil || n < 8 {
			t.Fatalf("rotated %d, %v", n, err)
		}
	}
	if tables := v.opened(before); len(tables) > 0 {
		t.Errorf("the key before opens values of %v", tables)
	}
	now, err := keyring.Reopen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if tables := v.opened(now); !slices.Equal(tables, []string{"chains", "links", "outbox", "pins", "totp", "webhooks"}) {
		t.Errorf("the new key opens values of %v", tables)
	}
	current, err := os.ReadFile(filepath.Join(dir, "data.key"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("data.key", old)
	if _, err := server.New(t.Context(), v.cfg); !errors.Is(err, keyring.ErrOtherData) {
		t.Errorf("with the key before the server starts: %v", err)
	}
	write("data.key.new", current) // as if it was cut off between the commit and the file
	v.start(v.cfg)
	if got, err := os.ReadFile(filepath.Join(dir, "data.key")); err != nil || string(got) != string(current) {
		t.Errorf("the key in use is not the new one: %v", err)
	}
	v.worksAsBefore()
}

// worksAsBefore uses what was sealed.
func (v *vault) worksAsBefore() {
	v.t.Helper()
	v.skew.Add(int64(time.Minute)) // a step is used once
	for _, answer := range []object{{"totp": appCode(v.t, v.app, v.now())}, {"recovery_code": v.saved[0]}} {
		var challenge struct{ Challenge string }
		there := &owner{house: v.house, email: "nora@example.net"}
		there.call("POST", "/v1/sign-in", object{"email": there.email, "password": password}, &challenge)
		answer["challenge"] = challenge.Challenge
		if status, body := there.try("POST", "/v1/sign-in/answer", answer); status >= 300 {
			v.t.Errorf("signing in with %v = %d %s", answer, status, body)
		}
	}
	var did undone
	v.o.call("POST", "/v1/links/not-me", object{"link": v.notMe}, &did)
	if !did.Reverted {
		v.t.Errorf("undoing = %+v", did)
	}
}

// opened are the tables of which a key opens values in the database of a stopped
// server.
func (v *vault) opened(ring *keyring.Ring) (tables []string) {
	v.t.Helper()
	driver, err := sqlite.Open(v.t.Context(), sqlite.Config{Path: filepath.Join(v.data, "hearthkey.db")})
	if err != nil {
		v.t.Fatal(err)
	}
	db, err := store.Open(v.t.Context(), driver, slog.New(slog.DiscardHandler))
	if err != nil {
		v.t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Reseal(v.t.Context(), func(c store.SealedColumn, keys []string, value []byte) ([]byte, error) {
		if opens(ring, c, keys, value) && !slices.Contains(tables, c.Table) {
			tables = append(tables, c.Table)
		}
		return value, nil
	}, func(*store.Tx) error { return nil })
	if err != nil {
		v.t.Fatal(err)
	}
	slices.Sort(tables)
	return tables
}

// opens reports whether a key opens a value, whatever it holds.
func opens(ring *keyring.Ring, c store.SealedColumn, keys []string, value []byte) bool {
	purpose := map[string]keyring.Purpose{
		"pins": keyring.PINs, "totp": keyring.TOTPSecrets, "webhooks": keyring.Webhooks, "chains": keyring.Snapshots, "links": keyring.Snapshots, "outbox": keyring.Mails,
	}[c.Table]
	switch c.Table {
	case "links": // the third column only says what it is
		keys = keys[:2]
	case "outbox":
		text, _ := strings.CutPrefix(string(value), "sealed.v1:")
		value, _ = base64.RawStdEncoding.DecodeString(text)
		keys = append(slices.Clone(keys), c.Column)
	}
	_, err := ring.Unseal(purpose, value, keys...)
	return err == nil
}
