package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

func (f *fixture) signedIn(t *testing.T, email string) SignedIn {
	t.Helper()
	web, err := f.try(t, email, goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	return web
}

// ASVS 7.4.1.
func TestSessionsEnd(t *testing.T) {
	f := newFixture(t)
	a := f.signedUp(t, "anna@example.org")
	b, c := f.signedIn(t, "anna@example.org"), f.signedIn(t, "anna@example.org")
	stranger := f.signedUp(t, "bert@example.org")

	list, err := f.Sessions(f.ctx, a.Session)
	if err != nil || len(list) != 3 || list[0].ID != c.Session.ID || !list[2].Current || list[0].Current {
		t.Fatalf("Sessions = %+v, %v", list, err)
	}
	if err := f.Revoke(f.ctx, f.clock.Now(), stranger.Session, b.Session.ID); !errors.Is(err, ErrNoSession) {
		t.Errorf("a stranger revokes: %v", err)
	}
	if err := f.Revoke(f.ctx, f.clock.Now(), a.Session, b.Session.ID); err != nil || f.live(t, b.Token) {
		t.Errorf("Revoke: %v", err)
	}
	if err := f.Revoke(f.ctx, f.clock.Now(), a.Session, b.Session.ID); !errors.Is(err, ErrNoSession) {
		t.Errorf("again: %v", err)
	}
	if err := f.Revoke(f.ctx, f.clock.Now(), b.Session, a.Session.ID); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a dead session revokes: %v", err)
	}
	for range 2 {
		if err := f.SignOut(f.ctx, f.clock.Now(), c.Session); err != nil || f.live(t, c.Token) {
			t.Errorf("SignOut: %v", err)
		}
	}
	if !f.live(t, a.Token) || !f.live(t, stranger.Token) {
		t.Error("another session ended too")
	}
}

