package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/operator"
)

// The table of roles, written a second time: each address in each role.
func TestO3_RoleTable(t *testing.T) {
	d := newDesk(t)
	d.owner("anna@example.org")
	allowed := map[string]string{ // who may, and what a good request answers
		"GET me":                   "viewer support admin 200",
		"POST find":                "viewer support admin 200",
		"GET outbox":               "support admin 200",
		"POST factor-resets":       "support admin 202",
		"POST factor-resets/lift":  "support admin 204",
		"POST import":              "admin 200",
		"GET operators":            "admin 200",
		"POST operators":           "admin 201",
		"POST operators/disable":   "admin 204",
		"GET log":                  "admin 200",
		"POST contact-resets":      "admin 202",
		"POST contact-resets/lift": "support admin 204",
		"POST find-devices":        "viewer support admin 404",
		"POST sign-outs/device":    "support admin 404",
		"POST sign-outs/account":   "support admin 204",
		"POST locks":               "support admin 204",
		"POST locks/lift":          "support admin 204",
		"GET sweeps":               "admin 200",
		"GET webhooks":             "admin 200",
		"POST webhooks":            "admin 201",
		"POST webhooks/rotate":     "admin 404",
		"POST webhooks/remove":     "admin 404",
		"POST webhooks/retry":      "admin 404",
		"GET webhooks/failed":      "admin 200",
		"POST sweeps":              "admin 202",
		"POST sweeps/approve":      "admin 404",
		"POST sweeps/cancel":       "admin 404",
	}
	bodies := map[string]string{
		"POST find":                `{"what":"anna@example.org"}`,
		"POST factor-resets":       `{"who":"anna@example.org","reason":"lost phone"}`,
		"POST factor-resets/lift":  `{"who":"anna@example.org","reason":"found it"}`,
		"POST contact-resets":      `{"who":"anna@example.org","reason":"lost everything","email":"anna@new.example"}`,
		"POST contact-resets/lift": `{"who":"anna@example.org","reason":"found it"}`,
		"POST import":              `{"reason":"moved","lines":[]}`,
		"POST operators":           `{"name":"new","role":"viewer"}`,
		"POST operators/disable":   `{"name":"new"}`,
		"POST find-devices":        `{"name":"Kitchen TV"}`,
		"POST sign-outs/device":    `{"device":"` + string(protocol.DeviceIDOf(make([]byte, 32))) + `","reason":"sold"}`,
		"POST sign-outs/account":   `{"who":"anna@example.org","reason":"taken over"}`,
		"POST locks":               `{"who":"anna@example.org","reason":"taken over"}`,
		"POST locks/lift":          `{"who":"anna@example.org","reason":"owner seen"}`,
		"POST webhooks":            `{"url":"https://siem.example/hook","reason":"siem"}`,
		"POST webhooks/rotate":     `{"webhook":"x","reason":"yearly"}`,
		"POST webhooks/remove":     `{"webhook":"x","reason":"moved"}`,
		"POST webhooks/retry":      `{"webhook":"x","reason":"mended"}`,
		"POST sweeps":              `{"reason":"keys stolen"}`,
		"POST sweeps/approve":      `{"sweep":"x","reason":"incident 7"}`,
		"POST sweeps/cancel":       `{"sweep":"x","reason":"false alarm"}`,
	}
	if len(routes) != len(allowed) {
		t.Errorf("%d routes, %d in this table", len(routes), len(allowed))
	}
	for _, r := range routes {
		name := r.method + " " + r.path
		rule := strings.Fields(allowed[name])
		if len(rule) == 0 {
			t.Errorf("%s is not in this table", name)
			continue
		}
		roles, good := rule[:len(rule)-1], rule[len(rule)-1]
		for _, role := range operator.Roles {
			got := d.do(r.method, Root+r.path, d.tokens[role], nil, bodies[name])
			may := strings.Contains(strings.Join(roles, " "), string(role))
			switch status := fmt.Sprint(got.status); {
			case !may && (status != "403" || got.problem.Type != "urn:hearthkey:problem:role"):
				t.Errorf("%s as %s = %s %+v, want 403", name, role, status, got.problem)
			case may && role == operator.Role(roles[0]) && status != good, may && status[0] == '5', may && (status == "401" || status == "403"):
				t.Errorf("%s as %s = %s %+v, want %s", name, role, status, got.problem, good)
			}
		}
		for _, c := range []struct{ name, kind string }{{"", "no-token"}, {"hko_x", "bad-token"}, {string(d.tokens[operator.Admin]) + "x", "bad-token"}} {
			got := d.do(r.method, Root+r.path, operator.Token(c.name), nil, bodies[name])
			if got.status != 401 || got.problem.Type != "urn:hearthkey:problem:"+c.kind || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with the token %q = %d %+v", name, c.name, got.status, got.problem)
			}
		}
	}
}

