package web

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/notify"
)

const nextEmail = "mara.new@example.net"

// wrongCode is six digits that are not code.
func wrongCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestV2_EmailIsChangedByACodeToTheNewAddress(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	has(t, p.page("/account/membership/email"), testEmail, "Current password")
	p.moved(p.post("/account/membership/email", "email="+nextEmail, "current="+testPassword), "/account/membership/code?of=email")
	code := <-w.codes
	has(t, p.page("/account/membership"), testEmail, "waits for the code sent to", nextEmail)
	has(t, p.page("/account/membership/code?of=email"), nextEmail, "Enter the code")

	a := p.post("/account/membership/code", "of=email", "code="+wrongCode(code))
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %d, want 422", a.status)
	}
	has(t, a.body, "code-error", "4 more tries")
	early := p.post("/account/membership/code/resend", "of=email")
	if early.status != http.StatusTooManyRequests || early.header.Get("Retry-After") == "" {
		t.Errorf("a new code at once: %d, want 429 with Retry-After", early.status)
	}
	w.clock.Advance(time.Minute)
	p.moved(p.post("/account/membership/code/resend", "of=email"), "/account/membership/code?of=email")
	fresh := <-w.codes
	if fresh != code {
		if a := p.post("/account/membership/code", "of=email", "code="+code); a.status != http.StatusUnprocessableEntity {
			t.Errorf("the code before: %d, want 422", a.status)
		}
	}
	lacks(t, p.page("/account/membership"), "<bdi>"+nextEmail+"</bdi> <span")
	p.moved(p.post("/account/membership/code", "of=email", "code= "+fresh[:3]+" "+fresh[3:]), "/account/membership")
	has(t, p.page("/account/membership"), "Your new email address is saved", "<bdi>"+nextEmail+"</bdi>")
	p.moved(p.post("/account/membership/code", "of=email", "code="+fresh), "/account/membership")
	has(t, p.page("/account/membership"), "nothing was saved")
	has(t, p.page("/account/timeline"), "Email address changed")
}

func TestA6_AChangeOfAddressCanSignEverythingElseOut(t *testing.T) {
	w := newWorld(t)
	p, other := w.browser(), w.browser()
	p.signUp()
	other.signIn()
	p.moved(p.post("/account/membership/email", "email="+nextEmail, "current="+testPassword, "everywhere=yes"), "/account/membership/code?of=email")
	other.page("/account/membership") // not before the code
	p.moved(p.post("/account/membership/code", "of=email", "code="+<-w.codes), "/account/devices")
	has(t, p.page("/account/devices"), "Your new email address is saved")
	other.moved(other.get("/account"), "/signin?next=%2Faccount")
}

func TestBadAddresses(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for name, values := range map[string][]string{
		"nothing":             {},
		"no password":         {"email=" + nextEmail},
		"wrong password":      {"email=" + nextEmail, "current=other quiet lampposts"},
		"no address":          {"current=" + testPassword},
		"no at":               {"email=mara.example.net", "current=" + testPassword},
		"two addresses":       {"email=a@example.net,b@example.net", "current=" + testPassword},
		"control character":   {"email=mara\x00@example.net", "current=" + testPassword},
		"line break":          {"email=mara@example.net\r\nBcc: x@example.net", "current=" + testPassword},
		"huge":                {"email=" + strings.Repeat("a", 3000) + "@example.net", "current=" + testPassword},
		"the address it has":  {"email=" + testEmail, "current=" + testPassword},
		"huge wrong password": {"email=" + nextEmail, "current=" + strings.Repeat("x", 5000)},
	} {
		a := p.post("/account/membership/email", values...)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `aria-invalid="true"`) {
			t.Errorf("%s: %d, want 422 beside a field\n%s", name, a.status, visible(a.body))
		}
		w.clock.Advance(time.Second)
	}
	if len(w.codes) > 0 {
		t.Errorf("%d codes were sent", len(w.codes))
	}
	lacks(t, p.page("/account/membership"), "waits for the code")
	if got := p.get("/account/membership/code?of=colour").status; got != http.StatusNotFound {
		t.Errorf("a change of nothing known: %d, want 404", got)
	}
	if got := p.post("/account/membership/code", "of=colour", "code=123456").status; got != http.StatusNotFound {
		t.Errorf("a change of nothing known: %d, want 404", got)
	}
	p.moved(p.get("/account/membership/code?of=email"), "/account/membership")
}

