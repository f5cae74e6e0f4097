package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// secrets are what a test typed, sent or was given that no log may tell, with what
// each was called. Every house collects them, and holds its whole log against them
// when its test ends: so each flow of every test of this package is proved.
type secrets struct {
	mu    sync.Mutex
	known map[string]string
}

// named are the members of JSON documents that hold secrets, or what tells who
// somebody is.
var named = map[string]bool{
	"password": true, "current": true, "next": true, "code": true, "codes": true, "recovery_codes": true, "pin": true, "token": true, "secret": true,
	"uri": true, "email": true, "login": true, "number": true, "challenge": true, "attempt": true, "recovery": true, "ceremony": true, "text": true, "link": true, "totp": true, "recovery_code": true,
}

// least is how long a secret must be to be told from other words by chance; PINs
// are looked for by the test about them.
const least = 6

func (s *secrets) add(name, value string) {
	if len(value) < least || strings.Trim(value, "abcdefghijklmnopqrstuvwxyz_") == "" {
		return // a word, which logs may have for other reasons
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[value] = name
}

// read collects from a JSON document; what is none holds none.
func (s *secrets) read(data []byte) {
	var v any
	if json.Unmarshal(data, &v) == nil {
		s.walk("", v)
	}
}

func (s *secrets) walk(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			s.walk(k, inner)
		}
	case []any:
		for _, inner := range v {
			s.walk(name, inner)
		}
	case string:
		if named[strings.ToLower(name)] {
			s.add(strings.ToLower(name), v)
		}
	}
}

var (
	mailed  = regexp.MustCompile(`\b[0-9]{6}\b`)
	carried = regexp.MustCompile(`[?#&/=]([A-Za-z0-9_-]{20,})`)
)

// mails collects codes and links from the outbox.
func (s *secrets) mails(body []byte) {
	for _, code := range mailed.FindAllString(string(body), -1) {
		s.add("code", code)
	}
	for _, link := range carried.FindAllStringSubmatch(string(body), -1) {
		s.add("link", link[1])
	}
}

