package server_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// V7: every security notice carries "It wasn't me", whichever part wrote it.
func TestV7_NoticesOfAllPartsCarryTheLink(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("nora@example.org")
	var made struct{ ID string }
	o.call("POST", "/v1/profiles", object{"name": "Kit", "avatar": "fox", "level": 3}, &made)
	o.call("PUT", "/v1/profiles/"+made.ID+"/pin", object{"pin": "4937", "current": password}, nil)
	o.call("POST", "/v1/sign-out-everywhere", nil, nil)
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct {
		Messages []struct{ Kind, Text string }
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	links := map[string]bool{}
	for _, m := range out.Messages {
		links[m.Kind] = strings.Contains(m.Text, "/not-me?link=")
	}
	for _, kind := range []string{"profile-changed", "lock-changed", "signed-out-everywhere"} {
		if has, sent := links[kind]; !sent || !has {
			t.Errorf("%s: sent %t, with a link %t", kind, sent, has)
		}
	}
}