// An address with an account is answered alike: only its owner learns of it.
func TestV6_AnAddressOfSomebodyElseIsAnsweredAlike(t *testing.T) {
	w := newWorld(t)
	stranger := w.browser()
	stranger.moved(stranger.post("/signup", "email="+nextEmail, "password="+testPassword), "/verify")
	stranger.moved(stranger.post("/verify", "code="+<-w.codes), "/profiles")
	p := w.browser()
	p.signUp()
	p.moved(p.post("/account/membership/email", "email="+nextEmail, "current="+testPassword), "/account/membership/code?of=email")
	has(t, p.page("/account/membership/code?of=email"), nextEmail)
	a := p.post("/account/membership/code", "of=email", "code=123456")
	if a.status != http.StatusUnprocessableEntity || len(w.codes) > 0 {
		t.Errorf("a guess: %d with %d codes sent, want 422 and none", a.status, len(w.codes))
	}
	has(t, p.page("/account/membership"), "<bdi>"+testEmail+"</bdi>")
}

func TestA7_PhoneIsAddedChangedAndRemoved(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	has(t, p.page("/account/membership"), "No number yet")
	p.moved(p.get("/account/membership/phone/remove"), "/account/membership")
	typed := []struct{ as, shown string }{
		{"+49 (0) 1512 3456789", "49 1512 3456789"},
		{"0034 612-34-56-78", ""}, // without a country nobody can know what 00 means
		{"+34.612.34.56.78", "34 612 34 56 78"},
	}
	for _, n := range typed {
		w.clock.Advance(time.Minute)
		a := p.post("/account/membership/phone", "phone="+n.as, "current="+testPassword, "notices=yes")
		if a.status == http.StatusUnprocessableEntity && n.shown == "" {
			has(t, a.body, "phone-error")
			continue
		}
		p.moved(a, "/account/membership/code?of=phone")
		if n.shown == "" {
			<-w.codes
			continue
		}
		has(t, p.page("/account/membership/code?of=phone"), n.shown)
		p.moved(p.post("/account/membership/code", "of=phone", "code="+<-w.codes), "/account/membership")
		has(t, p.page("/account/membership"), "Your phone number is saved", n.shown, "Security notices go there too")
	}
	same := p.post("/account/membership/phone", "phone=+34612345678", "current="+testPassword)
	if same.status != http.StatusUnprocessableEntity {
		t.Errorf("the number it has: %d, want 422", same.status)
	}
	has(t, same.body, "This is your number already")

	has(t, p.page("/account/membership/phone/remove"), "34 612 34 56 78")
	for _, current := range []string{"", "other quiet lampposts"} {
		if a := p.post("/account/membership/phone/remove", "current="+current); a.status != http.StatusUnprocessableEntity {
			t.Errorf("removing with the password %q: %d, want 422", current, a.status)
		}
	}
	has(t, p.page("/account/membership"), "34 612 34 56 78")
	p.moved(p.post("/account/membership/phone/remove", "current="+testPassword), "/account/membership")
	has(t, p.page("/account/membership"), "No number yet", "Your phone number is removed")
	has(t, p.page("/account/timeline"), "Phone number saved", "Phone number removed")
}

// A right password is no failed try, however often it is given.
func TestV5_RightPasswordsAreNotSlowed(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for range 12 {
		p.moved(p.post("/account/membership/phone/remove", "current="+testPassword), "/account/membership")
	}
	has(t, p.page("/account/membership"), "There is no phone number to remove")
}

