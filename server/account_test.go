package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// ASVS 7.5.2.
func TestAccountByAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")

	var session struct{ Email, Account, ID string }
	o.call("GET", "/v1/session", nil, &session)
	if session.Email != o.email || session.Account == "" {
		t.Errorf("session = %+v", session)
	}
	second := &owner{house: h, email: o.email}
	secondID := second.signIn()

	var list struct {
		Sessions []struct {
			ID, Program string
			Current     bool
		}
	}
	o.call("GET", "/v1/sessions", nil, &list)
	if len(list.Sessions) != 2 {
		t.Errorf("%d sessions, want 2", len(list.Sessions))
	}
	o.call("DELETE", "/v1/sessions/"+secondID, nil, nil)
	status, body := second.try("GET", "/v1/session", nil)
	wantStatus(t, "a revoked session", status, 401, body)
	status, body = o.try("DELETE", "/v1/sessions/"+secondID, nil)
	wantStatus(t, "revoking it again", status, 404, body)

	const next = "another-otter-43-loudly"
	var changed struct{ Token string }
	o.call("POST", "/v1/password", object{"current": password, "next": next, "everywhere": false}, &changed)
	status, body = o.try("GET", "/v1/session", nil)
	wantStatus(t, "the token before the password's change", status, 401, body)
	o.token = changed.Token
	o.prove(next)

	var timeline struct{ Entries []struct{ ID, Kind string } }
	o.call("GET", "/v1/timeline?limit=2", nil, &timeline)
	if len(timeline.Entries) != 2 || timeline.Entries[0].Kind != "password_changed" {
		t.Errorf("timeline = %+v", timeline.Entries)
	}
	var older struct{ Entries []struct{ ID, Kind string } }
	o.call("GET", "/v1/timeline?before="+timeline.Entries[1].ID, nil, &older)
	if len(older.Entries) == 0 || older.Entries[0].ID == timeline.Entries[1].ID {
		t.Errorf("older entries = %+v", older.Entries)
	}
	o.call("POST", "/v1/sign-out", nil, nil)
	status, body = o.try("GET", "/v1/session", nil)
	wantStatus(t, "after sign-out", status, 401, body)
	if log := h.logs.String(); strings.Contains(log, password) || strings.Contains(log, o.token) || strings.Contains(log, o.email) {
		t.Error("a secret or an address is in the log")
	}
}

func TestProfilesByAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	type profile struct {
		ID, Name, Avatar string
		Level            int
		Main, Locked     bool
	}
	list := func() []profile {
		var out struct{ Profiles []profile }
		o.call("GET", "/v1/profiles", nil, &out)
		return out.Profiles
	}
	if got := list(); len(got) != 2 || !got[0].Main {
		t.Fatalf("a new account has %+v", got)
	}
	var made profile
	o.call("POST", "/v1/profiles", object{"name": "Noor", "avatar": "fox", "level": 3}, &made)
	o.call("PUT", "/v1/profiles/"+made.ID, object{"name": "Noor B", "avatar": "owl", "level": 4, "language": "de"}, &made)
	if made.Name != "Noor B" || made.Level != 4 {
		t.Errorf("edited = %+v", made)
	}
	var set struct {
		Weak   bool
		Advice string
	}
	o.call("PUT", "/v1/profiles/"+made.ID+"/pin", object{"pin": "0000", "current": password}, &set)
	if !set.Weak || set.Advice == "" {
		t.Errorf("PIN 0000 = %+v, want weak with advice", set)
	}
	if got := list(); !got[2].Locked {
		t.Errorf("after SetPIN: %+v", got[2])
	}
	o.call("POST", "/v1/profiles/"+made.ID+"/pin/remove", object{"current": password}, nil)

	h.skew.Store(int64(11 * time.Minute)) // the proof is too old now
	status, body := o.try("PUT", "/v1/profiles/"+made.ID+"/pin", object{"pin": "4937", "current": password})
	wantStatus(t, "a PIN without a fresh proof", status, 403, body)
	if !strings.Contains(string(body), "proof-needed") {
		t.Errorf("problem = %s", body)
	}
	o.prove(password)
	o.call("PUT", "/v1/profiles/"+made.ID+"/pin", object{"pin": "4937", "current": password}, &set)
	if set.Weak {
		t.Error("PIN 4937 is called weak")
	}
	o.call("DELETE", "/v1/profiles/"+made.ID, nil, nil)
	status, body = o.try("DELETE", "/v1/profiles/"+list()[0].ID, nil)
	wantStatus(t, "deleting the main profile", status, 409, body)
}

