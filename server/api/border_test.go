package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/admit"
	"github.com/hearthkey/hearthkey/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOriginsAddr(t *testing.T) {
	proxies := Origins{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for _, tt := range []struct {
		name, remote string
		forwarded    []string
		origins      Origins
		want         string
	}{
		{"direct", "203.0.113.5:4711", nil, Origins{}, "203.0.113.5"},
		{"nobody is trusted by default", "10.0.0.1:1", []string{"198.51.100.7"}, Origins{}, "10.0.0.1"},
		{"a stranger's claim", "203.0.113.5:1", []string{"198.51.100.7"}, proxies, "203.0.113.5"},
		{"through a proxy", "10.0.0.1:1", []string{"198.51.100.7"}, proxies, "198.51.100.7"},
		{"the client's own claim before the proxy's", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.7"}, proxies, "198.51.100.7"},
		{"two proxies", "10.0.0.1:1", []string{"198.51.100.7, 10.0.0.2"}, proxies, "198.51.100.7"},
		{"two headers", "10.0.0.1:1", []string{"198.51.100.7", "10.0.0.2"}, proxies, "198.51.100.7"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3"}, proxies, "10.0.0.3"},
		{"not an address", "10.0.0.1:1", []string{"198.51.100.7, unknown"}, proxies, "10.0.0.1"},
		{"no header", "10.0.0.1:1", nil, proxies, "10.0.0.1"},
		{"IPv6 with a port and a zone", "[::1]:80", []string{"[2001:db8::7%eth0]:443"}, proxies, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.5]:1", nil, proxies, "203.0.113.5"},
		{"a Unix socket", "@", nil, proxies, "invalid IP"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			if got := tt.origins.Addr(r).String(); got != tt.want {
				t.Errorf("Addr = %s, want %s", got, tt.want)
			}
		})
	}
}

// FuzzProgramName holds that nothing of a header's own wording is repeated.
func FuzzProgramName(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	f.Add("Your account is blocked. Call +1 900 555 0100 on evil.example")
	fixed := map[string]bool{unknownProgram: true}
	for _, name := range browsers {
		fixed[name] = true
	}
	all := map[string]bool{}
	for name := range fixed {
		all[name] = true
		for _, system := range systems {
			all[name+" on "+system] = true
		}
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := programName(header); !all[got] {
			t.Errorf("programName(%q) = %q, which is of no list", header, got)
		}
	})
}

// V7: whoever tries to sign in must not write into our mails.
func TestV7_ProgramNamesAreOfAFixedList(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                     "Firefox on Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":    "Safari on iOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":              "Edge on Windows",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36":                              "Headless Chrome on Linux",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                      "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (Linux; Android 14; tablet; rv:140.0) Gecko/140.0 Firefox/140.0":                                                                "Firefox on Android",
		"curl/8.14.1":                       "curl",
		"":                                  "an unknown program",
		"   ":                               "an unknown program",
		"evil\r\nname/1":                    "an unknown program",
		"\xff\xfe":                          "an unknown program",
		strings.Repeat("x", 9e3):            "an unknown program",
		strings.Repeat("(", 9e3):            "an unknown program",
		"bank.example/1 (Linux)":            "an unknown program on Linux",
		"Chrome on your TV: ring us (Call)": "an unknown program",
		"Your account is blocked. Call +1 900 555 0100 or visit evil.example": "an unknown program",
		"Your-account-is-blocked/1.0":                                         "an unknown program",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Call-0900-555/1 Chrome/140.0 Safari/537.36": "an unknown program on Linux",
		"Mozilla/5.0 (Your account is blocked; call 0900) Gecko/20100101 Firefox/140.0":                                     "Firefox",
	} {
		if got := programName(header); got != want {
			t.Errorf("programName(%.40q) = %q, want %q", header, got, want)
		}
	}
}

