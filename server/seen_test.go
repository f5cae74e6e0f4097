package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

// D1: as on the pages, whoever approves a TV on another network through the API
// says that they are in front of it.
func TestD1_AFarTVIsApprovedByWhoSeesIt(t *testing.T) {
	h := open(t, func(c *server.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	o := h.signUp("mara@example.org")
	near, far := newTV(h, "Living room"), newTV(h, "Far away")
	far.from = "203.0.113.9"
	for v, distance := range map[*tv]string{near: "home", far: "network"} {
		code := v.enrol().Code
		var asked struct{ Distance string }
		if o.call("POST", "/v1/user-codes/lookup", object{"code": code}, &asked); asked.Distance != distance {
			t.Errorf("%s is at the distance %q, want %q", v.name, asked.Distance, distance)
		}
		if v == far {
			status, body := o.try("POST", "/v1/user-codes/approve", object{"code": code})
			wantProblem(t, "unseen", status, body, 422, "unseen")
			status, body = o.try("POST", "/v1/user-codes/approve", object{"code": code, "seen": false})
			wantProblem(t, "said to be unseen", status, body, 422, "unseen")
		}
		o.call("POST", "/v1/user-codes/approve", object{"code": code, "seen": v == far}, nil)
		expect[protocol.Enrolled](v)
	}
}

// O4: the list says through the API too that it may lack TVs after a restore.
func TestO4_TheListSaysWhatItMayLack(t *testing.T) {
	v := openVaulted(t)
	o := v.signUp("anna@example.org")
	type list struct {
		Restored *struct{ At, Backup, Until time.Time }
	}
	var before, after list
	if o.call("GET", "/v1/devices", nil, &before); before.Restored != nil {
		t.Errorf("restored before there was a backup: %+v", before.Restored)
	}
	backup := v.backUp()
	v.restore(backup)
	o.signIn()
	o.call("GET", "/v1/devices", nil, &after)
	if r := after.Restored; r == nil || !r.Backup.Before(r.At) || r.Until.Sub(r.At) < 8*time.Hour {
		t.Errorf("after a restore: %+v", r)
	}
	if _, _, page := v.do("GET", "/account/devices", o.browser(), nil); !strings.Contains(string(page), "This list may lack TVs until") {
		t.Error("the board does not say it")
	}
}
