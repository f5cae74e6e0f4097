package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

const testPhone = "+4915123456789"

// notice returns the newest message of a kind to a recipient.
func (w *world) notice(kind account.NoticeKind, to string) account.Notice {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.sent) - 1; i >= 0; i-- {
		if n := w.sent[i]; n.Kind == kind && n.To == to {
			return n
		}
	}
	w.t.Fatalf("no message %s to %s", kind, to)
	return account.Notice{}
}

// addPhone gives the account a number.
func (p *person) addPhone() {
	p.t.Helper()
	p.moved(p.post("/account/membership/phone", "phone="+testPhone, "current="+testPassword), "/account/membership/code?of=phone")
	p.moved(p.post("/account/membership/code", "of=phone", "code="+<-p.codes), "/account/membership")
}

// addApp sets an authenticator app up and returns its secret and the recovery
// codes.
func (p *person) addApp() (secret string, codes []string) {
	p.t.Helper()
	secret = p.beginApp()
	a := p.post("/account/security/app", "code="+appCode(p.t, secret, p.clock.Now()))
	if a.status != http.StatusOK {
		p.t.Fatalf("authenticator app: %d", a.status)
	}
	for _, m := range codeItem.FindAllStringSubmatch(a.body, -1) {
		codes = append(codes, m[1])
	}
	return secret, codes
}

// password gives the password on a device that needs more.
func (p *person) password(login string) {
	p.t.Helper()
	p.moved(p.post("/signin", "email="+login, "password="+testPassword), "/signin/code")
}

// refused expects a form again, with a status and a sentence.
func (p *person) refused(a answer, status int, sentence string) {
	p.t.Helper()
	if a.status != status || !strings.Contains(a.body, sentence) {
		p.t.Errorf("answer %d, want %d with %q:\n%s", a.status, status, sentence, visible(a.body))
	}
	lacks(p.t, a.body, "account:", "web:", "store:")
}

func TestV1_ACodeGoesByMailOrSMSAndTheOneBeforeIsVoid(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.addPhone()
	w.clock.Advance(2 * time.Hour)

	p := w.browser()
	p.password("+49 1512 3456789") // A2: by number, however it is typed
	byMail := <-w.codes
	body := p.page("/signin/code")
	has(t, body, "m…a@example.org", "&#43;49 ••• •• 89", "New code by email", "New code by", "data-resend=\"30\"", "in 30 seconds", `autocomplete="one-time-code"`)
	lacks(t, body, testEmail, testPhone, "3456789", byMail)
	p.refused(p.post("/signin/code/resend", "channel=sms"), http.StatusTooManyRequests, "You can ask for another in 30")
	w.clock.Advance(31 * time.Second)
	p.refused(p.post("/signin/code/resend", "channel=pigeon"), http.StatusUnprocessableEntity, "cannot be sent that way")
	p.moved(p.post("/signin/code/resend", "channel=sms"), "/signin/code")
	bySMS := <-w.codes
	if n := w.notice(account.NoticeAccessCode, testPhone); n.Channel != account.BySMS || n.Code != bySMS {
		t.Errorf("the SMS = %+v", n)
	}
	has(t, p.page("/signin/code"), "sent 6 digits to <b><bdi dir=\"ltr\">&#43;49 ••• •• 89")
	if byMail != bySMS {
		p.refused(p.post("/signin/code", "code="+byMail), http.StatusUnprocessableEntity, "does not match")
	}
	p.moved(p.post("/signin/code", "code="+bySMS), "/profiles?next=%2F")
	p.moved(p.post("/signin/code", "code="+bySMS), "/signin")
}

// V1: five tries, then a new code.
// ASVS 6.6.3.
func TestV1_TriesOfACodeRunOut(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	p := w.browser()
	p.password(testEmail)
	code := <-w.codes
	for _, sentence := range []string{"4 more tries", "3 more tries", "2 more tries", "one more try", "tries are used up"} {
		p.refused(p.post("/signin/code", "code="+wrongCode(code)), http.StatusUnprocessableEntity, sentence)
	}
	p.refused(p.post("/signin/code", "code="+code), http.StatusUnprocessableEntity, "That code has run out")
	w.clock.Advance(time.Minute)
	p.moved(p.post("/signin/code/resend", "channel=mail"), "/signin/code")
	p.moved(p.post("/signin/code", "code="+<-w.codes), "/profiles?next=%2F")
}

func TestV1_ACodeWorksOnceInParallel(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	p := w.browser()
	p.password(testEmail)
	code := <-w.codes
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		good int
	)
	for range 50 {
		wg.Go(func() {
			q := &person{w, &http.Client{CheckRedirect: p.client.CheckRedirect, Jar: frozen{p.client.Jar}}}
			a := q.post("/signin/code", "code="+code)
			mu.Lock()
			defer mu.Unlock()
			if a.to == "/profiles?next=%2F" {
				good++
			} else if a.to != "/signin" && a.status != http.StatusUnprocessableEntity && a.status != http.StatusServiceUnavailable {
				t.Errorf("answer %d to %q", a.status, a.to)
			}
		})
	}
	wg.Wait()
	if good != 1 {
		t.Errorf("%d of 50 signed in with one code, want 1", good)
	}
}

