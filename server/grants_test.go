package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
	"github.com/hearthkey/hearthkey/server"
)

const cdnSecret = "3f9a0c5d7e1b42688a90d1c2e3f40516"

// newCinema is a household whose server lets one TV play at a time and knows one
// client.
func newCinema(t *testing.T) *home {
	t.Helper()
	clients := filepath.Join(t.TempDir(), "clients")
	if err := os.WriteFile(clients, []byte("cdn "+cdnSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &home{house: open(t, func(c *server.Config) { c.MaxStreams, c.GrantAudience, c.GrantClients = 1, "cdn.example", clients })}
	h.o = h.signUp("mara@example.org")
	h.one, h.two = newTV(h.house, "Living room"), newTV(h.house, "Bedroom")
	h.one.join(h.o)
	h.two.join(h.o)
	s := h.one.snapshot()
	h.main, h.kids = s.Profiles[0].ID, s.Profiles[1].ID
	return h
}

// title is one of the demo catalogue that everybody may watch.
func (v *tv) title() protocol.TitleID {
	v.t.Helper()
	var c protocol.Catalog
	if err := json.Unmarshal(v.blobs[v.have.Catalog], &c); err != nil {
		v.t.Fatal(err)
	}
	i := slices.IndexFunc(c.Titles, func(t parental.Title) bool { return t.Kind == parental.Film && t.YoungestAge() == 0 })
	return protocol.TitleID(c.Titles[i].ID)
}

// introspect asks as a client does.
func (h *home) introspect(token string) (status int, answer map[string]any) {
	h.t.Helper()
	return h.ask("cdn", cdnSecret, "application/x-www-form-urlencoded", url.Values{"token": {token}}.Encode())
}

func (h *home) ask(name, secret, kind, body string) (status int, answer map[string]any) {
	h.t.Helper()
	req, err := http.NewRequest("POST", h.url+"/grants/introspect", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if name != "" {
		req.SetBasicAuth(name, secret)
	}
	status, _, out := h.do("POST", "/grants/introspect", req.Header, []byte(body))
	if err := json.Unmarshal(out, &answer); err != nil {
		h.t.Fatalf("%d %s", status, out)
	}
	return status, answer
}

func (h *home) active(token string) bool {
	h.t.Helper()
	status, answer := h.introspect(token)
	active, ok := answer["active"].(bool)
	if status != 200 || !ok {
		h.t.Fatalf("introspect = %d %v", status, answer)
	}
	return active
}

func (v *tv) play(n int64, p protocol.ProfileID, title protocol.TitleID) string {
	v.t.Helper()
	v.send(protocol.Play{N: n, Profile: p, Title: title, Path: parental.Open})
	g := expect[protocol.Grant](v)
	if g.N != n {
		v.t.Fatalf("%s got grant %d, want %d", v.name, g.N, n)
	}
	return g.JWS
}

// A TV gets a grant that the public keys check; another is told who watches; a
// sign-out ends it at once.
func TestD14_GrantsOverTheWire(t *testing.T) {
	h := newCinema(t)
	title := h.one.title()
	jws := h.one.play(1, h.main, title)

	status, head, body := h.do("GET", protocol.GrantPath, nil, nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil || status != 200 || head.Get("Cache-Control") != "public, max-age=300" {
		t.Fatalf("keys = %d %v %v", status, head, err)
	}
	if status, _, _ := h.do("GET", protocol.GrantPath, http.Header{"If-None-Match": {head.Get("ETag")}}, nil); status != 304 {
		t.Errorf("keys again = %d, want 304", status)
	}
	token, err := jwt.ParseSigned(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var c protocol.GrantClaims
	if err := token.Claims(set, &c); err != nil || c.Check() != nil {
		t.Fatalf("claims: %v, %v", err, c.Check())
	}
	if c.Issuer != h.url || c.Audience != "cdn.example" || c.Device != h.one.id || c.Title != title || c.Profile != h.main {
		t.Errorf("claims = %+v", c)
	}
	_, answer := h.introspect(jws)
	if answer["active"] != true || answer["sub"] != string(c.Account) || answer["title"] != string(title) || answer["exp"] != float64(c.Expires) {
		t.Errorf("introspection = %v", answer)
	}

	h.two.send(protocol.Play{N: 1, Profile: h.main, Title: title, Path: parental.Open})
	if r := expect[protocol.PlayRefused](h.two); r.Refusal != protocol.PlayStreams || !slices.Equal(r.Watching, []string{"Living room"}) {
		t.Errorf("the second TV: %+v", r)
	}
	if again := h.one.play(1, h.main, title); again == jws || !h.active(again) || !h.active(jws) {
		t.Error("a renewal is another grant, and both stand until their time")
	}
	h.one.send(protocol.PlayEnd{N: 1})
	eventually(t, "the end frees the stream", func() bool { return !h.active(jws) })
	jws = h.two.play(2, h.main, title)
	h.o.call("POST", "/v1/sign-out-everywhere", object{}, nil)
	if h.active(jws) {
		t.Error("after signing out everywhere the grant stands")
	}
}

// What a TV may not play is refused with the reason, and the connection goes on.
func TestD14_RefusalsOverTheWire(t *testing.T) {
	h := newCinema(t)
	for i, c := range []struct {
		play protocol.Play
		want protocol.PlayRefusal
	}{
		{protocol.Play{Profile: h.main, Title: "t-none", Path: parental.Open}, protocol.PlayTitle},
		{protocol.Play{Profile: "p-none", Title: h.one.title(), Path: parental.Open}, protocol.PlayProfile},
		{protocol.Play{Profile: h.main, Title: h.one.title(), Path: "backdoor"}, protocol.PlayTitle},
	} {
		c.play.N = int64(i + 1)
		h.one.send(c.play)
		if r := expect[protocol.PlayRefused](h.one); r.Refusal != c.want || r.N != c.play.N {
			t.Errorf("%+v: %+v, want %q", c.play, r, c.want)
		}
	}
	h.o.prove(password)
	h.o.call("PUT", "/v1/profiles/"+string(h.main)+"/pin", object{"pin": "0412", "current": password}, nil)
	h.one.send(protocol.Play{N: 9, Profile: h.main, Title: h.one.title(), Path: parental.Open})
	if r := expect[protocol.PlayRefused](h.one); r.Refusal != protocol.PlayProfilePIN {
		t.Errorf("a lock was set meanwhile: %+v", r)
	}
	h.one.play(10, h.kids, h.one.title())
}

// A device that never said that it knows grants may not ask for them, and one that
// asks without end is told to wait.
func TestD14_GrantsAreForThoseWhoSay4(t *testing.T) {
	h := newCinema(t)
	old := newTV(h.house, "Attic")
	old.cap = protocol.GrantCapability - 1
	old.join(h.o)
	old.send(protocol.Play{N: 1, Profile: h.main, Title: "t", Path: parental.Open})
	if _, code := old.closeCode(); code != protocol.CloseBase+int(protocol.CodeOutOfOrder) {
		t.Errorf("an old device is closed with %d", code)
	}
	for n := int64(1); n < 1000; n++ {
		h.one.send(protocol.Play{N: n, Profile: h.main, Title: "t-none", Path: parental.Open})
		f, err := h.one.read()
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := f.(protocol.Error); ok && e.Code == protocol.CodeTooMany && e.RetryAfter > 0 {
			return
		}
		if r, ok := f.(protocol.PlayRefused); ok && r.Refusal == protocol.PlayBusy && r.RetryAfter > 0 {
			return
		}
	}
	t.Error("a thousand questions in a row were answered")
}

// RFC 7662, section 2: who asks how.
func TestD14_IntrospectionIsForClients(t *testing.T) {
	h := newCinema(t)
	jws := h.one.play(1, h.main, h.one.title())
	form := "application/x-www-form-urlencoded"
	good := url.Values{"token": {jws}}.Encode()
	for _, c := range []struct {
		what, name, secret, kind, body string
		status                         int
		says                           string
	}{
		{"nobody", "", "", form, good, 401, "invalid_client"},
		{"another name", "player", cdnSecret, form, good, 401, "invalid_client"},
		{"a wrong secret", "cdn", cdnSecret[1:], form, good, 401, "invalid_client"},
		{"no token", "cdn", cdnSecret, form, "", 400, "invalid_request"},
		{"an empty token", "cdn", cdnSecret, form, "token=", 400, "invalid_request"},
		{"two tokens", "cdn", cdnSecret, form, good + "&" + good, 400, "invalid_request"},
		{"JSON", "cdn", cdnSecret, "application/json", `{"token":"x"}`, 400, "invalid_request"},
		{"a broken form", "cdn", cdnSecret, form, "token=%zz", 400, "invalid_request"},
		{"a large body", "cdn", cdnSecret, form, "token=" + strings.Repeat("a", 17<<10), 400, "invalid_request"},
		{"no grant", "cdn", cdnSecret, form, "token=a.b.c", 200, ""},
		{"a hint", "cdn", cdnSecret, form, good + "&token_type_hint=access_token", 200, ""},
	} {
		status, answer := h.ask(c.name, c.secret, c.kind, c.body)
		if says, _ := answer["error"].(string); status != c.status || says != c.says {
			t.Errorf("%s: %d %v, want %d %q", c.what, status, answer, c.status, c.says)
		}
	}
	if _, answer := h.introspect("a.b.c"); len(answer) != 1 || answer["active"] != false {
		t.Errorf("what does not stand says more than that: %v", answer)
	}
	status, _, _ := h.do("GET", "/grants/introspect?token="+jws, http.Header{"Authorization": {"Basic x"}}, nil)
	if status == 200 {
		t.Error("GET is answered")
	}
	if strings.Contains(h.logs.String(), jws) || strings.Contains(h.logs.String(), cdnSecret) {
		t.Error("a grant or a secret is in the log")
	}
}

// The file of clients is read anew: a secret that was taken out asks no more.
func TestD14_ClientsAreReadAnew(t *testing.T) {
	clients := filepath.Join(t.TempDir(), "clients")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		_ = os.Remove(clients)
		if err := os.WriteFile(clients, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("cdn "+cdnSecret+"\n", 0o600)
	h := &home{house: open(t, func(c *server.Config) { c.GrantClients = clients })}
	if status, _ := h.introspect("x"); status != 200 {
		t.Fatalf("status %d", status)
	}
	write("player "+cdnSecret+"\n", 0o600)
	if status, _ := h.introspect("x"); status != 401 {
		t.Errorf("taken out: status %d", status)
	}
	write("cdn short\n", 0o600)
	if status, _ := h.introspect("x"); status != 503 {
		t.Errorf("a broken file: status %d", status)
	}
	for name, bad := range map[string]func(*server.Config){
		"a broken file":    func(c *server.Config) { c.GrantClients = clients },
		"no file":          func(c *server.Config) { c.GrantClients = clients + ".none" },
		"negative streams": func(c *server.Config) { c.MaxStreams = -1 },
		"a long audience":  func(c *server.Config) { c.GrantAudience = strings.Repeat("a", 256) },
		"others can read it": func(c *server.Config) {
			write("cdn "+cdnSecret+"\n", 0o644)
			c.GrantClients = clients
		},
	} {
		cfg := server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), Dev: true, Drain: time.Millisecond}
		bad(&cfg)
		if _, err := server.New(t.Context(), cfg); err == nil || strings.Contains(err.Error(), cdnSecret) {
			t.Errorf("%s: New = %v", name, err)
		}
	}
}
