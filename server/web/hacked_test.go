package web

import (
	"net/http"
	"testing"
	"time"
)

// V10: the walk shows what is done, goes on in any browser, and takes no step
// out of its order.
func TestV10_MyAccountWasHacked(t *testing.T) {
	w := newWorld(t)
	stranger := w.browser()
	has(t, stranger.page("/hacked"), "First get in yourself", "/recover", "/signin?next=%2Faccount%2Fhacked", `id="factor"`, "you never set one up")
	stranger.moved(stranger.post("/account/hacked"), "/signin?next=%2F")

	p := w.browser()
	p.signUp()
	p.moved(p.get("/hacked"), "/account/hacked")
	has(t, p.page("/account/hacked"), "Seven steps", "Begin")
	p.moved(p.post("/account/hacked/looked", "step=contact"), "/account/hacked")
	has(t, p.page("/account/hacked"), "Another step comes first", "Begin")
	w.clock.Advance(time.Minute)
	p.moved(p.post("/account/hacked"), "/account/hacked")
	has(t, p.page("/account/hacked"), "Change the password", "Stop here")
	lacks(t, p.page("/account/hacked"), "Done</span>")
	has(t, p.page("/account/membership"), "You are making your account safe", "Back to the steps")
	for _, step := range []string{"password", "everywhere", "contact", "activity", "", "walls", "\x00"} {
		p.moved(p.post("/account/hacked/looked", "step="+step), "/account/hacked")
		has(t, p.page("/account/hacked"), "Another step comes first", "Change the password")
	}
	w.clock.Advance(time.Minute)
	p.moved(p.post("/account/membership/password", "current="+testPassword, "new="+newTestPassword, "again="+newTestPassword, "everywhere=yes"), "/account/devices")
	has(t, p.page("/account/devices"), "Back to the steps")
	has(t, p.page("/account/hacked"), "Are both yours?", testEmail, "Everything is right") // both steps done by one

	other := w.browser()
	other.moved(other.post("/signin", "email="+testEmail, "password="+newTestPassword, "next=/account/hacked"), "/signin/code")
	other.moved(other.post("/signin/code", "code="+<-w.codes), "/profiles?next=%2Faccount%2Fhacked")
	other.choose("/account/hacked")
	has(t, other.page("/account/hacked"), "Are both yours?")
	other.moved(other.post("/account/hacked/looked", "step=contact"), "/account/hacked")
	has(t, other.page("/account/hacked"), "Second factors and passkeys", "that you never set up", `href="/account/security"`)
	for _, step := range []string{"contact", "factors", "devices", "profiles", "activity"} {
		other.moved(other.post("/account/hacked/looked", "step="+step), "/account/hacked")
		other.moved(other.post("/account/hacked/looked", "step="+step), "/account/hacked") // twice does no harm
	}
	has(t, p.page("/account/hacked"), "Your account is yours again", "Close")
	p.moved(p.post("/account/hacked/end"), "/account/security")
	body := p.page("/account/security")
	has(t, body, "Closed. You can start again")
	lacks(t, body, "Back to the steps")
	has(t, other.page("/account/hacked"), "Begin")
	if a := stranger.get("/account/hacked/end"); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET of an action = %d, want 405", a.status)
	}
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	has(t, p.page("/help"), "No code arrives", "lost my phone", "neither the mailbox nor the phone", "Never send a password or a code")
	lacks(t, p.page("/help"), "You reach us at")
	w.site.c.Support = "help@tv.example"
	has(t, p.page("/help"), "You reach us at <b><bdi>help@tv.example</bdi>")
}
