package server_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/servertest"
)

// vaulted is a server whose data a test saves and restores.
type vaulted struct {
	*house
	cfg server.Config
}

func openVaulted(t *testing.T) *vaulted {
	t.Helper()
	servertest.OnlySQLite(t, "backups of the database's file")
	v := &vaulted{}
	v.house = open(t, func(c *server.Config) {
		c.TrustedProxies = []string{"127.0.0.1"}
		v.cfg = *c
	})
	return v
}

func (v *vaulted) file(name string) string { return filepath.Join(v.cfg.Data, name) }

// backUp saves the database under the running server.
func (v *vaulted) backUp() string {
	v.t.Helper()
	to := filepath.Join(v.t.TempDir(), "backup.db")
	if err := server.Backup(v.t.Context(), v.cfg, to); err != nil {
		v.t.Fatal(err)
	}
	return to
}

// restore stops the server, restores and starts it again.
func (v *vaulted) restore(from string) server.Restored {
	v.t.Helper()
	if _, err := server.Restore(v.t.Context(), v.cfg, from, false); err == nil || !strings.Contains(err.Error(), "stop it first") {
		v.t.Fatalf("restore under a running server = %v", err)
	}
	if err := v.stop(); err != nil {
		v.t.Fatal(err)
	}
	did, err := server.Restore(v.t.Context(), v.cfg, from, false)
	if err != nil {
		v.t.Fatal(err)
	}
	v.start(v.cfg)
	return did
}

