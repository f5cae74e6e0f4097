package account

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearthkey/hearthkey/server/store"
)

// recover begins a recovery and gives its code.
func (h *household) proved(typed string, by Channel) string {
	h.t.Helper()
	r, err := h.Recover(h.ctx, h.clock.Now(), typed, "", "en", by, "", fox)
	h.must(err)
	h.must(h.ProveRecovery(h.ctx, h.clock.Now(), r.ID, h.code(h.t)))
	return r.ID
}

// ASVS 6.3.7; NIST SP 800-63B-4 §4.6.
func TestV10_RecoveryByMailAndBySMS(t *testing.T) {
	for name, c := range map[string]struct {
		typed string
		by    Channel
		to    string
	}{
		"address by mail": {"ANNA@example.org", ByMail, "anna@example.org"},
		"address by SMS":  {"anna@example.org", BySMS, ownersPhone},
		"number by SMS":   {"+49 1512 3456789", BySMS, ownersPhone},
		"number by mail":  {"+49 1512 3456789", ByMail, "anna@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setPhone(ownersPhone)
			before := h.state()
			id := h.proved(c.typed, c.by)
			if to := h.notice(t, NoticeAccessCode, c.to); to.Channel != c.by || to.Purpose != ForRecovery {
				t.Errorf("the code's message = %+v", to)
			}
			in, err := h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox)
			if err != nil || !h.live(t, in.Token) {
				t.Fatalf("FinishRecovery = %v", err)
			}
			if h.live(t, h.web.Token) || h.state().Generation <= before.Generation {
				t.Error("not signed out everywhere")
			}
			n := h.notice(t, NoticeRecovered, "anna@example.org")
			if n.Link == "" || n.SMS != ownersPhone {
				t.Errorf("the notice = %+v, want a link and an SMS", n)
			}
			if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), id, otherPassword, "", fox); !errors.Is(err, ErrNoRecovery) {
				t.Errorf("finish again = %v, want ErrNoRecovery", err)
			}
			if _, err := h.try(t, "anna@example.org", newPassword, in.Device, fox); err != nil {
				t.Errorf("sign-in with the new password: %v", err)
			}
		})
	}
}

// ASVS 6.4.3.
func TestV10_RecoveryKeepsTheSecondFactor(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	id := h.proved("anna@example.org", ByMail)
	in, err := h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox)
	if err != nil || in.Token != "" {
		t.Fatalf("FinishRecovery = %+v, %v, want no session", in, err)
	}
	if got := h.state(); !got.Second || !got.App || got.Codes != recoveryCodes {
		t.Errorf("after it: %+v", got)
	}
}

// The thief, too, has begun a recovery and a sign-in: the owner's ends both.
func TestV10_RecoveryEndsWhatOthersBegan(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	thiefs := h.proved("anna@example.org", ByMail)
	begun := h.step(t, "anna@example.org", goodPassword, "", thief)
	code := h.code(t)
	id := h.proved("anna@example.org", ByMail)
	_, err := h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox)
	h.must(err)
	if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), thiefs, otherPassword, "", thief); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("the other recovery = %v, want ErrNoRecovery", err)
	}
	if _, err := h.ContinueSignIn(h.ctx, h.clock.Now(), begun.Challenge.ID, Answer{Code: code}, "", thief); !errors.Is(err, ErrAttempt) {
		t.Errorf("the sign-in under way = %v, want ErrAttempt", err)
	}
}

