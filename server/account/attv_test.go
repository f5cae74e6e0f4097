package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/timeline"
)

// TestV5_PasswordAtATV: a signed-in TV's tries wait, count with its sign-ins, end
// with the right one, and are refused after a hundred in a row.
func TestV5_PasswordAtATV(t *testing.T) {
	f := newFixture(t)
	id := f.signedUp(t, anna).Session.Account
	tv, from := "secret-of-a-tv", Client{Agent: "Living room", IP: "192.0.2.7", Kind: "tv"}
	check := func(password string) error { return f.CheckAtTV(f.ctx, f.clock.Now(), id, tv, password, from) }
	throttled := func(err error) (time.Duration, bool) {
		var e *ThrottledError
		ok := errors.As(err, &e)
		if !ok {
			return 0, false
		}
		return e.RetryAfter, true
	}
	if err := check(goodPassword); err != nil {
		t.Fatal(err)
	}
	for range freeTries {
		if err := check(otherPassword); !errors.Is(err, ErrCredentials) {
			t.Fatal(err)
		}
	}
	if wait, ok := throttled(check(goodPassword)); !ok || wait != firstWait {
		t.Errorf("the right password within the wait: %s", wait)
	}
	if err := f.CheckAtTV(f.ctx, f.clock.Now(), id, "another-tv", goodPassword, from); err != nil {
		t.Errorf("another TV waits too: %v", err)
	}
	f.clock.Advance(firstWait)
	if err := check(goodPassword); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if !has(f.kinds(t, id), timeline.SignInFailed) {
		t.Error("five wrong passwords are not in the timeline")
	}
	tries := 0
	for range 3 * refuseStreak { // each after its wait
		err := check(otherPassword)
		if wait, ok := throttled(err); ok {
			f.clock.Advance(wait)
			continue
		}
		if !errors.Is(err, ErrCredentials) {
			t.Fatal(err)
		}
		tries++
	}
	if tries != refuseStreak {
		t.Errorf("%d passwords were tried, want %d", tries, refuseStreak)
	}
	f.clock.Advance(longestWait)
	if _, ok := throttled(check(goodPassword)); !ok {
		t.Error("the right password after a hundred wrong ones is taken")
	}
	if f.noticed(NoticeGuessing) != 1 || f.noticed(NoticePasswordRefused) == 0 { // the latter once a day
		t.Error("the owner is not told")
	}
	if err := f.CheckAtTV(f.ctx, f.clock.Now(), "nobody", tv, goodPassword, from); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("an account that is gone: %v", err)
	}
	if err := f.CheckAtTV(f.ctx, f.clock.Now(), id, "another-tv", goodPassword, from); err != nil {
		t.Errorf("another TV is refused too: %v", err)
	}
}
