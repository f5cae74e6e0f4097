package server_test

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
)

// D15: whoever approves a TV too many is told what to do, and the TV keeps its
// code: once another is signed out the same code signs it in.
func TestD15_DeviceLimit(t *testing.T) {
	h := open(t, func(c *configOf) { c.MaxDevices = 1 })
	o := h.signUp("mara@example.org")
	first, second := newTV(h, "Den"), newTV(h, "Kitchen")
	first.join(o)
	code := second.enrol()
	status, body := o.try("POST", "/v1/user-codes/approve", object{"code": code.Code})
	wantStatus(t, "one too many", status, 409, body)
	if !strings.Contains(string(body), "too-many-devices") || !strings.Contains(string(body), "Sign one out first") {
		t.Errorf("it says %s", body)
	}
	o.call("POST", "/v1/devices/"+string(first.id)+"/sign-out", nil, nil)
	o.call("POST", "/v1/user-codes/approve", object{"code": code.Code}, nil)
	expect[protocol.Enrolled](second)
}
