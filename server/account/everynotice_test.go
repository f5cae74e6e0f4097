package account

import "testing"

// V7: every security notice carries "It wasn't me" and goes to the phone too
// where that is wanted: of an erasure and of a reset by support as well.
func TestV7_EndingsTellByPhoneAndCanBeDisputed(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.setPhone(ownersPhone)
	h.setTOTP()
	check := func(kind NoticeKind, beside bool) {
		t.Helper()
		n := h.notice(t, kind, "anna@example.org")
		token := n.Link
		if beside {
			token = n.NotMe
		}
		undo, err := h.Look(h.ctx, h.clock.Now(), token)
		if err != nil || undo.About != kind || n.SMS != ownersPhone {
			t.Errorf("%s: %+v, %v; SMS to %q", kind, undo, err, n.SMS)
		}
	}
	_, err := h.AskFactorReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost phone")
	h.must(err)
	check(NoticeFactorReset, true)
	h.must(h.LiftFactorReset(h.ctx, h.clock.Now(), h.web.Session))
	check(NoticeFactorResetLifted, false)
	_, err = h.AskContactReset(h.ctx, h.clock.Now(), h.web.Session.Account, "olga", "lost everything", newHome)
	h.must(err)
	check(NoticeContactReset, true)
	h.must(h.LiftContactReset(h.ctx, h.clock.Now(), h.web.Session))
	check(NoticeContactResetLifted, false)
	_, err = h.AskErasure(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
	check(NoticeErasureAsked, true)
	_, err = h.Keep(h.ctx, h.clock.Now(), h.notice(t, NoticeErasureAsked, "anna@example.org").Link, fox)
	h.must(err)
	check(NoticeErasureCancelled, false)
}

// V7, V8: whoever moved the account is not the only one to hear of the changes
// after that: the first address hears of them, and can undo them all.
func TestV8_TheFirstAddressHearsOfLaterChanges(t *testing.T) {
	for kind, change := range map[NoticeKind]func(*household){
		NoticeFactorChanged: func(h *household) { h.setTOTP() },
		NoticePhoneChanged:  func(h *household) { h.setPhone(ownersPhone) },
		NoticePasswordChanged: func(h *household) {
			_, err := h.ChangePassword(h.ctx, h.clock.Now(), h.web.Session, goodPassword, otherPassword, false)
			h.must(err)
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.moveTo("thief@example.net")
			h.checked(t, h.web.Session)
			change(h)
			h.notice(t, kind, "thief@example.net")
			n := h.notice(t, kind, "anna@example.org")
			done, err := h.NotMe(h.ctx, h.clock.Now(), n.Link, "", fox)
			if err != nil || !done.Reverted || !n.First || h.state().Email != "anna@example.org" {
				t.Errorf("NotMe = %+v, %v; %+v", done, err, h.state())
			}
		})
	}
}
