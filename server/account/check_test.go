package account

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unchecked makes the session one whose sign-in was long ago, with a fresh proof
// by the password.
func (h *household) unchecked() {
	h.t.Helper()
	h.clock.Advance(CheckAge)
	var err error
	h.web, err = h.Prove(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
}

// check answers the check by a code to the account's own address.
func (h *household) check() {
	h.t.Helper()
	_, err := h.SendCheck(h.ctx, h.clock.Now(), h.web.Session, ByMail)
	h.must(err)
	h.web, err = h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{Code: h.code(h.t)})
	h.must(err)
}

// guarded are the changes that a check stands before.
var guarded = map[string]func(*household) error{
	"password": func(h *household) error {
		_, err := h.ChangePassword(h.ctx, h.clock.Now(), h.web.Session, goodPassword, otherPassword, false)
		return err
	},
	"email": func(h *household) error {
		_, err := h.ChangeEmail(h.ctx, h.clock.Now(), h.web.Session, goodPassword, "new@example.org", false)
		return err
	},
	"phone": func(h *household) error {
		_, err := h.ChangePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, thiefsPhone, "", false, false)
		return err
	},
	"no phone": func(h *household) error {
		_, err := h.RemovePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, false)
		return err
	},
	"recovery codes": func(h *household) error {
		_, _, err := h.NewRecoveryCodes(h.ctx, h.clock.Now(), h.web.Session, false)
		return err
	},
}

func TestV2_ChangesOfPasswordEmailAndPhoneNeedACode(t *testing.T) {
	for name, change := range guarded {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setPhone(ownersPhone)
			h.unchecked()
			before := h.state()
			if err := change(h); !errors.Is(err, ErrCheckNeeded) {
				t.Fatalf("with the password alone = %v, want ErrCheckNeeded", err)
			}
			c, err := h.Check(h.ctx, h.clock.Now(), h.web.Session)
			if err != nil || c.Done || len(c.Channels) != 2 || len(c.Factors) != 0 {
				t.Errorf("Check = %+v, %v, want mail and SMS", c, err)
			}
			sent, err := h.SendCheck(h.ctx, h.clock.Now(), h.web.Session, ByMail)
			if err != nil || sent.Code.To != "a…a@example.org" {
				t.Fatalf("SendCheck = %+v, %v", sent, err)
			}
			if n := h.mail(t); n.To != "anna@example.org" || n.Purpose != ForCheck {
				t.Errorf("the code = %+v, want one to the account's own address", n)
			}
			if _, err := h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{Code: "x"}); !errors.As(err, new(*WrongCodeError)) {
				t.Errorf("a wrong code = %v", err)
			}
			if err := change(h); !errors.Is(err, ErrCheckNeeded) {
				t.Errorf("after a wrong code = %v, want ErrCheckNeeded", err)
			}
			if diff := cmp.Diff(before, h.state()); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
			token := h.web.Token
			h.web, err = h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{Code: h.code(t)})
			h.must(err)
			if h.live(t, token) {
				t.Error("the session's token was not replaced")
			}
			if err := change(h); err != nil {
				t.Errorf("after the code = %v", err)
			}
		})
	}
}

func TestV2_ACheckLastsTenMinutesInItsSession(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	other, err := h.try(t, "anna@example.org", goodPassword, "", thief)
	h.must(err)
	h.unchecked()
	if _, err := h.Prove(h.ctx, h.clock.Now(), other.Session, goodPassword); err != nil {
		t.Fatal(err)
	}
	h.check()
	if c, err := h.Check(h.ctx, h.clock.Now(), other.Session); err != nil || c.Done {
		t.Errorf("in another session: %+v, %v", c, err)
	}
	h.clock.Advance(CheckAge - time.Second)
	if c, err := h.Check(h.ctx, h.clock.Now(), h.web.Session); err != nil || !c.Done {
		t.Errorf("after 9:59: %+v, %v", c, err)
	}
	h.clock.Advance(time.Second)
	if c, err := h.Check(h.ctx, h.clock.Now(), h.web.Session); err != nil || c.Done {
		t.Errorf("after 10:00: %+v, %v", c, err)
	}
}

func TestV2_ASignInWithMoreThanThePasswordIsACheck(t *testing.T) {
	for factors, want := range map[string]bool{
		"": false, withPassword: false, withPassword + " " + withCode: true, withPassword + " " + withTOTP: true,
		withPassword + " " + withRecovery: true, withPasskey: true,
	} {
		if got := checkedBy(factors); got != want {
			t.Errorf("checkedBy(%q) = %t, want %t", factors, got, want)
		}
	}
	h := newHousehold(t, "anna@example.org")
	in, err := h.try(t, "anna@example.org", goodPassword, h.device(t), fox)
	h.must(err)
	h.web = in.Web
	if err := guarded["password"](h); !errors.Is(err, ErrCheckNeeded) {
		t.Errorf("on a known device, which gave no code = %v, want ErrCheckNeeded", err)
	}
}

// Where the account has a second factor, that and no code.
func TestV2_TheSecondFactorStandsInForTheCode(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	h.unchecked()
	c, err := h.Check(h.ctx, h.clock.Now(), h.web.Session)
	if err != nil || len(c.Channels) != 0 || !slices.Equal(c.Factors, []Factor{TOTP, RecoveryCode}) {
		t.Errorf("Check = %+v, %v", c, err)
	}
	if _, err := h.SendCheck(h.ctx, h.clock.Now(), h.web.Session, ByMail); !errors.Is(err, ErrChannel) {
		t.Errorf("a code by mail = %v, want ErrChannel", err)
	}
	for name, a := range map[string]Answer{"code": {TOTP: "000000"}, "recovery code": {RecoveryCode: "abcd"}} {
		if _, err := h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, a); !errors.Is(err, ErrFactor) {
			t.Errorf("a wrong %s = %v, want ErrFactor", name, err)
		}
	}
	h.web, err = h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{TOTP: h.totpCode()})
	h.must(err)
	if err := guarded["password"](h); err != nil {
		t.Errorf("ChangePassword = %v", err)
	}
	h.clock.Advance(CheckAge)
	in, err := h.Prove(h.ctx, h.clock.Now(), h.web.Session, otherPassword)
	h.must(err)
	if _, err := h.AnswerCheck(h.ctx, h.clock.Now(), in.Session, Answer{RecoveryCode: h.keys[0]}); err != nil {
		t.Errorf("a recovery code = %v", err)
	}
}

