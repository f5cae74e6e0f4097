package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/server/servertest"
)

// addresses are those of the site's route table, each once, as an owner with a
// TV can ask for them, with the methods that they take.
func (p *person) addresses() map[string][]string {
	p.t.Helper()
	d, _ := p.approve("Den")
	list, err := p.site.c.Profiles.List(p.t.Context(), p.who().Account)
	p.must(err)
	values := strings.NewReplacer("{$}", "", "{profile}", string(list[1].ID), "{device}", string(d.id()), "{session}", "none",
		"{passkey}", "none", "{message}", "m1", "{name...}", "app.js")
	out := map[string][]string{}
	for _, pattern := range p.site.table.patterns {
		_, path, _ := strings.Cut(pattern, " ")
		path = values.Replace(path)
		if out[path] != nil {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if slices.ContainsFunc(p.site.table.patterns, func(of string) bool { return fits(of, method+" "+path) }) {
				out[path] = append(out[path], method)
				if method == http.MethodGet {
					out[path] = append(out[path], http.MethodHead)
				}
			}
		}
	}
	return out
}

// fits reports whether a pattern takes a method and path.
func fits(pattern, asked string) bool {
	pattern = strings.ReplaceAll(pattern, "{$}", "")
	return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(asked, "/"), func(a, b string) bool {
		return a == b || strings.HasPrefix(a, "{")
	})
}

// forms is an owner at every form of the site, with a TV.
type forms struct {
	*person
	addresses map[string][]string
}

func newForms(t *testing.T) forms {
	t.Helper()
	p := newWorld(t).browser()
	p.signUp()
	return forms{p, p.addresses()}
}

// every calls do with the address of each form that the site takes, checks what
// it answers, and holds that nothing at all changed.
func (f forms) every(t *testing.T, do func(p *person, path string) answer, status int, sentence string) {
	t.Helper()
	before, messages := servertest.Rows(t, f.db), len(f.sent)
	forms := 0
	for path, methods := range f.addresses {
		if !slices.Contains(methods, http.MethodPost) || path == reportPath { // which reads no form: TestBreach…
			continue
		}
		forms++
		a := do(f.person, path)
		if a.status != status || !strings.Contains(visible(a.body), sentence) {
			t.Errorf("POST %s = %d to %q %s; want %d and %q", path, a.status, a.to, visible(a.body), status, sentence)
		}
		if len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("POST %s changes cookies: %q", path, a.header["Set-Cookie"])
		}
	}
	if forms < 60 {
		t.Errorf("only %d forms were tried", forms)
	}
	if diff := cmp.Diff(before, servertest.Rows(t, f.db)); diff != "" || len(f.sent) != messages {
		t.Errorf("%d messages; in the database:\n%s", len(f.sent)-messages, diff)
	}
}

// filled is a form with something plausible in every field that a form has.
func filled() []string {
	return []string{"email=" + testEmail, "password=" + testPassword, "current=" + testPassword, "new=" + newTestPassword, "again=" + newTestPassword,
		"code=123456", "channel=mail", "name=Eve", "avatar=fox", "level=5", "language=en", "pin=4711", "do=remove", "title=salt", "everywhere=yes", "sure=yes"}
}

// Nothing is done by a form of another site.
// ASVS 3.5.1.
func TestBadInput_EveryFormOfAnotherSite(t *testing.T) {
	f := newForms(t)
	for name, header := range map[string][2]string{
		"cross-site": {"Sec-Fetch-Site", "cross-site"}, "same-site": {"Sec-Fetch-Site", "same-site"}, "origin": {"Origin", "https://evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			f.every(t, func(p *person, path string) answer {
				r := p.form(path, filled()...)
				if header[0] == "Origin" {
					r.Header.Del("Sec-Fetch-Site")
				}
				r.Header.Set(header[0], header[1])
				return p.send(r)
			}, http.StatusForbidden, "That did not come from this site Another page tried to do something in your name, so we refused. Nothing was changed.")
		})
	}
}

func TestBadInput_EveryFormUnreadable(t *testing.T) {
	f := newForms(t)
	const (
		piece = "That form did not arrive in one piece Please go back and try once more."
		large = "That was too much at once The form is larger than anything we ask for. Nothing was changed;"
		other = "That was not one of our forms It came in a shape that we do not read. Nothing was changed;"
	)
	whole := "password=x&name=Eve&level=5"
	for name, tt := range map[string]struct {
		kind, body string
		status     int
		sentence   string
	}{
		"too large":           {urlencoded, whole + "&x=" + strings.Repeat("x", maxForm), http.StatusRequestEntityTooLarge, large},
		"broken escapes":      {urlencoded, whole + "&email=%zz", http.StatusBadRequest, piece},
		"semicolons":          {urlencoded, whole + ";email=x", http.StatusBadRequest, piece},
		"not UTF-8":           {urlencoded, whole + "&email=%ff%fe", http.StatusBadRequest, piece},
		"UTF-16":              {urlencoded, "\xff\xfep\x00=\x00x\x00", http.StatusBadRequest, piece},
		"a name not in UTF-8": {urlencoded, whole + "&%c3=x", http.StatusBadRequest, piece},
		"another charset":     {urlencoded + "; charset=latin1", whole, http.StatusUnsupportedMediaType, other},
		"JSON":                {"application/json", `{"password":"x"}`, http.StatusUnsupportedMediaType, other},
		"multipart":           {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--x--\r\n", http.StatusUnsupportedMediaType, other},
		"text":                {"text/plain", whole, http.StatusUnsupportedMediaType, other},
		"no content type":     {"", whole, http.StatusUnsupportedMediaType, other},
		"no type at all":      {";", whole, http.StatusUnsupportedMediaType, other},
	} {
		t.Run(name, func(t *testing.T) {
			f.every(t, func(p *person, path string) answer { return p.bare(path, tt.kind, tt.body) }, tt.status, tt.sentence)
		})
	}
}

// Every address says which methods it takes.
// RFC 9110 §15.5.6.
func TestBadInput_EveryAddressByAnotherMethod(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	addresses := p.addresses()
	before := servertest.Rows(t, w.db)
	for path, takes := range addresses {
		want := strings.Join(takes, ", ")
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, "BREW"} {
			if slices.Contains(takes, method) {
				continue
			}
			r := p.form(path, filled()...)
			r.Method = method
			a := p.send(r)
			if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != want {
				t.Errorf("%s %s = %d, Allow %q; want 405 and %q", method, path, a.status, a.header.Get("Allow"), want)
			}
			has(t, a.body, "It does not work that way")
		}
	}
	if diff := cmp.Diff(before, servertest.Rows(t, w.db)); diff != "" {
		t.Errorf("in the database:\n%s", diff)
	}
	if a := p.get("/nowhere"); a.status != http.StatusNotFound || a.header.Get("Allow") != "" {
		t.Errorf("no address: %d, Allow %q", a.status, a.header.Get("Allow"))
	}
}
