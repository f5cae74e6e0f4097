package web

import (
	"net/http"
	"testing"
	"time"
)

// D1: an end date is typed at the approval and later, in UTC or in the browser's
// time zone, and the list says it.
func TestD1_EndDateOnThePages(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d := w.newTV("Room 7")
	code := d.code()
	has(t, p.page("/tv?code="+code), `name="ends" type="datetime-local"`, "Only for some time")
	tomorrow := w.clock.Now().UTC().Add(24 * time.Hour)
	for _, wrong := range []string{"ends=soon", "ends=" + w.clock.Now().UTC().Format(layoutTyped), "ends=" + tomorrow.Format(layoutTyped) + "&zone=9999"} {
		a := p.post("/tv", "code="+code, "do=approve", wrong)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d, want 422", wrong, a.status)
		}
		has(t, a.body, "ends-error", "Sign in this TV?", "<details class=\"field\" open>")
	}
	p.moved(p.post("/tv", "code="+code, "do=approve", "ends="+tomorrow.Format(layoutTyped)), "/tv/done?device="+string(d.id()))
	has(t, p.page("/tv/done?device="+string(d.id())), "signed out by itself at", tomorrow.Format("15:04 MST"))
	has(t, p.page("/account/devices"), "until <time", tomorrow.Format("2 Jan 2006, 15:04 MST"))

	path := "/account/devices/" + string(d.id()) + "/end-date"
	has(t, p.page(path), `value="`+tomorrow.Format(layoutTyped)+`"`, "No end date")
	if a := p.post(path, "ends=never"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no date: %d", a.status)
	}
	p.moved(p.post(path, "ends="+tomorrow.Add(26*time.Hour).Format(layoutTyped), "zone=120"), "/account/devices")
	has(t, p.page("/account/devices"), "The end date is saved", tomorrow.Add(24*time.Hour).Format(layoutDay+", 15:04 MST"))
	p.moved(p.post(path, "ends=", "do=none"), "/account/devices")
	board := p.page("/account/devices")
	has(t, board, "The TV has no end date")
	lacks(t, board, "until <time")
	has(t, p.page("/account/timeline"), "End date of a TV saved", "It has none any more.")

	p.moved(p.post(path, "ends="+tomorrow.Format(layoutTyped)), "/account/devices")
	w.clock.Advance(24 * time.Hour)
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
	has(t, p.page("/account/devices"), "Its end date had come.")
	if a := p.get(path); a.status != http.StatusNotFound {
		t.Errorf("the end date of a TV that is signed out: %d, want 404", a.status)
	}
}
