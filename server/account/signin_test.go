package account

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

func TestSignIn(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	tests := map[string]struct {
		email, password string
		ok              bool
	}{
		"right":            {"anna@example.org", goodPassword, true},
		"other case":       {"Anna@EXAMPLE.org", goodPassword, true},
		"wrong password":   {"anna@example.org", otherPassword, false},
		"empty password":   {"anna@example.org", "", false},
		"trailing space":   {"anna@example.org", goodPassword + " ", false},
		"huge password":    {"anna@example.org", strings.Repeat("x", 1<<20), false},
		"unknown account":  {"bert@example.org", goodPassword, false},
		"not an address":   {"anna", goodPassword, false},
		"service's secret": {"bert@example.org", "", false},
	}
	for name, tt := range tests {
		web, err := f.try(t, tt.email, tt.password, "", fox)
		if tt.ok && (err != nil || !f.live(t, web.Token)) {
			t.Errorf("%s: %v", name, err)
		}
		if !tt.ok && err != ErrCredentials {
			t.Errorf("%s: %v, want exactly ErrCredentials", name, err)
		}
	}
	if m := f.mail(t); m.Kind != NoticeNewSignIn || m.Client != fox {
		t.Errorf("mail = %+v", m)
	}
}

// ASVS 6.2.8.
func TestPasswordNormalisation(t *testing.T) { // A3: byte-exact after NFC
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	if _, err := f.ChangePassword(f.ctx, f.clock.Now(), web.Session, goodPassword, "mühle trägt schnee", true); err != nil {
		t.Fatal(err)
	}
	if _, err := f.try(t, "anna@example.org", "mu\u0308hle tra\u0308gt schnee", "", fox); err != nil {
		t.Errorf("the same letters, decomposed: %v", err)
	}
}

func TestBackOff(t *testing.T) { // V5
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	for _, email := range []string{"anna@example.org", "nobody@example.org"} { // V6: alike
		for i := range freeTries {
			if _, err := f.try(t, email, otherPassword, "", fox); !errors.Is(err, ErrCredentials) {
				t.Fatalf("%s: failure %d: %v", email, i+1, err)
			}
		}
		var throttled *ThrottledError
		if _, err := f.try(t, email, goodPassword, "", fox); !errors.As(err, &throttled) || throttled.RetryAfter != 30*time.Second {
			t.Errorf("%s: after 5 failures: %v", email, err)
		}
	}
	elsewhere := fox
	elsewhere.IP = "198.51.100.9"
	if _, err := f.try(t, "anna@example.org", goodPassword, "", elsewhere); err != nil {
		t.Errorf("another network is not slowed: %v", err)
	}
	f.clock.Advance(30 * time.Second)
	if _, err := f.try(t, "anna@example.org", goodPassword, "", fox); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if _, err := f.try(t, "anna@example.org", otherPassword, "", fox); !errors.Is(err, ErrCredentials) {
		t.Errorf("a success ends the streak: %v", err)
	}
	entries, err := timeline.List(f.ctx, f.c.DB, web.Session.Account, "", 50)
	failed := 0
	for _, e := range entries {
		if e.Kind == timeline.SignInFailed {
			failed++
		}
	}
	if err != nil || failed != 1 {
		t.Errorf("%d entries of failed sign-ins, want 1 (%v)", failed, err)
	}
}

// ASVS 6.3.1.
func TestV5_BackOffTable(t *testing.T) { // from the 5th failure 30 s, doubling to 1 h
	f := newFixture(t)
	want := []time.Duration{0, 0, 0, 0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute,
		16 * time.Minute, 32 * time.Minute, time.Hour, time.Hour, time.Hour}
	count := func() (n int, err error) {
		err = f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
			n, err = f.countTry(tx, f.clock.Now(), "test", []byte("subject"))
			return err
		})
		return n, err
	}
	for i, wait := range want {
		if n, err := count(); err != nil || n != i+1 {
			t.Fatalf("try %d = %d, %v", i+1, n, err)
		}
		if wait == 0 {
			continue
		}
		for _, at := range []time.Duration{0, wait - time.Millisecond} {
			var throttled *ThrottledError
			f.clock.Advance(at)
			if _, err := count(); !errors.As(err, &throttled) || throttled.RetryAfter != wait-at {
				t.Errorf("%v after failure %d: %v, want a wait of %v", at, i+1, err, wait-at)
			}
		}
		f.clock.Advance(time.Millisecond)
	}
	f.clock.Advance(forgetTries)
	if n, err := count(); err != nil || n != 1 {
		t.Errorf("a day later: try %d, %v, want a new streak", n, err)
	}
}

