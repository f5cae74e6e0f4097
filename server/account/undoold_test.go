package account

import (
	"errors"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

// NIST SP 800-63B-4 §4.2.1.2: what a mailbox was sent recovers an account for
// 24 hours. The link goes on to make it safe.
func TestV7_AfterADayItWasntMeNeedsAFreshCode(t *testing.T) {
	for name, tt := range map[string]struct {
		after  time.Duration
		proved bool
	}{
		"within a day": {24*time.Hour - time.Second, true},
		"a day later":  {24 * time.Hour, false},
		"at its end":   {7*24*time.Hour - time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.moveTo("thief@example.net")
			link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
			h.clock.Advance(tt.after)
			if u, err := h.Look(h.ctx, h.clock.Now(), link); err != nil || u.NeedsCode == tt.proved {
				t.Errorf("Look = %+v, %v", u, err)
			}
			done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
			if err != nil || !done.Reverted || done.Proved != tt.proved || (done.Sent.To == "") != tt.proved {
				t.Fatalf("NotMe = %+v, %v", done, err)
			}
			if got := h.state().Email; got != "anna@example.org" || h.live(t, h.web.Token) {
				t.Errorf("the address is %s, the thief's session lives: %t", got, h.live(t, h.web.Token))
			}
			if !tt.proved {
				if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox); !errors.Is(err, ErrNoRecovery) {
					t.Fatalf("without a code: FinishRecovery = %v, want ErrNoRecovery", err)
				}
				var code Notice
				for _, n := range h.mails {
					if n.Kind == NoticeAccessCode && n.Purpose == ForRecovery {
						code = n
					}
				}
				if code.To != "anna@example.org" {
					t.Fatalf("the code went to %q", code.To)
				}
				h.must(h.ProveRecovery(h.ctx, h.clock.Now(), done.Recovery, code.Code))
			}
			if _, err := h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox); err != nil {
				t.Errorf("FinishRecovery = %v", err)
			}
		})
	}
}

// The account is made safe also where too many codes were sent lately; another
// is sent on the page that asks for it.
func TestV7_ItWasntMeIsNotStoppedByABudget(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.moveTo("thief@example.net")
	link := h.notice(t, NoticeEmailChanged, "anna@example.org").Link
	h.clock.Advance(25 * time.Hour)
	h.clock.Advance(5 * time.Minute)
	for range sendsPerHour { // whoever asked for them
		h.update(t, func(tx *store.Tx) error {
			_, err := h.takeSend(tx, h.clock.Now(), codeRequest{
				Purpose: ForSignIn, Account: h.web.Session.Account, To: Destination{ByMail, "thief@example.net"}, From: thief, Asker: known,
			})
			return err
		})
	}
	h.clock.Advance(2 * time.Minute)
	done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
	if err != nil || !done.Reverted || done.Proved || done.Sent != (CodeSent{}) || h.live(t, h.web.Token) {
		t.Fatalf("NotMe = %+v, %v", done, err)
	}
	h.clock.Advance(time.Hour - time.Minute)
	again, err := h.ResendRecovery(h.ctx, h.clock.Now(), done.Recovery, ByMail, "", fox)
	if err != nil || again.Sent.To != "a…a@example.org" {
		t.Fatalf("ResendRecovery = %+v, %v", again, err)
	}
	h.must(h.ProveRecovery(h.ctx, h.clock.Now(), done.Recovery, h.code(t)))
}
