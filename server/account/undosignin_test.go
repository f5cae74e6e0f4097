package account

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/store"
)

// tell sends a notice to where the account is.
func (h *household) tell(kind NoticeKind) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		n := h.web.Session.Notice(kind, h.clock.Now())
		if kind == NoticeProfileChanged {
			n.Before = []byte("before")
		}
		return h.Notify(tx, n)
	}
}

// A thief signs in, of which a mail tells, and makes the account his own. The
// owner presses the first mail's "It wasn't me": all of it is undone.
func TestV7_TheSignInMailUndoesWhatFollowed(t *testing.T) {
	for name, steal := range map[string]func(*household){
		"his app":     (*household).setTOTP,
		"his passkey": func(h *household) { _, h.web = h.addPasskey(h.t, h.web.Session, "Thief's") },
		"his address": func(h *household) { h.moveTo("thief@example.net") },
		"his phone":   func(h *household) { h.setPhone(thiefsPhone) },
		"all of it": func(h *household) {
			h.setPhone(thiefsPhone)
			h.setTOTP()
			h.moveTo("thief@example.net")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.clock.Advance(time.Hour)
			before := h.state()
			in, err := h.try(t, "anna@example.org", goodPassword, "", thief)
			h.must(err)
			link := h.notice(t, NoticeNewSignIn, "anna@example.org").Link
			h.clock.Advance(time.Minute)
			h.web = in.Web
			h.prove(goodPassword)
			steal(h)
			h.clock.Advance(7*24*time.Hour - 3*time.Minute)
			u, err := h.Look(h.ctx, h.clock.Now(), link)
			if err != nil || !u.Reverts || u.NeedsFactor {
				t.Fatalf("Look = %+v, %v", u, err)
			}
			done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
			if err != nil || !done.Reverted {
				t.Fatalf("NotMe = %+v, %v", done, err)
			}
			after := h.state()
			before.Password, after.Password, before.Generation = "", "", after.Generation
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("after it (-before the theft +after):\n%s", diff)
			}
			h.must(h.ProveRecovery(h.ctx, h.clock.Now(), done.Recovery, h.code(t))) // the mail is old
			back, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox)
			if err != nil || !h.live(t, back.Token) || h.live(t, h.web.Token) {
				t.Errorf("FinishRecovery = %+v, %v, want the owner in and the thief out", back, err)
			}
		})
	}
}

// The factor that guards a chain guards it against older links too (V8).
func TestV8_AnOlderLinkNeedsTheFactorToo(t *testing.T) {
	h := newHousehold(t, "shared@example.org")
	h.setTOTP()
	h.clock.Advance(20 * 24 * time.Hour)
	h.prove(goodPassword)
	h.must(h.c.DB.Update(h.ctx, h.tell(NoticeLockChanged)))
	old := h.notice(t, NoticeLockChanged, "shared@example.org").Link
	h.clock.Advance(time.Minute)
	h.moveTo("anna@example.org")
	before := h.state()
	if _, err := h.NotMe(h.ctx, h.clock.Now(), old, "", thief); !errors.Is(err, ErrFactorNeeded) {
		t.Errorf("NotMe = %v, want ErrFactorNeeded", err)
	}
	if _, err := h.NotMe(h.ctx, h.clock.Now(), old, "123456", thief); !errors.Is(err, ErrFactor) {
		t.Errorf("NotMe with a wrong factor = %v, want ErrFactor", err)
	}
	if diff := cmp.Diff(before, h.state()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// Whatever an "It wasn't me" is about, no other address's use takes the links
// away by which the chain is undone.
func TestV8_AnotherLinkNeverVoidsTheChains(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	h.must(h.c.DB.Update(h.ctx, h.tell(NoticeProfileChanged)))
	_, err := h.NotMe(h.ctx, h.clock.Now(), h.notice(t, NoticeProfileChanged, "thief@example.net").Link, "", thief)
	h.must(err)
	if u, err := h.Look(h.ctx, h.clock.Now(), link); err != nil || !u.Reverts {
		t.Errorf("Look = %+v, %v, want a link that still reverts", u, err)
	}
}
