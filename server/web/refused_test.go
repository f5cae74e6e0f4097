package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// askLive asks once what the page that waits for a sign-up's code would.
func (p *person) askLive(seen string) (status int, body string) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.http.URL+"/verify/live", nil)
	p.must(err)
	if seen != "" {
		r.Header.Set("Last-Event-ID", seen)
	}
	a := p.send(r)
	return a.status, a.body
}

// TestA1_SignUpSaysThatTheAddressRefusesMail: live, once, and only in the browser
// that typed it.
func TestA1_SignUpSaysThatTheAddressRefusesMail(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.moved(p.post("/signup", "email="+testEmail, "password="+testPassword), "/verify")
	lacks(t, p.page("/verify"), "refuses mail")
	if status, body := p.askLive(""); status != http.StatusOK || strings.Contains(body, "event:") || !strings.Contains(body, "retry: 2000\n") {
		t.Errorf("before: %d %q, want nothing new and a time to come back", status, body)
	}
	w.refused.Store("No such address.")
	status, body := p.askLive("")
	if status != http.StatusOK || !strings.Contains(body, "event: board\nid: refused\n") {
		t.Fatalf("after: %d %q", status, body)
	}
	has(t, body, "This address refuses mail: check it.", "No such address.", "/signup")
	if _, body := p.askLive("refused"); strings.Contains(body, "event:") {
		t.Errorf("said twice: %q", body)
	}
	has(t, p.page("/verify"), "This address refuses mail: check it.", "/verify/live?seen=refused")
	a := p.post("/verify", "code=000000")
	has(t, a.body, "This address refuses mail: check it.", "does not match")

	if status, body := w.browser().askLive(""); status != http.StatusNoContent || body != "" {
		t.Errorf("another browser: %d %q, want 204", status, body)
	}
	w.clock.Advance(time.Hour)
	if status, _ := p.askLive(""); status != http.StatusNoContent {
		t.Errorf("after the sign-up's time: %d, want 204, which ends the asking", status)
	}
}

// TestV11_WhatComesBackIsNotHealthy: an address whose mails come back does not wear
// the tag of one that works.
func TestV11_WhatComesBackIsNotHealthy(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	page := p.page("/account/membership")
	has(t, page, "Verified")
	lacks(t, page, "come back since")
	w.returns = map[string]time.Time{testEmail: w.clock.Now().Add(-time.Hour)}
	page = p.page("/account/membership")
	has(t, page, "Mails to it come back since", "change to an address that you read", "/help#mailbox")
	lacks(t, page, "Verified")
}
