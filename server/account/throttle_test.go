package account

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// strangersFail gives n wrong passwords, each from another network.
func (f *fixture) strangersFail(t *testing.T, login string, n int) {
	t.Helper()
	for i := range n {
		from := Client{Agent: "curl", IP: fmt.Sprintf("10.%d.%d.1", i/250, i%250)}
		r := SignInRequest{Login: login, Password: otherPassword, From: from}
		if _, err := f.SignIn(f.ctx, f.clock.Now(), r); !errors.Is(err, ErrCredentials) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
}

// ASVS 6.3.1, 6.3.5.
func TestV5_TenFailuresAskForACode(t *testing.T) { // also where the owner wants none on new devices
	for _, failures := range []int{codeStreak - 1, codeStreak} {
		f := newFixture(t)
		web := f.signedUp(t, anna)
		f.update(t, func(tx *store.Tx) error {
			return tx.SetPreferences(store.PreferenceRow{Account: web.Session.Account, NewCode: false, SignInMails: true})
		})
		f.c.Risk.Code, f.c.Risk.Strong = 1e6, 1e6 // the streak alone
		f.strangersFail(t, anna, failures)
		c := f.step(t, anna, goodPassword, "", fox).Challenge
		if (c != nil) != (failures >= codeStreak) {
			t.Errorf("after %d failures in a row: challenge %+v", failures, c)
		}
		if c == nil {
			continue
		}
		if f.noticed(NoticeGuessing) != 1 || !has(f.kinds(t, web.Session.Account), timeline.SignInGuessed) {
			t.Error("the owner is not told")
		}
		if _, err := f.ContinueSignIn(f.ctx, f.clock.Now(), c.ID, Answer{Code: f.code(t)}, "", fox); err != nil {
			t.Fatal(err)
		}
		if c := f.step(t, anna, goodPassword, "", fox).Challenge; c != nil {
			t.Error("a complete sign-in does not end the streak")
		}
	}
}

func TestV5_KnownDevicesAreNotSlowedByStrangers(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	f.strangersFail(t, anna, codeStreak+1)
	for range freeTries + 1 { // and somebody in the same network
		_, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Password: otherPassword, From: fox})
		if err == nil {
			t.Fatal("a wrong password is right")
		}
	}
	f.c.Risk.Code, f.c.Risk.Strong = 1e6, 1e6
	if step := f.step(t, anna, goodPassword, web.Device, fox); step.Challenge != nil {
		t.Errorf("a known device: %+v", step.Challenge)
	}
	// its own failures count for itself
	for i := range freeTries {
		r := SignInRequest{Login: anna, Password: otherPassword, Device: web.Device, From: fox}
		if _, err := f.SignIn(f.ctx, f.clock.Now(), r); !errors.Is(err, ErrCredentials) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
	var throttled *ThrottledError
	r := SignInRequest{Login: anna, Password: goodPassword, Device: web.Device, From: fox}
	if _, err := f.SignIn(f.ctx, f.clock.Now(), r); !errors.As(err, &throttled) || throttled.RetryAfter != firstWait {
		t.Errorf("a known device after 5 failures of its own: %v", err)
	}
}

// Strangers' wrong passwords, each from another network, are no reason for a code
// on a known device, nor for a wait once its codes are used up.
func TestV5_StrangersFailuresAskNoCodeOfAKnownDevice(t *testing.T) {
	f, who := settled(t, 3)
	f.strangersFail(t, anna, refuseStreak+20)
	for range sendsPerHour + 1 {
		if c := f.step(t, anna, goodPassword, who.Device, fox).Challenge; c != nil {
			t.Fatalf("a known device needs a %s", c.Need)
		}
	}
}

func TestV5_HundredFailuresRefuseUnknownDevices(t *testing.T) { // NIST SP 800-63B-4 §3.2.2; ASVS 6.3.1
	f := newFixture(t)
	web := f.signedUp(t, anna)
	acc := web.Session.Account
	f.strangersFail(t, anna, refuseStreak)
	r := SignInRequest{Login: anna, Password: goodPassword, From: elsewhere}
	if _, err := f.SignIn(f.ctx, f.clock.Now(), r); err != ErrCredentials {
		t.Errorf("the right password on an unknown device: %v, want what a wrong one gets", err)
	}
	f.clock.Advance(30 * 24 * time.Hour) // no time ends it
	if _, err := f.SignIn(f.ctx, f.clock.Now(), r); err != ErrCredentials {
		t.Errorf("a month later: %v", err)
	}
	if f.noticed(NoticePasswordRefused) == 0 || !has(f.kinds(t, acc), timeline.PasswordRefused) {
		t.Error("the owner is not told")
	}
	in, err := f.try(t, anna, goodPassword, web.Device, fox)
	if err != nil {
		t.Fatalf("a known device: %v", err)
	}
	if _, err := f.SignIn(f.ctx, f.clock.Now(), r); err != ErrCredentials {
		t.Errorf("a sign-in on a known device ends the strangers' streak: %v", err)
	}
	f.update(t, func(tx *store.Tx) error { return tx.EndStreaks(in.Session.Account) }) // as a recovery does
	if step := f.step(t, anna, goodPassword, "", elsewhere); step.Challenge == nil {
		t.Error("after a recovery: no code")
	}
}