// Every error that the table knows has a sentence that ends, a kind of its own
// sentence, and a status that fits.
// RFC 9457 §3.
func TestExplanationsAreComplete(t *testing.T) {
	kinds := map[string]string{}
	for _, k := range known {
		e, expected := Explain(fmt.Errorf("somewhere: %w", k.is))
		if !expected || e != k.Explanation {
			t.Errorf("Explain(%v) = %+v, want %+v", k.is, e, k.Explanation)
		}
		if e.Status < 400 || e.Status > 599 || http.StatusText(e.Status) == "" {
			t.Errorf("%v: status %d", k.is, e.Status)
		}
		if !strings.HasSuffix(e.Text, ".") || e.Kind == "" || strings.Contains(e.Text, "api:") {
			t.Errorf("%v: kind %q, text %q", k.is, e.Kind, e.Text)
		}
		if (e.Status == 429 || e.Status == 503) != (e.RetryAfter > 0) {
			t.Errorf("%v: status %d with Retry-After %v", k.is, e.Status, e.RetryAfter)
		}
		if other, ok := kinds[e.Kind]; ok && strings.HasPrefix(other, "5") != (e.Status >= 500) {
			t.Errorf("kind %q is used for faults of the caller and of the server", e.Kind)
		}
		kinds[e.Kind] = fmt.Sprint(e.Status)
		if _, ok := protocol.Codes[e.Code]; e.Code != 0 && !ok {
			t.Errorf("%v: unknown code %d", k.is, e.Code)
		}
	}
}

func TestExplainWhatCarriesMore(t *testing.T) {
	for _, tt := range []struct {
		err     error
		status  int
		retry   time.Duration
		text    string
		unknown bool
	}{
		{&account.ThrottledError{RetryAfter: 90 * time.Second}, 429, 90 * time.Second, "Try again in 90 seconds", false},
		{&account.ThrottledError{RetryAfter: time.Millisecond}, 429, time.Second, "Try again in 1 second", false},
		{&account.ThrottledError{RetryAfter: time.Hour}, 429, time.Hour, "60 minutes", false},
		{&admit.BusyError{RetryAfter: 2 * time.Second}, 503, 2 * time.Second, "busy", false},
		{&account.WrongCodeError{Left: 3}, 422, 0, "3 more tries", false},
		{&account.WrongCodeError{Left: 1}, 422, 0, "one more try", false},
		{&account.WrongCodeError{Left: 0}, 422, 0, "used up", false},
		{&account.PasswordError{Reason: account.PasswordTooShort, Advice: "Use more words."}, 422, 0, "Use more words.", false},
		{&badBody{"email", "No."}, 400, 0, "No.", false},
		{errors.New("disk on fire"), 500, 0, "reference", true},
		{store.ErrIO, 500, 0, "reference", true},
	} {
		e, expected := Explain(fmt.Errorf("deep: %w", tt.err))
		if e.Status != tt.status || e.RetryAfter != tt.retry || !strings.Contains(e.Text, tt.text) || expected == tt.unknown {
			t.Errorf("Explain(%v) = %+v, expected %v; want %d, %v, %q", tt.err, e, expected, tt.status, tt.retry, tt.text)
		}
	}
}

