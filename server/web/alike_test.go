package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen is what an answer shows to whoever asks about an address, with what
// differs between any two answers taken out.
type seen struct {
	Status  int
	To      string
	Body    string
	Headers map[string]string
	Cookies []string
}

func seenIn(a answer, typed string) seen {
	out := seen{Status: a.status, To: a.to, Body: strings.ReplaceAll(strings.ReplaceAll(a.body, "&#43;", "+"), typed, "TYPED"), Headers: map[string]string{}}
	for name, values := range a.header {
		switch name {
		case "Date":
		case "Set-Cookie":
			for _, v := range values {
				name, rest, _ := strings.Cut(v, "=")
				value, attributes, _ := strings.Cut(rest, ";")
				out.Cookies = append(out.Cookies, name+" of "+strings.Repeat("x", len(value))+attributes)
			}
		default:
			out.Headers[name] = strings.Join(values, "\n")
		}
	}
	slices.Sort(out.Cookies)
	return out
}

// V6: the same status, body, headers and cookies for a known and an unknown
// account, at every step that a stranger can reach.
// ASVS 6.3.8.
func TestV6_KnownAndUnknownAccountsLookAlike(t *testing.T) {
	const unknown = "zara@example.net" // as long as the known one
	const unknownPhone = "+4915129876543"
	w := newWorld(t)
	owner := w.browser()
	owner.signUp()
	owner.addPhone()
	pairs := map[string][2]string{"address": {testEmail, unknown}, "number": {testPhone, unknownPhone}}
	type step struct {
		path   string
		values []string // TYPED stands for the address
		wait   time.Duration
	}
	get := func(path string) step { return step{path: path} }
	post := func(path string, values ...string) step { return step{path: path, values: values} }
	later := func(d time.Duration, s step) step { s.wait = d; return s }
	wrongCodes := slices.Repeat([]step{post("/recover/code", "code=999999")}, 7)
	flows := map[string]struct {
		of    []string
		steps []step
	}{
		"sign-in":              {[]string{"address", "number"}, slices.Repeat([]step{post("/signin", "email=TYPED", "password=wrong password")}, 7)},
		"sign-in after a wait": {[]string{"address", "number"}, []step{post("/signin", "email=TYPED", "password=x"), later(25*time.Hour, post("/signin", "email=TYPED", "password="+strings.Repeat("x", 3000)))}},
		"sign-up": {[]string{"address"}, append([]step{
			post("/signup", "email=TYPED", "password=eleven brave otters"), get("/verify"), post("/verify/resend"),
			later(time.Minute, post("/verify/resend")), get("/verify"),
		}, slices.Repeat([]step{post("/verify", "code=999999")}, 7)...)},
		"sign-ups in a row": {[]string{"address"}, slices.Repeat([]step{post("/signup", "email=TYPED", "password=eleven brave otters")}, 7)},
		"recovery by mail": {[]string{"address", "number"}, append([]step{
			post("/recover", "email=TYPED", "channel=mail"), get("/recover/code"), post("/recover/code/resend", "channel=mail"),
			later(time.Minute, post("/recover/code/resend", "channel=sms")), get("/recover/code"), get("/recover/password"),
		}, wrongCodes...)},
		"recovery by SMS": {[]string{"address", "number"}, append([]step{
			post("/recover", "email=TYPED", "channel=sms"), get("/recover/code"),
			later(time.Minute, post("/recover/code/resend", "channel=mail")), get("/recover/code"), later(11*time.Minute, get("/recover/code")),
		}, wrongCodes...)},
		"recoveries in a row": {[]string{"address", "number"}, slices.Repeat([]step{later(time.Minute, post("/recover", "email=TYPED", "channel=sms"))}, 7)},
	}
	for _, name := range slices.Sorted(maps.Keys(flows)) {
		flow := flows[name]
		for _, of := range flow.of {
			t.Run(name+"/"+of, func(t *testing.T) {
				w.clock.Advance(48 * time.Hour)
				known, nobody := w.browser(), w.browser()
				for i, s := range flow.steps {
					w.clock.Advance(s.wait)
					a := seenIn(known.ask(s.path, s.values, pairs[of][0]), pairs[of][0])
					b := seenIn(nobody.ask(s.path, s.values, pairs[of][1]), pairs[of][1])
					if diff := cmp.Diff(a, b); diff != "" {
						t.Fatalf("step %d, %s (-known +unknown):\n%s", i+1, s.path, diff)
					}
				}
			})
		}
	}
}

// ask is a GET, or a POST where there are values or an action's path.
func (p *person) ask(path string, values []string, typed string) answer {
	p.t.Helper()
	if values == nil && !strings.HasSuffix(path, "/resend") {
		return p.get(path)
	}
	with := make([]string, len(values))
	for i, v := range values {
		with[i] = strings.ReplaceAll(v, "TYPED", typed)
	}
	a := p.post(path, with...)
	if a.status >= http.StatusInternalServerError {
		p.t.Errorf("POST %s = %d", path, a.status)
	}
	return a
}