// Bad bodies, per endpoint: the status and the member that is named.
func TestBadBodies(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	long := strings.Repeat("x", 2000)
	for _, tt := range []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"POST", "/v1/sign-up", `{}`, 400, "email"},
		{"POST", "/v1/sign-up", `{"email":"a@example.org"}`, 400, "password"},
		{"POST", "/v1/sign-up", `{"email":"` + long + `","password":"x"}`, 400, "email"},
		{"POST", "/v1/sign-up", `{"email":"nobody","password":"` + password + `"}`, 422, "email"},
		{"POST", "/v1/sign-up", `{"email":"b@example.org","password":"12345678"}`, 422, "password"},
		{"POST", "/v1/sign-up", `{"email":"b@example.org","password":"short"}`, 422, "password"},
		{"POST", "/v1/sign-up", `{"email":"b@example.org","password":"` + long + `"}`, 400, "password"},
		{"POST", "/v1/sign-up", `{"email":1,"password":"x"}`, 400, "email"},
		{"POST", "/v1/sign-up", `{"email":"b@example.org","password":"x","admin":true}`, 400, "admin"},
		{"POST", "/v1/sign-up/resend", `{"attempt":""}`, 400, "attempt"},
		{"POST", "/v1/sign-up/resend", `{"attempt":"none"}`, 404, "attempt"},
		{"POST", "/v1/sign-up/verify", `{"attempt":"none","code":"123456"}`, 404, "attempt"},
		{"POST", "/v1/sign-up/verify", `{"attempt":"none"}`, 400, "code"},
		{"POST", "/v1/sign-in", `{"email":"mara@example.org"}`, 400, "password"},
		{"POST", "/v1/sign-in", `{"email":"mara@example.org","password":"wrong"}`, 401, ""},
		{"POST", "/v1/sign-in", `{"email":"nobody@example.org","password":"wrong"}`, 401, ""},
		{"POST", "/v1/sign-in", `["email"]`, 400, ""},
		{"POST", "/v1/session/prove", `{}`, 400, "password"},
		{"POST", "/v1/session/prove", `{"password":"wrong"}`, 401, ""},
		{"POST", "/v1/password", `{"current":"x"}`, 400, "next"},
		{"POST", "/v1/password", `{"current":"x","next":"y","everywhere":"yes"}`, 400, "everywhere"},
		{"POST", "/v1/profiles", `{"name":"","avatar":"fox","level":3}`, 400, "name"},
		{"POST", "/v1/profiles", `{"name":"` + strings.Repeat("n", 33) + `","avatar":"fox","level":3}`, 422, "name"},
		{"POST", "/v1/profiles", `{"name":"N","avatar":"bomb","level":3}`, 422, "avatar"},
		{"POST", "/v1/profiles", `{"name":"N","avatar":"fox","level":9}`, 422, "level"},
		{"POST", "/v1/profiles", `{"name":"N","avatar":"fox","level":3,"language":"not a tag"}`, 422, "language"},
		{"POST", "/v1/profiles", `{"name":"N","avatar":"fox","level":3.5}`, 400, "level"},
		{"PUT", "/v1/profiles/none", `{"name":"N","avatar":"fox","level":3}`, 404, ""},
		{"PUT", "/v1/profiles/none/pin", `{"pin":"12","current":"` + password + `"}`, 422, "pin"},
		{"PUT", "/v1/profiles/none/pin", `{"pin":"١٢٣٤","current":"` + password + `"}`, 422, "pin"},
		{"PUT", "/v1/profiles/none/pin", `{"pin":1234,"current":"` + password + `"}`, 400, "pin"},
		{"PATCH", "/v1/devices/none", `{"name":"x"}`, 404, ""},
		{"PATCH", "/v1/devices/none", `{"name":""}`, 404, ""},
		{"PATCH", "/v1/devices/none", `null`, 400, ""},
		{"POST", "/v1/user-codes/lookup", `{"code":""}`, 400, "code"},
		{"POST", "/v1/user-codes/approve", `{"code":"` + strings.Repeat("B", 65) + `"}`, 400, "code"},
		{"POST", "/v1/user-codes/refuse", `{"kode":"BBBB"}`, 400, "kode"},
	} {
		status, body := o.tryRaw(tt.method, tt.path, tt.body)
		name := fmt.Sprintf("%s %s %.60s", tt.method, tt.path, tt.body)
		wantStatus(t, name, status, tt.status, body)
		if want := `"field":"` + tt.field + `"`; tt.field != "" && !strings.Contains(string(body), want) {
			t.Errorf("%s: %s does not name the member %q", name, body, tt.field)
		}
	}
}

