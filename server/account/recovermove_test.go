package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// An ex-partner has begun a recovery, and a sign-in, at the mailbox or phone
// that the owner leaves, or the owner signs everything out: neither goes on.
func TestV10_NoRecoveryOutlivesTheMove(t *testing.T) {
	for name, leave := range map[string]func(*household){
		"a new address": func(h *household) { h.moveTo("new@example.org") },
		"a new number":  func(h *household) { h.setPhone("+4915187654322") },
		"no number": func(h *household) {
			h.checked(h.t, h.web.Session)
			web, err := h.RemovePhone(h.ctx, h.clock.Now(), h.web.Session, goodPassword, false)
			h.must(err)
			h.web = web
		},
		"signed out everywhere": func(h *household) {
			h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) (err error) {
				h.web.Session, err = EndEverything(tx, h.clock.Now(), h.web.Session, protocol.ByAll, h.c.Changed)
				return err
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setPhone(ownersPhone)
			h.clock.Advance(2 * time.Hour) // new budgets
			h.prove(goodPassword)
			proved := h.proved("anna@example.org", ByMail)
			begun, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", ByMail, "", thief)
			h.must(err)
			code := h.code(t)
			step := h.step(t, "anna@example.org", goodPassword, "", thief)
			signInCode := h.code(t)
			leave(h)
			before, mails := h.state(), len(h.mails)
			if err := h.ProveRecovery(h.ctx, h.clock.Now(), begun.ID, code); !errors.Is(err, ErrNoRecovery) {
				t.Errorf("the code sent before = %v, want ErrNoRecovery", err)
			}
			h.clock.Advance(time.Minute)
			for _, by := range []Channel{ByMail, BySMS} {
				if _, err := h.ResendRecovery(h.ctx, h.clock.Now(), begun.ID, by, "", thief); !errors.Is(err, ErrNoRecovery) {
					t.Errorf("another code by %s = %v, want ErrNoRecovery", by, err)
				}
			}
			if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), proved, newPassword, "", thief); !errors.Is(err, ErrNoRecovery) {
				t.Errorf("the proved recovery = %v, want ErrNoRecovery", err)
			}
			if _, err := h.ContinueSignIn(h.ctx, h.clock.Now(), step.Challenge.ID, Answer{Code: signInCode}, "", thief); !errors.Is(err, ErrAttempt) {
				t.Errorf("the sign-in code sent before = %v, want ErrAttempt", err)
			}
			if len(h.mails) != mails {
				t.Errorf("something was sent: %+v", h.mails[mails:])
			}
			if diff := cmp.Diff(before, h.state()); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}

// A recovery whose row is still there sends and sets nothing where the account
// is elsewhere by now.
func TestV10_RecoveryGoesWhereTheAccountIsNow(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	proved := h.proved("anna@example.org", ByMail)
	begun, err := h.Recover(h.ctx, h.clock.Now(), "anna@example.org", "", "en", ByMail, "", thief)
	h.must(err)
	code := h.code(t)
	h.must(h.c.DB.Update(h.ctx, func(tx *store.Tx) error {
		return tx.SetEmail(h.web.Session.Account, "new@example.org", "new@example.org")
	}))
	h.clock.Advance(time.Minute)
	if err := h.ProveRecovery(h.ctx, h.clock.Now(), begun.ID, code); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("ProveRecovery = %v, want ErrNoRecovery", err)
	}
	if _, err := h.ResendRecovery(h.ctx, h.clock.Now(), begun.ID, ByMail, "", thief); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("ResendRecovery = %v, want ErrNoRecovery", err)
	}
	if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), proved, newPassword, "", thief); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("FinishRecovery = %v, want ErrNoRecovery", err)
	}
}
