package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

// operation is one operation of the API's document, with a path that can be
// asked for.
type operation struct {
	method, pattern, path string
	proof                 bool // asks for a fresh one
	check                 bool // and for a code or a second factor
	open                  bool // to anybody
}

var pathValues = strings.NewReplacer(
	"{kind}", "email", "{device}", string(protocol.DeviceIDOf(make([]byte, 32))), "{digest}", "none", "{profile}", "none", "{session}", "none", "{passkey}", "none", "{title}", "none",
)

func (h *house) operations() []operation {
	var out []operation
	for pattern, item := range h.doc.Paths.Map() {
		for method, op := range item.Operations() {
			refused := op.Responses.Status(403)
			check := refused != nil && refused.Value.Description != nil && strings.Contains(*refused.Value.Description, "/v1/session/check")
			out = append(out, operation{
				method, pattern, pathValues.Replace(pattern), refused != nil, check, op.Security != nil && len(*op.Security) == 0,
			})
		}
	}
	return out
}

// raw makes one request and follows no redirect.
func (h *house) raw(method, path string, header http.Header, body string) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp, string(out)
}

// browser is the header of a browser that holds the owner's session, in which
// the main profile was chosen.
func (o *owner) browser() http.Header {
	o.t.Helper()
	var session struct{ ID string }
	o.call("GET", "/v1/session", nil, &session)
	var list struct{ Profiles []struct{ ID string } }
	o.call("GET", "/v1/profiles", nil, &list)
	return http.Header{"Cookie": {"hearthkey=" + o.token + "; hearthkey-profile=" + session.ID + "." + list.Profiles[0].ID}}
}

// What a page shows or changes only after a fresh proof, the API does too, and
// the other way round (docs/security.md). Below each page are the operations
// that do the same.
// ASVS 6.3.4.
func TestA8_OneRuleForPagesAndAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	cookie := o.browser()
	h.skew.Add(int64(account.ProofAge + time.Minute))

	for page, operations := range map[string][]string{
		"/account/devices":             {"GET /v1/devices", "GET /v1/sessions", "GET /v1/devices/{device}/receipts"},
		"/account/timeline":            {"GET /v1/timeline"},
		"/account/activity/streaming":  {"GET /v1/activity/streaming"},
		"/account/membership":          {"GET /v1/contact", "GET /v1/bounces"},
		"/account/membership/password": {"POST /v1/password"},
		"/proof/check":                 {"GET /v1/session/check", "POST /v1/session/check", "POST /v1/session/check/answer"},
		"/account/membership/email":    {"POST /v1/email"},
		"/account/membership/phone":    {"POST /v1/phone", "POST /v1/phone/remove"},
		"/account/membership/code":     {"GET /v1/changes/{kind}", "POST /v1/changes/{kind}/confirm", "POST /v1/changes/{kind}/resend"},
		"/account/security":            {"GET /v1/factors", "GET /v1/preferences", "PUT /v1/preferences", "PUT /v1/factors/second"},
		"/account/security/app":        {"POST /v1/factors/totp", "GET /v1/factors/totp", "POST /v1/factors/totp/confirm"},
		"/account/security/app/remove": {"POST /v1/factors/totp/remove"},
		"/account/security/codes":      {"POST /v1/factors/recovery-codes"},
		"/account/security/passkeys/new": {"POST /v1/factors/passkeys/begin", "POST /v1/factors/passkeys",
			"PATCH /v1/factors/passkeys/{passkey}", "POST /v1/factors/passkeys/{passkey}/remove"},
		"/account/profiles":    {"POST /v1/profiles", "PUT /v1/profiles/{profile}", "DELETE /v1/profiles/{profile}", "PUT /v1/profiles/{profile}/pin", "POST /v1/profiles/{profile}/pin/remove"},
		"/account/parental":    {"GET /v1/parental", "PUT /v1/parental", "PUT /v1/parental/pin", "POST /v1/parental/pin/remove", "PUT /v1/parental/titles/{title}"},
		"/account/hacked":      {"GET /v1/hacked", "POST /v1/hacked", "POST /v1/hacked/looked", "DELETE /v1/hacked"},
		"/account/data":        {"POST /v1/export", "GET /v1/erasure", "DELETE /v1/erasure"},
		"/account/data/delete": {"POST /v1/erasure"},
		"/tv":                  {"POST /v1/user-codes/lookup", "POST /v1/user-codes/approve"},
	} {
		resp, _ := h.raw("GET", page, cookie, "")
		if to := resp.Header.Get("Location"); !strings.HasPrefix(to, "/proof?") {
			t.Errorf("GET %s = %d %q, want the proof", page, resp.StatusCode, to)
		}
		for _, name := range operations {
			method, pattern, _ := strings.Cut(name, " ")
			if item := h.doc.Paths.Value(pattern); item == nil || item.GetOperation(method) == nil || item.GetOperation(method).Responses.Status(403) == nil {
				t.Errorf("%s asks for no proof, unlike %s", name, page)
			}
		}
	}
	// only takes access away, or is the gate's
	for _, name := range []string{
		"POST /v1/sign-out", "POST /v1/sign-out-everywhere", "DELETE /v1/sessions/{session}", "POST /v1/devices/{device}/sign-out",
		"POST /v1/user-codes/refuse", "GET /v1/profiles", "GET /v1/session", "GET /v1/titles", "GET /v1/activity",
	} {
		method, pattern, _ := strings.Cut(name, " ")
		if h.doc.Paths.Value(pattern).GetOperation(method).Responses.Status(403) != nil {
			t.Errorf("%s asks for a proof", name)
		}
	}
}

