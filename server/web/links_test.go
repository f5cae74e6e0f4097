package web

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// moveTo changes the address, as somebody in the account does.
func (p *person) moveTo(email string) {
	p.t.Helper()
	p.moved(p.post("/account/membership/email", "email="+email, "current="+testPassword), "/account/membership/code?of=email")
	p.moved(p.post("/account/membership/code", "of=email", "code="+<-p.codes), "/account/membership")
}

func notMeAt(link string) string { return "/not-me?link=" + url.QueryEscape(link) }

// V7, V9: a link shows what it would do, changes nothing however often it is
// opened, and works once for the person, who then chooses a new password.
func TestV9_ALinkOpenedFiftyTimesStillWorksOnce(t *testing.T) {
	w := newWorld(t)
	owner, thief := w.browser(), w.browser()
	owner.signUp()
	thief.signIn()
	link := w.notice(account.NoticeNewSignIn, testEmail).Link
	p := w.browser()
	for range 50 {
		has(t, p.page(notMeAt(link)), "about <b>a new sign-in</b>", "signs out every TV", "nothing has happened", "This link works once")
	}
	lacks(t, p.page(notMeAt(link)), "changes email address")
	thief.page("/account/devices")

	p.moved(p.post("/not-me", "link="+link), "/recover/password")
	has(t, p.page("/recover/password"), "Everything is signed out", "second factor stay as they are", "The old password no longer works", "Now choose a new password")
	lacks(t, p.page("/recover/password"), "are what they were before", "is out.")
	for _, q := range []*person{owner, thief} {
		q.moved(q.get("/account"), "/signin?next=%2Faccount")
	}
	q := w.browser()
	q.refused(q.post("/signin", "email="+testEmail, "password="+testPassword), http.StatusUnprocessableEntity, "or the password, is wrong")
	q.refused(q.post("/not-me", "link="+link), http.StatusGone, "This link no longer works")
	q.refused(q.get(notMeAt(link)), http.StatusGone, "Nothing was changed")
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover/done")
	p.choose("/")
	p.page("/account/devices")
}

// V8: the first address's link changes everything back.
func TestV8_TheOldAddressChangesItBack(t *testing.T) {
	w := newWorld(t)
	thief := w.browser()
	thief.signUp()
	thief.moveTo(nextEmail)
	link := w.notice(account.NoticeEmailChanged, testEmail).Link
	w.clock.Advance(6 * 24 * time.Hour)
	p := w.browser()
	has(t, p.page(notMeAt(link)), "about <b>a new email address</b>", "changes email address, phone number and second factor back")
	has(t, p.page(notMeAt(link)), "with a code that we send to the address that is restored")
	p.moved(p.post("/not-me", "link="+link), "/recover/code") // the link is older than a day
	has(t, p.page("/recover/code"), "Whoever it was is out", "needs a fresh code", "m…a@example.org")
	p.moved(p.post("/recover/code", "code="+<-w.codes), "/recover/password")
	has(t, p.page("/recover/password"), "Whoever it was is out", "Email address, phone number and second factor are what they were before")
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover/done")
	p.choose("/")
	has(t, p.page("/account"), testEmail)
	thief.moved(thief.get("/account"), "/signin?next=%2Faccount")
}

// V8: against an old mailbox alone: a second factor from long before is needed
// too, by app, recovery code or passkey.
func TestV8_ASettledSecondFactorIsNeededToo(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	secret, codes := owner.addApp()
	key := newAuthenticator(t)
	owner.addPasskey(key, "name=Phone")
	w.clock.Advance(8 * 24 * time.Hour)
	owner.moved(owner.post("/proof", "password="+testPassword, "next=/account"), "/account")
	owner.moved(owner.get("/account/membership/email"), "/proof/check?next=%2Faccount%2Fmembership%2Femail")
	owner.moved(owner.post("/proof/check", "code="+appCode(t, secret, w.clock.Now()), "next=/account/membership/email"), "/account/membership/email")
	owner.moveTo(nextEmail)
	owner.moved(owner.post("/account/security/app/remove"), "/account/security")
	link := w.notice(account.NoticeEmailChanged, testEmail).Link

	p := w.browser()
	has(t, p.page(notMeAt(link)), "second factor long before the change", "Code of your authenticator app, or a recovery code", "use a passkey")
	p.refused(p.post("/not-me", "link="+link), http.StatusUnprocessableEntity, "Type the code first")
	right := appCode(t, secret, w.clock.Now())
	p.refused(p.post("/not-me", "link="+link, "factor="+wrongCode(right)), http.StatusUnprocessableEntity, "That code does not match")
	p.refused(p.post("/not-me", "link="+link, "factor=aaaa-bbbb-cccc-dddd"), http.StatusUnprocessableEntity, "That code does not match")
	const begin = "/not-me/passkey/begin"
	wrong := newAuthenticator(t)
	wrong.id, wrong.user = key.id, key.user
	c := p.begin(begin, "link="+link)
	p.refused(p.post("/not-me/passkey", "link="+link, "ceremony="+c.Ceremony, "response="+wrong.use(c)), http.StatusUnprocessableEntity, "That passkey does not match")
	owner.page("/account/devices") // nothing was done
	c = p.begin(begin, "link="+link)
	p.moved(p.post("/not-me/passkey", "link="+link, "ceremony="+c.Ceremony, "response="+key.use(c)), "/recover/password")
	p.moved(p.post("/recover/password", "password="+newTestPassword, "again="+newTestPassword), "/recover/done")
	p.moved(p.post("/signin", "email="+testEmail, "password="+newTestPassword), "/signin/code")
	p.moved(p.post("/signin/code", "recovery="+codes[3]), "/profiles?next=%2F") // restored with the rest
	p.moved(p.post(begin), "/not-me")
}

