package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

const newHome = "anna@new.example"

func (h *household) moving() bool {
	h.t.Helper()
	err := h.c.DB.View(h.ctx, func(tx *store.Tx) error {
		_, err := tx.ContactReset(h.web.Session.Account)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		h.t.Fatal(err)
	}
	return err == nil
}

// TestO3_SupportMovesAnAccountAfterAWeek: who lost mailbox, phone and factors goes
// on at the new address with a recovery, whose code is the first that is sent there.
func TestO3_SupportMovesAnAccountAfterAWeek(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.setTOTP()
	h.clock.Advance(10 * 24 * time.Hour)
	id := h.web.Session.Account
	ask := func() (time.Time, error) {
		return h.AskContactReset(h.ctx, h.clock.Now(), id, "olga", "house burned down, identity card seen", " Anna@New.example ")
	}
	due, err := ask()
	if err != nil || !due.Equal(h.clock.Now().Add(7*24*time.Hour)) {
		t.Fatalf("AskContactReset = %s, %v", due, err)
	}
	if n := h.notice(t, NoticeContactReset, "anna@example.org"); n.Link == "" || n.NotMe == "" || n.SMS != ownersPhone || !n.Expires.Equal(due) || n.Detail == "" || n.Detail == newHome {
		t.Errorf("the notice = %+v", n)
	}
	if _, err := ask(); !errors.Is(err, ErrMoving) {
		t.Errorf("twice = %v, want ErrMoving", err)
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(7*24*time.Hour-time.Second)))
	if got := h.state(); got.Email != "anna@example.org" || !got.Second || got.Phone != ownersPhone || got.Generation != 1 {
		t.Errorf("before its time: %+v", got)
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(time.Second)))
	if got := h.state(); got.Email != "Anna@new.example" || got.Second || got.App || got.Codes != 0 || got.Phone != "" || h.moving() || got.Generation != 2 {
		t.Errorf("after it: %+v", got)
	}
	if _, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: newHome, Password: goodPassword, From: fox}); !errors.Is(err, ErrCredentials) {
		t.Errorf("with the old password: %v, want ErrCredentials", err)
	}
	for _, n := range h.mails {
		if n.To == "Anna@new.example" {
			t.Errorf("sent to an address that nobody has verified: %+v", n)
		}
	}
	r, err := h.Recover(h.ctx, h.clock.Now(), newHome, "", "en", ByMail, "", fox)
	h.must(err)
	h.must(h.ProveRecovery(h.ctx, h.clock.Now(), r.ID, h.code(t)))
	if in, err := h.FinishRecovery(h.ctx, h.clock.Now(), r.ID, otherPassword, "", fox); err != nil || in.Token == "" {
		t.Errorf("the recovery = %+v, %v", in, err)
	}
	if !h.recorded(timeline.ContactResetAsked) || !h.recorded(timeline.ContactResetDone) {
		t.Error("the timeline does not tell of it")
	}
}

// TestV8_TheOldMailboxUndoesAContactReset: it was somebody else who talked to
// support. A factor that was set long before is asked for too.
func TestV8_TheOldMailboxUndoesAContactReset(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.setTOTP()
	h.clock.Advance(10 * 24 * time.Hour)
	before := h.state()
	due, err := h.AskContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "said so", newHome)
	h.must(err)
	h.clock.Advance(due.Sub(h.clock.Now()))
	h.must(h.Tidy(h.ctx, due))
	n := h.notice(t, NoticeContactResetEnded, "anna@example.org")
	if n.SMS != ownersPhone {
		t.Errorf("the old phone does not hear of it: %+v", n)
	}
	if _, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, "", fox); !errors.Is(err, ErrFactorNeeded) {
		t.Errorf("without the factor: %v, want ErrFactorNeeded", err)
	}
	done, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, h.totpCode(), fox)
	got := h.state()
	if err != nil || !done.Reverted || got.Email != before.Email || got.Phone != before.Phone || !got.App {
		t.Errorf("NotMe = %+v, %v, then %+v", done, err, got)
	}
}

