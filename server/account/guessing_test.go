package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/timeline"
)

// V7: the right password and five wrong access codes after it are no secret.
func TestV7_FiveWrongAccessCodesAreTold(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.clock.Advance(time.Hour)
	step, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: "anna@example.org", Password: goodPassword, From: thief})
	h.must(err)
	wrong := "000000"
	if h.code(t) == wrong {
		wrong = "000001"
	}
	told := h.noticed(NoticeSuspicious)
	for i := range codeTries {
		if h.recorded(timeline.FactorFailed) {
			t.Fatalf("an entry after %d wrong codes", i)
		}
		_, err := h.ContinueSignIn(h.ctx, h.clock.Now(), step.Challenge.ID, Answer{Code: wrong}, "", thief)
		if !errors.As(err, new(*WrongCodeError)) {
			t.Fatalf("wrong code: %v", err)
		}
	}
	if !h.recorded(timeline.FactorFailed) || h.noticed(NoticeSuspicious) != told+1 {
		t.Errorf("entry %v, notices %d, want one more than %d", h.recorded(timeline.FactorFailed), h.noticed(NoticeSuspicious), told)
	}
}

// V7: whoever guesses in the owner's own session is told of at the fifth try, and
// at the hundredth, which ends it.
func TestV7_GuessingInsideASessionIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		guess func(*household) error
		kind  timeline.Kind
	}{
		"passwords": {func(h *household) error {
			_, err := h.Prove(h.ctx, h.clock.Now(), h.web.Session, otherPassword)
			return err
		}, timeline.SignInFailed},
		"codes": {func(h *household) error {
			_, err := h.AnswerCheck(h.ctx, h.clock.Now(), h.web.Session, Answer{RecoveryCode: "aaaa-bbbb-cccc-dddd"})
			return err
		}, timeline.FactorFailed},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			told := h.noticed(NoticeSuspicious)
			for i := range refuseStreak + 1 {
				err := c.guess(h)
				if over := i == refuseStreak; errors.Is(err, ErrSignedOut) != over {
					t.Fatalf("guess %d: %v", i+1, err)
				}
				want := 0
				if i+1 >= freeTries {
					want = 1
				}
				if i == refuseStreak {
					want = 2
				}
				if got := h.noticed(NoticeSuspicious) - told; got != want || h.recorded(c.kind) != (want > 0) {
					t.Fatalf("after guess %d: %d notices, recorded %v, want %d", i+1, got, h.recorded(c.kind), want)
				}
				h.clock.Advance(longestWait)
			}
		})
	}
}

// V1: a thief in a session takes no code from the owner's recoveries.
func TestV1_ASessionLeavesTheRecoveriesTheirCodes(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.clock.Advance(2 * time.Hour)
	in, err := h.try(t, "anna@example.org", goodPassword, "", fox)
	h.must(err)
	h.clock.Advance(2 * time.Hour)
	h.unchecked()
	refused := 0
	for range 5 {
		if _, err := h.SendCheck(h.ctx, h.clock.Now(), h.web.Session, ByMail); errors.As(err, new(*ThrottledError)) {
			refused++
		}
		h.clock.Advance(resendAfter + time.Second)
	}
	if refused == 0 {
		t.Error("a session may ask for any number")
	}
	for _, device := range []string{"", in.Device} {
		told := h.noticed(NoticeAccessCode)
		if _, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", ByMail, device, fox); err != nil {
			t.Errorf("recovery, device %q: %v", device, err)
		}
		if h.noticed(NoticeAccessCode) != told+1 {
			t.Errorf("recovery, device %q: no code", device)
		}
	}
}