func TestParallelTriesAreCounted(t *testing.T) { // V5
	f := newFixture(t)
	f.signedUp(t, "anna@example.org")
	var wg sync.WaitGroup
	results := make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			_, err := f.try(t, "anna@example.org", otherPassword, "", fox)
			results <- err
		})
	}
	wg.Wait()
	checked := 0
	for range 20 {
		if errors.Is(<-results, ErrCredentials) {
			checked++
		}
	}
	if checked != freeTries {
		t.Errorf("%d passwords were checked, want %d", checked, freeTries)
	}
}

func TestBusy(t *testing.T) {
	f := newFixture(t)
	f.c.Gate = admit.New(admit.Config{Slots: 1, Queue: -1})
	leave, err := f.c.Gate.Enter(f.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	var busy *admit.BusyError
	if _, err := f.try(t, "anna@example.org", goodPassword, "", fox); !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Errorf("SignIn = %v", err)
	}
	if _, err := f.SignUp(f.ctx, f.clock.Now(), "anna@example.org", goodPassword, "", fox); !errors.As(err, &busy) {
		t.Errorf("SignUp = %v", err)
	}
}

func TestOldHashIsRenewed(t *testing.T) { // A3
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	f.cost = standardCost
	hash := func() (phc string) {
		err := f.c.DB.View(f.ctx, func(tx *store.Tx) error {
			acc, err := tx.Account(web.Session.Account)
			phc = acc.Password
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return phc
	}
	if got := hash(); !strings.HasPrefix(got, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("hash = %s", got)
	}
	if _, err := f.try(t, "anna@example.org", goodPassword, "", fox); err != nil {
		t.Fatal(err)
	}
	if got := hash(); !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s", got)
	}
}

// A sign-in that checked its password before a sign-out everywhere committed
// must not live after it, whichever came first.
func TestSignInRacingSignOutEverywhere(t *testing.T) { // D5
	f := newFixture(t)
	web := f.signedUp(t, "anna@example.org")
	for range 25 {
		f.clock.Advance(time.Hour) // a lost race counts as a failed try
		var (
			wg    sync.WaitGroup
			in    SignedIn
			inErr error
		)
		wg.Go(func() { in, inErr = f.try(t, "anna@example.org", goodPassword, web.Device, fox) })
		wg.Go(func() {
			before := web.Session
			err := f.c.DB.Update(f.ctx, func(tx *store.Tx) (err error) {
				web.Session, err = EndEverything(tx, f.clock.Now(), before, protocol.ByAll, f.c.Changed)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if inErr != nil && !errors.Is(inErr, ErrCredentials) && !errors.Is(inErr, ErrAttempt) {
			t.Fatal(inErr)
		}
		if inErr != nil || !f.live(t, in.Token) {
			continue // the sign-out won
		}
		if in.Session.Generation != web.Session.Generation {
			t.Fatal("a session of an older generation is live")
		}
	}
	stale := store.AccountRow{ID: web.Session.Account, Generation: web.Session.Generation - 1}
	err := f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := f.finish(tx, f.clock.Now(), stale, entry{From: fox, Factors: withPassword})
		return err
	})
	if !errors.Is(err, ErrCredentials) {
		t.Errorf("a sign-in that saw the generation before: %v", err)
	}
	if !f.live(t, web.Token) {
		t.Error("the session that signed out everything is gone")
	}
}

func TestPHC(t *testing.T) {
	good, err := hashPassword("x", cost{memory: 64, passes: 1, lanes: 1}, zeros{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, old, err := verifyPassword("x", good, standardCost); !ok || !old || err != nil {
		t.Errorf("verify = %t, %t, %v", ok, old, err)
	}
	for _, bad := range []string{
		"", "x", "$argon2d$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43),
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=64", "m=4294967295", 1),
		strings.Replace(good, "m=64", "m=0", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "t=1", "t=999", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=255", 1), strings.Replace(good, "m=64", "m=-1", 1),
		good + "$", good[:len(good)-40],
	} {
		if _, _, err := verifyPassword("x", bad, standardCost); !errors.Is(err, errPHC) {
			t.Errorf("verifyPassword(%q) = %v", bad, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := parsePHC(s)
		if err == nil && (c.memory > maxCost.memory || uint64(c.memory)*uint64(c.passes) > maxArgonWork || len(salt) > 64 || len(key) > 64) {
			t.Errorf("parsePHC(%q) = %+v", s, c)
		}
	})
}
