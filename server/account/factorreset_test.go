package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestO3_SupportRemovesAFactorAfterAWait(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	id := h.web.Session.Account
	ask := func() (time.Time, error) {
		return h.AskFactorReset(h.ctx, h.clock.Now(), id, "olga", "lost phone, identity card seen")
	}
	if _, err := ask(); !errors.Is(err, ErrFactorNeeded) {
		t.Errorf("without a factor = %v, want ErrFactorNeeded", err)
	}
	h.setTOTP()
	h.clock.Advance(10 * 24 * time.Hour)
	h.prove(goodPassword)
	due, err := ask()
	if err != nil || !due.Equal(h.clock.Now().Add(72*time.Hour)) {
		t.Fatalf("AskFactorReset = %s, %v", due, err)
	}
	if n := h.notice(t, NoticeFactorReset, "anna@example.org"); n.Link == "" || n.SMS != ownersPhone || !n.Expires.Equal(due) {
		t.Errorf("the notice = %+v", n)
	}
	if _, err := ask(); !errors.Is(err, ErrResetting) {
		t.Errorf("twice = %v, want ErrResetting", err)
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(72*time.Hour-time.Second)))
	if got := h.state(); !got.Second || !got.Resetting {
		t.Errorf("before its time: %+v", got)
	}
	if at, err := h.FactorReset(h.ctx, h.web.Session); err != nil || !at.Equal(due) {
		t.Errorf("FactorReset = %s, %v", at, err)
	}
	h.must(h.Tidy(h.ctx, h.clock.Advance(time.Second)))
	if got := h.state(); got.Second || got.App || got.Codes != 0 || got.Resetting {
		t.Errorf("after it: %+v", got)
	}
	// It was somebody else who talked to support: the owner undoes it.
	done, err := h.NotMe(h.ctx, h.clock.Now(), h.notice(t, NoticeFactorResetEnded, "anna@example.org").Link, h.totpCode(), fox)
	if err != nil || !done.Reverted || !h.state().App {
		t.Errorf("NotMe = %+v, %v, then %+v", done, err, h.state())
	}
}

func TestO3_TheOwnerStopsAFactorReset(t *testing.T) {
	for name, stop := range map[string]func(*household) error{
		"by link": func(h *household) error {
			_, err := h.Keep(h.ctx, h.clock.Now(), h.notice(h.t, NoticeFactorReset, "anna@example.org").Link, fox)
			return err
		},
		"by support": func(h *household) error {
			return h.GiveUpFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "otto", "the owner called")
		},
		"signed in": func(h *household) error { return h.LiftFactorReset(h.ctx, h.clock.Now(), h.web.Session) },
	} {
		h := newHousehold(t, "anna@example.org")
		h.setTOTP()
		before := h.state()
		_, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
		h.must(err)
		h.clock.Advance(71 * time.Hour)
		if err := stop(h); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := stop(h); !errors.Is(err, ErrLink) && !errors.Is(err, ErrNoReset) {
			t.Errorf("%s again: %v", name, err)
		}
		h.must(h.Tidy(h.ctx, h.clock.Advance(100*24*time.Hour)))
		if diff := cmp.Diff(before, h.state()); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

func TestO3_BadFactorResets(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	before := h.state()
	for _, c := range []struct {
		operator, reason string
		want             error
	}{{"", "a reason", ErrReason}, {"olga", " ", ErrReason}, {"\x00", "a reason", ErrReason}} {
		if _, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, c.operator, c.reason); !errors.Is(err, c.want) {
			t.Errorf("AskFactorReset(%q, %q) = %v, want %v", c.operator, c.reason, err, c.want)
		}
	}
	if _, err := h.AskFactorReset(h.ctx, h.clock.Now(), "nobody", "olga", "lost phone"); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("for nobody = %v, want ErrUnknownAccount", err)
	}
	if err := h.LiftFactorReset(h.ctx, h.clock.Now(), h.web.Session); !errors.Is(err, ErrNoReset) {
		t.Errorf("LiftFactorReset = %v, want ErrNoReset", err)
	}
	if err := h.GiveUpFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "mistake"); !errors.Is(err, ErrNoReset) {
		t.Errorf("GiveUpFactorReset = %v, want ErrNoReset", err)
	}
	if err := h.GiveUpFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", ""); !errors.Is(err, ErrReason) {
		t.Errorf("GiveUpFactorReset without a reason = %v, want ErrReason", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}