func TestBadNumbers(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	for _, number := range []string{"", "call me maybe", "+49 30", "+1 900 555 0123", "110", "+49 1512 3456789 ext. 5", strings.Repeat("1", 3000), "+49\x001512", "＋", "mara@example.org"} {
		a := p.post("/account/membership/phone", "phone="+number, "current="+testPassword)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "phone-error") {
			t.Errorf("the number %.20q: %d, want 422 beside the field", number, a.status)
		}
	}
	for _, current := range []string{"", "other quiet lampposts"} {
		a := p.post("/account/membership/phone", "phone=+4915123456789", "current="+current)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "current-error") {
			t.Errorf("the password %q: %d, want 422 beside the field", current, a.status)
		}
	}
	if len(w.codes) > 0 {
		t.Errorf("%d codes were sent", len(w.codes))
	}
	has(t, p.page("/account/membership"), "No number yet")
}

// A number as at home is read by the country of the browser's language.
func TestRegionOfTheBrowser(t *testing.T) {
	for header, want := range map[string]string{
		"de-CH,de;q=0.9": "CH", "en-gb": "GB", "en": "", "": "", "zh-Hant-TW": "", "es-419": "", "*": "", "pt-BR;q=0.5": "BR",
	} {
		r, _ := http.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := (&visit{r: r}).region(); got != want {
			t.Errorf("region of %q = %q, want %q", header, got, want)
		}
	}
}

func TestV11_LostMessagesAreShown(t *testing.T) {
	w := newWorld(t)
	w.bounces = []notify.Bounce{
		{ID: "b1", Channel: notify.ChannelMail, To: "old@example.org", Subject: "New sign-in", Reason: "The mailbox is full.", At: w.clock.Now()},
		{ID: "b2", Channel: notify.ChannelSMS, To: "+34612345678", Reason: "The number cannot receive it.", At: w.clock.Now()},
	}
	p := w.browser()
	p.signUp()
	for _, path := range []string{"/account/membership", "/account/security"} {
		has(t, p.page(path), "A message to <bdi>old@example.org</bdi> did not arrive", "The mailbox is full.", "34 612 34 56 78")
	}
}

// Every address of an owner asks for a fresh proof, refuses other sites, and
// does nothing by GET.
// ASVS 7.5.1.
func TestA8_OwnersPagesAskForAProof(t *testing.T) {
	w := newWorld(t)
	p := w.browser()
	p.signUp()
	outside := w.browser()
	w.clock.Advance(account.ProofAge)
	for _, route := range ownerAddresses(t) {
		method, path := route[0], route[1]
		if method == http.MethodGet {
			outside.moved(outside.get(path), "/signin?next="+escaped(path))
			p.moved(p.get(path), "/proof?next="+escaped(path))
			continue
		}
		p.moved(p.post(path), "/proof?next=%2F")
		r, err := http.NewRequest(http.MethodPost, p.http.URL+path, strings.NewReader(""))
		p.must(err)
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if a := p.send(r); a.status != http.StatusForbidden {
			t.Errorf("POST %s from another site = %d, want 403", path, a.status)
		}
	}
}

// ownerAddresses reads them from the source: none can be forgotten.
func ownerAddresses(t *testing.T) [][2]string {
	t.Helper()
	source, err := os.ReadFile("ownerroutes.go")
	if err != nil {
		t.Fatal(err)
	}
	var out [][2]string
	for _, m := range ownerRoute.FindAllStringSubmatch(string(source), -1) {
		if m[3] != "proved" && m[3] != "checked" {
			t.Errorf("%s %s asks for %s, want proved or checked", m[1], m[2], m[3])
		}
		out = append(out, [2]string{m[1], strings.ReplaceAll(m[2], "{passkey}", "0197")})
	}
	if len(out) < 30 {
		t.Fatalf("%d addresses, want at least 30", len(out))
	}
	return out
}

var ownerRoute = regexp.MustCompile(`mux\.Handle\("(GET|POST) (/account/[^"]+)", (?:s\.onBeat\()?s\.(\w+)\(`)

func escaped(path string) string { return strings.ReplaceAll(path, "/", "%2F") }
