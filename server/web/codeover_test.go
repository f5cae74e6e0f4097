package web

import (
	"net/http"
	"testing"
	"time"
)

const codeIsOver = "That code no longer works"

// V1: a code whose five tries are used up is not said to work any more, on the
// page that says so, after a reload, and until a new one is on its way.
func TestV1_ACodeWithoutTriesIsSaidToBeOver(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	stranger := w.browser()
	stranger.moved(stranger.post("/signup", "email="+testEmail, "password="+testPassword), "/verify")
	stranger.useUp("/verify", <-w.codes)
	w.clock.Advance(2 * time.Hour)
	owner.signUp()

	in := w.browser()
	in.moved(in.post("/signin", "email="+testEmail, "password="+testPassword), "/signin/code")
	in.useUp("/signin/code", <-w.codes)
	has(t, in.page("/signin/code"), codeIsOver)
	w.clock.Advance(time.Minute)
	in.moved(in.post("/signin/code/resend", "channel=mail"), "/signin/code")
	<-w.codes
	lacks(t, in.page("/signin/code"), codeIsOver)

	lost := w.browser()
	lost.moved(lost.recover(testEmail, "mail"), "/recover/code")
	lost.useUp("/recover/code", <-w.codes)
	has(t, lost.page("/recover/code"), codeIsOver)

	owner.moved(owner.post("/account/membership/email", "email="+nextEmail, "current="+testPassword), "/account/membership/code?of=email")
	owner.useUp("/account/membership/code", <-w.codes, "of=email")
	has(t, owner.page("/account/membership/code?of=email"), codeIsOver)

	w.clock.Advance(11 * time.Minute) // a code whose time is over works no longer either
	has(t, in.page("/signin/code"), codeIsOver)
}

// useUp tries a code that is not the right one, five times.
func (p *person) useUp(path, right string, more ...string) {
	p.t.Helper()
	for n := range 5 {
		a := p.post(path, append(more, "code="+wrongCode(right))...)
		if a.status != http.StatusUnprocessableEntity {
			p.t.Fatalf("try %d at %s = %d, want 422", n+1, path, a.status)
		}
		if n < 4 {
			has(p.t, a.body, "The code works until")
			lacks(p.t, a.body, codeIsOver)
			continue
		}
		has(p.t, a.body, codeIsOver)
		lacks(p.t, a.body, "The code works until")
	}
}
