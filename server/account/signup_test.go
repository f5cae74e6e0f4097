package account

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestSignUpAndVerify(t *testing.T) { // A1
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), " Anna.Berg@Example.org ", goodPassword, "de-CH", fox)
	if err != nil {
		t.Fatal(err)
	}
	if a.Email != "Anna.Berg@example.org" {
		t.Errorf("Email = %q", a.Email)
	}
	m := f.mail(t)
	if m.Kind != NoticeAccessCode || m.To != a.Email || len(m.Code) != 6 || strings.Trim(m.Code, "0123456789") != "" {
		t.Errorf("mail = %+v", m)
	}
	if _, err := f.try(t, a.Email, goodPassword, "", fox); !errors.Is(err, ErrCredentials) {
		t.Errorf("sign-in before the address is proved: %v", err)
	}
	web, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, m.Code[:3]+" "+m.Code[3:], "", fox)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Authenticate(f.ctx, f.clock.Now(), web.Token)
	if err != nil || got != web.Session || got.Email != a.Email || got.Language != "de-CH" || !got.Fresh(f.clock.Now()) {
		t.Errorf("Authenticate = %+v, %v", got, err)
	}
	entries, err := timeline.List(f.ctx, f.c.DB, got.Account, "", 10)
	if err != nil || len(entries) != 1 || entries[0].Kind != timeline.AccountCreated || entries[0].IP != fox.IP {
		t.Errorf("timeline = %+v, %v", entries, err)
	}
	if f.changes != 1 {
		t.Errorf("%d hints, want 1", f.changes)
	}
}

func TestCodeOnceInParallel(t *testing.T) { // V1
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	code := f.mail(t).Code
	var wg sync.WaitGroup
	results := make(chan error, 50)
	for range 50 {
		wg.Go(func() {
			_, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, code, "", fox)
			results <- err
		})
	}
	wg.Wait()
	won := 0
	for range 50 {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, ErrAttempt) && !errors.Is(err, ErrCodeExpired):
			t.Errorf("loser: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 50 parallel uses of one code succeeded, want 1", won)
	}
}

func TestWrongCodes(t *testing.T) { // V1
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	right := f.mail(t).Code
	for i, code := range []string{"", "12345", "abcdef", right + "0", "९९९९९९"} {
		_, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, code, "", fox)
		var wrong *WrongCodeError
		if !errors.As(err, &wrong) || wrong.Left != 4-i {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, right, "", fox); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("the right code after 5 wrong ones: %v", err)
	}
	var throttled *ThrottledError
	if _, err := f.ResendCode(f.ctx, f.clock.Advance(29*time.Second), a.ID, fox); !errors.As(err, &throttled) || throttled.RetryAfter != time.Second {
		t.Errorf("resend after 29 s: %v", err)
	}
	if _, err := f.ResendCode(f.ctx, f.clock.Advance(time.Second), a.ID, fox); err != nil {
		t.Errorf("resend after 30 s: %v", err)
	}
	if next := f.mail(t).Code; next != right {
		if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, right, "", fox); err == nil {
			t.Error("the old code works after a resend")
		}
	}
	if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, f.mail(t).Code, "", fox); err != nil {
		t.Errorf("the new code: %v", err)
	}
	if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), "unknown", "123456", "", fox); !errors.Is(err, ErrAttempt) {
		t.Errorf("an unknown attempt: %v", err)
	}
}

func TestCodeExpires(t *testing.T) { // V1
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.VerifyEmail(f.ctx, f.clock.Advance(codeLife), a.ID, f.mail(t).Code, "", fox); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("after 10 min: %v", err)
	}
	if _, err := f.ResendCode(f.ctx, f.clock.Advance(attemptLife), a.ID, fox); !errors.Is(err, ErrAttempt) {
		t.Errorf("resend after an hour: %v", err)
	}
}