// holds counts how often text is in the database's files.
func (v *vaulted) holds(text string) int {
	v.t.Helper()
	n := 0
	for _, name := range []string{"hearthkey.db", "hearthkey.db-wal", "hearthkey.db-shm"} {
		data, err := os.ReadFile(v.file(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			v.t.Fatal(err)
		}
		n += bytes.Count(data, []byte(text))
	}
	return n
}

func (v *vaulted) journal() string {
	v.t.Helper()
	text, err := os.ReadFile(v.file("deletions.log"))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(text)
}

// tvFrom joins a TV at an address of its own.
func (v *vaulted) tvFrom(o *owner, name, ip string) *tv {
	v.t.Helper()
	tv := newTV(v.house, name)
	tv.from = ip
	tv.join(o)
	return tv
}

// TestD4_DeletionReachesTheDisk: within seconds of the owner's click the running
// server's files hold nothing of where the TV was, and the journal knows; a backup
// of before brings nothing back, and is scrubbed too.
func TestD4_DeletionReachesTheDisk(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	den, loft := v.tvFrom(o, "Den", "203.0.113.77"), v.tvFrom(o, "Loft", "203.0.113.88")
	backup := v.backUp()
	if v.holds("203.0.113.77") == 0 {
		t.Fatal("the files do not hold the address: this test looks for the wrong thing")
	}
	o.call("POST", "/v1/devices/"+string(den.id)+"/deactivate", nil, nil)
	eventually(t, "the address has left the files", func() bool { return v.holds("203.0.113.77") == 0 })
	if text := v.journal(); !strings.Contains(text, " device "+string(den.enrolled.Account)+" "+string(den.id)+" 1 ") || strings.Contains(text, "Den") || strings.Contains(text, "203.0") {
		t.Errorf("the journal says %q", text)
	}
	if v.holds("203.0.113.88") == 0 {
		t.Error("the other TV's address went too")
	}

	did := v.restore(backup)
	if did.Repeated != 1 || did.NoOld || did.Backup.IsZero() {
		t.Errorf("the restore %+v, want one deletion done again", did)
	}
	if n := v.holds("203.0.113.77"); n > 0 {
		t.Errorf("the restored files hold the address %d times", n)
	}
	o.signIn()
	if d := o.device(string(den.id)); d.Status != "deactivated" {
		t.Errorf("restored: %+v", d)
	}
	if d := o.device(string(loft.id)); d.Status != "active" {
		t.Errorf("the other TV: %+v", d)
	}
}

// TestO4_RestoredBackupForgetsNoSignOut: what was ended and begun after the backup.
func TestO4_RestoredBackupForgetsNoSignOut(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	out, stays, later := v.tvFrom(o, "Out", ""), v.tvFrom(o, "Stays", ""), newTV(v.house, "Later")
	backup := v.backUp()
	old := o.token
	o.call("POST", "/v1/devices/"+string(out.id)+"/sign-out", nil, nil)
	for out.state.Status == protocol.Active {
		expect[protocol.State](out)
	}
	out.prove()
	later.join(o)
	given := later.have.Epoch
	began := time.Now()
	v.restore(backup)

	if status, body := o.try("GET", "/v1/profiles", nil); status != 401 {
		t.Errorf("the browser of before: %d %s, want that it signs in again", status, body)
	}
	o.token = old
	o.signIn()
	if _, _, page := v.do("GET", "/account/devices", o.browser(), nil); !strings.Contains(string(page), "This list may lack TVs until") {
		t.Error("the board does not say that it may lack TVs")
	}
	for _, name := range []*tv{out, stays} { // granted up to a moment ago, for all the server knows
		d := o.device(string(name.id))
		if d.Status != "active" || d.Online || d.Bound == nil || d.Bound.LocksBy.Before(began.Add(8*time.Hour)) || d.Bound.FurtherUse < 8*3600 {
			t.Errorf("%s: %+v %+v, want a bound of a whole lease from now", name.name, d, d.Bound)
		}
	}
	for _, tv := range []*tv{out, stays, later} {
		tv.url = v.url
	}
	out.have.State = out.stateJWS
	out.erase()
	out.dial()
	out.send(out.authFrame())
	expect[protocol.State](out)
	if d := o.device(string(out.id)); d.Status != "signed_out" || out.state.Status != protocol.SignedOut || out.granted() {
		t.Errorf("the TV that had proved its sign-out: %+v, told %+v", d, out.state)
	}
	if stays.auth(); !stays.granted() || stays.state.Status != protocol.Active {
		t.Errorf("the TV that stays: %+v", stays.state)
	}
	later.have.State = later.stateJWS // the server does not know it: the TV shows what it had
	later.dial()
	later.send(later.authFrame())
	if f := expect[protocol.State](later); f.JWS == "" || later.state.Status != protocol.SignedOut || later.granted() {
		t.Errorf("a TV that the backup does not know hears %+v", later.state)
	}
	later.have.State = ""
	later.join(o)
	if later.have.Epoch <= given {
		t.Errorf("a sign-in got the number %d after %d: the backup did not know that one", later.have.Epoch, given)
	}
	out.have.State = ""
	if out.join(o); out.have.Epoch <= 1<<20 || out.state.Status != protocol.Active {
		t.Errorf("signed in again: %+v", out.state)
	}
}

// TestO4_ATVThatLiesAboutItsNumbersHurtsNobodyElse: what a TV says of its earlier
// sign-ins stops neither the journal of deletions nor a restore, and moves no other
// TV's numbers, after two restores either.
func TestO4_ATVThatLiesAboutItsNumbersHurtsNobodyElse(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	liar, den := newTV(v.house, "Liar"), v.tvFrom(o, "Den", "203.0.113.77")
	liar.had = protocol.MaxEpoch
	liar.join(o)
	o.call("POST", "/v1/devices/"+string(liar.id)+"/deactivate", nil, nil)
	o.call("POST", "/v1/devices/"+string(den.id)+"/deactivate", nil, nil)
	eventually(t, "the journal has both", func() bool {
		return strings.Contains(v.journal(), string(liar.id)) && strings.Contains(v.journal(), string(den.id))
	})
	eventually(t, "the address has left the files", func() bool { return v.holds("203.0.113.77") == 0 })
	for range 2 {
		v.restore(v.backUp())
	}
	o.signIn()
	honest := newTV(v.house, "Honest")
	honest.url = v.url
	honest.join(o)
	if e := honest.have.Epoch; e > protocol.MaxEpoch/2 {
		t.Errorf("another TV's first sign-in is number %d", e)
	}
}

// TestO4_DeletionsSurviveAKill: a process is killed after any step between the click
// and the scrubbed file, the backup of before is restored: the deletion is done.
func TestO4_DeletionsSurviveAKill(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	den := v.tvFrom(o, "Den", "203.0.113.77")
	backup := v.backUp()
	o.call("POST", "/v1/devices/"+string(den.id)+"/deactivate", nil, nil)
	eventually(t, "the journal has it", func() bool { return strings.Contains(v.journal(), string(den.id)) })
	journal := v.journal()
	eventually(t, "the note is gone", func() bool { return v.holds("203.0.113.77") == 0 })
	if err := v.stop(); err != nil {
		t.Fatal(err)
	}
	_, err := server.Restore(t.Context(), v.cfg, backup, false)
	if err != nil {
		t.Fatal(err)
	}
	// Now the database has the note of the deletion that was done again, and no server
	// has run: as after a kill between the commit and the journal.
	for name, text := range map[string]string{"before the journal": "", "in the middle of a line": journal[:20], "after the journal": journal} {
		if err := os.WriteFile(v.file("deletions.log"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		did, err := server.Restore(t.Context(), v.cfg, backup, false)
		if err != nil || did.Repeated == 0 || v.holds("203.0.113.77") > 0 {
			t.Errorf("killed %s: %+v, %v, %d traces", name, did, err, v.holds("203.0.113.77"))
		}
	}
	if err := os.WriteFile(v.file("deletions.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	v.start(v.cfg)
	eventually(t, "the next start writes the journal", func() bool { return strings.Contains(v.journal(), string(den.id)) })
}

func TestO4_RestoreRefuses(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	v.tvFrom(o, "Den", "203.0.113.77")
	backup := v.backUp()
	if err := v.stop(); err != nil {
		t.Fatal(err)
	}
	bad, empty := filepath.Join(t.TempDir(), "bad"), server.Config{Data: t.TempDir()}
	if err := os.WriteFile(bad, []byte(strings.Repeat("no backup ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := v.cfg
	damaged.Deletions = bad
	for _, c := range []struct {
		name    string
		cfg     server.Config
		from    string
		without bool
		want    string
	}{
		{"no file", v.cfg, bad + "x", false, "cannot be read"},
		{"no backup", v.cfg, bad, false, "is damaged, or no backup"},
		{"no journal", empty, backup, false, "There is no journal of deletions"},
		{"a damaged journal", damaged, backup, true, "The journal of deletions is damaged"},
		{"no journal, knowingly", empty, backup, true, ""},
	} {
		_, err := server.Restore(t.Context(), c.cfg, c.from, c.without)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := server.Backup(t.Context(), empty, backup); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("backup over a file = %v", err)
	}
	if err := server.Backup(t.Context(), server.Config{Data: t.TempDir()}, bad+"2"); err == nil || !strings.Contains(err.Error(), "There is no database") {
		t.Errorf("backup of nothing = %v", err)
	}
}
