package account

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// recorded reports whether the timeline of h's account has an entry of kind.
func (h *household) recorded(kind timeline.Kind) bool {
	h.t.Helper()
	entries, err := timeline.List(h.ctx, h.c.DB, h.web.Session.Account, "", 50)
	h.must(err)
	return slices.ContainsFunc(entries, func(e timeline.Entry) bool { return e.Kind == kind })
}

// told reports whether a notice of kind was sent.
func (f *fixture) told(kind NoticeKind) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.mails, func(n Notice) bool { return n.Kind == kind })
}

// Who has lost the factor and forgotten the password asks support for the one
// and recovers the other: the second does not cancel the first.
func TestO3_ARecoveryKeepsSupportsReset(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setTOTP()
	due, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
	h.must(err)
	id := h.proved("anna@example.org", ByMail)
	_, err = h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox)
	h.must(err)
	if got := h.state(); !got.Resetting || h.told(NoticeFactorResetLifted) {
		t.Errorf("after the recovery: %+v", got)
	}
	h.must(h.Tidy(h.ctx, due))
	if got := h.state(); got.Second || got.Resetting {
		t.Errorf("after the wait: %+v", got)
	}
	if in, err := h.try(t, "anna@example.org", newPassword, "", fox); err != nil || in.Token == "" {
		t.Errorf("sign-in = %v, want one without the lost factor", err)
	}
}

// What ends a wait says so, by mail and in the timeline.
func TestA10_WhatCancelsAWaitTellsIt(t *testing.T) {
	t.Run("a recovery", func(t *testing.T) {
		h := newHousehold(t, "anna@example.org")
		_, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
		h.must(err)
		id := h.proved("anna@example.org", ByMail)
		_, err = h.FinishRecovery(h.ctx, h.clock.Now(), id, newPassword, "", fox)
		h.must(err)
		if h.state().Leaving || !h.told(NoticeErasureCancelled) || !h.recorded(timeline.ErasureCancelled) {
			t.Error("the erasure was not cancelled, or silently")
		}
	})
	t.Run("it wasn't me", func(t *testing.T) {
		h := newHousehold(t, "anna@example.org")
		h.setTOTP()
		link := h.notice(t, NoticeFactorChanged, "anna@example.org").Link
		_, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
		h.must(err)
		_, err = h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
		h.must(err)
		if !h.state().Resetting {
			t.Error("asking for the end cancels the reset silently")
		}
		_, err = h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
		h.must(err)
		got := h.state()
		if got.Leaving || !h.told(NoticeErasureCancelled) || !h.recorded(timeline.ErasureCancelled) {
			t.Error("the erasure was not cancelled, or silently")
		}
		if got.Resetting || !h.told(NoticeFactorResetLifted) || !h.recorded(timeline.FactorResetLifted) {
			t.Error("the reset was not cancelled, or silently")
		}
	})
	t.Run("the end", func(t *testing.T) {
		h := newHousehold(t, "anna@example.org")
		h.setTOTP()
		_, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
		h.must(err)
		h.clock.Advance(6 * 24 * time.Hour)
		_, err = h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
		h.must(err)
		h.must(h.Tidy(h.ctx, h.clock.Advance(24*time.Hour)))
		if h.state().Resetting {
			t.Error("a closed account waits for a reset")
		}
		h.must(h.Tidy(h.ctx, h.clock.Advance(closedFor)))
		if err := h.c.DB.View(h.ctx, func(tx *store.Tx) error {
			_, err := tx.Account(h.web.Session.Account)
			return err
		}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the account after its end = %v", err)
		}
	})
}
