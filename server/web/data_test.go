package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestA10_ExportIsOneFileOfEverything(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.approve("Bedroom TV")
	if got := p.get("/account/data/export").status; got != http.StatusMethodNotAllowed {
		t.Errorf("GET of the export = %d, want 405: it is noted in the timeline", got)
	}
	a := p.post("/account/data/export")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json" ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="account-20`) {
		t.Fatalf("export = %d %v", a.status, a.header)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{testEmail, "Bedroom TV", "account_created"} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the export lacks %q", part)
		}
	}
	if strings.Contains(a.body, "$argon2") {
		t.Error("the export holds a password's hash")
	}
	has(t, p.page("/account/timeline"), "data was downloaded")
}

func TestA10_AnAccountIsDeletedAfterSevenDays(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	p.approve("Bedroom TV")
	has(t, p.page("/account/data/delete"), "1 TV and every browser are", "2 profiles", "change your mind", "2 Dec 2026", "Signing in alone does not keep it")
	for _, current := range []string{"", "other quiet lampposts", strings.Repeat("x", 5000)} {
		a := p.post("/account/data/delete", "current="+current)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("the password %.20q: %d, want 422", current, a.status)
		}
		has(t, a.body, "current-error")
	}
	other.page("/account/devices")
	has(t, p.page("/account/data"), "Delete the account")

	p.moved(p.post("/account/data/delete", "current="+testPassword), "/signin")
	has(t, p.page("/signin"), "will be erased in 7 days")
	p.moved(p.get("/account"), "/signin?next=%2Faccount")
	other.moved(other.get("/account"), "/signin?next=%2Faccount")

	w.clock.Advance(time.Hour)
	p.signIn()
	for _, path := range []string{"/", "/account", "/account/security", "/account/devices", "/tv"} { // signing in alone keeps nothing
		has(t, p.page(path), "This account will be erased on", `action="/account/data/keep"`, "Keep the account")
	}
	body := p.page("/account/data")
	lacks(t, body, "This account will be erased on")
	has(t, body, "Your account will be erased", "Keep my account", "Download")
	lacks(t, body, "/account/data/delete")
	p.moved(p.get("/account/data/delete"), "/account/data")
	p.moved(p.post("/account/data/keep"), "/account/data")
	has(t, p.page("/account/data"), "Your account stays", "/account/data/delete")
	lacks(t, p.page("/"), "Keep the account")
	p.moved(p.post("/account/data/keep"), "/account/data") // nothing to keep any more
	has(t, p.page("/account/timeline"), "Deleting the account was asked for", "The account stays")
}
