package web

import (
	"testing"
	"time"
)

// prove gives the password where it is asked for, so that a page can be opened later.
func (p *person) prove() {
	p.t.Helper()
	p.moved(p.post("/proof", "password="+testPassword, "next=/"), "/")
}

// The board is right at every moment: before and after the bound, after the server
// was restarted, and where the page is opened for the first time long after.
func TestPromise1_TheBoardIsRightLaterToo(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	bedroom, session := p.approve("Bedroom TV")
	den, denSession := p.approve("Den")
	// The lease was granted at 20:00; at 20:45 the plug is pulled.
	w.clock.Advance(45 * time.Minute)
	bedroom.disconnect(session, w.clock.Now().Add(-45*time.Minute), w.clock.Now())
	p.moved(p.post("/account/devices/everywhere"), "/account/devices")
	restart := func() {
		w.site.Close()
		w.open(nil)
	}
	const (
		waits  = "Bedroom TV locks itself by 26 Nov 2026, 04:00 UTC if it stays on; switched off, after at most 7 h 15 min of further use."
		waited = "Bedroom TV locked itself by 04:00 UTC if it stayed on; switched off, after at most 7 h 15 min of further use."
	)
	look := func(when string, texts ...string) {
		t.Helper()
		p.prove()
		body := visible(p.page("/account/devices"))
		t.Log(when)
		has(t, body, texts...)
	}
	look("at once", "0 of 2 confirmed", waits)
	restart()
	look("after a restart", "0 of 2 confirmed", waits)
	den.confirm(denSession)
	look("when one has confirmed", "1 of 2 confirmed", waits, "Signed out: confirmed at 20:45:00 UTC")
	w.clock.Advance(7*time.Hour + 14*time.Minute + 59*time.Second)
	restart()
	look("in the last second", "1 of 2 confirmed", "Bedroom TV locks itself by 04:00 UTC if it stays on")
	w.clock.Advance(time.Second)
	look("when the bound is over", "1 of 2 confirmed", waited)
	w.clock.Advance(20 * 24 * time.Hour)
	other := w.browser() // opened for the first time
	other.signIn()
	body := visible(other.page("/account/devices"))
	has(t, body, "1 of 2 confirmed", "Bedroom TV locked itself by 26 Nov 2026, 04:00 UTC if it stayed on; switched off, after at most 7 h 15 min of further use.",
		"confirmed at 25 Nov 2026, 20:45:00 UTC")
	bedroom.confirm(session)
	has(t, visible(other.page("/account/devices")), "All 2 devices confirmed that they signed out")
}

// What is done to a TV after a sign-out everywhere takes nothing from its count: one
// that did not confirm is not forgotten when it is deactivated, and one that did
// still has when it is signed in again.
func TestPromise1_TheCountNeverShrinks(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	bedroom, bedroomSession := p.approve("Bedroom TV")
	den, denSession := p.approve("Den")
	kitchen, kitchenSession := p.approve("Kitchen TV")
	gone, goneSession := p.approve("Gone TV")
	p.moved(p.post("/account/devices/"+string(gone.id())+"/sign-out"), "/account/devices")
	gone.confirm(goneSession)
	w.clock.Advance(time.Minute)
	bedroom.disconnect(bedroomSession, w.clock.Now(), w.clock.Now())
	p.moved(p.post("/account/devices/everywhere"), "/account/devices")
	w.clock.Advance(time.Second)
	den.confirm(denSession)
	kitchen.confirm(kitchenSession)
	has(t, visible(p.page("/account/devices")), "2 of 3 confirmed")

	w.clock.Advance(time.Second)
	den.again()
	p.moved(p.post("/tv", "code="+den.code(), "do=approve"), "/tv/done?device="+string(den.id()))
	has(t, visible(p.page("/account/devices")), "2 of 3 confirmed", "Bedroom TV locks itself by")
	p.moved(p.post("/account/devices/"+string(gone.id())+"/deactivate"), "/account/devices")
	p.approve("New TV")
	has(t, visible(p.page("/account/devices")), "2 of 3 confirmed")
	p.moved(p.post("/account/devices/"+string(bedroom.id())+"/deactivate"), "/account/devices")
	has(t, visible(p.page("/account/devices")), "2 of 3 confirmed", "Bedroom TV locks itself by")
	w.clock.Advance(time.Second)
	bedroom.confirm(bedroomSession)
	has(t, visible(p.page("/account/devices")), "All 3 devices confirmed that they signed out")
}

// A TV's receipts stay where they are, also after it was signed in again: each can
// be seen and downloaded, and none is taken for another.
func TestD4_EarlierReceiptsStay(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	d, first := p.approve("Den")
	path := "/account/devices/" + string(d.id())
	p.moved(p.post(path+"/sign-out"), "/account/devices")
	w.clock.Advance(time.Second)
	d.confirm(first)
	one := p.page(path + "/receipt")
	lacks(t, one, "Other receipts")
	has(t, p.page("/account/timeline"), `<a href="`+path+`/receipt">Receipt</a>`)

	d.again()
	p.moved(p.post("/tv", "code="+d.code(), "do=approve"), "/tv/done?device="+string(d.id()))
	second := d.session()
	d.confirm(second) // that it took over the new state
	has(t, visible(p.page(path+"/receipt")), "Signed out , applied at 20:00:01 UTC")
	lacks(t, visible(p.page(path+"/receipt")), "Signed in since") // that was another
	p.moved(p.post(path+"/deactivate"), "/account/devices")
	w.clock.Advance(time.Second)
	d.confirm(second)
	body := p.page(path + "/receipt")
	has(t, visible(body), "Deactivated , applied at 20:00:02 UTC", "Signed in since 20:00:01 UTC", "Other receipts of this TV Signed out at 20:00:01 UTC")
	if a := p.get(path + "/receipt?of=none"); a.status != 404 {
		t.Errorf("a receipt that is not there: %d, want 404", a.status)
	}
}
