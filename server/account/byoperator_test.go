package account

import (
	"errors"
	"testing"

	"github.com/hearthkey/hearthkey/server/timeline"
)

// O3: nobody signs in to a locked account, by whatever way; only who proves
// everything else is told so. Unlocked it is as before.
func TestO3_NobodySignsInToALockedAccount(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	id := h.web.Session.Account
	h.must(h.Lock(h.ctx, h.clock.Now(), id, "olga", "reported as taken over"))
	if h.live(t, h.web.Token) {
		t.Error("a web session goes on")
	}
	n := h.notice(t, NoticeLocked, "anna@example.org")
	if n.Detail != "reported as taken over" || n.Link != "" {
		t.Errorf("notice = %+v", n)
	}
	for _, kind := range []timeline.Kind{timeline.AccountLocked, timeline.SignedOutEverywhere} {
		if !h.recorded(kind) {
			t.Errorf("the timeline lacks %s", kind)
		}
	}
	if err := h.Lock(h.ctx, h.clock.Now(), id, "olga", "again"); !errors.Is(err, ErrLocked) {
		t.Errorf("locked again: %v", err)
	}
	if _, err := h.try(t, "anna@example.org", otherPassword, h.device(t), fox); !errors.Is(err, ErrCredentials) {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := h.try(t, "anna@example.org", goodPassword, h.device(t), fox); !errors.Is(err, ErrLocked) {
		t.Errorf("the right password and code: %v", err)
	}
	r, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", ByMail, "", fox)
	h.must(err)
	h.must(h.ProveRecovery(h.ctx, h.clock.Now(), r.ID, h.code(t)))
	if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), r.ID, otherPassword, "", fox); !errors.Is(err, ErrLocked) {
		t.Errorf("a recovery: %v", err)
	}
	h.must(h.Unlock(h.ctx, h.clock.Now(), id, "olga", "owner seen"))
	h.notice(t, NoticeUnlocked, "anna@example.org")
	if err := h.Unlock(h.ctx, h.clock.Now(), id, "olga", "again"); !errors.Is(err, ErrNotLocked) {
		t.Errorf("unlocked again: %v", err)
	}
	if _, err := h.try(t, "anna@example.org", goodPassword, h.device(t), fox); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}

// O3: a sign-out by support has its reason in the timeline and the notice.
func TestO3_SupportSignsOut(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	id := h.web.Session.Account
	for _, c := range [][2]string{{"", "why"}, {"olga", " \n"}} {
		if err := h.SignOutByOperator(h.ctx, h.clock.Now(), id, c[0], c[1]); !errors.Is(err, ErrReason) {
			t.Errorf("%q = %v", c, err)
		}
	}
	h.must(h.SignOutByOperator(h.ctx, h.clock.Now(), id, "olga", "asked for on the phone"))
	if h.live(t, h.web.Token) {
		t.Error("a web session goes on")
	}
	if n := h.notice(t, NoticeSupportSignOut, "anna@example.org"); n.Detail != "asked for on the phone" || n.Link == "" {
		t.Errorf("notice = %+v", n)
	}
	if err := h.SignOutByOperator(h.ctx, h.clock.Now(), "0190a5f0-0000-7000-8000-000000000000", "olga", "x"); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("nobody's account: %v", err)
	}
}