// A role that is refused leaves nothing behind.
func TestO3_RefusedRolesDoNothing(t *testing.T) {
	d := newDesk(t)
	d.owner("anna@example.org")
	before := d.acts()
	for _, path := range []string{"factor-resets", "operators", "operators/disable", "import"} {
		d.do("POST", Root+path, d.tokens[operator.Viewer], nil, `{"who":"anna@example.org","reason":"x","name":"the-admin","role":"admin"}`)
	}
	list, err := d.staff.List(t.Context())
	if err != nil || len(list) != 3 || !list[0].Disabled.IsZero() || d.acts() != before {
		t.Errorf("operators = %+v, %v; %d acts", list, err, d.acts()-before)
	}
}

func TestO3_BadRequests(t *testing.T) {
	d := newDesk(t)
	d.owner("anna@example.org")
	plain := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	latin := func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=latin1") }
	basic := func(r *http.Request) { r.SetBasicAuth("admin", "admin") }
	lines := `{"reason":"x","lines":[` + strings.Repeat(`"",`, 1000) + `""]}`
	before := d.acts()
	for _, c := range []struct {
		name, method, path string
		change             func(*http.Request)
		body               string
		status             int
		kind               string
	}{
		{"no such path", "GET", "nothing", nil, "", 404, "no-path"},
		{"outside", "GET", "../../v1/me", nil, "", 404, "no-path"},
		{"another method", "DELETE", "operators", nil, "", 405, "method"},
		{"a preflight", "OPTIONS", "find", nil, "", 405, "method"},
		{"a password", "GET", "me", basic, "", 401, "no-token"},
		{"not JSON by its type", "POST", "find", plain, `{"what":"anna@example.org"}`, 415, "not-json"},
		{"another charset", "POST", "find", latin, `{"what":"anna@example.org"}`, 415, "not-json"},
		{"nothing", "POST", "find", nil, ``, 400, "bad-body"},
		{"null", "POST", "find", nil, `null`, 400, "bad-body"},
		{"an array", "POST", "find", nil, `[{"what":"x"}]`, 400, "bad-body"},
		{"cut off", "POST", "find", nil, `{"what":"x"`, 400, "bad-body"},
		{"not UTF-8", "POST", "find", nil, "{\"what\":\"\xff\"}", 400, "bad-body"},
		{"two objects", "POST", "find", nil, `{"what":"x"}{}`, 400, "bad-body"},
		{"an unknown member", "POST", "find", nil, `{"what":"x","all":true}`, 400, "bad-body"},
		{"another kind", "POST", "find", nil, `{"what":7}`, 400, "bad-body"},
		{"huge", "POST", "find", nil, `{"what":"` + strings.Repeat("a", maxBody) + `"}`, 413, "too-large"},
		{"a huge import", "POST", "import", nil, `{"reason":"` + strings.Repeat("a", maxBatch) + `"}`, 413, "too-large"},
		{"too many lines", "POST", "import", nil, lines, 413, "too-many-lines"},
		{"no reason to import", "POST", "import", nil, `{"lines":["{}"]}`, 422, "no-reason"},
		{"nothing to find", "POST", "find", nil, `{}`, 422, "bad-lookup"},
		{"a national number", "POST", "find", nil, `{"what":"0151 23456789"}`, 422, "bad-lookup"},
		{"no reason", "POST", "factor-resets", nil, `{"who":"anna@example.org"}`, 422, "no-reason"},
		{"a reason of nothing", "POST", "factor-resets", nil, `{"who":"anna@example.org","reason":" \n"}`, 422, "no-reason"},
		{"no account", "POST", "factor-resets", nil, `{"reason":"lost phone"}`, 422, "bad-lookup"},
		{"no reason to lift", "POST", "factor-resets/lift", nil, `{"who":"anna@example.org"}`, 422, "no-reason"},
		{"no name", "POST", "operators", nil, `{"role":"viewer"}`, 422, "bad-name"},
		{"no role", "POST", "operators", nil, `{"name":"x"}`, 422, "bad-role"},
		{"an invented role", "POST", "operators", nil, `{"name":"x","role":"root"}`, 422, "bad-role"},
		{"a name given before", "POST", "operators", nil, `{"name":"the-admin","role":"viewer"}`, 409, "name-taken"},
		{"nobody to disable", "POST", "operators/disable", nil, `{"name":"nobody"}`, 404, "no-operator"},
		{"the last admin", "POST", "operators/disable", nil, `{"name":"the-admin"}`, 409, "last-admin"},
		{"a device that is none", "POST", "sign-outs/device", nil, `{"device":"x","reason":"sold"}`, 422, "bad-device"},
		{"a webhook in a private network", "POST", "webhooks", nil, `{"url":"https://10.1.2.3/hook","reason":"siem"}`, 422, "private-url"},
		{"a webhook for an invented kind", "POST", "webhooks", nil, `{"url":"https://siem.example/","events":["x"],"reason":"siem"}`, 422, "bad-kind"},
		{"no reason to sign out", "POST", "sign-outs/account", nil, `{"who":"anna@example.org"}`, 422, "no-reason"},
		{"no reason to lock", "POST", "locks", nil, `{"who":"anna@example.org"}`, 422, "no-reason"},
		{"nobody to lock", "POST", "locks", nil, `{"who":"nobody@example.org","reason":"x"}`, 404, "nobody"},
		{"no name of a device", "POST", "find-devices", nil, `{}`, 422, "bad-lookup"},
		{"a webhook for no reason", "POST", "webhooks", nil, `{"url":"https://siem.example/"}`, 422, "no-reason"},
		{"a webhook in the clear", "POST", "webhooks", nil, `{"url":"http://siem.example/","reason":"x"}`, 422, "bad-url"},
		{"a webhook with a password", "POST", "webhooks", nil, `{"url":"https://a:b@siem.example/","reason":"x"}`, 422, "bad-url"},
		{"a webhook of another kind", "POST", "webhooks", nil, `{"url":"file:///etc/passwd","reason":"x"}`, 422, "bad-url"},
		{"a webhook with no host", "POST", "webhooks", nil, `{"url":"https://:443/","reason":"x"}`, 422, "bad-url"},
		{"a huge address", "POST", "webhooks", nil, `{"url":"https://siem.example/` + strings.Repeat("a", 512) + `","reason":"x"}`, 422, "bad-url"},
		{"an event of no kind", "POST", "webhooks", nil, `{"url":"https://siem.example/","events":["all"],"reason":"x"}`, 422, "bad-kind"},
		{"a short secret", "POST", "webhooks", nil, `{"url":"https://siem.example/","secret":"whsec_AAAA","reason":"x"}`, 422, "bad-secret"},
		{"a bare secret", "POST", "webhooks", nil, `{"url":"https://siem.example/","secret":"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw","reason":"x"}`, 422, "bad-secret"},
		{"a secret kept for ever", "POST", "webhooks/rotate", nil, `{"webhook":"x","keep_seconds":604801,"reason":"x"}`, 422, "bad-keep"},
		{"a secret kept backwards", "POST", "webhooks/rotate", nil, `{"webhook":"x","keep_seconds":-1,"reason":"x"}`, 422, "bad-keep"},
		{"a huge limit of events", "GET", "webhooks/failed?limit=501", nil, "", 400, "bad-query"},
		{"everyone for no reason", "POST", "sweeps", nil, `{}`, 422, "no-reason"},
		{"everyone at no pace", "POST", "sweeps", nil, `{"reason":"x","per_second":-1}`, 422, "bad-pace"},
		{"nothing to approve", "POST", "sweeps/approve", nil, `{"sweep":"x","reason":"x"}`, 404, "no-sweep"},
		{"nothing to cancel", "POST", "sweeps/cancel", nil, `{"sweep":"x","reason":"x"}`, 404, "no-sweep"},
		{"no such state", "GET", "outbox?state=sent", nil, "", 400, "bad-query"},
		{"a huge limit of messages", "GET", "outbox?limit=501", nil, "", 400, "bad-query"},
		{"no limit", "GET", "log?limit=0", nil, "", 400, "bad-query"},
		{"a huge limit", "GET", "log?limit=501", nil, "", 400, "bad-query"},
		{"a limit in words", "GET", "log?limit=all", nil, "", 400, "bad-query"},
		{"not an entry", "GET", "log?before=x", nil, "", 400, "bad-query"},
	} {
		got := d.do(c.method, Root+c.path, d.tokens[operator.Admin], c.change, c.body)
		if got.status != c.status || got.problem.Type != "urn:hearthkey:problem:"+c.kind {
			t.Errorf("%s = %d %+v, want %d %s", c.name, got.status, got.problem, c.status, c.kind)
		}
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
				t.Errorf("%s: header %s", c.name, name)
			}
		}
	}
	list, err := d.staff.List(t.Context())
	if err != nil || len(list) != 3 || d.acts() != before {
		t.Errorf("something changed: %+v, %v, %d acts", list, err, d.acts()-before)
	}
	if d.logs.Len() > 0 {
		t.Errorf("taken for faults: %s", &d.logs)
	}
}
