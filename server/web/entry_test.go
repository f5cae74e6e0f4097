package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
)

func TestSignUpVerifyAndChooseAProfile(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	has(t, p.page("/"), "Create an account")
	has(t, p.page("/signup"), "Create your account")
	p.moved(p.post("/signup", "email= "+testEmail+" ", "password="+testPassword), "/verify")
	has(t, p.page("/verify"), "Check your mail", testEmail)
	code := <-w.codes

	other := w.browser() // a code is bound to the browser that asked for it
	other.moved(other.post("/verify", "code="+code), "/signup")

	wrong := p.post("/verify", "code=000000")
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("wrong code: %d, want 422", wrong.status)
	}
	has(t, wrong.body, "does not match")
	p.moved(p.post("/verify", "code="+code), "/profiles")
	p.moved(p.get("/account"), "/profiles?next=%2Faccount") // a profile first (A4)
	p.choose("/")
	has(t, p.page("/"), "Hello", "Devices")
	has(t, p.page("/account"), testEmail)
	has(t, p.page("/account/timeline"), "The account was created")
}

func TestResendACode(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.moved(p.post("/verify/resend"), "/signup")
	p.moved(p.post("/signup", "email="+testEmail, "password="+testPassword), "/verify")
	first := <-w.codes
	early := p.post("/verify/resend")
	if early.status != http.StatusTooManyRequests || early.header.Get("Retry-After") == "" {
		t.Errorf("a second code at once: %d, Retry-After %q, want 429 with one", early.status, early.header.Get("Retry-After"))
	}
	has(t, early.body, "Check your mail", "You can ask for another in")
	w.clock.Advance(31 * time.Second)
	p.moved(p.post("/verify/resend"), "/verify")
	second := <-w.codes
	if first != second {
		if a := p.post("/verify", "code="+first); a.status != http.StatusUnprocessableEntity {
			t.Errorf("the first code after the second: %d, want 422", a.status)
		}
	}
	p.moved(p.post("/verify", "code="+second), "/profiles")
}

func TestFormsExplainWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	tests := []struct {
		name, path string
		values     []string
		want       string
	}{
		{"no address", "/signup", []string{"email=mara", "password=" + testPassword}, "does not look like an email address"},
		{"password contains the address", "/signup", []string{"email=mara@example.com", "password=mara 1234"}, `id="password-error"`},
		{"short password", "/signup", []string{"email=mara@example.com", "password=abc"}, `id="password-error"`},
		{"nothing", "/signup", nil, "does not look like an email address"},
		{"unknown account", "/signin", []string{"email=nobody@example.org", "password=" + testPassword}, "or the password, is wrong"},
		{"wrong password", "/signin", []string{"email=" + testEmail, "password=wrong"}, "or the password, is wrong"},
		{"no account at all", "/signin", []string{"email=%%%", "password=x"}, "or the password, is wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := w.browser().post(tt.path, tt.values...)
			if a.status != http.StatusUnprocessableEntity {
				t.Errorf("status %d, want 422", a.status)
			}
			has(t, a.body, tt.want)
			lacks(t, a.body, "account:", "web:", "errors.")
		})
	}
}

// ASVS 3.3.1, 3.3.2, 3.3.3, 3.3.4.
func TestSessionCookie(t *testing.T) {
	w := newWorld(t)
	w.browser().signUp()
	secure := *w.site
	secure.secure = true
	for name, site := range map[string]*Site{"hearthkey": w.site, "__Host-hearthkey": &secure} {
		t.Run(name, func(t *testing.T) {
			w.clock.Advance(time.Hour) // the budget of codes
			send := func(path string, form url.Values, with []*http.Cookie) map[string]*http.Cookie {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for _, c := range with {
					r.AddCookie(c)
				}
				rec := httptest.NewRecorder()
				site.withHeaders(site.routes().mux).ServeHTTP(rec, r)
				set := map[string]*http.Cookie{}
				for _, c := range rec.Result().Cookies() {
					set[c.Name] = c
					if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != site.secure {
						t.Errorf("cookie %+v", c)
					}
				}
				return set
			}
			first := send("/signin", url.Values{"email": {testEmail}, "password": {testPassword}}, nil)
			if first[name] != nil || first[name+"-signin"] == nil {
				t.Fatalf("after the password: cookies %v", first)
			}
			code := url.Values{"code": {<-w.codes}}
			if without := send("/signin/code", code, nil); without[name] != nil {
				t.Fatal("the code alone, in another browser, begins a session")
			}
			second := send("/signin/code", code, []*http.Cookie{first[name+"-signin"]})
			if second[name] == nil || second[name+"-device"] == nil {
				t.Errorf("after the code: cookies %v", second)
			}
		})
	}
}

func TestNextNeverLeavesTheSite(t *testing.T) {
	tests := map[string]string{
		"/account": "/account", "/tv?code=BCDF-GHJK": "/tv?code=BCDF-GHJK", "/": "/", "": "/",
		"https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "/\t/evil.example": "/",
		"/\n//evil.example": "/", "evil.example": "/", "javascript:alert(1)": "/", "/%0d%0aSet-Cookie:x": "/", "/%2f\"x": "/", "/%2Fevil.example": "/", "/%5cevil.example": "/",
		"/a#b": "/a", "/" + strings.Repeat("a", 2000): "/", "/ ": "/", "\\\\evil.example": "/", "/..//evil.example": "/..//evil.example",
	}
	for in, want := range tests {
		if got := local(in); got != want {
			t.Errorf("local(%q) = %q, want %q", in, got, want)
		}
	}
	w := newWorld(t)
	w.browser().signUp()
	p := w.browser()
	p.enter(testPassword, "//evil.example/x", "/profiles?next=%2F")
	m := profileButton.FindStringSubmatch(p.page("/profiles?next=https://evil.example"))
	p.moved(p.post("/profiles", "profile="+m[1], "next=https://evil.example"), "/")
	w.clock.Advance(account.ProofAge)
	p.moved(p.post("/proof", "password="+testPassword, "next=//evil.example"), "/")
}

