package profile

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/protocol/pin"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/servertest"
	"github.com/hearthkey/hearthkey/server/store"
)

type fixture struct {
	*Service
	ctx     context.Context
	now     time.Time
	who     account.Session
	mu      sync.Mutex // guards the following; tests that run one thing at a time need not take it
	notices []account.Notice
	version protocol.Version // of the newest hint
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{ctx: context.Background(), now: servertest.NewClock().Now()}
	db, keys, gate := servertest.DB(t), servertest.Keys(t), admit.New(admit.Config{})
	notify := func(tx *store.Tx, n account.Notice) error {
		tx.OnCommit(func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.notices = append(f.notices, n)
		})
		return nil
	}
	changed := func(_ protocol.AccountID, v protocol.Version) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.version = v
	}
	title := func(id protocol.TitleID) string {
		return map[protocol.TitleID]string{"salt": "Salt", "otter": "Otter Post", "orbit": "Low Orbit"}[id]
	}
	password := func(_ context.Context, _ time.Time, _ protocol.AccountID, _ protocol.DeviceID, password string, _ account.Client) error {
		if password != "correct horse" {
			return account.ErrCredentials
		}
		return nil
	}
	var err error
	f.Service, err = New(Config{DB: db, Keys: keys, Gate: gate, Notify: notify, Changed: changed, Title: title, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	acc := servertest.Owner(t, db, f.now, "anna@example.org")
	if err := db.Update(f.ctx, func(tx *store.Tx) error { return Household(tx, f.now, acc, "de") }); err != nil {
		t.Fatal(err)
	}
	id, generation := servertest.WebSession(t, db, f.now, acc, "Firefox")
	f.who = account.Session{Account: acc, ID: account.SessionID(id), Generation: generation, Email: "anna@example.org", Language: "de"}
	f.version = 1
	return f
}

func (f *fixture) list(t *testing.T) []protocol.Profile {
	t.Helper()
	all, err := f.List(f.ctx, f.who.Account)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var teen = Edit{Name: "Lea", Avatar: "fox", Level: parental.Teens}

func TestNewAccountHasMainAndKids(t *testing.T) { // P1
	f := newFixture(t)
	all := f.list(t)
	if len(all) != 2 || !all[0].Main || all[0].Kids || all[0].Level != parental.All || !all[1].Kids || all[1].Main ||
		all[1].Level != parental.LittleKids || all[0].Language != "de" {
		t.Errorf("profiles = %+v", all)
	}
}

func TestProfilesComeAndGo(t *testing.T) { // P1
	f := newFixture(t)
	before := f.version
	lea, err := f.Create(f.ctx, f.now, f.who, teen)
	if err != nil || lea.Language != "de" || f.version != before+1 {
		t.Fatalf("Create = %+v, version %d, %v", lea, f.version, err)
	}
	edit := Edit{Name: " Léa ", Avatar: "whale", Level: parental.OlderKids, Language: "FR-ca", Kids: true}
	want := protocol.Profile{ID: lea.ID, Name: "Léa", Avatar: "whale", Level: parental.OlderKids, Language: "fr-CA", Kids: true}
	if got, err := f.Edit(f.ctx, f.now, f.who, lea.ID, edit); err != nil || !cmp.Equal(got, want) {
		t.Errorf("Edit = %+v, %v", got, err)
	}
	if diff := cmp.Diff(want, f.list(t)[2]); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if _, err = f.Create(f.ctx, f.now, f.who, teen); err != nil {
			t.Fatal(err)
		}
	}
	before = f.version
	if _, err = f.Create(f.ctx, f.now, f.who, teen); !errors.Is(err, ErrTooMany) || f.version != before {
		t.Errorf("the sixth: %v", err)
	}
	if err := f.Delete(f.ctx, f.now, f.who, lea.ID); err != nil || len(f.list(t)) != 4 {
		t.Errorf("Delete: %v", err)
	}
	for id, want := range map[protocol.ProfileID]error{f.list(t)[0].ID: ErrMain, lea.ID: ErrUnknown, "": ErrUnknown} {
		if err := f.Delete(f.ctx, f.now, f.who, id); !errors.Is(err, want) {
			t.Errorf("Delete(%q) = %v, want %v", id, err, want)
		}
	}
	main := f.list(t)[0]
	if got, err := f.Edit(f.ctx, f.now, f.who, main.ID, Edit{Name: "Us", Avatar: "owl", Level: parental.All, Kids: true}); err != nil || got.Kids || !got.Main {
		t.Errorf("the main profile as kids: %+v, %v", got, err)
	}
}

func TestBadEdits(t *testing.T) {
	f := newFixture(t)
	bad := func(change func(*Edit)) Edit { e := teen; change(&e); return e }
	for name, tt := range map[string]struct {
		edit Edit
		want error
	}{
		"no name":            {bad(func(e *Edit) { e.Name = "  " }), ErrName},
		"long name":          {bad(func(e *Edit) { e.Name = strings.Repeat("ü", 33) }), ErrName},
		"control characters": {bad(func(e *Edit) { e.Name = "a\nb" }), ErrName},
		"zero width":         {bad(func(e *Edit) { e.Name = "\u200b" }), ErrName},
		"joiners alone":      {bad(func(e *Edit) { e.Name = "\u200d" }), ErrName},
		"a filler":           {bad(func(e *Edit) { e.Name = "\u3164" }), ErrName},
		"turned round":       {bad(func(e *Edit) { e.Name = "\u202eevil" }), ErrName},
		"not UTF-8":          {bad(func(e *Edit) { e.Name = "a\xff" }), ErrName},
		"avatar":             {bad(func(e *Edit) { e.Avatar = "../x" }), ErrAvatar},
		"no level":           {bad(func(e *Edit) { e.Level = 0 }), ErrLevel},
		"level 6":            {bad(func(e *Edit) { e.Level = 6 }), ErrLevel},
		"language":           {bad(func(e *Edit) { e.Language = "no language" }), ErrLanguage},
		"teenagers' kids":    {bad(func(e *Edit) { e.Kids = true }), ErrKidsLevel},
		"long language":      {bad(func(e *Edit) { e.Language = "en-x-" + strings.Repeat("abcdefgh-", 9) + "a" }), ErrLanguage},
	} {
		if _, err := f.Create(f.ctx, f.now, f.who, tt.edit); !errors.Is(err, tt.want) {
			t.Errorf("%s: Create = %v, want %v", name, err, tt.want)
		}
	}
	if _, err := f.Create(f.ctx, f.now, f.who, bad(func(e *Edit) { e.Name = strings.Repeat("ü", 32) })); err != nil {
		t.Errorf("32 letters: %v", err)
	}
}

func TestEndedSessionChangesNothing(t *testing.T) { // D5
	f := newFixture(t)
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := tx.EndEverything(f.who.Account, protocol.ByAll, "", f.now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	kids := f.list(t)[1].ID
	_, createErr := f.Create(f.ctx, f.now, f.who, teen)
	_, editErr := f.Edit(f.ctx, f.now, f.who, kids, teen)
	_, pinErr := f.SetPIN(f.ctx, f.now, f.who, kids, "2846")
	for name, err := range map[string]error{
		"Create": createErr, "Edit": editErr, "SetPIN": pinErr,
		"Delete": f.Delete(f.ctx, f.now, f.who, kids), "RemovePIN": f.RemovePIN(f.ctx, f.now, f.who, kids),
		"SetParental": f.SetParental(f.ctx, f.now, f.who, Decision{Add: "salt"}), "Unlock": f.Unlock(f.ctx, f.now, f.who, kids),
		"SetBlocked": f.SetBlocked(f.ctx, f.now, f.who, kids, nil), "Block": f.Block(f.ctx, f.now, f.who, kids, "salt", ""),
	} {
		if !errors.Is(err, account.ErrSignedOut) {
			t.Errorf("%s = %v, want ErrSignedOut", name, err)
		}
	}
}

func TestPINs(t *testing.T) { // P2
	f := newFixture(t)
	main := f.list(t)[0].ID
	weak, err := f.SetPIN(f.ctx, f.now, f.who, main, "0042")
	if err != nil || weak {
		t.Fatalf("SetPIN = %t, %v", weak, err)
	}
	if p := f.list(t)[0]; !p.Locked || p.PIN != 1 {
		t.Errorf("profile = %+v", p)
	}
	pins, version, err := f.Pins(f.ctx, f.who.Account)
	if err != nil || version != 1 || len(pins) != 1 || pins[0].Profile != main {
		t.Fatalf("Pins = %+v, %d, %v", pins, version, err)
	}
	key, err := pin.Derive("0042", pins[0].Salt, pin.Cost{Memory: pins[0].Memory, Passes: pins[0].Passes})
	if err != nil || !pin.Equal(key, pins[0].Key) {
		t.Errorf("the key is not that of the PIN (%v)", err)
	}
	if weak, err = f.SetPIN(f.ctx, f.now, f.who, main, "1234"); err != nil || !weak || f.list(t)[0].PIN != 2 {
		t.Errorf("replaced: %t, %v", weak, err)
	}
	for _, bad := range []string{"", "123", "12345", "12a4", " 123", "１２３４"} {
		if _, err := f.SetPIN(f.ctx, f.now, f.who, main, bad); !errors.Is(err, ErrPIN) {
			t.Errorf("SetPIN(%q) = %v", bad, err)
		}
	}
	if _, err := f.SetPIN(f.ctx, f.now, f.who, "nobody", "2846"); !errors.Is(err, ErrUnknown) {
		t.Errorf("unknown profile: %v", err)
	}
	for range 2 {
		if err := f.RemovePIN(f.ctx, f.now, f.who, main); err != nil {
			t.Fatal(err)
		}
	}
	pins, version, err = f.Pins(f.ctx, f.who.Account)
	if err != nil || version != 3 || len(pins) != 0 || f.list(t)[0].Locked {
		t.Errorf("after removal: %+v, %d, %v", pins, version, err)
	}
}

func TestRemovedProfileTakesItsPIN(t *testing.T) {
	f := newFixture(t)
	kids := f.list(t)[1].ID
	if _, err := f.SetPIN(f.ctx, f.now, f.who, kids, "2846"); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(f.ctx, f.now, f.who, kids); err != nil {
		t.Fatal(err)
	}
	if pins, version, err := f.Pins(f.ctx, f.who.Account); err != nil || version != 2 || len(pins) != 0 {
		t.Errorf("Pins = %+v, %d, %v", pins, version, err)
	}
}

func TestWeak(t *testing.T) { // P2
	for _, p := range []string{"0000", "1234", "4321", "7890", "0987", "9876", "1212", "7777", "1984", "2012", "2580", "1004", "12", "1225", "2512", "0229", "3112", "4128", "1701", "8642"} {
		if !Weak(p) {
			t.Errorf("Weak(%q) = false", p)
		}
	}
	for _, p := range []string{"2846", "0042", "9073", "3861", "0230", "3102", "1332", "0013"} {
		if Weak(p) {
			t.Errorf("Weak(%q) = true", p)
		}
	}
}

func TestSnapshot(t *testing.T) {
	f := newFixture(t)
	one, digest, err := f.Snapshot(f.ctx, f.who.Account)
	if err != nil || digest != protocol.DigestOf(one) {
		t.Fatal(digest, err)
	}
	var s protocol.Snapshot
	if err := json.Unmarshal(one, &s); err != nil || s.Owner != "anna@example.org" || s.Language != f.who.Language || s.Language == "" {
		t.Errorf("snapshot = %s (%v)", one, err)
	}
	if diff := cmp.Diff(f.list(t), s.Profiles); diff != "" {
		t.Error(diff)
	}
	f.cache = cache{}
	if two, d, err := f.Snapshot(f.ctx, f.who.Account); err != nil || d != digest || string(two) != string(one) {
		t.Errorf("built anew: %s, %v", two, err)
	}
	if _, err := f.Create(f.ctx, f.now, f.who, teen); err != nil {
		t.Fatal(err)
	}
	if _, d, err := f.Snapshot(f.ctx, f.who.Account); err != nil || d == digest {
		t.Errorf("after a change: the same digest, %v", err)
	}
	if _, _, err := f.Snapshot(f.ctx, "nobody"); !errors.Is(err, account.ErrUnknownAccount) {
		t.Errorf("unknown account: %v", err)
	}
	if strings.Contains(string(one), "salt") {
		t.Error("PIN material in the snapshot")
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	for i := range 3 * maxCached {
		c.put(protocol.AccountID(rune(i)), entry{version: 1})
	}
	if len(c.m) > maxCached {
		t.Errorf("%d entries", len(c.m))
	}
	c.put("a", entry{version: 7})
	c.put("a", entry{version: 6})
	if e, ok := c.get("a", 7); !ok || e.version != 7 {
		t.Error("an older View replaced a newer one")
	}
}