// Guessing at the app's codes in a session is slowed, and ends it.
func TestV5_GuessesAtACheckWait(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	h.unchecked()
	var err error
	wrong := 0
	for ; wrong < 20 && !errors.As(err, new(*ThrottledError)); wrong++ {
		_, err = h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{TOTP: "000000"})
	}
	if wrong != freeTries+1 {
		t.Errorf("waits after %d wrong codes, want %d", wrong-1, freeTries)
	}
	for range refuseStreak {
		h.clock.Advance(longestWait)
		if _, err = h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{TOTP: "000000"}); errors.Is(err, ErrSignedOut) {
			break
		}
	}
	if !errors.Is(err, ErrSignedOut) || h.live(t, h.web.Token) {
		t.Errorf("after a hundred = %v, want ErrSignedOut", err)
	}
}

// Whoever could add a factor with the password alone could answer with it.
func TestV2_NoFactorIsAddedWithThePasswordAlone(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.unchecked()
	before := h.state()
	setup, err := h.BeginTOTP(h.ctx, h.clock.Now(), h.web.Session)
	if !errors.Is(err, ErrCheckNeeded) {
		t.Errorf("BeginTOTP = %+v, %v, want ErrCheckNeeded", setup, err)
	}
	if _, err := h.BeginPasskey(h.ctx, h.clock.Now(), h.web.Session); !errors.Is(err, ErrCheckNeeded) {
		t.Errorf("BeginPasskey = %v, want ErrCheckNeeded", err)
	}
	if _, _, err := h.NewRecoveryCodes(h.ctx, h.clock.Now(), h.web.Session, false); !errors.Is(err, ErrCheckNeeded) {
		t.Errorf("NewRecoveryCodes = %v, want ErrCheckNeeded", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// A code that is on its way to an address that the account has left is void.
func TestV2_ACheckEndsWithTheAddress(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	other, err := h.try(t, "anna@example.org", goodPassword, "", thief)
	h.must(err)
	h.clock.Advance(CheckAge)
	if other.Web, err = h.Prove(h.ctx, h.clock.Now(), other.Session, goodPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := h.SendCheck(h.ctx, h.clock.Now(), other.Session, ByMail); err != nil {
		t.Fatal(err)
	}
	code := h.code(t)
	h.prove(goodPassword)
	h.moveTo("new@example.org")
	if _, err := h.AnswerCheck(h.ctx, h.clock.Now(), other.Session, Answer{Code: code}); !errors.Is(err, ErrNoChange) {
		t.Errorf("the old mailbox's code = %v, want ErrNoChange", err)
	}
}

func TestV1_ACheckIsAnsweredOnceAlsoInParallel(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.unchecked()
	_, err := h.SendCheck(h.ctx, h.clock.Now(), h.web.Session, ByMail)
	h.must(err)
	code := h.code(t)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 50 {
		all.Go(func() {
			_, err := h.AnswerCheck(context.Background(), h.clock.Now(), h.web.Session, Answer{Code: code})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			} else if !errors.Is(err, ErrNoChange) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d of 50 succeeded, want 1", good)
	}
}

func TestV2_BadAnswersToACheck(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.unchecked()
	now, who := h.clock.Now, h.web.Session
	for name, tt := range map[string]struct {
		a    Answer
		want error
	}{
		"nothing":                     {Answer{}, ErrAnswer},
		"a code that was never sent":  {Answer{Code: "123456"}, ErrNoChange},
		"a code of no app":            {Answer{TOTP: "123456"}, ErrAnswer},
		"a recovery code of no use":   {Answer{RecoveryCode: "abcd-efgh-ijkl-mnop"}, ErrAnswer},
		"a passkey, in another place": {Answer{Passkey: &PasskeyAnswer{}}, ErrAnswer},
	} {
		if _, err := h.AnswerCheck(h.ctx, now(), who, tt.a); !errors.Is(err, tt.want) {
			t.Errorf("%s = %v, want %v", name, err, tt.want)
		}
	}
	for _, by := range []Channel{"", BySMS, "pigeon"} {
		if _, err := h.SendCheck(h.ctx, now(), who, by); !errors.Is(err, ErrChannel) {
			t.Errorf("SendCheck(%q) = %v, want ErrChannel", by, err)
		}
	}
	_, err := h.SendCheck(h.ctx, now(), who, ByMail)
	h.must(err)
	if _, err := h.SendCheck(h.ctx, now(), who, ByMail); !errors.As(err, new(*ThrottledError)) {
		t.Errorf("again at once = %v, want *ThrottledError", err)
	}
	h.clock.Advance(codeLife)
	if _, err := h.AnswerCheck(h.ctx, now(), who, Answer{Code: h.code(t)}); !errors.Is(err, ErrCodeExpired) {
		t.Errorf("after its time = %v, want ErrCodeExpired", err)
	}
	who.ID = "01900000-0000-7000-8000-000000000000"
	if _, err := h.Check(h.ctx, now(), who); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a dead session = %v, want ErrSignedOut", err)
	}
}
