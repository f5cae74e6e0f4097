package web

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/notify"
)

// check answers the check by a code to the account's own address.
func (p *person) check() {
	p.t.Helper()
	p.moved(p.post("/proof/check/send", "channel=mail", "next=/account"), "/proof/check?next=%2Faccount")
	p.moved(p.post("/proof/check", "code="+<-p.codes, "next=/account"), "/account")
}

// stale lets the sign-in, its proof and its check grow old, and proves again.
func (p *person) stale(w *world) {
	p.t.Helper()
	w.clock.Advance(account.CheckAge)
	p.moved(p.post("/proof", "password="+testPassword, "next=/account"), "/account")
}

// V2: who changes password, email or phone gives a code that goes to where the
// account is reached, and comes back to the form.
func TestV2_ChangesNeedACodeAndComeBackToTheForm(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.addPhone()
	p.stale(w)
	for _, path := range []string{
		"/account/membership/password", "/account/membership/email", "/account/membership/phone", "/account/membership/phone/remove",
		"/account/security/app", "/account/security/codes", "/account/security/passkeys/new", "/account/security/second-factor",
	} {
		p.moved(p.get(path), "/proof/check?next="+escaped(path))
	}
	const form = "/account/membership/email"
	page := p.page("/proof/check?next=" + form)
	has(t, page, "One more check", "Send a code by email", "Send a code by SMS", "m…a@example.org", "•• ")
	lacks(t, page, `name="code"`)
	p.moved(p.post(form, "email="+nextEmail, "current="+testPassword), "/proof/check?next=%2F")
	p.moved(p.post("/proof/check/send", "channel=mail", "next="+form), "/proof/check?next="+escaped(form))
	code := <-w.codes
	has(t, p.page("/proof/check?next="+form), "We sent 6 digits to", `name="code"`, "New code by email", "New code by SMS")
	p.refused(p.post("/proof/check", "code=", "next="+form), http.StatusUnprocessableEntity, "Type the code first")
	p.refused(p.post("/proof/check", "code="+wrongCode(code), "next="+form), http.StatusUnprocessableEntity, "You have 4 more tries")
	p.refused(p.post("/proof/check/send", "channel=mail", "next="+form), http.StatusTooManyRequests, "A code was sent just now. You can ask for another in")
	p.refused(p.post("/proof/check/send", "channel=pigeon", "next="+form), http.StatusTooManyRequests, "A code was sent just now. You can ask for another in")
	p.moved(p.post("/proof/check", "code="+code, "next="+form), form)
	has(t, p.page(form), "Change email address")
	p.moved(p.get("/proof/check?next="+form), form)
	p.moved(p.post("/proof/check", "code="+code, "next=https://evil.example"), "/")
	p.moveTo(nextEmail)
}

// V10: where mails come back the check says so, and where to go on.
func TestV10_ACheckToADeadMailboxSaysSo(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.stale(w)
	page := p.page("/proof/check?next=/account")
	has(t, page, "/help#mailbox")
	lacks(t, page, "came back")
	w.bounces = []notify.Bounce{{ID: "1", Channel: notify.ChannelMail, To: testEmail, Subject: "Your access code", At: w.clock.Now(), Reason: "No such address."}}
	has(t, p.page("/proof/check?next=/account"), "Our last mail to your address came back", "/help#mailbox")
}

// Who signed in with a passkey and forgot the password finds a way on.
func TestV10_WhoForgotTheCurrentPasswordFindsTheRecovery(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for _, path := range []string{"/account/membership/password", "/account/membership/phone", "/account/data/delete"} {
		has(t, p.page(path), `href="/recover"`)
	}
	w.clock.Advance(account.CheckAge)
	has(t, p.page("/proof?next=/account"), `href="/recover"`)
}

// A code whose tries or time are over says so, and another is on offer.
func TestV2_ACheckThatIsOverSaysSo(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.stale(w)
	p.moved(p.post("/proof/check/send", "channel=mail", "next=/account"), "/proof/check?next=%2Faccount")
	p.useUp("/proof/check", <-w.codes, "next=/account")
	has(t, p.page("/proof/check?next=/account"), codeIsOver)
	w.clock.Advance(time.Minute)
	p.check()
}

// V2: where there is a second factor, that and no code.
func TestV2_ASecondFactorStandsInForTheCode(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	secret, codes := p.addApp()
	p.stale(w)
	page := p.page("/proof/check?next=/account/membership/password")
	has(t, page, "Your second factor is needed", "Code of your authenticator app", "Use a recovery code")
	lacks(t, page, "Send a code")
	p.refused(p.post("/proof/check/send", "channel=mail", "next=/account"), http.StatusUnprocessableEntity, "cannot be sent that way")
	right := appCode(t, secret, w.clock.Now())
	p.refused(p.post("/proof/check", "code="+wrongCode(right), "next=/account"), http.StatusUnprocessableEntity, `id="code-error"`)
	p.refused(p.post("/proof/check", "recovery=aaaa-bbbb-cccc-dddd", "next=/account"), http.StatusUnprocessableEntity, `id="recovery-error"`)
	p.moved(p.post("/proof/check", "recovery="+codes[0], "next=/account"), "/account")
	p.stale(w)
	p.moved(p.post("/proof/check", "code="+appCode(t, secret, w.clock.Now()), "next=/account"), "/account")
	p.page("/account/membership/password")
}

