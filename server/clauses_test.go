package server_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

// ASVS 3.4.1: pages, API, and what is not there: over TLS every answer has the
// browser stay with TLS for a year or more.
func TestEveryAnswerKeepsToTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	h := &house{t: t, logs: &lines{}}
	srv, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), TLSCert: cert, TLSKey: key, Drain: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	h.serve(srv)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	age := regexp.MustCompile(`^max-age=(\d+)`)
	for _, path := range []string{"/", "/signin", "/v1/openapi.json", "/v1/session", "/v1/nothing", "/nothing", "/healthz", protocol.Path} {
		resp, err := client.Get(srv.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		m := age.FindStringSubmatch(resp.Header.Get("Strict-Transport-Security"))
		if m == nil {
			t.Errorf("%s: %q", path, resp.Header.Get("Strict-Transport-Security"))
			continue
		}
		if !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "; includeSubDomains") {
			t.Errorf("%s: subdomains are left out: %q", path, resp.Header.Get("Strict-Transport-Security"))
		}
		if seconds, err := strconv.Atoi(m[1]); err != nil || seconds < 365*24*3600 {
			t.Errorf("%s: remembered for %d s, want a year", path, seconds)
		}
	}
}

// ASVS 3.4.2: no other site's script may read an answer, but the API's public
// description.
func TestOtherSitesReadNothing(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	from := http.Header{"Origin": {"https://evil.example"}, "Authorization": {"Bearer " + o.token}}
	for path, want := range map[string]string{
		"/": "", "/signin": "", "/v1/session": "", "/v1/devices": "", "/v1/nothing": "", "/nothing": "", "/v1/openapi.json": "*",
	} {
		_, header, _ := h.do("GET", path, from, nil)
		if got := header.Get("Access-Control-Allow-Origin"); got != want || header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: Access-Control-Allow-Origin %q, want %q", path, got, want)
		}
		if _, header, _ := h.do("OPTIONS", path, from, nil); header.Get("Access-Control-Allow-Headers") != "" {
			t.Errorf("%s: a preflight is answered: %v", path, header)
		}
	}
}

// ASVS 4.4.2: pages of other sites open no socket here.
func TestSocketsOfOtherSitesAreRefused(t *testing.T) {
	h := open(t, nil)
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
	address := "ws" + strings.TrimPrefix(h.url, "http") + protocol.Path
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1"} {
		ws, resp, err := d.Dial(address, http.Header{"Origin": {origin}})
		if err == nil {
			ws.Close()
			t.Errorf("a page of %s got a socket", origin)
		} else if resp == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("a page of %s: %v, %v, want 403", origin, resp, err)
		}
	}
}

// ASVS 4.4.3, 6.7.2: a TV's socket stands for nothing but the signature over a
// nonce of that connection: 256 random bits, never the same.
func TestNoncesOfSockets(t *testing.T) {
	h := open(t, nil)
	seen := map[string]bool{}
	for range 20 {
		v := newTV(h, "TV")
		v.dial()
		n := string(v.hello.Nonce)
		if len(n) < 32 || seen[n] {
			t.Errorf("nonce %x, seen before %t", n, seen[n])
		}
		seen[n] = true
		v.hangUp()
	}
}

// ASVS 16.2.1, 16.2.2, 16.2.4, 16.2.5, 16.3.1, 16.3.2, 16.3.3, 14.2.1: every
// request leaves a line in JSON with when (and in which zone), where from, what
// and how it ended: refused sign-ins, missing rights and throttles too. No line
// holds what was typed, a token or a query.
func TestLogTellsRequestsWithoutSecrets(t *testing.T) {
	h := open(t, nil)
	out := &lines{}
	data := t.TempDir()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.start(server.Config{
		Listen: "127.0.0.1:0", Data: data, Name: serverName, Dev: true, Drain: time.Millisecond,
		Log: slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) },
	})
	o := h.signUp("mara@example.org")
	typed := "not-the-password-61"
	o.try("POST", "/v1/sign-in", object{"email": o.email, "password": typed})
	(&owner{house: h, email: o.email, token: "wrong"}).try("GET", "/v1/session", nil)
	h.skew.Store(int64(11 * time.Minute))
	o.try("GET", "/v1/devices", nil) // the proof is too old
	for range 6 {
		o.try("POST", "/v1/sign-in", object{"email": "nobody@example.org", "password": typed})
	}
	h.do("GET", "/signin?password="+typed+"&link=secret-of-a-link", nil, nil)
	text := out.String()
	for _, secret := range []string{typed, password, o.token, o.email, "nobody@example.org", "secret-of-a-link"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
	wanted := map[string]bool{
		"POST /v1/sign-in 401": true, "GET /v1/session 401": true, "GET /v1/devices 403": true, "POST /v1/sign-in 429": true, "GET /signin 200": true,
	}
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		var line struct {
			Time                          time.Time
			Level, Msg, Route, Method, IP string
			Status                        string
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatalf("a line is no JSON: %v: %s", err, s.Text())
		}
		if line.Time.IsZero() || line.Level == "" || line.Msg == "" {
			t.Errorf("a line says too little: %s", s.Text())
		}
		if line.Msg == "request" && line.IP == "127.0.0.1" {
			_, path, _ := strings.Cut(line.Route, " ")
			delete(wanted, line.Method+" "+path+" "+line.Status)
		}
	}
	if len(wanted) > 0 {
		t.Errorf("the log does not tell %v\n%s", wanted, text)
	}
}