func TestV10_AChangedPasswordEndsRecoveries(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	id := h.proved("anna@example.org", ByMail)
	_, err := h.ChangePassword(h.ctx, h.clock.Now(), h.web.Session, goodPassword, otherPassword, false)
	h.must(err)
	before := h.state()
	if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("FinishRecovery = %v, want ErrNoRecovery", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

func TestV10_FinishWorksOnceAlsoInParallel(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	id := h.proved("anna@example.org", ByMail)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 20 {
		all.Go(func() {
			_, err := h.FinishRecovery(context.Background(), h.clock.Now(), id, newPassword, "", fox)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				good++
			} else if !errors.Is(err, ErrNoRecovery) && !errors.As(err, new(*PasswordError)) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if good != 1 {
		t.Errorf("%d of 20 succeeded, want 1", good)
	}
}

// V6: whoever asks learns nothing from the answer.
func TestV6_RecoveryAnswersUnknownAccountsAlike(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	for _, by := range []Channel{ByMail, BySMS} {
		for _, pair := range [][2]string{{"anna@example.org", "nobody@example.org"}, {"anna@example.org", "alma@example.org"}} {
			known, err1 := h.Recover(h.ctx, h.clock.Now(), pair[0], "", "en", by, "", fox)
			unknown, err2 := h.Recover(h.ctx, h.clock.Now(), pair[1], "", "en", by, "", fox)
			if (err1 == nil) != (err2 == nil) {
				t.Fatalf("by %s: %v, %v", by, err1, err2)
			}
			if diff := cmp.Diff(known.Sent, unknown.Sent, cmpopts.IgnoreFields(CodeSent{}, "To")); diff != "" {
				t.Errorf("by %s (-known +unknown):\n%s", by, diff)
			}
			if (known.Sent.To == "") != (unknown.Sent.To == "") {
				t.Errorf("by %s: shown %q and %q", by, known.Sent.To, unknown.Sent.To)
			}
			if err := h.ProveRecovery(h.ctx, h.clock.Now(), unknown.ID, "123456"); !errors.As(err, new(*WrongCodeError)) {
				t.Errorf("a code for nobody = %v, want *WrongCodeError", err)
			}
			h.clock.Advance(2 * time.Hour)
		}
	}
}

// V6: a number whose codes are used up does not give away whose it is.
func TestV6_RecoveryTellsNoAddressOfANumber(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.clock.Advance(2 * time.Hour)
	ask := func(typed string) error {
		_, err := h.Recover(h.ctx, h.clock.Now(), typed, "", "en", BySMS, "", fox)
		return err
	}
	var throttled *ThrottledError
	for n := 0; ; n++ {
		if err := ask(ownersPhone); errors.As(err, &throttled) {
			break
		}
		if n > sendsPerHour {
			t.Fatal("the number's budget never ends")
		}
	}
	for _, typed := range []string{"anna@example.org", "nobody@example.org"} {
		if err := ask(typed); err != nil {
			t.Errorf("by SMS to the number of %s: %v, want an answer as for anybody", typed, err)
		}
	}
}

// V6: what differs in work differs in time. Nobody's message is stored as
// anybody's is.
// ASVS 6.3.8.
func TestV6_RecoveryDoesTheSameWorkForNobody(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	for _, by := range []Channel{ByMail, BySMS} {
		for _, typed := range []string{"anna@example.org", "nobody@example.org", ownersPhone, thiefsPhone} {
			h.clock.Advance(2 * time.Hour)
			posted := 0
			h.post = func(tx *store.Tx, _ Notice) error { tx.OnCommit(func() { posted++ }); return nil }
			if _, err := h.Recover(h.ctx, h.clock.Now(), typed, "", "en", by, "", fox); err != nil || posted != 1 {
				t.Errorf("%s by %s: %d messages, %v, want 1", typed, by, posted, err)
			}
		}
	}
}

func TestV10_BadRecoveries(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	before := h.state()
	now := h.clock.Now
	for name, typed := range map[string]string{
		"nothing": "", "no address": "anna", "two": "a@b@c", "a short number": "12", "a national number": "0151 23456789",
		"huge": strings.Repeat("9", 1<<20), "huge address": strings.Repeat("a", 1<<20) + "@example.org",
		"control characters": "anna\x00@example.org", "not UTF-8": "ann\xff@example.org",
	} {
		if _, err := h.Recover(h.ctx, now(), typed, "", "", ByMail, "", fox); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: Recover = %v, want ErrAddress", name, err)
		}
	}
	r, err := h.Recover(h.ctx, now(), "anna@example.org", "", "en", ByMail, "", fox)
	h.must(err)
	for name, id := range map[string]string{"nothing": "", "another": "AAAA", "huge": strings.Repeat("A", 1<<20)} {
		if err := h.ProveRecovery(h.ctx, now(), id, h.code(t)); !errors.Is(err, ErrNoRecovery) {
			t.Errorf("%s: ProveRecovery = %v, want ErrNoRecovery", name, err)
		}
	}
	if _, err := h.FinishRecovery(h.ctx, now(), r.ID, newPassword, "", fox); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("finish without the code = %v, want ErrNoRecovery", err)
	}
	h.must(h.ProveRecovery(h.ctx, now(), r.ID, h.code(t)))
	for name, password := range map[string]string{"short": "short", "known": "password1234", "the old one": goodPassword, "huge": strings.Repeat("x", 1<<20), "address": "anna likes 7 lampposts anna"} {
		if _, err := h.FinishRecovery(h.ctx, now(), r.ID, password, "", fox); !errors.As(err, new(*PasswordError)) {
			t.Errorf("%s: FinishRecovery = %v, want *PasswordError", name, err)
		}
	}
	h.clock.Advance(newPasswordLife)
	if _, err := h.FinishRecovery(h.ctx, now(), r.ID, newPassword, "", fox); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("finish after 30 min = %v, want ErrNoRecovery", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

func TestV10_HackedWalk(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	now := h.clock.Now
	if w, err := h.Hacked(h.ctx, now(), h.web.Session); err != nil || !w.Begun.IsZero() {
		t.Fatalf("Hacked = %+v, %v", w, err)
	}
	if _, err := h.LookedAt(h.ctx, now(), h.web.Session, StepContact); !errors.Is(err, ErrStep) {
		t.Errorf("a step before the first = %v, want ErrStep", err)
	}
	h.clock.Advance(time.Minute)
	w, err := h.BeginHacked(h.ctx, now(), h.web.Session)
	if err != nil || w.Next != StepPassword {
		t.Fatalf("BeginHacked = %+v, %v", w, err)
	}
	for _, step := range []WalkStep{StepPassword, StepEverywhere, StepDevices, "", "nonsense"} {
		if _, err := h.LookedAt(h.ctx, now(), h.web.Session, step); !errors.Is(err, ErrStep) {
			t.Errorf("LookedAt(%q) = %v, want ErrStep", step, err)
		}
	}
	h.web, err = h.ChangePassword(h.ctx, now(), h.web.Session, goodPassword, otherPassword, true)
	h.must(err)
	other, err := h.try(t, "anna@example.org", otherPassword, "", fox) // it goes on in another session
	h.must(err)
	for _, step := range WalkSteps()[2:] {
		if w, err = h.Hacked(h.ctx, now(), other.Session); err != nil || w.Next != step {
			t.Fatalf("Hacked = %+v, %v, want %s next", w, err, step)
		}
		if w, err = h.LookedAt(h.ctx, now(), other.Session, step); err != nil {
			t.Fatalf("LookedAt(%s) = %v", step, err)
		}
	}
	if diff := cmp.Diff(WalkSteps(), w.Done); diff != "" || w.Next != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	h.must(h.EndHacked(h.ctx, now(), other.Session))
	if w, err := h.Hacked(h.ctx, now(), other.Session); err != nil || !w.Begun.IsZero() {
		t.Errorf("after the end: %+v, %v", w, err)
	}
}