// ASVS 16.3.4; RFC 9457 §3; RFC 6585 §4.
func TestWriteProblem(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/v1/sign-in", nil)
	var log strings.Builder
	WriteProblem(w, r, logTo(&log), errors.New("secret detail"))
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Ref == "" || !strings.Contains(log.String(), p.Ref) || !strings.Contains(log.String(), "secret detail") {
		t.Errorf("reference %q is not in the log %q", p.Ref, log.String())
	}
	if strings.Contains(w.Body.String(), "secret detail") {
		t.Errorf("the answer tells what failed inside: %s", w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	w = httptest.NewRecorder()
	WriteProblem(w, r, logTo(&log), &account.ThrottledError{RetryAfter: 1500 * time.Millisecond})
	if got := w.Header().Get("Retry-After"); w.Code != 429 || got != "2" {
		t.Errorf("status %d, Retry-After %q; want 429, 2", w.Code, got)
	}
}

type sample struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func TestDecode(t *testing.T) {
	const kind = "application/json"
	for _, tt := range []struct {
		name, kind, body string
		status           int // 0: decodes
		field            string
	}{
		{"good", kind, `{"name":"a","count":2}`, 0, ""},
		{"with charset", kind + "; charset=UTF-8", ` {"name":"a"}` + "\n", 0, ""},
		{"another charset", kind + "; charset=latin1", `{}`, 415, ""},
		{"no type", "", `{}`, 415, ""},
		{"a form", "application/x-www-form-urlencoded", `name=a`, 415, ""},
		{"text, as a form of another site could send", "text/plain", `{}`, 415, ""},
		{"empty", kind, ``, 400, ""},
		{"null", kind, `null`, 400, ""},
		{"an array", kind, `[]`, 400, ""},
		{"half", kind, `{"name":`, 400, ""},
		{"not UTF-8", kind, "{\"name\":\"\xff\"}", 400, ""},
		{"unknown member", kind, `{"nome":"a"}`, 400, "nome"},
		{"wrong type", kind, `{"count":"2"}`, 400, "count"},
		{"a number too large", kind, `{"count":1e99}`, 400, "count"},
		{"two objects", kind, `{"name":"a"}{}`, 400, ""},
		{"rubbish after", kind, `{"name":"a"} x`, 400, ""},
		{"too large", kind, `{"name":"` + strings.Repeat("a", maxBody) + `"}`, 413, ""},
		{"deep", kind, strings.Repeat(`{"a":`, 3000) + "1" + strings.Repeat("}", 1000), 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.kind)
			var into sample
			err := decode(httptest.NewRecorder(), r, &into)
			if tt.status == 0 {
				if err != nil || into.Name != "a" {
					t.Errorf("decode = %+v, %v", into, err)
				}
				return
			}
			e, expected := Explain(err)
			if err == nil || !expected || e.Status != tt.status || e.Field != tt.field {
				t.Errorf("decode = %v: status %d field %q, want %d %q", err, e.Status, e.Field, tt.status, tt.field)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","count":2}`))
	f.Add([]byte(`{"name":{}}`))
	f.Add([]byte("{\"\xff\":1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var into sample
		err := decodeObject(data, &into)
		if err == nil {
			return
		}
		e, expected := Explain(err)
		if !expected || e.Status != 400 || len(e.Text) > 300 {
			t.Errorf("decodeObject(%q) = %v, explained as %+v", data, err, e)
		}
	})
}

func TestDoor(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	d := newDoor(300, 5, func() time.Time { return now })
	home, neighbour := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:1")
	other, here := netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("127.0.0.1")

	var leave []func(bool)
	for i := range 5 {
		l, err := d.enter([]netip.Addr{home, neighbour}[i%2])
		if err != nil {
			t.Fatalf("connection %d of a network: %v", i, err)
		}
		leave = append(leave, l)
	}
	if _, err := d.enter(home); !errors.Is(err, errTooMany) {
		t.Errorf("a sixth from one network = %v, want %v", err, errTooMany)
	}
	if _, err := d.enter(other); err != nil {
		t.Errorf("another network = %v", err)
	}
	for _, l := range leave {
		l(true)
	}
	for i := range 2 * unprovedBurst { // proving costs nothing
		l, err := d.enter(home)
		if err != nil {
			t.Fatalf("connection %d after proofs: %v", i, err)
		}
		l(true)
	}
	for i := range unprovedBurst {
		l, err := d.enter(home)
		if err != nil {
			t.Fatalf("connection %d without proof: %v", i, err)
		}
		l(false)
	}
	if _, err := d.enter(home); !errors.Is(err, errTooMany) {
		t.Errorf("after %d without proof = %v, want %v", unprovedBurst, err, errTooMany)
	}
	now = now.Add(time.Second)
	if l, err := d.enter(home); err != nil {
		t.Errorf("a second later = %v", err)
	} else {
		l(false)
	}
	now = now.Add(time.Hour)
	d.tidy()
	if len(d.from) != 1 { // the other one is still inside
		t.Errorf("%d networks remembered, want 1", len(d.from))
	}
	for i := d.inside(); i < 300; i++ {
		if _, err := d.enter(here); err != nil {
			t.Fatalf("loopback %d: %v", i, err)
		}
	}
	if _, err := d.enter(here); !errors.Is(err, errFull) {
		t.Errorf("beyond the whole = %v, want %v", err, errFull)
	}
}

func FuzzClient(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "198.51.100.7, 10.0.0.2")
	f.Add("((((;;;;/ / /", "[::1%eth0]:1,,:")
	f.Add("a/b (c; d) e/", "999.1.1.1")
	origins := Origins{Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
	f.Fuzz(func(t *testing.T, agent, forwarded string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"User-Agent": {agent}, "X-Forwarded-For": {forwarded}}}
		c := origins.Client(r)
		if c.Agent == "" || len([]rune(c.Agent)) > 64 || strings.ContainsAny(c.Agent, "\r\n\x00") {
			t.Errorf("program %q", c.Agent)
		}
		if addr, err := netip.ParseAddr(c.IP); err != nil || addr.Zone() != "" {
			t.Errorf("address %q: %v", c.IP, err)
		}
	})
}