func TestV5_AHundredFailuresMakeADeviceUnknown(t *testing.T) {
	f := newFixture(t)
	web := f.signedUp(t, anna)
	f.update(t, func(tx *store.Tx) error {
		for range refuseStreak {
			device := deviceHash(web.Session.Account, web.Device)
			if _, err := tx.AddStreak(web.Session.Account, streakOf(device), refuseStreak+1, f.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if step := f.step(t, anna, goodPassword, web.Device, fox); step.Challenge == nil {
		t.Error("still a known device")
	}
}

func TestV5_ProofsAreBounded(t *testing.T) { // whoever holds a session and guesses loses it
	f := newFixture(t)
	web := f.signedUp(t, anna)
	for i := range refuseStreak {
		f.clock.Advance(longestWait)
		if _, err := f.Prove(f.ctx, f.clock.Now(), web.Session, otherPassword); !errors.Is(err, ErrCredentials) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
	f.clock.Advance(longestWait)
	if _, err := f.Prove(f.ctx, f.clock.Now(), web.Session, goodPassword); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the 101st try: %v", err)
	}
	if f.live(t, web.Token) {
		t.Error("the session lives")
	}
}

func TestV6_SameAnswersForUnknownAccounts(t *testing.T) { // sign-in: 12 tries from one network, then others
	f := newFixture(t)
	f.signedUp(t, anna)
	answers := func(login string) (out []string) {
		note := func(err error) { out = append(out, fmt.Sprint(err)) }
		for i := range 12 {
			_, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: login, Password: otherPassword, From: fox})
			note(err)
			if i%2 == 0 {
				f.clock.Advance(time.Minute)
			}
		}
		for i := range 120 {
			from := Client{IP: fmt.Sprintf("172.16.%d.1", i)}
			_, err := f.SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: login, Password: otherPassword, From: from})
			note(err)
		}
		return out
	}
	known, unknown := answers(anna), answers("nobody@example.org")
	for i := range known {
		if known[i] != unknown[i] {
			t.Fatalf("answer %d: %q for a known and %q for an unknown account", i, known[i], unknown[i])
		}
	}
}

func TestV6_SignUpBudgetsAreAlike(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, anna)
	f.clock.Advance(2 * time.Hour)
	answers := func(email string) (out string) {
		for range 7 {
			f.clock.Advance(time.Minute)
			_, err := f.SignUp(f.ctx, f.clock.Now(), email, goodPassword, "", elsewhere)
			out += fmt.Sprintln(err)
		}
		f.clock.Advance(2 * time.Hour)
		return out
	}
	if known, unknown := answers(anna), answers("nobody@example.org"); known != unknown {
		t.Errorf("known:\n%s\nunknown:\n%s", known, unknown)
	}
}

func TestV5_BudgetsInParallel(t *testing.T) { // one statement: a limit holds for all at once
	f := newFixture(t)
	b := Budget{Scope: "test", Limit: 7, Per: time.Hour}
	errs := all(50, func() error {
		return f.c.DB.Update(f.ctx, func(tx *store.Tx) error { return b.Take(tx, f.c.Keys, f.clock.Now(), "x") })
	})
	if n := succeeded(errs); n != b.Limit {
		t.Errorf("%d of 50 taken, want %d", n, b.Limit)
	}
	var throttled *ThrottledError
	f.clock.Advance(20 * time.Minute)
	err := f.c.DB.View(f.ctx, func(tx *store.Tx) error { return b.Check(tx, f.c.Keys, f.clock.Now(), "x") })
	if !errors.As(err, &throttled) || throttled.RetryAfter != 40*time.Minute {
		t.Errorf("Check = %v", err)
	}
	f.clock.Advance(40 * time.Minute)
	f.update(t, func(tx *store.Tx) error { return b.Take(tx, f.c.Keys, f.clock.Now(), "x") })
}

func TestV5_StreaksAreCountedInParallel(t *testing.T) {
	f := newFixture(t)
	acc := f.signedUp(t, anna).Session.Account
	all(50, func() error {
		return f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
			_, err := tx.AddStreak(acc, "unknown", refuseStreak+1, f.clock.Now())
			return err
		})
	})
	streak := func(acc protocol.AccountID) (n int) {
		f.update(t, func(tx *store.Tx) (err error) { n, err = tx.Streak(acc, "unknown"); return err })
		return n
	}
	if n := streak(acc); n != 50 {
		t.Errorf("%d failures, want 50", n)
	}
}

func TestV5_NodesCountTogether(t *testing.T) { // two servers on one database
	f := newFixture(t)
	acc := f.signedUp(t, anna).Session.Account
	other, err := newService(f.c, weakCost)
	if err != nil {
		t.Fatal(err)
	}
	nodes := make(chan *Service, 40)
	for range 20 {
		nodes <- f.Service
		nodes <- other
	}
	checked := 0
	for _, err := range all(40, func() error {
		_, err := (<-nodes).SignIn(f.ctx, f.clock.Now(), SignInRequest{Login: anna, Password: otherPassword, From: elsewhere})
		return err
	}) {
		if errors.Is(err, ErrCredentials) {
			checked++
		}
	}
	if checked != freeTries {
		t.Errorf("%d passwords were checked, want %d", checked, freeTries)
	}
	f.update(t, func(tx *store.Tx) error {
		n, err := tx.Streak(acc, streakOf(""))
		if n != freeTries {
			t.Errorf("%d failures in a row, want %d", n, freeTries)
		}
		return err
	})
}

func TestV5_AStolenSessionDoesNotSlowTheOwner(t *testing.T) { // from the same address
	f := newFixture(t)
	owner, stolen := f.signedUp(t, anna), f.signedIn(t, anna)
	var throttled *ThrottledError
	for range freeTries + 1 {
		_, err := f.Prove(f.ctx, f.clock.Now(), stolen.Session, otherPassword)
		errors.As(err, &throttled)
	}
	if throttled == nil {
		t.Error("guesses are not slowed")
	}
	if _, err := f.Prove(f.ctx, f.clock.Now(), owner.Session, goodPassword); err != nil {
		t.Errorf("the owner's proof: %v", err)
	}
}
