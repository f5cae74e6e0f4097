package account

import (
	"errors"
	"testing"
	"time"
)

// V7: a thief who switched off what would tell of him, and what would stop him,
// has that switched on again, by whatever mail the owner presses "It wasn't me" in.
func TestV7_ItWasntMeSwitchesOnAgainWhatWasSwitchedOff(t *testing.T) {
	for _, kind := range []NoticeKind{NoticeLessAsked, NoticeNewSignIn} {
		t.Run(string(kind), func(t *testing.T) {
			h := newHousehold(t, "anna@example.org")
			h.setPhone("+4915123456789")
			h.clock.Advance(8 * 24 * time.Hour) // the number is the owner's, whatever is undone
			h.prove(goodPassword)
			on := Preferences{CodeOnNewDevice: true, SignInMails: true, SMSNotices: true}
			h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, on))
			link := h.linkOf(kind)
			h.must(h.SetPreferences(h.ctx, h.clock.Now(), h.web.Session, Preferences{}))
			if kind == NoticeLessAsked {
				link = h.notice(t, NoticeLessAsked, "anna@example.org").Link
			}
			look, err := h.Look(h.ctx, h.clock.Now(), link)
			if err != nil || !look.Less {
				t.Fatalf("Look = %+v, %v", look, err)
			}
			done, err := h.NotMe(h.ctx, h.clock.Now(), link, "", fox)
			if err != nil || !done.Less {
				t.Fatalf("NotMe = %+v, %v", done, err)
			}
			on.SMSNotices = kind == NoticeLessAsked
			if got, err := h.Preferences(h.ctx, h.web.Session); err != nil || got != on {
				t.Errorf("after it: %+v, %v, want %+v", got, err, on)
			}
			_, err = h.FinishRecovery(h.ctx, h.clock.Now(), done.Recovery, newPassword, "", fox)
			h.must(err)
			step, err := h.SignIn(h.ctx, h.clock.Now(), SignInRequest{Login: "anna@example.org", Password: newPassword, From: thief})
			if h.must(err); step.Challenge == nil {
				t.Error("an unknown device signs in by the password alone")
			}
		})
	}
}

// linkOf is the "It wasn't me" of a notice of now.
func (h *household) linkOf(kind NoticeKind) string {
	h.t.Helper()
	h.must(h.c.DB.Update(h.ctx, h.tell(kind)))
	return h.notice(h.t, kind, "anna@example.org").Link
}

// V2: whoever only knows the password, or sits at an open browser, does not make
// the password enough.
func TestV2_WhatAsksLessNeedsTheCheck(t *testing.T) {
	h := newHousehold(t, "anna@example.org")
	h.clock.Advance(CheckAge + time.Second)
	web, err := h.Prove(h.ctx, h.clock.Now(), h.web.Session, goodPassword)
	h.must(err)
	p := Preferences{CodeOnNewDevice: true, SignInMails: true, RemindDevices: true}
	h.must(h.SetPreferences(h.ctx, h.clock.Now(), web.Session, p))
	for _, less := range []Preferences{{CodeOnNewDevice: true}, {SignInMails: true}} {
		if err := h.SetPreferences(h.ctx, h.clock.Now(), web.Session, less); !errors.Is(err, ErrCheckNeeded) {
			t.Errorf("%+v without the check: %v", less, err)
		}
	}
}