func TestV3_AnAppsCodeAndARecoveryCodeAfterThePassword(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	secret, codes := owner.addApp()
	w.clock.Advance(time.Hour)

	p := w.browser()
	p.password(testEmail)
	has(t, p.page("/signin/code"), "needs a second factor", "Code of your authenticator app", "Use a recovery code", `autocomplete="one-time-code"`)
	p.refused(p.post("/signin/code", "code="), http.StatusUnprocessableEntity, "Type the code first")
	right := appCode(t, secret, w.clock.Now())
	p.refused(p.post("/signin/code", "code="+wrongCode(right)), http.StatusUnprocessableEntity, "4 more tries")
	p.moved(p.post("/signin/code", "code="+right[:3]+" "+right[3:]), "/profiles?next=%2F")

	again := w.browser()
	again.password(testEmail)
	again.refused(again.post("/signin/code", "code="+right), http.StatusUnprocessableEntity, "does not match") // no reuse
	again.refused(again.post("/signin/code", "recovery=aaaa-bbbb-cccc-dddd"), http.StatusUnprocessableEntity, `id="recovery-error"`)
	again.moved(again.post("/signin/code", "recovery= "+strings.ToUpper(codes[0])+" "), "/profiles?next=%2F")

	third := w.browser()
	third.password(testEmail)
	third.refused(third.post("/signin/code", "recovery="+codes[0]), http.StatusUnprocessableEntity, "does not match") // each once
	third.refused(third.post("/signin/code/resend", "channel=mail"), http.StatusUnprocessableEntity, "cannot be sent that way")
	for range 3 {
		third.post("/signin/code", "recovery="+codes[0])
	}
	third.moved(third.post("/signin/code", "recovery="+codes[0]), "/signin")
	has(t, third.page("/signin"), "Five wrong codes: that sign-in has ended", "Sign in again", "phone’s clock", "or use a recovery code")
}

func TestV3_APasskeyAloneAndAsASecondFactor(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	key := newAuthenticator(t)
	owner.addPasskey(key, "name=Phone")

	p := w.browser()
	has(t, p.page("/signin"), `data-begin="/signin/passkey/begin"`, "data-autofill", "passkey.js", `autocomplete="username webauthn"`)
	c := p.begin("/signin/passkey/begin")
	answer := key.use(c)
	p.refused(p.post("/signin/passkey", "ceremony="+c.Ceremony, "response={}"), http.StatusUnprocessableEntity, "That passkey does not match")
	p.refused(p.post("/signin/passkey", "ceremony="+c.Ceremony, "response="+answer), http.StatusUnprocessableEntity, "That passkey does not match") // over
	c = p.begin("/signin/passkey/begin")
	p.moved(p.post("/signin/passkey", "ceremony="+c.Ceremony, "response="+key.use(c), "next=/account"), "/profiles?next=%2Faccount")

	owner.moved(owner.post("/account/security/second-factor", "needed=yes"), "/account/security")
	q := w.browser()
	q.password(testEmail)
	has(t, q.page("/signin/code"), "Use a passkey", "Use a recovery code", "Passkeys need JavaScript")
	c = q.begin("/signin/code/passkey/begin")
	stranger := w.browser()
	stranger.moved(stranger.post("/signin/code/passkey/begin"), "/signin/code")
	stranger.moved(stranger.post("/signin/code/passkey", "ceremony="+c.Ceremony, "response="+key.use(c)), "/signin")
	q.refused(q.post("/signin/code/passkey", "ceremony=x", "response=["), http.StatusUnprocessableEntity, "That passkey does not match")
	c = q.begin("/signin/code/passkey/begin")
	q.moved(q.post("/signin/code/passkey", "ceremony="+c.Ceremony, "response="+key.use(c)), "/profiles?next=%2F")
}

// A sign-in in a browser that is signed in as somebody else ends that session.
// ASVS 7.2.4.
func TestASignInReplacesTheOneBefore(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	at, err := url.Parse(w.http.URL)
	w.must(err)
	token := p.client.Jar.Cookies(at)
	p.moved(p.post("/signin", "email="+testEmail, "password="+testPassword), "/profiles?next=%2F") // a known device
	r, err := http.NewRequest(http.MethodGet, w.http.URL+"/account", nil)
	w.must(err)
	for _, c := range token {
		r.AddCookie(c)
	}
	old := w.browser()
	old.moved(old.send(r), "/signin?next=%2Faccount")
}

// D5: a form that was on its way while another tab got a new cookie does not
// take that from it; "signed out" is said where a session ended.
func TestD5_AnOldCookieTakesNothingAway(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	old := p.form("/proof", "password="+testPassword, "next=/account")
	for _, c := range p.client.Jar.Cookies(old.URL) {
		old.AddCookie(c)
	}
	p.moved(p.post("/proof", "password="+testPassword, "next=/account"), "/account")
	p.moved(p.post("/proof", "password="+testPassword, "next=/account"), "/account")
	v := &visit{s: w.site, w: httptest.NewRecorder(), r: old, now: w.clock.Now()}
	v.fail(fmt.Errorf("prove: %w", account.ErrSignedOut)) // as a handler meets it, a moment later
	if set := v.w.Header().Values("Set-Cookie"); len(set) > 0 {
		t.Errorf("the old cookie sets %q", set)
	}
	p.moved(p.post("/signout"), "/signin")
	has(t, p.page("/signin"), "You are signed out of this browser")
	p.moved(p.post("/signout"), "/signin")
	lacks(t, p.page("/signin"), "You are signed out of this browser")
}
