package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// V7: whoever merely tries to sign in, by browser or TV, writes no words of
// their own into our mails or the timeline.
func TestV7_AStrangerWritesNothingIntoNotices(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	const agent, name = "Your account is blocked. Call +1 900 5550100 or visit evil. example", "Call 0900 5550100"
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {agent}}
	post := func(path string, in object) {
		t.Helper()
		body, _ := json.Marshal(in)
		h.do("POST", path, header, body)
	}
	for i := range 4 {
		post("/v1/sign-in", object{"email": o.email, "password": fmt.Sprint("wrong ", i)})
	}
	post("/v1/sign-in", object{"email": o.email, "password": password})
	post("/v1/sign-up", object{"email": o.email, "password": password})
	post("/v1/recovery", object{"login": o.email, "channel": "mail"})
	v := newTV(h, name)
	v.enrol()
	for i := range 4 {
		typed(v, protocol.SignIn{Login: o.email, Password: protocol.Secret(fmt.Sprint("wrong ", i))})
	}
	typed(v, protocol.SignIn{Login: o.email, Password: password})

	_, _, outbox := h.do("GET", "/dev/outbox.json", nil, nil)
	_, timeline := o.try("GET", "/v1/timeline", nil)
	for what, body := range map[string][]byte{"the outbox": outbox, "the timeline": timeline} {
		for _, word := range []string{"5550100", "blocked", "evil"} {
			if strings.Contains(string(body), word) {
				t.Errorf("%s says %q: %s", what, word, body)
			}
		}
	}
	if n := strings.Count(string(outbox), `"kind":"access-code"`); n < 3 {
		t.Errorf("%d codes were mailed: %s", n, outbox)
	}
}
