package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

// householdState is what bad input must not change.
type householdState struct {
	Messages int
	Sessions int
	Email    string
	Phone    string
	Factors  string
}

func (w *world) household(who account.Session) householdState {
	w.t.Helper()
	ctx, s := w.t.Context(), w.site.c.Accounts
	sessions, err := s.Sessions(ctx, who)
	w.must(err)
	phone, err := s.Phone(ctx, who)
	w.must(err)
	f, err := s.Factors(ctx, who)
	w.must(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	return householdState{len(w.sent), len(sessions), who.Email, phone.Number, fmt.Sprint(f.Second, f.TOTP, len(f.Passkeys), f.Codes)}
}

// who is the session of a browser.
func (p *person) who() account.Session {
	p.t.Helper()
	at, err := url.Parse(p.http.URL)
	p.must(err)
	for _, c := range p.client.Jar.Cookies(at) {
		if c.Name == CookieName(false) {
			s, err := p.site.c.Accounts.Authenticate(p.t.Context(), p.clock.Now(), c.Value)
			p.must(err)
			return s
		}
	}
	p.t.Fatal("not signed in")
	return account.Session{}
}

// bare sends a body as it is.
func (p *person) bare(path, kind, body string) answer {
	p.t.Helper()
	r := p.form(path)
	r.Body, r.ContentLength = http.NoBody, 0
	if body != "" {
		fresh, err := http.NewRequest(http.MethodPost, p.http.URL+path, strings.NewReader(body))
		p.must(err)
		fresh.Header = r.Header
		r = fresh
	}
	r.Header.Set("Content-Type", kind)
	return p.send(r)
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	wrongLogin = "or the password, is wrong"
	noAddress  = "does not look like an email address"
	neither    = "neither an email address nor a phone number"
)

// badLogins are what is typed where an address or number is asked for: none of
// them is the household's.
func badLogins() map[string]string {
	return map[string]string{
		"missing": "", "blank": "  ", "huge": strings.Repeat("a", 3000) + "@example.org", "no domain": "mara@", "no local part": "@example.org",
		"two": "mara@example.org,zara@example.org", "control characters": "mara\x00@example.org", "line break": "mara@example.org\r\nBcc: x@example.net",
		"markup": "<b>@example.org", "address literal": "mara@[127.0.0.1]",
	}
}

func TestBadInput_SignIn(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.addPhone()
	before := w.household(owner.who())
	logins := badLogins()
	logins["homoglyph"] = "m\u0430ra@example.org" // Cyrillic a
	logins["sub-address"] = "mara+tv@example.org"
	logins["national number"] = "01512 3456789" // of which country is not known here
	logins["number of nobody"] = "+49 1512 9999999"
	for name, login := range logins {
		t.Run(name, func(t *testing.T) {
			w.clock.Advance(2 * time.Hour) // the back-off of this network
			p := w.browser()
			p.refused(p.post("/signin", "email="+login, "password="+testPassword), http.StatusUnprocessableEntity, wrongLogin)
			p.moved(p.get("/account"), "/signin?next=%2Faccount")
		})
	}
	for name, password := range map[string]string{
		"no password": "", "huge password": strings.Repeat("x", 20_000), "control": testPassword + "\x00", "other case": strings.ToUpper(testPassword), "longer": testPassword + " ",
	} {
		t.Run(name, func(t *testing.T) {
			w.clock.Advance(2 * time.Hour)
			p := w.browser()
			p.refused(p.post("/signin", "email="+testEmail, "password="+password), http.StatusUnprocessableEntity, wrongLogin)
		})
	}
	after := w.household(owner.who())
	after.Messages = before.Messages // five wrong passwords are told
	if after != before {
		t.Errorf("the household was %+v, is %+v", before, after)
	}
}

func TestBadInput_SignUp(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	before := w.household(owner.who())
	for name, email := range badLogins() {
		t.Run(name, func(t *testing.T) {
			p := w.browser()
			p.refused(p.post("/signup", "email="+email, "password="+testPassword), http.StatusUnprocessableEntity, noAddress)
			p.moved(p.get("/verify"), "/signup")
		})
	}
	for name, password := range map[string]string{
		"no password": "", "short": "ab1", "huge": strings.Repeat("x9 ", 5000), "129 characters": strings.Repeat("x", 129), "common": "password1", "has the address": "zara-zara-zara", "has the service": "hearthkey hearthkey",
	} {
		t.Run(name, func(t *testing.T) {
			p := w.browser()
			p.refused(p.post("/signup", "email=zara@example.org", "password="+password), http.StatusUnprocessableEntity, `id="password-error"`)
		})
	}
	if after := w.household(owner.who()); after != before {
		t.Errorf("the household was %+v, is %+v", before, after)
	}
}

// badCodes are no code that was sent.
func badCodes(right string) map[string]string {
	return map[string]string{
		"missing": "", "letters": "abcdef", "five digits": right[:5], "seven digits": right + "0", "huge": strings.Repeat("1", 3000), "control characters": right[:3] + "\x00" + right[3:],
		"full-width digits": "１２３４５６", "negative": "-" + right[1:5] + "x",
	}
}

func TestBadInput_Codes(t *testing.T) {
	pages := map[string]struct {
		begin func(p *person)
		post  string
		over  string // where a browser without the attempt is sent
	}{
		"sign-up": {func(p *person) {
			p.moved(p.post("/signup", "email=zara@example.org", "password="+testPassword), "/verify")
		}, "/verify", "/signup"},
		"sign-in":  {func(p *person) { p.password(testEmail) }, "/signin/code", "/signin"},
		"recovery": {func(p *person) { p.moved(p.recover(testEmail, "mail"), "/recover/code") }, "/recover/code", "/recover"},
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.browser().signUp()
			w.clock.Advance(time.Hour)
			p := w.browser()
			page.begin(p)
			code := <-w.codes
			for what, bad := range badCodes(code) {
				a := p.post(page.post, "code="+bad)
				if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="code-error"`) {
					t.Errorf("%s: %d, want 422 beside the field", what, a.status)
				}
				lacks(t, a.body, "account:", "\x00")
			}
			for _, values := range [][]string{{"code=" + code}, nil} { // a foreign browser
				q := w.browser()
				q.moved(q.post(page.post, values...), page.over)
				q.moved(q.post(page.post+"/resend", "channel=mail"), page.over)
			}
			w.clock.Advance(time.Minute)
			p.moved(p.post(page.post+"/resend", "channel=mail"), page.post) // nine wrong tries void the first
			late := <-w.codes
			w.clock.Advance(10 * time.Minute)
			p.refused(p.post(page.post, "code="+late), http.StatusUnprocessableEntity, "That code has run out")
			if name == "recovery" { // one network gets two an hour
				w.clock.Advance(time.Hour)
				page.begin(p)
			} else {
				p.moved(p.post(page.post+"/resend", "channel=mail"), page.post)
			}
			good := <-w.codes
			if a := p.post(page.post, "code="+good); a.status != http.StatusSeeOther {
				t.Fatalf("the right code: %d", a.status)
			}
			p.moved(p.post(page.post, "code="+good), page.over) // used
		})
	}
}

// The cookie of one attempt is of no use for another.
func TestBadInput_ForeignCookies(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	w.clock.Advance(time.Hour)
	p := w.browser()
	p.password(testEmail)
	code := <-w.codes
	at, err := url.Parse(w.http.URL)
	w.must(err)
	value := ""
	for _, c := range p.client.Jar.Cookies(at) {
		if c.Name == "hearthkey-signin" {
			value = c.Value
		}
	}
	id, _, _ := strings.Cut(value, ".")
	for name, cookie := range map[string]*http.Cookie{
		"as a session": {Name: "hearthkey", Value: id}, "as a sign-up": {Name: "hearthkey-attempt", Value: value}, "as a recovery": {Name: "hearthkey-recover", Value: value},
		"nothing": {Name: "hearthkey-signin", Value: ""}, "a dot": {Name: "hearthkey-signin", Value: "."}, "cut": {Name: "hearthkey-signin", Value: id[:len(id)-1]},
		"huge": {Name: "hearthkey-signin", Value: strings.Repeat("a", 6000)}, "not base64": {Name: "hearthkey-recover", Value: "!!!"}, "made up": {Name: "hearthkey-recover", Value: "eyJpZCI6IngiLCJwcm92ZWQiOnRydWV9"},
	} {
		t.Run(name, func(t *testing.T) {
			q := w.browser()
			for path, form := range map[string]string{
				"/signin/code": "code=" + code, "/verify": "code=" + code, "/recover/code": "code=" + code, "/recover/password": "password=" + newTestPassword + "&again=" + newTestPassword,
			} {
				r := q.form(path, strings.Split(form, "&")...)
				r.AddCookie(cookie)
				a := q.send(r)
				if a.status != http.StatusSeeOther || strings.HasPrefix(a.to, "/profiles") || strings.HasSuffix(a.to, "/done") {
					t.Errorf("POST %s = %d to %q, want to start again", path, a.status, a.to)
				}
			}
			q.moved(q.get("/account"), "/signin?next=%2Faccount")
		})
	}
	p.moved(p.post("/signin/code", "code="+code), "/profiles?next=%2F") // still good where it belongs
}

func TestBadInput_Recover(t *testing.T) {
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.addPhone()
	w.clock.Advance(2 * time.Hour)
	before := w.household(owner.who())
	logins := badLogins()
	logins["neither"], logins["short number"], logins["long number"] = "mara", "12", strings.Repeat("9", 40)
	for name, login := range logins {
		t.Run(name, func(t *testing.T) {
			p := w.browser()
			p.refused(p.recover(login, "mail"), http.StatusUnprocessableEntity, neither)
			p.moved(p.get("/recover/code"), "/recover")
		})
	}
	for name, login := range map[string]string{"homoglyph": "m\u0430ra@example.org", "sub-address": "mara+tv@example.org", "number of nobody": "01512 9999999"} {
		t.Run(name, func(t *testing.T) { // answered alike, and nothing is sent
			p := w.browser()
			p.moved(p.recover(login, "mail"), "/recover/code")
		})
	}
	for _, channel := range []string{"", "pigeon", strings.Repeat("x", 3000)} { // by mail then
		p := w.browser()
		p.moved(p.recover("nobody@example.org", channel), "/recover/code")
		w.clock.Advance(time.Hour)
	}
	if after := w.household(owner.who()); after != before {
		t.Errorf("the household was %+v, is %+v", before, after)
	}
}
