package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// D1: a TV that was approved until a date gets no lease beyond it, is listed with
// it, and is told the moment it has come, without anybody looking; one that was
// offline is told when it is back.
func TestD1_EndDate(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	on, off := newTV(h, "Room 1"), newTV(h, "Room 2")
	ends := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	for _, v := range []*tv{on, off} {
		code := v.enrol()
		status, body := o.try("POST", "/v1/user-codes/approve", object{"code": code.Code, "ends": ends.Add(-4 * time.Hour)})
		wantStatus(t, "until the past", status, 422, body)
		status, body = o.try("POST", "/v1/user-codes/approve", object{"code": code.Code, "ends": "tomorrow"})
		wantStatus(t, "until no date", status, 400, body)
		o.call("POST", "/v1/user-codes/approve", object{"code": code.Code, "ends": ends}, nil)
		expect[protocol.Enrolled](v)
		expect[protocol.State](v)
		v.fill()
		left := time.Until(ends)
		if got := time.Duration(v.state.Lease) * time.Second; !v.granted() || got > left+time.Second || got < left-time.Minute {
			t.Errorf("%s: a lease of %s, %s before its end", v.name, got, left)
		}
	}
	off.hangUp()
	eventually(t, "it is shown offline", func() bool { return !o.device(string(off.id)).Online })
	if d := o.device(string(off.id)); d.Bound == nil || d.Bound.LocksBy.After(ends.Add(time.Minute)) {
		t.Errorf("the bound of an offline TV: %+v", d.Bound)
	}

	h.skew.Store(int64(time.Until(ends)))
	for on.state.Status == protocol.Active {
		expect[protocol.State](on)
	}
	if c := on.state.Cause; on.state.Status != protocol.SignedOut || c == nil || c.By != protocol.ByEndDate {
		t.Errorf("at the end date: %+v", on.state)
	}
	if d := o.device(string(off.id)); d.Status != "signed_out" || d.By != "end_date" {
		t.Errorf("the offline one: %+v", d)
	}
	off.auth()
	if off.state.Status != protocol.SignedOut || off.granted() {
		t.Errorf("the offline one, back again: %+v", off.state)
	}
	off.prove()
	status, body := o.try("PUT", "/v1/devices/"+string(off.id)+"/end-date", object{"ends": ends.Add(time.Hour)})
	wantStatus(t, "an end date after it", status, 409, body)
	_, _, outbox := h.do("GET", "/dev/outbox.json", nil, nil)
	if !strings.Contains(string(outbox), "The end date that was set for it had come.") {
		t.Error("no notice says so")
	}
}

// D1: an end date is set, put off and removed later too.
func TestD1_EndDateLater(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	path := "/v1/devices/" + string(v.id) + "/end-date"
	for name, ends := range map[string]any{"too soon": time.Now(), "too far": time.Now().AddDate(2, 0, 0)} {
		status, body := o.try("PUT", path, object{"ends": ends})
		wantStatus(t, name, status, 422, body)
	}
	status, body := o.try("PUT", path, object{})
	wantStatus(t, "none", status, 400, body)
	o.call("PUT", path, object{"ends": time.Now().Add(time.Hour)}, nil)
	v.auth()
	if lease := max(v.state.Lease, v.still.Lease); !v.granted() || min(v.state.Lease, 3600) != 3600 && lease > 3600 {
		t.Errorf("a lease of %d s", lease)
	}
	v.ask = nonce()
	v.send(protocol.Ask{Nonce: v.ask})
	if still := expect[protocol.Still](v); still.JWS == "" || v.still.Lease > 3600 {
		t.Errorf("renewed: %+v", v.still)
	}
	o.call("DELETE", path, nil, nil)
	v.auth()
	v.ask = nonce()
	v.send(protocol.Ask{Nonce: v.ask})
	if expect[protocol.Still](v); v.still.Lease != protocol.MaxLease {
		t.Errorf("without an end date: %+v", v.still)
	}
}
