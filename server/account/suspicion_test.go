package account

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// places puts two networks on the map.
func places(ip string) Location {
	switch {
	case strings.HasPrefix(ip, "192.0.2."):
		return Location{Country: "FR", Lat: 45.8, Lon: 4.8, Located: true, Provider: 64500, Text: "Lyon, France"}
	case strings.HasPrefix(ip, "203.0.113."):
		return Location{Country: "NZ", Lat: -41.3, Lon: 174.8, Located: true, Provider: 64501, Text: "Wellington, New Zealand"}
	}
	return Location{}
}

// settled is an account with a history of n days in one place, and its device.
func settled(t *testing.T, n int) (*fixture, SignedIn) {
	t.Helper()
	f := newFixture(t)
	f.c.Locate = places
	who := f.signedUp(t, anna)
	for range n {
		f.clock.Advance(24 * time.Hour)
		if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
			t.Fatalf("an everyday sign-in needs a %s", c.Need)
		}
	}
	if err := f.CountSeen(f.ctx); err != nil {
		t.Fatal(err)
	}
	return f, who
}

// ASVS 6.3.5.
func TestV4_SuspiciousNeedsACodeAndSaysWhy(t *testing.T) {
	f, who := settled(t, 20)
	f.update(t, func(tx *store.Tx) error {
		return tx.SetPreferences(store.PreferenceRow{Account: who.Session.Account, NewCode: false, SignInMails: true})
	})
	entries, err := timeline.List(f.ctx, f.c.DB, who.Session.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.SignedIn || entries[0].Detail == "" {
		t.Errorf("an everyday sign-in does not say why it is one: %+v, %v", entries, err)
	}
	f.clock.Advance(time.Hour)
	faraway := Client{Agent: "Chrome on Android", IP: "203.0.113.5", Kind: "mobile"}
	c := f.step(t, anna, goodPassword, who.Device, faraway).Challenge // 19,000 km in an hour, with the device's cookie
	if c == nil || c.Need != NeedCode {
		t.Fatalf("challenge = %+v", c)
	}
	entries, err = timeline.List(f.ctx, f.c.DB, who.Session.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.SignInSuspicious || !strings.Contains(entries[0].Detail, "km") {
		t.Errorf("timeline = %+v, %v", entries, err)
	}
	if f.noticed(NoticeSuspicious) != 1 {
		t.Error("the owner is not told")
	}
	if n := f.mails[len(f.mails)-1]; n.Kind != NoticeSuspicious || !strings.Contains(n.Detail, "km") || n.Purpose != ForSignIn {
		t.Errorf("the notice does not say why, or what was asked: %+v", n)
	}
	in, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: f.code(t)}, who.Device, faraway) // nobody is locked out
	if err != nil || !f.live(t, in.Token) {
		t.Fatalf("with the code: %v", err)
	}
	entries, err = timeline.List(f.ctx, f.c.DB, who.Session.Account, "", 1)
	if err != nil || entries[0].Kind != timeline.SignedIn || entries[0].Detail == "" {
		t.Errorf("timeline = %+v, %v", entries, err)
	}
}

func TestV4_FailuresOfTheDayCount(t *testing.T) {
	f, who := settled(t, 3)
	f.strangersFail(t, anna, 4)
	for device, want := range map[string][3]int{"": {4, 0, 0}, who.Device: {}} { // a known device has its own
		tried, err := f.tried(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Device: device, From: fox})
		if err != nil || tried.failed != want {
			t.Errorf("failures = %v, %v, want %v: none from here", tried.failed, err, want)
		}
		f.update(t, func(tx *store.Tx) error { return f.forgive(tx, f.clock.Now(), tried) })
	}
	f.clock.Advance(failuresOver)
	if tried, err := f.tried(f.ctx, f.clock.Now(), SignInRequest{Login: anna, From: fox}); err != nil || tried.failed != [3]int{} {
		t.Errorf("a day later: %v, %v", tried.failed, err)
	}
}

// ASVS 14.2.7.
func TestV4_HistoryIsBounded(t *testing.T) {
	f := newFixture(t)
	acc := f.signedUp(t, anna).Session.Account
	f.update(t, func(tx *store.Tx) error {
		for i := range maxHistory + 20 {
			c := Client{Agent: "Firefox on Linux", IP: fmt.Sprintf("10.0.%d.1", i)}
			if err := f.addHistory(tx, f.clock.Advance(time.Minute), acc, c); err != nil {
				return err
			}
		}
		rows, err := tx.SignInHistory(acc, time.Time{}, 10*maxHistory)
		if err != nil || len(rows) != maxHistory || rows[0].Network != "10.0.219.0/24" {
			t.Errorf("%d rows, the newest %+v (%v)", len(rows), rows[0], err)
		}
		return nil
	})
}

func TestV4_EverybodyIsCounted(t *testing.T) {
	f, _ := settled(t, 4)
	other := f.signedUp(t, "bert@example.org")
	if err := f.CountSeen(f.ctx); err != nil {
		t.Fatal(err)
	}
	f.update(t, func(tx *store.Tx) error {
		g, err := everybody(tx, f.signInOf(f.clock.Now(), fox))
		if err != nil || g.SignIns != 6 || g.Accounts != 2 || g.Seen[0].Times != 6 || g.Seen[0].Distinct != 1 {
			t.Errorf("everybody = %+v, %v", g, err)
		}
		g, err = everybody(tx, f.signInOf(f.clock.Now(), elsewhere))
		if err != nil || g.Seen[0].Times != 0 || g.Seen[0].Distinct != 1 {
			t.Errorf("a network that nobody used: %+v, %v", g, err)
		}
		return nil
	})
	if other.Session.Account == protocol.AccountID("") {
		t.Error("no account")
	}
}

func FuzzLogin(f *testing.F) {
	for _, s := range []string{"anna@example.org", "+34 612 34 56 12", "0151 12345678", "@", "a@b@c.de", "\x00", "００３４"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, login string) {
		if address, key, err := parseAddress(login); err == nil {
			if again, k, err := parseAddress(address); err != nil || again != address || k != key {
				t.Errorf("parseAddress(%q) = %q, then %q, %v", login, address, again, err)
			}
		}
		if number, err := ParsePhone(login, "DE"); err == nil && (len(number) > 16 || number[0] != '+') {
			t.Errorf("ParsePhone(%q) = %q", login, number)
		}
	})
}
