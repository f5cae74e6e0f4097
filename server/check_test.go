package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/account"
)

// checked answers the check by a code to the account's own address.
func (o *owner) checked() {
	o.t.Helper()
	o.call("POST", "/v1/session/check", object{}, nil)
	o.renewed("POST", "/v1/session/check/answer", object{"code": o.accessCode(o.email)})
}

// With the password alone, however fresh, nothing changes how the account is
// reached or protected, by the pages or by the API.
// ASVS 6.3.4.
func TestV2_OneRuleForPagesAndAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	h.skew.Add(int64(account.CheckAge + time.Minute))
	o.prove(password)
	before := o.everything()
	refused := map[string]bool{}
	for _, op := range h.operations() {
		if !op.check {
			continue
		}
		refused[op.method+" "+op.pattern] = true
		status, body := o.try(op.method, op.path, object{})
		wantStatus(t, op.method+" "+op.path, status, 403, body)
		if !bytes.Contains(body, []byte("check-needed")) {
			t.Errorf("%s %s = %s", op.method, op.path, body)
		}
	}
	cookie := o.browser()
	for page, operations := range map[string][]string{
		"/account/membership/password":        {"POST /v1/password"},
		"/account/membership/email":           {"POST /v1/email"},
		"/account/membership/phone":           {"POST /v1/phone"},
		"/account/membership/phone/remove":    {"POST /v1/phone/remove"},
		"/account/security/app":               {"POST /v1/factors/totp", "GET /v1/factors/totp", "POST /v1/factors/totp/confirm"},
		"/account/security/app/remove":        {"POST /v1/factors/totp/remove"},
		"/account/security/codes":             {"POST /v1/factors/recovery-codes"},
		"/account/security/second-factor":     {"PUT /v1/factors/second"},
		"/account/security/passkeys/new":      {"POST /v1/factors/passkeys/begin", "POST /v1/factors/passkeys"},
		"/account/security/passkeys/x/remove": {"POST /v1/factors/passkeys/{passkey}/remove"},
	} {
		resp, _ := h.raw("GET", page, cookie, "")
		if to := resp.Header.Get("Location"); !strings.HasPrefix(to, "/proof/check?") {
			t.Errorf("GET %s = %d %q, want the check", page, resp.StatusCode, to)
		}
		for _, name := range operations {
			if !refused[name] {
				t.Errorf("%s asks for no check, unlike %s", name, page)
			}
			delete(refused, name)
		}
	}
	if len(refused) > 0 {
		t.Errorf("these ask for a check and no page does: %v", refused)
	}
	o.unchanged(before)
}

func TestV2_TheCheckThroughTheAPI(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	h.skew.Add(int64(account.CheckAge + time.Minute))
	o.prove(password)
	var c struct {
		Done     bool
		Factors  []string
		Channels map[string]string
		Code     *struct{ Channel, To string }
	}
	o.call("GET", "/v1/session/check", nil, &c)
	if c.Done || len(c.Factors) != 0 || c.Channels["mail"] != "m…a@example.org" || len(c.Channels) != 1 || c.Code != nil {
		t.Errorf("check = %+v", c)
	}
	for _, tt := range []struct {
		name, path, body string
		status           int
		kind             string
	}{
		{"no answer", "/v1/session/check/answer", `{}`, 422, "wrong-answer"},
		{"before a code", "/v1/session/check/answer", `{"code":"123456"}`, 404, "no-change"},
		{"a code of no app", "/v1/session/check/answer", `{"totp":"123456"}`, 422, "wrong-answer"},
		{"two at once", "/v1/session/check/answer", `{"code":"123456","totp":"123456"}`, 400, "bad-body"},
		{"a huge one", "/v1/session/check/answer", `{"code":"` + strings.Repeat("1", 300) + `"}`, 400, "bad-body"},
		{"a number", "/v1/session/check/answer", `{"code":123456}`, 400, "bad-body"},
		{"an unknown member", "/v1/session/check/answer", `{"code":"1","next":"x"}`, 400, "bad-body"},
		{"no such way", "/v1/session/check", `{"channel":"pigeon"}`, 422, "no-channel"},
		{"no number", "/v1/session/check", `{"channel":"sms"}`, 422, "no-channel"},
	} {
		status, body := o.tryRaw("POST", tt.path, tt.body)
		wantProblem(t, tt.name, status, body, tt.status, tt.kind)
	}
	o.call("POST", "/v1/session/check", object{"channel": "mail"}, &c)
	if c.Code == nil || c.Code.To != "m…a@example.org" {
		t.Errorf("check = %+v, want the code that is on its way", c)
	}
	status, body := o.try("POST", "/v1/session/check/answer", object{"code": "x"})
	wantProblem(t, "a wrong code", status, body, 422, "wrong-code")
	o.renewed("POST", "/v1/session/check/answer", object{"code": h.accessCode(o.email)})
	o.call("GET", "/v1/session/check", nil, &c)
	if !c.Done {
		t.Error("after the code no check is done")
	}
	o.call("POST", "/v1/email", object{"email": "mara@example.net"}, nil)
}

// Without a gateway the API offers nothing by SMS, and says so.
func TestV1_WithoutAGatewayTheAPIOffersNoSMS(t *testing.T) {
	h := open(t, func(c *server.Config) { c.Dev = false })
	resp, body := h.raw("POST", "/v1/recovery", http.Header{"Content-Type": {"application/json"}}, `{"login":"mara@example.org","channel":"sms"}`)
	wantProblem(t, "recovery by SMS", resp.StatusCode, []byte(body), 422, "no-sms")
	resp, body = h.raw("POST", "/v1/recovery", http.Header{"Content-Type": {"application/json"}}, `{"login":"+4915112345678"}`)
	if resp.StatusCode != 202 || !strings.Contains(body, `"channel":"mail"`) {
		t.Errorf("recovery by number = %d %s, want a code by mail", resp.StatusCode, body)
	}
	resp, body = h.raw("GET", "/recover", http.Header{}, "")
	if resp.StatusCode != 200 || strings.Contains(body, "SMS") {
		t.Errorf("GET /recover = %d, and offers SMS: %v", resp.StatusCode, strings.Contains(body, "SMS"))
	}
}