// Every operation does what the document says: with a proof that ran out it is
// refused, by either way to say who asks, and nothing changes.
// ASVS 7.5.1.
func TestA8_AStaleProofIsRefused(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	before := o.everything()
	h.skew.Add(int64(account.ProofAge))
	refused := 0
	for _, op := range h.operations() {
		if !op.proof {
			continue
		}
		refused++
		cookie := http.Header{"Cookie": {"hearthkey=" + o.token}, "Content-Type": {"application/json"}}
		for who, header := range map[string]http.Header{"bearer": o.header(), "cookie": cookie} {
			status, _, body := h.do(op.method, op.path, header, []byte("{}"))
			wantStatus(t, who+" "+op.method+" "+op.path, status, 403, body)
			if !bytes.Contains(body, []byte("proof-needed")) || !bytes.Contains(body, []byte("Give your password or a passkey again to do this.")) {
				t.Errorf("%s %s = %s", op.method, op.path, body)
			}
		}
	}
	if refused < 40 {
		t.Errorf("only %d operations ask for a proof", refused)
	}
	o.prove(password)
	o.unchanged(before)
}

// Nobody gets through without a session.
func TestA8_NoSessionNoAnswer(t *testing.T) {
	h := open(t, nil)
	h.signUp("mara@example.org")
	for _, op := range h.operations() {
		if op.open {
			continue
		}
		status, _, body := h.do(op.method, op.path, http.Header{"Content-Type": {"application/json"}}, []byte("{}"))
		wantStatus(t, op.method+" "+op.path, status, 401, body)
	}
}

// The board's stream begins with a fresh proof only, and goes on while it is
// open.
func TestA8_BoardStream(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	other := &owner{house: h, email: o.email}
	second := other.signIn()
	header := o.browser()

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", h.url+"/account/devices/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	wantEvent(t, lines, "board")

	h.skew.Add(int64(account.ProofAge + time.Minute))
	if _, body := h.raw("GET", "/account/devices/live", header, ""); !strings.HasPrefix(body, "event: gone\n") {
		t.Errorf("a stream with a stale proof begins with %.40q, want gone", body)
	}
	o.call("DELETE", "/v1/sessions/"+second, nil, nil) // takes access away: no proof
	wantEvent(t, lines, "board")
}

func wantEvent(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			if name != want {
				t.Errorf("event %q, want %q", name, want)
			}
			return
		}
	}
	t.Errorf("the stream ended before %q: %v", want, lines.Err())
}

// What is done with somebody's token or cookie is told as coming from whoever
// did it, not from where the session began.
func TestV7_NoticesSayWhoActed(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	const thief = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	header := o.header()
	header.Set("User-Agent", thief)
	status, _, body := h.do("POST", "/v1/profiles", header, []byte(`{"name":"Eve","avatar":"fox","level":5}`))
	wantStatus(t, "with a stolen token", status, 201, body)
	cookie := o.browser()
	cookie.Set("User-Agent", thief)
	cookie.Set("Content-Type", "application/x-www-form-urlencoded")
	cookie.Set("Sec-Fetch-Site", "same-origin")
	if resp, body := h.raw("POST", "/account/profiles", cookie, "name=Mallory&avatar=fox&level=5"); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("with a stolen cookie: %d %s", resp.StatusCode, body)
	}
	_, _, outbox := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct{ Messages []struct{ Kind, Text string } }
	if err := json.Unmarshal(outbox, &out); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, m := range out.Messages {
		if m.Kind == "profile-changed" {
			told++
			if !strings.Contains(m.Text, "Firefox on Linux") {
				t.Errorf("the notice does not say who acted:\n%s", m.Text)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d notices, want 2", told)
	}
}

// everything is what the API tells about the account, for tests of what must
// leave it as it was.
func (o *owner) everything() map[string]json.RawMessage {
	o.t.Helper()
	out := map[string]json.RawMessage{}
	for _, path := range []string{
		"/v1/contact", "/v1/factors", "/v1/preferences", "/v1/hacked", "/v1/erasure", "/v1/profiles", "/v1/parental", "/v1/devices", "/v1/timeline",
	} {
		var v json.RawMessage
		o.call("GET", path, nil, &v)
		out[path] = v
	}
	return out
}

func (o *owner) unchanged(before map[string]json.RawMessage) {
	o.t.Helper()
	for path, now := range o.everything() {
		if !bytes.Equal(now, before[path]) {
			o.t.Errorf("%s was %s, is %s", path, before[path], now)
		}
	}
}
