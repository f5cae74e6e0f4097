package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// A wrong recovery code is marked where it was typed, and has the focus there:
// every refusal of these tests is held to that (checkRefusal).
func TestV3_AWrongRecoveryCodeKeepsTheFocus(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.addApp()
	other := w.browser()
	other.password(testEmail)
	a := other.post("/signin/code", "recovery=abcd-efgh-ijkl-mnop")
	other.refused(a, http.StatusUnprocessableEntity, `id="recovery-error"`)
	w.clock.Advance(account.CheckAge + time.Minute)
	p.moved(p.post("/proof", "password="+testPassword), "/")
	a = p.post("/proof/check", "recovery=abcd-efgh-ijkl-mnop", "next=/account")
	p.refused(a, http.StatusUnprocessableEntity, `id="recovery-error"`)
}

// A3: what is typed can be looked at; a script shows the button, as without one
// it could do nothing.
// NIST SP 800-63B-4 §3.1.1.2.
func TestA3_APasswordCanBeShown(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	stranger := w.browser()
	for path, n := range map[string]int{"/account/membership/password": 3, "/account/data/delete": 1, "/account/membership/email": 1} {
		if got := strings.Count(p.page(path), " data-reveal "); got != n {
			t.Errorf("%s: %d passwords can be shown, want %d", path, got, n)
		}
	}
	for _, path := range []string{"/signup", "/signin"} {
		has(t, stranger.page(path), `type="button" class="button plain reveal" data-reveal hidden><span>Show</span><span class="vh"> Password</span>`)
	}
	lacks(t, p.page("/account/parental/lock"), `<span class="vh"> PIN</span>`, `<span class="vh"> New PIN</span>`)
}

// V1: another code of a change after 30 s, counted down as at a sign-in.
func TestV1_AChangeSaysWhenAnotherCodeCanBeSent(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.moved(p.post("/account/membership/email", "email="+nextEmail, "current="+testPassword), "/account/membership/code?of=email")
	has(t, p.page("/account/membership/code?of=email"), `data-resend="30"`, "in 30 seconds")
	w.clock.Advance(12 * time.Second)
	has(t, p.page("/account/membership/code?of=email"), `data-resend="18"`)
	w.clock.Advance(18 * time.Second)
	body := p.page("/account/membership/code?of=email")
	has(t, body, `data-resend="0"`)
	lacks(t, body, "in 0 seconds")
}

func TestV3_TooManyWrongCodesOfANewApp(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.beginApp()
	var a answer
	for range 40 {
		if a = p.post("/account/security/app", "code=000000"); a.status == http.StatusTooManyRequests {
			break
		}
	}
	p.refused(a, http.StatusTooManyRequests, "Too many codes in a row did not match.")
	lacks(t, a.body, "asked for too often")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// The page with new recovery codes is shown once: loading it again sends the
// form again, and that leads to where new ones are made.
func TestV3_RecoveryCodesLoadedAgain(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.addApp()
	p.moved(p.post("/account/security/app", "code=123456"), "/account/security/codes")
	has(t, p.page("/account/security/codes"), "shown once: if you did not keep them, make new ones here", "Make new recovery codes?")
	p.moved(p.get("/account/security/second-factor"), "/account/security")
	has(t, p.page("/account/security"), "as long as the app is on. Remove the app to stop that.")
}

// A6: any change of a factor offers to sign out everything else.
func TestA6_NewRecoveryCodesEverywhere(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	_, codes := p.addApp()
	has(t, p.page("/account/security/codes"), "Require all devices to sign in again")
	a := p.post("/account/security/codes")
	has(t, a.body, "Those before no longer work.")
	other.page("/profiles")
	a = p.post("/account/security/codes", "everywhere=yes")
	has(t, a.body, "Every TV and every other browser has to sign in again.")
	lacks(t, a.body, codes[0])
	other.moved(other.get("/profiles"), "/signin?next=%2Fprofiles")
	p.page("/account/security")
}

// The help names nobody where no support is set.
func TestHelpWithoutSupport(t *testing.T) {
	w := newWorld(t)
	body := w.browser().page("/help")
	has(t, body, "Ask whoever you have the service from.")
	if regexp.MustCompile(`Tell us\b`).MatchString(body) {
		t.Error("the help asks to tell nobody")
	}
}
