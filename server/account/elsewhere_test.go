package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// tvDevice is what stands for a TV: 32 bytes, as a device cookie.
func tvDevice(n int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%032d", n))
}

func tvClient(network int) Client {
	return Client{Agent: "Living room TV", IP: fmt.Sprintf("198.%d.%d.7", 18+network/250, network%250), Kind: "tv"}
}

func TestElsewhere(t *testing.T) {
	f := newFixture(t)
	browser := f.signedUp(t, "anna@example.com")
	var began []Session
	begin := func(tx *store.Tx, who Session) error {
		if _, err := tx.WebSession(who.Account, string(who.ID)); err != nil {
			t.Errorf("who is not live in the transaction: %v", err)
		}
		tx.OnCommit(func() { began = append(began, who) })
		return nil
	}
	request := SignInRequest{Login: "anna@example.com", Password: goodPassword, Device: tvDevice(1), From: tvClient(1)}
	step, err := f.SignInElsewhere(f.ctx, f.clock.Now(), request, begin)
	if err != nil || step.Challenge == nil || len(began) > 0 {
		t.Fatalf("an unknown TV: %+v, %v, began %d", step, err, len(began))
	}
	full := errors.New("no room")
	refuse := func(*store.Tx, Session) error { return full }
	answer := Answer{Code: f.code(t)}
	err = f.ContinueElsewhere(f.ctx, f.clock.Now(), step.Challenge.ID, answer, tvDevice(1), tvClient(1), refuse)
	if !errors.Is(err, full) {
		t.Errorf("a begin that fails: %v", err)
	}
	// Nothing of it happened, so that the code still works.
	if err := f.ContinueElsewhere(f.ctx, f.clock.Now(), step.Challenge.ID, answer, tvDevice(1), tvClient(1), begin); err != nil || len(began) != 1 {
		t.Fatalf("the code: %v, began %d", err, len(began))
	}
	if err := f.ContinueElsewhere(f.ctx, f.clock.Now(), step.Challenge.ID, answer, tvDevice(1), tvClient(1), begin); !errors.Is(err, ErrAttempt) {
		t.Errorf("the code again: %v", err)
	}
	// From now on the TV is known.
	if step, err = f.SignInElsewhere(f.ctx, f.clock.Now(), request, begin); err != nil || step.Challenge != nil || len(began) != 2 {
		t.Errorf("a known TV: %+v, %v, began %d", step, err, len(began))
	}
	list, err := f.Sessions(f.ctx, browser.Session)
	if err != nil || len(list) != 1 || !list[0].Current {
		t.Errorf("web sessions: %+v, %v, want the browser's alone", list, err)
	}
}

