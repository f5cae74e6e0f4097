package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/hearthkey/hearthkey/server/account"
)

// stopLink is what the newest mail with a code leads to.
func (w *world) stopLink() string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.sent) - 1; i >= 0; i-- {
		if w.sent[i].Kind == account.NoticeAccessCode {
			return w.sent[i].Stop
		}
	}
	w.t.Fatal("no code was sent")
	return ""
}

// TestV7_ACodesMailStopsASignIn: opening the link fifty times changes nothing, one
// press stops that sign-in and says what else to do, and works once.
func TestV7_ACodesMailStopsASignIn(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	thief := w.browser()
	thief.moved(thief.post("/signin", "email="+testEmail, "password="+testPassword), "/signin/code")
	code, link := <-w.codes, w.stopLink()
	p := w.browser()
	for range 50 {
		has(t, p.page("/stop?link="+url.QueryEscape(link)), "somebody asked for a sign-in to your account", "Stop it", `name="link"`)
	}
	thief.page("/signin/code") // it goes on
	a := p.post("/stop", "link="+link)
	if a.status != http.StatusOK {
		t.Fatalf("stop = %d", a.status)
	}
	has(t, a.body, "It is stopped", "typed your password", "/recover", "/hacked")
	thief.moved(thief.post("/signin/code", "code="+code), "/signin")
	p.refused(p.post("/stop", "link="+link), http.StatusGone, "This link no longer works")
	has(t, owner.page("/account/timeline"), "“It wasn’t me” was chosen in a mail with a code", "It stopped a sign-in.")
}

func TestV7_WhatElseToDoDependsOnTheCode(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	stopped := func(want ...string) {
		t.Helper()
		<-w.codes
		has(t, w.browser().post("/stop", "link="+w.stopLink()).body, append(want, "It is stopped")...)
	}
	anybody := w.browser()
	anybody.moved(anybody.post("/recover", "email="+testEmail), "/recover/code")
	stopped("Nothing in your account was changed", "without your password")

	anybody.moved(anybody.post("/signup", "email=new@example.org", "password="+testPassword), "/verify")
	stopped("Your address was not taken into use")

	w.clock.Advance(account.CheckAge)
	owner.prove()
	owner.post("/proof/check/send", "channel=mail")
	stopped("is signed in to your account", "/recover")
}
