package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

// ASVS 3.4.7: pages name where breaches of their policy are reported, and what
// is reported is written down, without what an address can hold.
func TestBreachesOfThePolicyAreReported(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	w.site.c.Log = slog.New(slog.NewTextHandler(&log, nil))
	p := w.browser()
	a := p.get("/signin")
	policy := a.header.Get("Content-Security-Policy")
	_, to, ok := strings.Cut(policy, "report-uri ")
	if !ok {
		t.Fatalf("the policy names no address: %q", policy)
	}
	report := func(body string) {
		t.Helper()
		resp, err := http.Post(p.http.URL+to, "application/csp-report", strings.NewReader(body))
		p.must(err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Errorf("POST %s = %d", to, resp.StatusCode)
		}
	}
	report(`{"csp-report":{"document-uri":"https://tv.example/not-me?link=secret","effective-directive":"script-src-elem","blocked-uri":"https://evil.example/x?token=secret"}}`)
	got := log.String()
	if !strings.Contains(got, "rule=script-src-elem") || !strings.Contains(got, "refused=https://evil.example") || strings.Contains(got, "secret") {
		t.Errorf("written down: %s", got)
	}
	log.Reset()
	for _, bad := range []string{"", "{", "[]", `{"csp-report":{}}`, `{"csp-report":{"effective-directive":7}}`, strings.Repeat("x", maxReport+1), `{"csp-report":{"blocked-uri":"` + strings.Repeat("a", maxReport) + `"}}`} {
		report(bad)
	}
	if log.Len() > 0 {
		t.Errorf("a bad report is written down: %s", &log)
	}
	for range 100 {
		report(`{"csp-report":{"violated-directive":"img-src","blocked-uri":"inline"}}`)
	}
	if n := strings.Count(log.String(), "page broke its policy"); n == 0 || n > breachBurst+5 {
		t.Errorf("%d of 100 reports are written down, want at most %d and some", n, breachBurst)
	}
}

func FuzzReadBreach(f *testing.F) {
	f.Add([]byte(`{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://evil.example/x?y"}}`))
	f.Add([]byte(`{"csp-report":{"violated-directive":"style-src 'self'","blocked-uri":"inline"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rule, refused, _ := readBreach(data)
		if len(rule) > 40 || len(refused) > 128 || strings.ContainsAny(refused, "?#\n") {
			t.Errorf("%q, %q", rule, refused)
		}
	})
}

// ASVS 14.2.1: no form that holds a secret puts it into an address, and no
// script asks for one that does.
func TestNoFormPutsSecretsIntoAddresses(t *testing.T) {
	forms := 0
	v := testViews(t)
	for name, page := range fixturePages() {
		if name == "tv" {
			continue // a user code is no secret: it names a request
		}
		body, err := v.render(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range strings.Split(string(body), "<form")[1:] {
			form, _, _ = strings.Cut(form, "</form>")
			tag, _, _ := strings.Cut(form, ">")
			forms++
			if !strings.Contains(tag, `method="post"`) && strings.Contains(form, "<input") {
				for _, secret := range []string{"password", "current", "new", "again", "code", "recovery", "factor", "link", "pin", "response"} {
					if strings.Contains(form, `name="`+secret+`"`) {
						t.Errorf("%s: a form sends %s in its address: %s", name, secret, tag)
					}
				}
			}
			for _, at := range []string{"action=", "data-begin="} {
				if _, address, ok := strings.Cut(tag, at); ok && strings.Contains(strings.SplitN(address, `"`, 3)[1], "link=") {
					t.Errorf("%s: a form holds a link's secret in %s", name, tag)
				}
			}
		}
	}
	if forms < 50 {
		t.Errorf("%d forms looked at, want all", forms)
	}
}