func TestSendsAreBounded(t *testing.T) { // V1
	f := newFixture(t)
	var throttled *ThrottledError
	for _, tt := range []struct {
		from  Client
		sends int
	}{{fox, newFrom}, {elsewhere, newSends - newFrom}} { // one network leaves some to others
		for i := range tt.sends + 1 {
			_, err := f.SignUp(f.ctx, f.clock.Advance(time.Minute), "anna@example.org", goodPassword, "", tt.from)
			if i < tt.sends && err != nil || i == tt.sends && !errors.As(err, &throttled) {
				t.Errorf("code %d from %s: %v", i+1, tt.from.IP, err)
			}
		}
	}
	if want := (60 - newSends - 1) * time.Minute; throttled.RetryAfter != want {
		t.Errorf("a wait of %v, want %v", throttled.RetryAfter, want)
	}
	if len(f.mails) != newSends {
		t.Errorf("%d mails, want %d", len(f.mails), newSends)
	}
	if _, err := f.SignUp(f.ctx, f.clock.Advance(throttled.RetryAfter), "anna@example.org", goodPassword, "", fox); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

// V6: 429 would tell that somebody has the address, and uses the account.
func TestV6_SignUpTellsNothingOfAnAccountsCodes(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	f.clock.Advance(2 * time.Hour)
	f.update(t, func(tx *store.Tx) error { // by the owner
		for range sendsPerHour {
			r := codeRequest{To: Destination{ByMail, anna}, Asker: known}
			if _, err := f.takeSend(tx, f.clock.Now(), r); err != nil {
				return err
			}
		}
		return nil
	})
	mails := len(f.mails)
	for i := range newSends + 1 {
		_, used := f.SignUp(f.ctx, f.clock.Now(), anna, goodPassword, "", elsewhere)
		_, unused := f.SignUp(f.ctx, f.clock.Now(), "nobody@example.org", goodPassword, "", elsewhere)
		if fmt.Sprint(used) != fmt.Sprint(unused) {
			t.Errorf("sign-up %d: %v for an account in use, %v for no account", i+1, used, unused)
		}
	}
	if n := len(f.mails) - mails; n != newFrom {
		t.Errorf("%d mails, want %d: none to the account whose codes are used up", n, newFrom)
	}
}

func TestKnownAddressIsAnsweredAlike(t *testing.T) { // V6
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	a, err := f.SignUp(f.ctx, f.clock.Now(), "ANNA@example.org", otherPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	m := f.mail(t)
	if m.Kind != NoticeHaveAccount || m.Code != "" || m.To != "anna@example.org" {
		t.Errorf("mail = %+v", m)
	}
	var wrong *WrongCodeError
	if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, "123456", "", fox); !errors.As(err, &wrong) {
		t.Errorf("a code for it: %v", err)
	}
	if _, err := f.ResendCode(f.ctx, f.clock.Advance(resendAfter), a.ID, fox); err != nil || f.noticed(NoticeHaveAccount) != takenSends {
		t.Errorf("resend: %v, and the owner is told %d times, want %d in an hour", err, f.noticed(NoticeHaveAccount), takenSends)
	}
}

func TestTwoAttemptsOneAddress(t *testing.T) {
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	code := f.mail(t).Code
	f.signedUp(t, "anna@example.org")
	if _, err := f.VerifyEmail(f.ctx, f.clock.Now(), a.ID, code, "", fox); !errors.Is(err, ErrAddressTaken) {
		t.Errorf("the slower attempt: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	tests := map[string]string{ // typed → key, empty: refused
		"anna@example.org":                          "anna@example.org",
		" Anna+tv@Sub.Example.ORG ":                 "anna+tv@sub.example.org",
		"jürgen@example.org":                        "jürgen@example.org",
		"o'neill@example.org":                       "o'neill@example.org",
		"a@xn--bcher-kva.example":                   "a@xn--bcher-kva.example",
		"":                                          "",
		"anna":                                      "",
		"@example.org":                              "",
		"anna@":                                     "",
		"anna@localhost":                            "",
		"anna@bücher.example":                       "",
		"anna@[192.0.2.1]":                          "",
		"anna@192.0.2.1":                            "",
		"anna@-x.org":                               "",
		"anna@x..org":                               "",
		"anna..b@example.org":                       "",
		".anna@example.org":                         "",
		"an na@example.org":                         "",
		"an\u200bna@example.org":                    "",
		"anna@example.org\r\nBcc: x@y.z":            "",
		"\"anna\"@example.org":                      "",
		"anna,bert@example.org":                     "",
		"\xff@example.org":                          "",
		strings.Repeat("a", 65) + "@example.org":    "",
		"a@" + strings.Repeat("b.", 130) + "org":    "",
		"a@" + strings.Repeat("b", 64) + ".example": "",
	}
	for in, want := range tests {
		_, key, err := parseAddress(in)
		if key != want || (err == nil) != (want != "") {
			t.Errorf("parseAddress(%q) = %q, %v, want %q", in, key, err, want)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("Anna@example.org")
	f.Add("a@b@c.de")
	f.Fuzz(func(t *testing.T, in string) {
		address, key, err := parseAddress(in)
		if err != nil {
			return
		}
		if strings.ContainsAny(address, "\r\n \t<>,") || strings.Count(key, "@") != 1 {
			t.Errorf("parseAddress(%q) = %q", in, address)
		}
		if again, _, err := parseAddress(address); err != nil || again != address {
			t.Errorf("parseAddress(%q) = %q, %v", address, again, err)
		}
	})
}

func TestTidy(t *testing.T) {
	f := newFixture(t)
	a, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Tidy(f.ctx, f.clock.Advance(26*time.Hour)); err != nil {
		t.Fatal(err)
	}
	err = f.c.DB.View(f.ctx, func(tx *store.Tx) error {
		_, err := tx.Attempt(stored(a.ID))
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the attempt is still there: %v", err)
	}
}