func TestV9_ALinkWorksOnceInParallel(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	w.browser().signIn()
	link := w.notice(account.NoticeNewSignIn, testEmail).Link
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done = map[int]int{}
	)
	for range 50 {
		p := w.browser()
		wg.Go(func() {
			a := p.post("/not-me", "link="+link)
			mu.Lock()
			defer mu.Unlock()
			done[a.status]++
		})
	}
	wg.Wait()
	if done[http.StatusSeeOther] != 1 || done[http.StatusGone]+done[http.StatusServiceUnavailable] != 49 {
		t.Errorf("answers by status %v, want one 303 and no success else", done)
	}
}

// A10: the mail about the deletion keeps the account by one confirmation.
func TestA10_TheMailKeepsTheAccount(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.post("/account/data/delete", "current="+testPassword)
	link := w.notice(account.NoticeErasureAsked, testEmail).Link
	at := "/keep?link=" + url.QueryEscape(link)
	p := w.browser()
	for range 50 {
		has(t, p.page(at), "Keep your account?", "One press keeps it", "change your password afterwards")
	}
	p.moved(p.post("/keep", "link="+link), "/signin")
	has(t, p.page("/signin"), "Your account stays")
	w.notice(account.NoticeErasureCancelled, testEmail)
	p.refused(p.get(at), http.StatusGone, "This link no longer works")
	p.refused(p.post("/keep", "link="+link), http.StatusGone, "This link no longer works")
}

// O3: a removal of the second factor by support is stopped by its mail.
func TestO3_TheMailKeepsTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.addApp()
	id := w.notice(account.NoticeFactorChanged, testEmail).Account
	_, err := w.site.c.Accounts.AskFactorReset(t.Context(), w.clock.Now(), id, "support desk", "lost phone")
	w.must(err)
	link := w.notice(account.NoticeFactorReset, testEmail).Link
	p := w.browser()
	has(t, p.page("/keep?link="+url.QueryEscape(link)), "Keep your second factor?", "unless you stop it here")
	p.refused(p.get(notMeAt(link)), http.StatusGone, "This link no longer works") // a link is for one thing
	p.moved(p.post("/keep", "link="+link), "/signin")
	has(t, p.page("/signin"), "Your second factor stays")
}

// O3: another address by support is stopped by its mail, and by whoever is signed in.
func TestO3_TheMailKeepsTheAddress(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	id := w.accountOf(testEmail)
	ask := func() {
		_, err := w.site.c.Accounts.AskContactReset(t.Context(), w.clock.Now(), id, "support desk", "lost everything", "mara@new.example")
		w.must(err)
	}
	ask()
	has(t, owner.page("/account"), "Support gives this account another address", `action="/account/security/keep-address"`)
	has(t, owner.page("/account/timeline"), "Support was asked to give the account another address", "lost everything")
	link := w.notice(account.NoticeContactReset, testEmail).Link
	p := w.browser()
	has(t, p.page("/keep?link="+url.QueryEscape(link)), "Keep your address?", "unless you stop it here")
	p.moved(p.post("/keep", "link="+link), "/signin")
	has(t, p.page("/signin"), "Your account keeps its address")
	lacks(t, owner.page("/account"), "Support gives this account")
	ask()
	owner.moved(owner.post("/account/security/keep-address"), "/account/security")
	has(t, owner.page("/account/security"), "Your account keeps its address")
	owner.moved(owner.post("/account/security/keep-address"), "/account/security") // nothing to stop any more
}

func (w *world) accountOf(email string) (id protocol.AccountID) {
	w.t.Helper()
	w.must(w.db.View(w.t.Context(), func(tx *store.Tx) error {
		acc, err := tx.AccountByEmail(email)
		id = acc.ID
		return err
	}))
	return id
}

func TestLinksThatDoNothing(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	w.browser().signIn()
	good := w.notice(account.NoticeNewSignIn, testEmail).Link
	w.clock.Advance(7*24*time.Hour + time.Second)
	for name, link := range map[string]string{
		"missing": "", "over": good, "cut": good[:len(good)-1], "longer": good + "A", "huge": strings.Repeat("A", 5000),
		"another account": strings.Repeat("A", len(good)), "not base64": strings.Repeat("!", len(good)), "control characters": "a\x00b\r\n",
		"markup": `"><script>alert(1)</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			p := w.browser()
			for _, path := range []string{"/not-me", "/keep", "/stop"} {
				p.refused(p.get(path+"?link="+url.QueryEscape(link)), http.StatusGone, "This link no longer works")
				p.refused(p.post(path, "link="+link, "factor=123456"), http.StatusGone, "This link no longer works")
			}
			p.moved(p.get("/recover/password"), "/recover")
		})
	}
	owner.page("/") // still signed in
}