// TestV8_TheFirstAddressHearsOfAContactReset: a thief who moved the account is not
// the only one to hear that support moves it on.
func TestV8_TheFirstAddressHearsOfAContactReset(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	_, err := h.AskContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "said so", newHome)
	h.must(err)
	h.notice(t, NoticeContactReset, "thief@example.net")
	n := h.notice(t, NoticeContactReset, "anna@example.org")
	done, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, "", fox)
	if err != nil || !done.Reverted || h.state().Email != "anna@example.org" || h.moving() {
		t.Errorf("NotMe = %+v, %v, then %+v, still waiting: %t", done, err, h.state(), h.moving())
	}
}

func TestO3_TheOwnerStopsAContactReset(t *testing.T) {
	for name, stop := range map[string]func(*household) error{
		"by link": func(h *household) error {
			_, err := h.Keep(h.ctx, h.clock.Now(), h.notice(h.t, NoticeContactReset, "anna@example.org").Link, fox)
			return err
		},
		"by support": func(h *household) error {
			return h.GiveUpContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "otto", "the owner called")
		},
		"signed in": func(h *household) error { return h.LiftContactReset(h.ctx, h.clock.Now(), h.web.Session) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setTOTP()
			before := h.state()
			due, err := h.AskContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost everything", newHome)
			h.must(err)
			if at, err := h.ContactReset(h.ctx, h.web.Session); err != nil || !at.Equal(due) {
				t.Errorf("ContactReset = %s, %v", at, err)
			}
			if kept, err := h.LookKeep(h.ctx, h.clock.Now(), h.notice(t, NoticeContactReset, "anna@example.org").Link); err != nil || kept.About != NoticeContactReset {
				t.Errorf("LookKeep = %+v, %v", kept, err)
			}
			h.clock.Advance(6 * 24 * time.Hour)
			if err := stop(h); err != nil {
				t.Error(err)
			}
			if err := stop(h); !errors.Is(err, ErrLink) && !errors.Is(err, ErrNoMove) {
				t.Errorf("again: %v", err)
			}
			h.notice(t, NoticeContactResetLifted, "anna@example.org")
			h.must(h.Tidy(h.ctx, h.clock.Advance(100*24*time.Hour)))
			if diff := cmp.Diff(before, h.state()); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
		})
	}
}

// TestO3_AnAddressThatWasTakenMeanwhile moves nothing.
func TestO3_AnAddressThatWasTakenMeanwhile(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	due, err := h.AskContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost everything", newHome)
	h.must(err)
	before := h.state()
	h.signedUp(t, newHome)
	h.must(h.Tidy(h.ctx, due))
	if diff := cmp.Diff(before, h.state()); diff != "" || h.moving() {
		t.Errorf("still waiting %t (-before +after):\n%s", h.moving(), diff)
	}
	h.notice(t, NoticeContactResetLifted, "anna@example.org")
}

func TestO3_BadContactResets(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	id := h.web.Session.Account
	h.signedUp(t, "other@example.org")
	for name, c := range map[string]struct {
		operator, reason, email string
		want                    error
	}{
		"nobody":           {"", "a reason", newHome, ErrReason},
		"no reason":        {"olga", " ", newHome, ErrReason},
		"no address":       {"olga", "a reason", "", ErrAddress},
		"not an address":   {"olga", "a reason", "anna@", ErrAddress},
		"somebody's":       {"olga", "a reason", "Other@example.org", ErrAddressTaken},
		"what it has":      {"olga", "a reason", "ANNA@example.org", ErrSame},
		"control and null": {"olga", "a reason", "a\x00b\r\n@example.org", ErrAddress},
	} {
		if _, err := h.AskContactReset(h.ctx, h.clock.Now(), id, c.operator, c.reason, c.email); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := h.AskContactReset(h.ctx, h.clock.Now(), "nobody", "olga", "lost", newHome); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("of no account: %v", err)
	}
	if err := h.GiveUpContactReset(h.ctx, h.clock.Now(), id, "olga", "mistake"); !errors.Is(err, ErrNoMove) {
		t.Errorf("GiveUpContactReset = %v, want ErrNoMove", err)
	}
	if h.moving() {
		t.Error("one waits")
	}
}