func TestElsewhereLosesToSignOutEverywhere(t *testing.T) {
	f := newFixture(t)
	browser := f.signedUp(t, "anna@example.com")
	begin := func(*store.Tx, Session) error { t.Error("began"); return nil }
	step, err := f.SignInElsewhere(f.ctx, f.clock.Now(), SignInRequest{
		Login: "anna@example.com", Password: goodPassword, Device: tvDevice(1), From: tvClient(1),
	}, begin)
	if err != nil {
		t.Fatal(err)
	}
	err = f.c.DB.Update(f.ctx, func(tx *store.Tx) error {
		_, err := EndEverything(tx, f.clock.Now(), browser.Session, "owner", f.c.Changed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = f.ContinueElsewhere(f.ctx, f.clock.Now(), step.Challenge.ID, Answer{Code: f.code(t)}, tvDevice(1), tvClient(1), begin)
	if !errors.Is(err, ErrAttempt) {
		t.Errorf("a sign-in from before the sign-out: %v", err)
	}
}

// TestV5_PasswordsThroughTVs gives 10,000 passwords, each on a TV of its own: the
// counters are the web's, and browsers feel what TVs did.
func TestV5_PasswordsThroughTVs(t *testing.T) {
	f := newFixture(t)
	browser := f.signedUp(t, "anna@example.com")
	begin := func(*store.Tx, Session) error { t.Fatal("signed in"); return nil }
	tv := func(n, network int, password string) (Outcome, error) {
		return f.SignInElsewhere(f.ctx, f.clock.Now(), SignInRequest{
			Login: "anna@example.com", Password: password, Device: tvDevice(n), From: tvClient(network),
		}, begin)
	}
	var throttled *ThrottledError
	checked, held := 0, 0
	for n := range 10_000 {
		password := otherPassword
		if n%500 == 499 { // among them the right one
			password = goodPassword
		}
		// The first half comes from one network, the second from a thousand.
		network := 0
		if n >= 5_000 {
			network = 1 + n%1_000
		}
		switch _, err := tv(n, network, password); {
		case errors.As(err, &throttled):
			held++
		case errors.Is(err, ErrCredentials):
			checked++
		default:
			t.Fatalf("password %d: %v", n, err)
		}
	}
	// 5 of one network, then 5 of each of a thousand: of these, all after the
	// hundredth in a row are refused whatever they are.
	if checked != 5+5_000 || held != 4_995 {
		t.Errorf("%d passwords answered, %d held back, want 5,005 and 4,995", checked, held)
	}
	f.clock.Advance(2 * time.Hour) // the back-off is over; the streak is not
	if _, err := tv(20_000, 5_000, goodPassword); !errors.Is(err, ErrCredentials) {
		t.Errorf("the right password on another TV: %v, want ErrCredentials", err)
	}
	if _, err := f.try(t, "anna@example.com", goodPassword, "", Client{IP: "203.0.113.9"}); !errors.Is(err, ErrCredentials) {
		t.Errorf("the right password in an unknown browser: %v, want ErrCredentials", err)
	}
	if _, err := f.try(t, "anna@example.com", goodPassword, browser.Device, fox); err != nil {
		t.Errorf("the known browser: %v", err)
	}
}

// TestV5_OneCounter: failures on a TV hold back the web of the same network, and
// the other way round.
func TestV5_OneCounter(t *testing.T) {
	f := newFixture(t)
	f.signedUp(t, "anna@example.com")
	begin := func(*store.Tx, Session) error { return nil }
	var fromTV, fromWeb *ThrottledError
	for n := range 5 {
		request := SignInRequest{Login: "anna@example.com", Password: otherPassword, From: tvClient(3)}
		var err error
		if n%2 == 0 {
			request.Device = tvDevice(n)
			_, err = f.SignInElsewhere(f.ctx, f.clock.Now(), request, begin)
		} else {
			_, err = f.SignIn(f.ctx, f.clock.Now(), request)
		}
		if !errors.Is(err, ErrCredentials) {
			t.Fatalf("try %d: %v", n, err)
		}
	}
	request := SignInRequest{Login: "anna@example.com", Password: goodPassword, From: tvClient(3)}
	_, errTV := f.SignInElsewhere(f.ctx, f.clock.Now(), request, begin)
	_, errWeb := f.SignIn(f.ctx, f.clock.Now(), request)
	if !errors.As(errTV, &fromTV) || !errors.As(errWeb, &fromWeb) || fromTV.RetryAfter != fromWeb.RetryAfter {
		t.Errorf("TV: %v; web: %v; want the same wait", errTV, errWeb)
	}
}

// V3: on a TV, too, the second factor is asked for each time, and a wrong one is
// counted.
func TestV3_ElsewhereNeedsTheSecondFactor(t *testing.T) {
	h := newHousehold(t, "anna@example.com")
	h.setTOTP()
	began := 0
	begin := func(tx *store.Tx, _ Session) error { tx.OnCommit(func() { began++ }); return nil }
	for round, answer := range []func() Answer{
		func() Answer { return Answer{TOTP: h.totpCode()} },
		func() Answer { return Answer{RecoveryCode: h.keys[3]} },
	} {
		h.clock.Advance(time.Minute) // an app's code works once
		step, err := h.SignInElsewhere(h.ctx, h.clock.Now(), SignInRequest{
			Login: "anna@example.com", Password: goodPassword, Device: tvDevice(1), From: tvClient(1),
		}, begin)
		if err != nil || step.Challenge == nil || step.Challenge.Need != NeedSecondFactor {
			t.Fatalf("round %d: %+v, %v", round, step, err)
		}
		proceed := func(a Answer) error {
			return h.ContinueElsewhere(h.ctx, h.clock.Now(), step.Challenge.ID, a, tvDevice(1), tvClient(1), begin)
		}
		var wrong *WrongCodeError
		if err := proceed(Answer{TOTP: "000000"}); !errors.As(err, &wrong) || wrong.Left != CodeTries-1 {
			t.Errorf("round %d, a wrong code: %v", round, err)
		}
		if err := proceed(Answer{Code: "123456"}); !errors.Is(err, ErrAttempt) && !errors.Is(err, ErrAnswer) {
			t.Errorf("round %d, an access code: %v", round, err)
		}
		if err := proceed(answer()); err != nil || began != round+1 {
			t.Errorf("round %d: %v, began %d", round, err, began)
		}
	}
}
