package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// seen is an entry of the timeline as the API tells it.
type seen struct {
	Kind, Subject, Program string
	Details                []string
	Times                  int
}

func (o *owner) timeline(kind string) (out []seen) {
	o.t.Helper()
	var got struct{ Entries []seen }
	o.call("GET", "/v1/timeline?limit=200", nil, &got)
	for _, e := range got.Entries {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// V4: strangers cannot push the rest of the timeline out of sight.
func TestV4_WrongPasswordsDoNotFloodTheTimeline(t *testing.T) {
	h := open(t, func(c *server.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	o := h.signUp("nora@example.org")
	flood := func(first int) {
		t.Helper()
		for i := range 25 {
			body, _ := json.Marshal(object{"email": o.email, "password": "wrong"})
			h.do("POST", "/v1/sign-in", http.Header{
				"Content-Type": {"application/json"}, "X-Forwarded-For": {fmt.Sprintf("203.0.%d.1", first+i/5)},
			}, body)
		}
	}
	flood(0)
	if got := o.timeline("sign_in_failed"); len(got) != 1 || got[0].Times != 5 {
		t.Errorf("after five networks: %+v", got)
	}
	h.skew.Add(int64(61 * time.Minute))
	o.prove(password)
	flood(100)
	if got := o.timeline("sign_in_failed"); len(got) != 2 || got[0].Times != 5 {
		t.Errorf("an hour later: %+v", got)
	}
}

// V4: every score shows its reasons, in the API too.
func TestV4_TheAPITellsTheReasons(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	o.signIn()
	got := o.timeline("signed_in")
	if len(got) != 1 || len(got[0].Details) < 2 || !strings.Contains(strings.Join(got[0].Details, " "), "from this network before") || got[0].Program == "" {
		t.Errorf("signed_in = %+v", got)
	}
}