// kinds are the names of what was collected.
func (s *secrets) kinds() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.known {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// told returns the secrets that a log tells, as words of their own.
func (s *secrets) told(log string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value, name := range s.known {
		for rest := log; ; {
			i := strings.Index(rest, value)
			if i < 0 {
				break
			}
			end := i + len(value)
			if !letter(rest, i-1) && !letter(rest, end) {
				out = append(out, fmt.Sprintf("%s %q in …%s…", name, value, rest[max(0, i-80):min(len(rest), end+20)]))
				break
			}
			rest = rest[end:]
		}
	}
	return out
}

func letter(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z')
}

// frame collects from what a TV sends or reads.
func (s *secrets) frame(f protocol.Frame) {
	switch f := f.(type) {
	case protocol.SignIn:
		s.add("password", string(f.Password))
		s.add("login", f.Login)
	case protocol.EnterCode:
		s.add("code", string(f.Code))
	case protocol.CodeNeeded:
		s.add("challenge", string(f.Challenge))
	case protocol.UserCode:
		s.add("usercode", f.Code)
		s.add("usercode", strings.ReplaceAll(f.Code, "-", ""))
	}
}

// silent fails the test where the log of a house tells a secret.
func (h *house) silent() {
	h.t.Helper()
	for _, told := range h.secrets.told(h.logs.String()) {
		h.t.Errorf("the log tells a secret: %s", told)
	}
}

// numbers are the members of log lines that have four digits by chance.
var numbers = regexp.MustCompile(`\b(time|bytes|milliseconds|took|duration|status|address|publicURL|url|at|until|version|number|schema)=\S+`)

// ASVS 16.2.5, 14.2.1: every main flow, with the log at its most talkative; then the log
// is held against every secret that was used. The controls show that it would be found.
func TestNoFlowTellsSecretsToTheLog(t *testing.T) {
	s := openStaffed(t)
	h := s.house
	o := h.signUp("mara@example.org")
	o.try("POST", "/v1/sign-in", object{"email": o.email, "password": "not-the-password-61"})
	o.try("POST", "/v1/sign-in", object{"email": "nobody@example.org", "password": "not-the-password-62"})
	o.signIn()
	o.try("POST", "/v1/session/prove", object{"password": "not-the-password-63"})
	o.prove(password)
	first := o.addPasskey(h.newPasskey(), "Phone")
	secret, _ := o.addApp()
	h.withFactor(o, secret, first.Codes[0])
	h.changes(o)
	h.pins(o)
	h.atTVs(o)
	h.recovers(o)
	h.staffActs(s, o)
	log := h.logs.String()
	for _, kind := range []string{"password", "current", "code", "recovery_codes", "token", "secret", "email", "number", "challenge", "attempt", "recovery", "usercode", "login", "link", "totp", "recovery_code", "operator", "webhook"} {
		if !slices.Contains(h.secrets.kinds(), kind) {
			t.Errorf("no flow used a %s: the test proves nothing about it; got %v", kind, h.secrets.kinds())
		}
	}
	if n := strings.Count(log, "route="); n < 40 {
		t.Errorf("only %d requests are in the log", n)
	}
	for _, pin := range []string{"4937", "8264"} {
		if i := strings.Index(numbers.ReplaceAllString(log, ""), "="+pin); i >= 0 {
			t.Errorf("the log tells the PIN %s", pin)
		}
	}
	if got := h.secrets.told(log + ` msg=x reason="` + password + `"`); len(got) != 1 {
		t.Errorf("a planted password is found %d times", len(got))
	}
	if got := h.secrets.told(log + "\nmsg=request path=/x?token=" + o.token); len(got) != 1 {
		t.Errorf("a planted token is found %d times", len(got))
	}
}

// withFactor signs in with an app's code, a wrong one, and a recovery code.
func (h *house) withFactor(o *owner, secret string, recovery string) {
	h.t.Helper()
	h.skew.Add(int64(time.Minute)) // a step is used once
	for _, answer := range []object{{"totp": "000000"}, {"totp": appCode(h.t, secret, h.now())}, {"recovery_code": recovery}, {"recovery_code": "wrong-code-for-all"}} {
		var challenge struct{ Challenge string }
		there := &owner{house: h, email: o.email}
		there.call("POST", "/v1/sign-in", object{"email": o.email, "password": password}, &challenge)
		answer["challenge"] = challenge.Challenge
		there.try("POST", "/v1/sign-in/answer", answer)
	}
	var renewed session
	o.call("POST", "/v1/factors/recovery-codes", object{}, &renewed)
	o.token = renewed.Session.Token
}

// changes gives the account another address, number and password, and reads a mail's
// link.
func (h *house) changes(o *owner) {
	h.t.Helper()
	o.call("POST", "/v1/email", object{"email": "mara@example.net"}, nil)
	o.try("POST", "/v1/changes/email/confirm", object{"code": "000000"})
	o.renewed("POST", "/v1/changes/email/confirm", object{"code": h.accessCode("mara@example.net")})
	o.email = "mara@example.net"
	o.call("POST", "/v1/phone", object{"number": "+4915112345678", "current": password, "notices": true}, nil)
	o.renewed("POST", "/v1/changes/phone/confirm", object{"code": h.accessCode("+4915112345678")})
	o.try("POST", "/v1/links/not-me/look", object{"link": h.link("mara@example.org", "email-changed")})
	o.try("POST", "/v1/password", object{"current": "not-the-password-64", "next": "another-lantern-17-softly"})
}

// pins sets a PIN and guesses it on a TV, on the wire and by the page.
func (h *house) pins(o *owner) {
	h.t.Helper()
	var list struct{ Profiles []struct{ ID string } }
	o.call("GET", "/v1/profiles", nil, &list)
	path := "/v1/profiles/" + list.Profiles[0].ID
	o.try("PUT", path+"/pin", object{"pin": "8264", "current": "not-the-password-65"})
	o.call("PUT", path+"/pin", object{"pin": "4937", "current": password}, nil)
	o.call("PUT", "/v1/parental/pin", object{"pin": "8264", "current": password}, nil)
}

// atTVs signs TVs in by code and by password, and guesses a PIN. What is typed from the
// account page is looked for by TestD11_TheAccountPageControlsATV.
func (h *house) atTVs(o *owner) {
	h.t.Helper()
	guesser := newTV(h, "Living room")
	guesser.join(o)
	main := guesser.snapshot().Profiles[0].ID
	guesser.send(protocol.PINTries{Epoch: guesser.state.Epoch, Tries: []protocol.PINTry{{Profile: main, PIN: guesser.snapshotPIN(main), Wrong: 10}}})
	typist := newTV(h, "Kitchen")
	typist.enrol()
	typed(typist, protocol.SignIn{Login: o.email, Password: "not-the-password-66"})
	if need, ok := typed(typist, protocol.SignIn{Login: o.email, Password: password}).(protocol.CodeNeeded); ok {
		typed(typist, protocol.EnterCode{Challenge: need.Challenge, Channel: protocol.ChannelMail, Code: "314159"})
	}
}

// recovers forgets the password, and takes the way by mail.
func (h *house) recovers(o *owner) {
	h.t.Helper()
	h.skew.Add(int64(time.Hour)) // codes are counted
	var r struct{ Recovery string }
	o.call("POST", "/v1/recovery", object{"login": o.email}, &r)
	o.try("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": "000000"})
	o.call("POST", "/v1/recovery/prove", object{"recovery": r.Recovery, "code": h.accessCode(o.email)}, nil)
	o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": "12345678"})
	o.try("POST", "/v1/recovery/finish", object{"recovery": r.Recovery, "password": "third-lantern-23-gently"})
}

// staffActs has operators do what they do, with right and wrong tokens.
func (h *house) staffActs(s *staffed, o *owner) {
	h.t.Helper()
	h.secrets.add("operator", string(s.olga))
	h.secrets.add("operator", string(s.bob))
	ctx, olga := h.t.Context(), s.as(s.olga)
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer there.Close()
	made, err := olga.AddWebhook(ctx, there.URL+"/in?key=key-of-the-receiver", nil, false, "", "for the SIEM")
	if err != nil {
		h.t.Fatal(err)
	}
	h.secrets.add("webhook", made.Secret)
	h.secrets.add("webhook", "key-of-the-receiver")
	token, err := olga.AddOperator(ctx, "carl", "support", "new")
	if err != nil {
		h.t.Fatal(err)
	}
	h.secrets.add("operator", string(token))
	carl := s.as(token)
	_, err1 := carl.Find(ctx, o.email)
	err2 := carl.Lock(ctx, o.email, "phoned")
	err3 := carl.Unlock(ctx, o.email, "phoned again")
	if err := errors.Join(err1, err2, err3); err != nil {
		h.t.Error(err)
	}
	h.secrets.add("operator", "hkop_not-a-token-of-anybody")
	if _, err := s.as("hkop_not-a-token-of-anybody").Operators(ctx); err == nil {
		h.t.Error("a wrong token is taken")
	}
	eventually(h.t, "an event that could not be delivered", func() bool {
		list, err := olga.Webhooks(ctx)
		return err == nil && len(list) == 1 && list[0].Waiting > 0
	})
}
