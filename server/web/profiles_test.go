package web

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/hearthkey/hearthkey/server/account"
)

var profileLink = regexp.MustCompile(`href="(/account/profiles/[0-9a-f-]{36})"`)

// paths returns the addresses of the account's profiles.
func (p *person) profilePaths() []string {
	p.t.Helper()
	var out []string
	for _, m := range profileLink.FindAllStringSubmatch(p.page("/account/profiles"), -1) {
		out = append(out, m[1])
	}
	return out
}

func TestProfiles(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	if got := len(p.profilePaths()); got != 2 {
		t.Fatalf("a new account has %d profiles, want 2", got)
	}
	has(t, p.page("/account/profiles/new"), "Add a profile", `value="lantern"`, "Little kids")
	bad := p.post("/account/profiles", "name=", "avatar=owl", "level=5", "language=en")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d, want 422", bad.status)
	}
	has(t, bad.body, "name-error", `value="owl" checked`)
	for _, values := range [][]string{
		{"name=Ada", "avatar=dragon", "level=5", "language=en"},
		{"name=Ada", "avatar=owl", "level=9", "language=en"},
		{"name=Ada", "avatar=owl", "level=5", "language=!!"},
	} {
		if a := p.post("/account/profiles", values...); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d, want 422", values, a.status)
		}
	}
	for _, name := range []string{"Ada", "عبد", "Zoë"} {
		p.moved(p.post("/account/profiles", "name="+name, "avatar=owl", "level=2", "language=de"), "/account/profiles")
	}
	has(t, p.page("/account/profiles"), "عبد", "All 5 profiles are in use", "Older kids", "Deutsch")
	full := p.post("/account/profiles", "name=Six", "avatar=owl", "level=2", "language=de")
	has(t, full.body, "as many profiles as allowed")

	last := p.profilePaths()[4]
	p.moved(p.post(last, "name=Zoé", "avatar=kite", "level=3", "language=fr"), "/account/profiles")
	has(t, p.page(last), `value="Zoé"`, `value="kite" checked`, `value="3" checked`)
	has(t, p.page(last+"/delete"), "Delete", "What it watched stays in Activity, under “a deleted profile”, for 1 year")
	p.moved(p.post(last+"/delete"), "/account/profiles")
	if a := p.get(last); a.status != http.StatusNotFound {
		t.Errorf("a deleted profile: %d, want 404", a.status)
	}
	main := p.profilePaths()[0]
	if a := p.post(main + "/delete"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("deleting the main profile: %d, want 422", a.status)
	}
}

// The account password is asked before a lock is touched (P2).
func TestProfileLock(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	path := p.profilePaths()[0]
	has(t, p.page(path+"/lock"), `name="pin"`, "Account password", "inputmode=\"numeric\"")
	wrong := p.post(path+"/lock", "password=wrong", "pin=4821", "do=set")
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong password: %d, want 422", wrong.status)
	}
	has(t, wrong.body, "not the password of this account")
	lacks(t, p.page("/account/profiles"), "Locked")

	for _, pin := range []string{"", "12", "12a4", "12345", "１２３４"} {
		a := p.post(path+"/lock", "password="+testPassword, "pin="+pin, "do=set")
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("PIN %q: %d, want 422", pin, a.status)
		}
		has(t, a.body, "exactly four digits")
	}
	weak := p.post(path+"/lock", "password="+testPassword, "pin=1234", "do=set")
	has(t, weak.body, "easily guessed", `name="keep"`)
	lacks(t, weak.body, "1234") // what was typed never comes back
	// What is left out with the box ticked is said, counts as no wrong password, and
	// the box stays.
	for range 6 {
		again := p.post(path+"/lock", "password=", "pin=1234", "do=set", "keep=yes")
		p.refused(again, http.StatusUnprocessableEntity, "Type the password of this account")
		has(t, again.body, "type the account password and the PIN once more", `name="keep" value="yes" checked`)
	}
	empty := p.post(path+"/lock", "password="+testPassword, "pin=", "do=set", "keep=yes")
	p.refused(empty, http.StatusUnprocessableEntity, "exactly four digits")
	has(t, empty.body, `name="keep" value="yes" checked`)
	p.moved(p.post(path+"/lock", "password="+testPassword, "pin=1234", "do=set", "keep=yes"), "/account/profiles")
	has(t, p.page("/account/profiles"), "easily guessed", "Locked")
	p.moved(p.post(path+"/lock", "password="+testPassword, "pin=0482", "do=set"), "/account/profiles")
	has(t, p.page("/account/timeline"), "Profile lock set")

	// a locked profile opens on the web only to who gave the password lately
	p.page("/profiles")
	w.clock.Advance(account.ProofAge)
	m := profileButton.FindStringSubmatch(p.page("/profiles"))
	a := p.post("/profiles", "profile="+m[1], "next=/")
	p.moved(a, "/proof?next=%2Fprofiles%3Fnext%3D%252F")
	p.moved(p.post("/proof", "password="+testPassword, "next=/profiles?next=/"), "/profiles?next=/")
	p.moved(p.post("/profiles", "profile="+m[1], "next=/"), "/")

	p.moved(p.post(path+"/lock", "password="+testPassword, "do=remove"), "/account/profiles")
	lacks(t, p.page("/account/profiles"), "Locked")
}

func TestUnknownProfileCannotBeChosen(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	if a := p.post("/profiles", "profile=nobody", "next=/"); a.status != http.StatusNotFound {
		t.Errorf("an unknown profile: %d, want 404", a.status)
	}
}
