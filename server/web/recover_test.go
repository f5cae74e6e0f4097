package web

import (
	"net/http"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

const newTestPassword = "purple tractor ballad"

// V10: a code, then a new password; everything else is signed out, and the
// owner hears of it.
func TestV10_RecoverByMailAndBySMS(t *testing.T) {
	for _, tt := range []struct{ name, typed, channel, to string }{
		{"address by mail", testEmail, "mail", testEmail},
		{"address by SMS", testEmail, "sms", testPhone},
		{"number by SMS", "01512 3456789", "sms", testPhone},
		{"number by mail", "+49 (1512) 345-6789", "mail", testEmail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			owner := w.browser()
			owner.signUp()
			owner.addPhone()
			w.clock.Advance(2 * time.Hour)
			p := w.browser()
			has(t, p.page("/recover"), "Recover your account", "SMS", "Your second factor stays")
			p.moved(p.recover(tt.typed, tt.channel), "/recover/code")
			body := p.page("/recover/code")
			has(t, body, "If there is an account with", "6 digits are on their way", "New code by SMS", "New code by email")
			if tt.typed != testEmail {
				lacks(t, body, testEmail, "m…a@")
			}
			code := <-w.codes
			if n := w.notice(account.NoticeAccessCode, tt.to); n.Code != code {
				t.Errorf("the code went elsewhere")
			}
			p.moved(p.get("/recover/password"), "/recover")
		})
	}
}

// recover asks for a code, as an English browser in Germany.
func (p *person) recover(typed, channel string) answer {
	p.t.Helper()
	r := p.form("/recover", "email="+typed, "channel="+channel)
	r.Header.Set("Accept-Language", "en-DE,de;q=0.9")
	return p.send(r)
}

func TestV10_RecoveryEndsWithANewPassword(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	p := w.browser()
	p.moved(p.recover(testEmail, "mail"), "/recover/code")
	first := <-w.codes
	p.refused(p.post("/recover/code", "code="+wrongCode(first)), http.StatusUnprocessableEntity, "4 more tries")
	p.refused(p.post("/recover/code/resend", "channel=mail"), http.StatusTooManyRequests, "You can ask for another in")
	w.clock.Advance(time.Minute)
	p.moved(p.post("/recover/code/resend", "channel=mail"), "/recover/code")
	has(t, p.page("/recover/code"), "If there is such an account, a new code is on its way")
	code := <-w.codes
	p.moved(p.post("/recover/code", "code="+code), "/recover/password")
	p.moved(p.get("/recover/code"), "/recover/password")
	has(t, p.page("/recover/password"), "Choose a new password", `value="`+testEmail+`"`)
	for _, bad := range []struct{ next, again, sentence string }{
		{newTestPassword, "purple tractor", "are not the same"},
		{"password", "password", `id="password-error"`},
		{testPassword, testPassword, "have not used here before"},
		{"", "", `id="password-error"`},
	} {
		p.refused(p.post("/recover/password", "password="+bad.next, "again="+bad.again), http.StatusUnprocessableEntity, bad.sentence)
	}
	owner.page("/account/devices") // nothing has changed yet
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover/done")
	has(t, p.page("/recover/done"), "Your new password is set", "This browser is signed in", "My account was hacked")
	p.choose("/")
	owner.moved(owner.get("/account"), "/signin?next=%2Faccount")
	w.notice(account.NoticeRecovered, testEmail)
	has(t, p.page("/account/timeline"), "The password was set anew with a code")
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover") // once
}

// ASVS 6.4.3.
func TestV10_RecoveryKeepsTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	secret, _ := owner.addApp()
	w.clock.Advance(time.Hour)
	p := w.browser()
	p.moved(p.recover(testEmail, "mail"), "/recover/code")
	p.moved(p.post("/recover/code", "code="+<-w.codes), "/recover/password")
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover/done")
	has(t, p.page("/recover/done"), "Your second factor is still on", `href="/signin"`, `Never set one up? <a href="/hacked#factor">`)
	p.moved(p.get("/account"), "/signin?next=%2Faccount")
	p.moved(p.post("/signin", "email="+testEmail, "password="+newTestPassword), "/signin/code")
	p.moved(p.post("/signin/code", "code="+appCode(t, secret, w.clock.Now())), "/profiles?next=%2F")
}

// Times of a recovery: 10 minutes for the code, an hour for another, 30 minutes
// for the password.
func TestV10_RecoveriesRunOut(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	p := w.browser()
	p.moved(p.recover(testEmail, "mail"), "/recover/code")
	code := <-w.codes
	w.clock.Advance(11 * time.Minute)
	p.refused(p.post("/recover/code", "code="+code), http.StatusUnprocessableEntity, "That code has run out")
	p.moved(p.post("/recover/code/resend", "channel=mail"), "/recover/code")
	p.moved(p.post("/recover/code", "code="+<-w.codes), "/recover/password")
	w.clock.Advance(31 * time.Minute)
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover")
	has(t, p.page("/recover"), "That recovery has ended")
	w.clock.Advance(2 * time.Hour)
	p.moved(p.post("/signin", "email="+testEmail, "password="+testPassword), "/signin/code") // the old one still works
}
