package account

import (
	"testing"
)

// Who moved the account must not be the only one to hear of its end, or that
// support removes the factor: the first address hears it too, and can undo it.
func TestV8_TheFirstAddressHearsOfTheEnd(t *testing.T) {
	for kind, do := range map[NoticeKind]func(*household){
		NoticeErasureAsked: func(h *household) {
			_, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
			h.must(err)
		},
		NoticeFactorReset: func(h *household) {
			_, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
			h.must(err)
		},
		NoticeFactorResetEnded: func(h *household) {
			due, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
			h.must(err)
			h.clock.Advance(due.Sub(h.clock.Now()))
			h.must(h.Tidy(h.ctx, due))
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.moveTo("thief@example.net")
			h.setTOTP()
			do(h)
			h.notice(t, kind, "thief@example.net")
			n := h.notice(t, kind, "anna@example.org")
			if !n.First || n.SMS != "" {
				t.Errorf("the first address's = %+v", n)
			}
			done, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, "", fox)
			if err != nil || !done.Reverted {
				t.Fatalf("NotMe = %+v, %v", done, err)
			}
			if got := h.state(); got.Email != "anna@example.org" || got.Leaving || got.Resetting || got.App {
				t.Errorf("after it: %+v", got)
			}
		})
	}
}

// Where the address was not moved there is one mail.
func TestV8_OneMailToAnAddressThatStays(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	at := len(h.mails)
	_, err := h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
	if len(h.mails) != at+1 || h.mail(t).First {
		t.Errorf("mails = %+v, want one", h.mails[at:])
	}
}