// A passkey is proof and check in one.
func TestV2_APasskeyIsProofAndCheckInOne(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	key := newAuthenticator(t)
	p.addPasskey(key, "name=Phone")
	w.clock.Advance(account.CheckAge)
	c := p.begin("/proof/passkey/begin")
	p.moved(p.post("/proof/passkey", "ceremony="+c.Ceremony, "response="+key.use(c), "next=/account/membership/email"), "/account/membership/email")
	p.page("/account/membership/email")
	p.stale(w)
	has(t, p.page("/proof/check?next=/account"), "Use a passkey", "Send a code by email") // the password alone signs in here
}

// Without a gateway no page offers, asks for or promises an SMS; what a number
// leads to looks alike for everybody.
func TestV1_WithoutAGatewayNoPageOffersSMS(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.addPhone()
	w.noSMS()
	stranger := w.browser()
	for _, path := range []string{"/recover", "/help", "/hacked"} {
		lacks(t, stranger.page(path), "SMS")
	}
	has(t, stranger.page("/recover"), "The code goes to the account’s email address")
	for _, typed := range []string{testPhone, "+4915129876543"} {
		stranger.refused(stranger.post("/recover", "email="+typed, "channel=sms"), http.StatusUnprocessableEntity, "sends no text messages")
		stranger.moved(stranger.post("/recover", "email="+typed, "channel=mail"), "/recover/code")
		page := stranger.page("/recover/code")
		has(t, page, "on their way to its email address", "New code by email")
		lacks(t, page, "SMS")
		stranger.refused(stranger.post("/recover/code/resend", "channel=sms"), http.StatusUnprocessableEntity, "sends no text messages")
	}
	has(t, p.page("/account/membership/phone"), "sends no text messages", "You can go on signing in with")
	lacks(t, p.page("/account/membership/phone"), `name="phone"`)
	p.refused(p.post("/account/membership/phone", "phone=+34612345678", "current="+testPassword, "notices=yes"), http.StatusUnprocessableEntity, "sends no text messages")
	lacks(t, p.page("/account/membership"), "/account/membership/phone\"")
	security := p.page("/account/security")
	has(t, security, "this service sends no text messages")
	lacks(t, security, `name="sms"`, "mail or SMS")
	w.clock.Advance(time.Hour)
	q := w.browser()
	q.password(testEmail)
	lacks(t, q.page("/signin/code"), "SMS")
	p.moved(p.post("/proof", "password="+testPassword, "next=/account"), "/account")
	lacks(t, p.page("/proof/check?next=/account"), "•• ")
}

// Answers that depend on whether there is an account leave on the beat, whatever
// they did for it.
// ASVS 6.3.8.
func TestV6_AnswersAboutAccountsLeaveOnTheBeat(t *testing.T) {
	const beat = 120 * time.Millisecond
	w := newWorld(t)
	w.browser().signUp()
	w.beat(beat)
	p := w.browser()
	for _, tt := range [][]string{
		{"/recover", "email=" + testEmail, "channel=mail"}, {"/recover", "email=zara@example.net", "channel=mail"}, {"/recover", "email=nonsense"},
		{"/recover/code", "code=1"}, {"/recover/code/resend", "channel=mail"}, {"/verify", "code=1"}, {"/verify/resend"},
		{"/recover/password", "password=" + testPassword},
		{"/signin", "email=" + testEmail, "password=wrong"}, {"/signin", "email=zara@example.net", "password=wrong"}, {"/signin"},
		{"/signup", "email=" + testEmail, "password=" + testPassword}, {"/signup", "email=zara@example.net", "password=" + testPassword}, {"/signup"},
	} {
		began := time.Now()
		p.post(tt[0], tt[1:]...)
		if took := time.Since(began); took < beat {
			t.Errorf("%s was answered after %s, want %s or more", strings.Join(tt, " "), took, beat)
		}
	}
}

// What waits for the beat holds no place at the gate of password hashes: sign-ins
// at once wait together, and not one after the other.
func TestV6_NoPlaceIsHeldUntilTheBeat(t *testing.T) {
	const beat, atOnce = 2 * time.Second, 6
	w := newWorld(t)
	w.open(func(of *account.Config, c *Config) {
		of.Gate, c.Beat = admit.New(admit.Config{Slots: 1, Queue: atOnce}), beat
	})
	began := time.Now()
	var all sync.WaitGroup
	for range atOnce {
		p := w.browser()
		all.Go(func() { p.post("/signin", "email="+testEmail, "password=wrong") })
	}
	all.Wait()
	if took := time.Since(began); took < beat || took > 3*beat {
		t.Errorf("%d sign-ins at once took %s, want about one beat of %s", atOnce, took, beat)
	}
}