// ASVS 7.2.3.
func TestTokens(t *testing.T) {
	f := newFixture(t)
	a, b := f.signedUp(t, "anna@example.org"), f.signedUp(t, "bert@example.org")
	last := byte('A')
	if a.Token[len(a.Token)-10] == last {
		last = 'B'
	}
	for name, token := range map[string]string{
		"empty": "", "short": a.Token[:80], "long": a.Token + "AAAA", "not base64": strings.Repeat("!", len(a.Token)),
		"another secret":  a.Token[:len(a.Token)-10] + string(last) + a.Token[len(a.Token)-9:],
		"another's ident": b.Token[:43] + a.Token[43:],
	} {
		if _, err := f.Authenticate(f.ctx, f.clock.Now(), token); err != ErrSignedOut {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// ASVS 7.3.1, 7.3.2.
func TestSessionLifetimes(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	for range 6 {
		f.clock.Advance(IdleLimit - time.Second)
		if f.clock.Now().Sub(web.Session.Created) >= SessionLimit {
			break
		}
		if !f.live(t, web.Token) {
			t.Fatalf("dead after %v", f.clock.Now().Sub(web.Session.Created))
		}
	}
	f.clock.Advance(time.Hour)
	if f.live(t, web.Token) {
		t.Error("a used session outlives its limit")
	}
	idle := f.signedIn(t, "anna@example.org")
	f.clock.Advance(IdleLimit)
	if f.live(t, idle.Token) {
		t.Error("an idle session outlives its limit")
	}
}

// ASVS 7.2.4.
func TestProve(t *testing.T) { // A8
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	now := f.clock.Advance(ProofAge)
	s, err := f.Authenticate(f.ctx, now, web.Token)
	if err != nil || s.Fresh(now) {
		t.Fatalf("fresh after 10 minutes (%v)", err)
	}
	if _, err := f.Prove(f.ctx, now, s, otherPassword); !errors.Is(err, ErrCredentials) {
		t.Errorf("wrong password: %v", err)
	}
	p, err := f.Prove(f.ctx, now, s, goodPassword)
	if err != nil || !p.Session.Fresh(now) {
		t.Errorf("Prove: %v", err)
	}
	if f.live(t, web.Token) {
		t.Error("the token from before the proof still works") // ASVS 7.2.4
	}
	if s, err = f.Authenticate(f.ctx, now, p.Token); err != nil || !s.Fresh(now) {
		t.Errorf("the proof is not stored (%v)", err)
	}
	for range freeTries {
		if _, err := f.Prove(f.ctx, now, s, otherPassword); !errors.Is(err, ErrCredentials) {
			t.Errorf("wrong password: %v", err)
		}
	}
	var throttled *ThrottledError
	if _, err = f.Prove(f.ctx, now, s, goodPassword); !errors.As(err, &throttled) {
		t.Errorf("after 5 failures: %v", err)
	}
	if err := f.SignOut(f.ctx, now, s); err != nil {
		t.Fatal(err)
	}
	if _, err = f.Prove(f.ctx, now, s, goodPassword); !errors.Is(err, ErrSignedOut) {
		t.Errorf("after sign-out: %v", err)
	}
}

// ASVS 7.2.4: a token that another has replaced lets nobody in, but the last few
// are told from those of sessions that are gone, and sign out.
func TestD5_OldTokensAreKnownAndSignOut(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org").Web
	tokens := []string{web.Token}
	for range 5 {
		next, err := f.Prove(f.ctx, f.clock.Now(), web.Session, goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		web, tokens = next, append(tokens, next.Token)
	}
	for i, token := range tokens {
		_, err := f.Authenticate(f.ctx, f.clock.Now(), token)
		if got, want := errors.Is(err, ErrOldToken), i >= 1 && i <= 4; got != want || (err == nil) != (i == 5) {
			t.Errorf("token %d: %v, an old one: %v", i, err, want)
		}
	}
	if _, err := f.SignOutToken(f.ctx, f.clock.Now(), tokens[0], Client{}); !errors.Is(err, ErrSignedOut) {
		t.Errorf("sign-out by a forgotten token: %v", err)
	}
	if acc, err := f.SignOutToken(f.ctx, f.clock.Now(), tokens[1], Client{}); err != nil || acc != web.Session.Account {
		t.Errorf("sign-out by an old token: %v", err)
	}
	if f.live(t, web.Token) {
		t.Error("the session still lives")
	}
}

// ASVS 6.2.2, 6.2.3, 6.3.7.
func TestChangePassword(t *testing.T) { // A6
	for _, everywhere := range []bool{true, false} {
		f := newFixture(t)
		a := f.signedUp(t, "anna@example.org")
		b := f.signedIn(t, "anna@example.org")
		if _, err := f.ChangePassword(f.ctx, f.clock.Now(), a.Session, otherPassword, otherPassword, everywhere); !errors.Is(err, ErrCredentials) {
			t.Errorf("wrong current password: %v", err)
		}
		next, err := f.ChangePassword(f.ctx, f.clock.Now(), a.Session, goodPassword, otherPassword, everywhere)
		if err != nil {
			t.Fatal(err)
		}
		if f.live(t, a.Token) || !f.live(t, next.Token) || f.live(t, b.Token) == everywhere {
			t.Errorf("everywhere %t: old token %t, new %t, other session %t", everywhere, f.live(t, a.Token), f.live(t, next.Token), f.live(t, b.Token))
		}
		if m := f.mail(t); m.Kind != NoticePasswordChanged {
			t.Errorf("mail = %+v", m)
		}
		if _, err := f.try(t, "anna@example.org", goodPassword, "", fox); !errors.Is(err, ErrCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := f.try(t, "anna@example.org", otherPassword, "", fox); err != nil {
			t.Errorf("the new password: %v", err)
		}
		var acc store.AccountRow
		err = f.c.DB.View(f.ctx, func(tx *store.Tx) (err error) { acc, err = tx.Account(a.Session.Account); return err })
		if want := map[bool]int64{true: 2, false: 1}[everywhere]; err != nil || acc.Generation != want || everywhere && acc.EndedBy != protocol.ByPassword {
			t.Errorf("everywhere %t: %+v, %v", everywhere, acc, err)
		}
	}
}

// ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9.
func TestPasswordRules(t *testing.T) { // A3
	f := newFixture(t)
	tests := map[string]PasswordReason{
		"kitchen-window-7 ":               "",
		"correct horse battery staple":    "",
		"日本語のパスワード長い":                     "",
		strings.Repeat("wolf🐺 tänze ", 9): "",
		"Xk3$pq9":                         PasswordTooShort,
		strings.Repeat("quiet lamp ", 12): PasswordTooLong,
		strings.Repeat("x", 1<<20):        PasswordTooLong,
		"my berta is a fine dog":          PasswordHasAddress,
		"MyBERTAisafinedog":               PasswordHasAddress,
		"the Hearthkey of my home":        PasswordHasService,
		"password1":                       PasswordCommon,
		"PassWord1":                       PasswordCommon,
		"sunshine2024":                    PasswordGuessable,
		"qwertyuiop":                      PasswordCommon,
		"12345678901234":                  PasswordGuessable,
		strings.Repeat("a", 100):          PasswordGuessable,
		"good \x00 horse battery":         PasswordNotText,
		"good \xff horse battery":         PasswordNotText,
	}
	for password, want := range tests {
		err := f.checkPassword(password, "berta@example.org")
		var refused *PasswordError
		if want == "" && err != nil || want != "" && (!errors.As(err, &refused) || refused.Reason != want || refused.Advice == "") {
			t.Errorf("checkPassword(%.30q) = %v, want %q", password, err, want)
		}
	}
	if err := f.checkPassword("my berta is a fine dog", "berta+tv@example.org"); err == nil {
		t.Error("checkPassword accepts what precedes a sub-address")
	}
	if err := f.checkPassword("my ann is a fine dog", "ann@example.org"); err != nil {
		t.Errorf("a local part of 3 letters: %v", err)
	}
	web := f.signedUp(t, "anna@example.org")
	var refused *PasswordError
	if _, err := f.ChangePassword(f.ctx, f.clock.Now(), web.Session, goodPassword, goodPassword, true); !errors.As(err, &refused) || refused.Reason != PasswordSameAsOld {
		t.Errorf("the same password: %v", err)
	}
}

func FuzzCheckPassword(f *testing.F) {
	s := &Service{c: Config{ServiceName: "Hearthkey", MinPassword: 8}}
	f.Add("correct horse battery staple")
	f.Add("Tr0ub4dor&3 1998-12-24 qwerty")
	f.Fuzz(func(t *testing.T, p string) {
		if err := s.checkPassword(p, "anna@example.org"); err == nil && len(p) < 8 {
			t.Errorf("checkPassword(%q) accepts", p)
		}
	})
}

func TestNetwork(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "?", "garbage": "?",
	} {
		if got := Network(ip); got != want {
			t.Errorf("Network(%q) = %q, want %q", ip, got, want)
		}
	}
}

// V2, V7: whoever was signed out by the owner is a new device the next time.
func TestV2_ARevokedBrowserIsNoKnownDevice(t *testing.T) {
	f := newFixture(t)
	owner := f.signedUp(t, anna)
	other := f.signedIn(t, anna)
	if err := f.Revoke(f.ctx, f.clock.Now(), owner.Session, other.Session.ID); err != nil {
		t.Fatal(err)
	}
	if c := f.step(t, anna, goodPassword, other.Device, fox).Challenge; c == nil || c.Need != NeedCode {
		t.Errorf("the revoked browser signs in with %+v, want a code", c)
	}
	// The owner's own browser stays known, also by a session it had before.
	again, err := f.try(t, anna, goodPassword, owner.Device, fox)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Revoke(f.ctx, f.clock.Now(), again.Session, owner.Session.ID); err != nil {
		t.Fatal(err)
	}
	if c := f.step(t, anna, goodPassword, owner.Device, fox).Challenge; c != nil {
		t.Errorf("the owner's browser was forgotten: %+v", c)
	}
	// So does one that signs out by itself.
	if err := f.SignOut(f.ctx, f.clock.Now(), again.Session); err != nil {
		t.Fatal(err)
	}
	if c := f.step(t, anna, goodPassword, owner.Device, fox).Challenge; c != nil {
		t.Errorf("a browser that signed out was forgotten: %+v", c)
	}
}
