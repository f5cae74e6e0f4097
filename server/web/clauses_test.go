package web

import (
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// ASVS 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 14.3.2: what every answer tells
// browsers, spelled out, whatever the constants in the source become.
func TestHeadersOfEveryAnswer(t *testing.T) {
	w := newWorld(t)
	secure := *w.site
	secure.secure = true
	age := regexp.MustCompile(`^max-age=(\d+)`)
	for _, path := range []string{"/", "/signin", "/account", "/nowhere", "/recover/code"} {
		rec := httptest.NewRecorder()
		secure.withHeaders(secure.routes().mux).ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		h := rec.Header()
		for _, directive := range []string{"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), directive) {
				t.Errorf("%s: the policy lacks %s: %q", path, directive, h.Get("Content-Security-Policy"))
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		m := age.FindStringSubmatch(h.Get("Strict-Transport-Security"))
		if m == nil {
			t.Fatalf("%s: Strict-Transport-Security is %q", path, h.Get("Strict-Transport-Security"))
		}
		if !strings.Contains(h.Get("Strict-Transport-Security"), "; includeSubDomains") {
			t.Errorf("%s: Strict-Transport-Security leaves subdomains out: %q", path, h.Get("Strict-Transport-Security"))
		}
		if seconds, err := strconv.Atoi(m[1]); err != nil || seconds < 365*24*3600 {
			t.Errorf("%s: HTTPS is remembered for %d s, want a year", path, seconds)
		}
	}
}

// ASVS 3.3.5: no cookie is larger than browsers keep.
func TestCookiesAreSmall(t *testing.T) {
	p := newWorld(t).browser()
	long := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 59)+".", 3) + "example"
	for path, values := range map[string][]string{
		"/recover": {"email=" + long, "channel=mail"},
		"/signup":  {"email=" + long, "password=eleven brave otters"},
	} {
		set := p.post(path, values...).header.Values("Set-Cookie")
		if len(set) == 0 {
			t.Errorf("%s sets no cookie", path)
		}
		for _, c := range set {
			pair, _, _ := strings.Cut(c, ";")
			if len(pair)-1 > 4096 {
				t.Errorf("%s sets a cookie of %d bytes: %.60s", path, len(pair)-1, pair)
			}
		}
	}
}

// ASVS 6.2.6, 6.2.7, 6.4.2: passwords are masked, may be pasted and are offered
// to password managers; nothing asks for hints or secret questions.
func TestPasswordFields(t *testing.T) {
	v := testViews(t)
	input := regexp.MustCompile(`<input[^>]*>`)
	attribute := regexp.MustCompile(`\s([a-z-]+)="([^"]*)"`)
	seen := map[string]bool{}
	for name, page := range fixturePages() {
		body, err := v.render(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range input.FindAllString(string(body), -1) {
			has := map[string]string{}
			for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
				has[m[1]] = m[2]
			}
			if strings.Contains(has["name"], "question") || strings.Contains(has["name"], "hint") {
				t.Errorf("%s asks for %s", name, tag)
			}
			switch has["name"] {
			case "password", "current", "new", "again":
			default:
				continue
			}
			seen[has["name"]] = true
			if has["type"] != "password" || !strings.HasSuffix(has["autocomplete"], "-password") {
				t.Errorf("%s: a password in %s", name, tag)
			}
		}
	}
	for _, want := range []string{"password", "current", "new", "again"} {
		if !seen[want] {
			t.Errorf("no page has a field %q: this test looks for the wrong names", want)
		}
	}
	for path, file := range loadedScripts(t) {
		if strings.Contains(file, `"paste"`) || strings.Contains(file, "onpaste") {
			t.Errorf("%s meddles with pasting", path)
		}
	}
}

// loadedScripts returns the pages' scripts.
func loadedScripts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".js") {
			text, err := staticFiles.ReadFile("static/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			out[e.Name()] = string(text)
		}
	}
	if len(out) == 0 {
		t.Fatal("no scripts")
	}
	return out
}

// ASVS 14.3.1: signing out has the browser drop what it kept of the account, but
// not what makes it a known device.
func TestSignOutClearsTheBrowser(t *testing.T) {
	p := newWorld(t).browser()
	p.signUp()
	a := p.post("/signout")
	if got := a.header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %q", got)
	}
	if got := p.get("/account").to; !strings.HasPrefix(got, "/signin") {
		t.Errorf("afterwards the account's page leads to %q", got)
	}
	if got := p.get("/").header.Get("Clear-Site-Data"); got != "" {
		t.Errorf("any page clears: %q", got)
	}
}

// ASVS 6.6.1: whoever adds a number hears what SMS risks, and of stronger ways.
func TestPhonePageTellsTheRisk(t *testing.T) {
	v := testViews(t)
	body, err := v.render(fixturePages()["phone-new"])
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(body), "Whoever takes over a number gets its codes", "authenticator app", "passkey", `href="/account/security"`)
}