func FuzzLocal(f *testing.F) {
	for _, s := range []string{"/a", "//b", `/\b`, "/a?b#c", "https://x", "/%2f/x", "/a/../b"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://tv.example/signin")
	f.Fuzz(func(t *testing.T, s string) {
		got := local(s)
		u, err := base.Parse(got)
		if err != nil || u.Host != "tv.example" || u.Scheme != "https" || got[0] != '/' || strings.HasPrefix(got, "//") {
			t.Errorf("local(%q) = %q leads to %v (%v)", s, got, u, err)
		}
		if again := local(got); again != got {
			t.Errorf("local(%q) = %q, and again %q", s, got, again)
		}
	})
}

func TestOtherSitesCannotPost(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for _, headers := range []map[string]string{
		{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		{"Origin": "https://evil.example"},
		{"Origin": "null"},
		{"Sec-Fetch-Site": "same-site"},
	} {
		r, err := http.NewRequest(http.MethodPost, w.http.URL+"/signout", nil)
		w.must(err)
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		a := p.send(r)
		if a.status != http.StatusForbidden {
			t.Errorf("post with %v: %d, want 403", headers, a.status)
		}
		has(t, a.body, "That did not come from this site")
	}
	has(t, p.page("/"), "Hello") // still signed in
}

// ASVS 3.4.3, 14.3.2.
func TestEveryAnswerIsGuarded(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	for _, path := range []string{"/", "/signin", "/nowhere", "/account", "/static/app.css", "/dev/outbox"} {
		h := p.get(path).header
		if got := h.Get("Content-Security-Policy"); got != csp {
			t.Errorf("%s: policy %q", path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
		if kept := h.Get("Cache-Control"); !strings.HasPrefix(path, "/static") && kept != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, kept)
		}
	}
	for _, unsafe := range []string{"unsafe-inline", "unsafe-eval", "*"} {
		if strings.Contains(csp, unsafe) {
			t.Errorf("the policy allows %s", unsafe)
		}
	}
}

func TestNothingHere(t *testing.T) {
	p := newWorld(t).browser()
	for _, path := range []string{"/nowhere", "/account/devices/../../x", "/tv/nothing"} {
		if a := p.get(path); a.status != http.StatusNotFound && a.status/100 != 3 {
			t.Errorf("GET %s = %d", path, a.status)
		}
	}
	a := p.get("/nowhere")
	has(t, a.body, "There is nothing here")
	if a := p.post("/nowhere"); a.status != http.StatusNotFound {
		t.Errorf("POST /nowhere = %d, want 404", a.status)
	}
}

// A sensitive page asks for the password again after ten minutes (A8).
func TestProofRunsOut(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.page("/account/membership")
	w.clock.Advance(account.ProofAge - time.Second)
	p.page("/account/membership")
	w.clock.Advance(2 * time.Second)
	p.moved(p.get("/account/membership"), "/proof?next=%2Faccount%2Fmembership")
	has(t, p.page("/proof?next=/account/membership"), "Is it you?")
	wrong := p.post("/proof", "password=wrong", "next=/account/membership")
	has(t, wrong.body, "not the password of this account")
	p.moved(p.post("/proof", "password="+testPassword, "next=/account/membership"), "/account/membership")
	p.page("/account/membership")
	p.page("/") // the home page asks for nothing
}

// ASVS 7.4.1.
func TestSignOutEndsTheSession(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	p.moved(p.post("/signout"), "/signin")
	has(t, p.page("/signin"), "You are signed out of this browser")
	lacks(t, p.page("/signin"), "You are signed out of this browser") // said once
	p.moved(p.get("/account"), "/signin?next=%2Faccount")
	p.moved(p.post("/account/devices/everywhere"), "/signin?next=%2F")
}

// ASVS 6.2.2, 6.2.3.
func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	const next = "purple tractor ballad"
	form := p.page("/account/membership/password")
	has(t, form, `name="everywhere" value="yes" checked`)
	tests := []struct{ current, next, again, want string }{
		{testPassword, next, "purple tractor", "are not the same"},
		{"wrong", next, next, `id="current-error"`},
		{testPassword, "password", "password", `id="new-error"`},
	}
	for _, tt := range tests {
		a := p.post("/account/membership/password", "current="+tt.current, "new="+tt.next, "again="+tt.again)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%+v: status %d, want 422", tt, a.status)
		}
		has(t, a.body, tt.want)
	}
	p.moved(p.post("/account/membership/password", "current="+testPassword, "new="+next, "again="+next, "everywhere=yes"), "/account/devices")
	has(t, p.page("/account/membership"), "Membership")
	other.moved(other.get("/account"), "/signin?next=%2Faccount")
	other.enter(next, "/", "/profiles?next=%2F") // no other device is known any more
}

func TestOutbox(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	has(t, p.page("/dev/outbox"), "Hello", testEmail, `sandbox`)
	body := p.get("/dev/outbox/m1")
	has(t, body.body, "<p>Hello.</p>")
	if got := body.header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("a mail's policy is %q", got)
	}
	if a := p.get("/dev/outbox/m2"); a.status != http.StatusNotFound {
		t.Errorf("unknown message: %d, want 404", a.status)
	}
}