func (o *owner) tryRaw(method, path, body string) (int, []byte) {
	o.t.Helper()
	status, _, answer := o.do(method, path, o.header(), []byte(body))
	return status, answer
}

func TestWhoMayCall(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	bearer := o.header().Get("Authorization")
	cookie := "hearthkey=" + o.token
	for _, tt := range []struct {
		name   string
		method string
		path   string
		header http.Header
		status int
	}{
		{"nobody", "GET", "/v1/session", nil, 401},
		{"a wrong token", "GET", "/v1/session", http.Header{"Authorization": {"Bearer x"}}, 401},
		{"another scheme", "GET", "/v1/session", http.Header{"Authorization": {"Basic " + o.token}}, 401},
		{"an endless token", "GET", "/v1/session", http.Header{"Authorization": {"Bearer " + strings.Repeat("x", 9000)}}, 401},
		{"a token", "GET", "/v1/session", http.Header{"Authorization": {bearer}}, 200},
		{"the cookie", "GET", "/v1/session", http.Header{"Cookie": {cookie}}, 200},
		{"the cookie from the page", "POST", "/v1/session/prove", http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {"same-origin"}}, 415},
		{"the cookie from another site", "POST", "/v1/sign-out-everywhere", http.Header{"Cookie": {cookie}, "Sec-Fetch-Site": {"cross-site"}}, 403},
		{"the cookie from another origin", "POST", "/v1/sign-out-everywhere", http.Header{"Cookie": {cookie}, "Origin": {"https://evil.example"}}, 403},
		{"signing in from another site", "POST", "/v1/sign-in", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"no such path", "GET", "/v1/nothing", nil, 404},
		{"no such method", "DELETE", "/v1/session", nil, 405},
		{"a device's address by a browser", "GET", "/v1/device", nil, 426},
		{"openapi", "GET", "/v1/openapi.json", nil, 200},
	} {
		status, header, body := h.do(tt.method, tt.path, tt.header, nil)
		wantStatus(t, tt.name, status, tt.status, body)
		if status >= 400 && header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: content type %q", tt.name, header.Get("Content-Type"))
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", tt.name, header)
		}
		if status == 401 && header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", tt.name)
		}
		if status == 405 && !strings.Contains(header.Get("Allow"), "GET") {
			t.Errorf("%s: Allow %q", tt.name, header.Get("Allow"))
		}
	}
}

func TestDevelopmentOutboxIsForThisMachine(t *testing.T) {
	h := open(t, nil)
	for _, tt := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"this machine", nil, 200},
		{"by name", http.Header{"Host": {"localhost:8700"}}, 200},
		{"a page that rebinds its name", http.Header{"Host": {"evil.example"}}, 403},
		{"through a proxy", http.Header{"X-Forwarded-For": {"203.0.113.5"}}, 403},
		{"through another proxy", http.Header{"Forwarded": {"for=203.0.113.5"}}, 403},
	} {
		for _, path := range []string{"/dev/outbox.json", "/dev/outbox"} {
			status, _, body := h.do("GET", path, tt.header, nil)
			wantStatus(t, tt.name+" "+path, status, tt.status, body)
		}
	}
	closed := open(t, func(c *server.Config) { c.Dev = false })
	for _, path := range []string{"/dev/outbox.json", "/dev/outbox"} {
		status, _, body := closed.do("GET", path, nil, nil)
		wantStatus(t, "without --dev "+path, status, 404, body)
	}
}

func TestHealth(t *testing.T) {
	h := open(t, func(c *server.Config) { c.Admin = "127.0.0.1:0" })
	eventually(t, "ready", func() bool {
		status, _, _ := h.do("GET", "/readyz", nil, nil)
		return status == 200
	})
	status, _, body := h.do("GET", "/metrics", nil, nil)
	wantStatus(t, "metrics in public", status, 404, body)
	h.do("GET", "/v1/openapi.json", nil, nil)
	h.url = "http://" + h.srv.AdminAddr().String()
	for path, want := range map[string]string{
		"/healthz": "healthy",
		"/readyz":  "ready",
		"/metrics": `hearthkey_http_requests_total{route="GET /v1/openapi.json",status="200"}`,
	} {
		status, _, body := h.do("GET", path, nil, nil)
		wantStatus(t, path, status, 200, nil)
		if !strings.Contains(string(body), want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}
