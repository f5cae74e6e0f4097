package server_test

import (
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// The main road: a TV enrols, is approved, has what it needs, follows changes,
// is signed out, proves it, comes back, and signs in again.
func TestMainRoad(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Living room")

	code := v.enrol()
	if len(code.Code) != protocol.UserCodeLength || !strings.Contains(code.FullURI, code.Code) {
		t.Fatalf("user code = %+v", code)
	}
	typed := strings.ToLower(code.Code[:4]) + "-" + code.Code[4:]
	var asks struct{ Code, Name, Model string }
	o.call("POST", "/v1/user-codes/lookup", object{"code": typed}, &asks)
	if asks.Code != code.Code || asks.Name != "Living room" || asks.Model != "Test box" {
		t.Errorf("lookup = %+v", asks)
	}
	begun := time.Now()
	o.call("POST", "/v1/user-codes/approve", object{"code": typed}, nil)
	expect[protocol.Enrolled](v)
	expect[protocol.State](v)
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the approval reached the TV after %v", took)
	}
	v.fill()
	if !v.granted() || v.state.Lease != protocol.MaxLease || v.state.Status != protocol.Active {
		t.Errorf("first state = %+v", v.state)
	}
	var snapshot protocol.Snapshot
	if err := json.Unmarshal(v.blobs[v.have.Snapshot], &snapshot); err != nil || len(snapshot.Profiles) != 2 {
		t.Errorf("snapshot = %+v, %v", snapshot, err)
	}
	if protocol.DigestOf(v.blobs[v.have.Snapshot]) != v.have.Snapshot {
		t.Error("the snapshot's bytes do not have its digest")
	}

	followsChanges(t, o, v, snapshot)
	renews(t, v)
	watches(t, o, v, snapshot)
	signedOut(t, o, v)
}

// followsChanges: a PIN set on the page reaches the TV, with its material.
func followsChanges(t *testing.T, o *owner, v *tv, s protocol.Snapshot) {
	t.Helper()
	before := v.have.Version
	o.call("PUT", "/v1/profiles/"+string(s.Profiles[0].ID)+"/pin", object{"pin": "4937", "current": password}, nil)
	for v.have.Version == before {
		expect[protocol.State](v)
	}
	v.fill()
	if len(v.state.Ask) > 0 {
		t.Error("a push repeats the ask: it would extend the lease")
	}
	if v.pins == nil || len(v.pins.Pins) != 1 || v.pins.Pins[0].Profile != s.Profiles[0].ID {
		t.Errorf("pins = %+v", v.pins)
	}
}

// renews: an ask is answered by still, and by a state after doubt.
func renews(t *testing.T, v *tv) {
	t.Helper()
	v.ask = nonce()
	v.send(protocol.Ask{Nonce: v.ask})
	expect[protocol.Still](v)
	if !v.granted() || v.still.Version != v.have.Version || v.still.Lease != protocol.MaxLease {
		t.Errorf("still = %+v", v.still)
	}
	v.send(protocol.Have{Epoch: v.have.Epoch, Version: 0, Status: protocol.Active, Keys: v.have.Keys})
	clear(v.blobs)
	kept := v.have
	v.have.Version, v.have.Pins = 0, 0
	expect[protocol.State](v)
	v.fill()
	if v.have != kept {
		t.Errorf("after doubt the TV has %+v, before %+v", v.have, kept)
	}
}

// watches: what is watched is acknowledged once, and shows on the page.
func watches(t *testing.T, o *owner, v *tv, s protocol.Snapshot) {
	t.Helper()
	v.send(protocol.ProfileSelected{Profile: s.Profiles[1].ID})
	batch := protocol.Activity{Epoch: v.have.Epoch, Items: []protocol.ActivityItem{
		{Seq: 1, Profile: s.Profiles[1].ID, Title: "t-1", What: protocol.Started, At: protocol.MillisOf(time.Now())},
		{Seq: 2, Profile: s.Profiles[1].ID, Title: "t-1", What: protocol.Stopped, At: protocol.MillisOf(time.Now()), Position: 60},
	}}
	for range 2 {
		v.send(batch)
		if ack := expect[protocol.ActivityAck](v); ack.Through != 2 {
			t.Errorf("acknowledged through %d, want 2", ack.Through)
		}
	}
	d := o.device(string(v.id))
	if d.Profile != string(s.Profiles[1].ID) || !d.Online || d.Status != "active" || d.Bound != nil {
		t.Errorf("device = %+v", d)
	}
}

// signedOut: one click, the TV's proof, its way back.
func signedOut(t *testing.T, o *owner, v *tv) {
	t.Helper()
	o.call("PATCH", "/v1/devices/"+string(v.id), object{"name": "Den"}, nil)
	o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
	for v.state.Status == protocol.Active {
		expect[protocol.State](v)
	}
	if v.state.Status != protocol.SignedOut || v.state.Cause == nil || v.state.Cause.By != protocol.ByOwner || v.state.Snapshot != nil {
		t.Errorf("state = %+v", v.state)
	}
	d := o.device(string(v.id))
	if d.Status != "signed_out" || !d.Confirmed.IsZero() || d.Bound == nil {
		t.Errorf("before the receipt: %+v", d)
	}
	receipt := v.prove()
	if d = o.device(string(v.id)); d.Confirmed.IsZero() || d.Bound != nil || d.Name != "Den" {
		t.Errorf("after the receipt: %+v", d)
	}
	var list struct {
		Receipts []struct {
			Digest, JWS string
			PublicKey   protocol.Bytes `json:"public_key"`
		}
	}
	o.call("GET", "/v1/devices/"+string(v.id)+"/receipts", nil, &list)
	if len(list.Receipts) != 1 || list.Receipts[0].JWS != receipt {
		t.Fatalf("receipts = %+v", list.Receipts)
	}
	status, raw := o.try("GET", "/v1/devices/"+string(v.id)+"/receipts/"+list.Receipts[0].Digest, nil)
	wantStatus(t, "raw receipt", status, 200, raw)
	var claims protocol.ReceiptClaims
	key := sign.OneKey(string(v.id), ed25519.PublicKey(list.Receipts[0].PublicKey))
	if _, err := sign.Verify(string(raw), protocol.TypReceipt, key, &claims); err != nil || claims.Status != protocol.SignedOut {
		t.Errorf("the raw receipt = %+v, %v", claims, err)
	}

	v.erase()
	v.join(o)
	if v.have.Epoch != 2 || v.state.Status != protocol.Active {
		t.Errorf("after signing in again: %+v", v.have)
	}
}

// A receipt is taken on a connection that has not authenticated, and once only.
func TestReceiptAfterTheSocketWasLost(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
	for v.state.Status == protocol.Active {
		expect[protocol.State](v)
	}
	v.dial()
	first := v.prove()
	v.dial()
	v.send(protocol.Receipt{JWS: first})
	expect[protocol.ReceiptAck](v)
	var list struct{ Receipts []object }
	o.call("GET", "/v1/devices/"+string(v.id)+"/receipts", nil, &list)
	if len(list.Receipts) != 1 {
		t.Errorf("%d receipts, want 1", len(list.Receipts))
	}
}

// Signing out at the TV itself, deactivation, and a change made while the TV
// was unplugged.
func TestOtherEnds(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	here, gone, asleep := newTV(h, "Here"), newTV(h, "Gone"), newTV(h, "Asleep")
	for _, v := range []*tv{here, gone, asleep} {
		v.join(o)
	}

	jws := here.signed(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
		Device: here.id, Account: here.enrolled.Account, Epoch: 1, Status: protocol.SignedOut,
		Applied: protocol.MillisOf(time.Now()), Erased: protocol.SignedOut.Erases(), Dropped: 3,
	})
	here.send(protocol.SignedOutHere{JWS: jws})
	expect[protocol.ReceiptAck](here)
	if d := o.device(string(here.id)); d.Status != "signed_out" || d.By != "this_tv" || d.Confirmed.IsZero() {
		t.Errorf("signed out at the TV: %+v", d)
	}

	o.call("POST", "/v1/devices/"+string(gone.id)+"/deactivate", nil, nil)
	for gone.state.Status == protocol.Active {
		expect[protocol.State](gone)
	}
	gone.prove()
	if gone.state.Status != protocol.Deactivated {
		t.Errorf("deactivated: %+v", gone.state)
	}

	asleep.hangUp()
	eventually(t, "asleep is shown offline", func() bool { return !o.device(string(asleep.id)).Online })
	o.call("POST", "/v1/devices/"+string(asleep.id)+"/sign-out", nil, nil)
	d := o.device(string(asleep.id))
	if d.Bound == nil || d.Bound.LocksBy.Before(time.Now()) || d.Bound.FurtherUse <= 0 || d.Bound.FurtherUse > protocol.MaxLease {
		t.Errorf("the bound of an unplugged TV: %+v", d.Bound)
	}
	asleep.auth()
	if asleep.state.Status != protocol.SignedOut || asleep.granted() {
		t.Errorf("after it was plugged in: %+v", asleep.state)
	}
	asleep.prove()
	if d := o.device(string(asleep.id)); d.Confirmed.IsZero() || d.Bound != nil {
		t.Errorf("after its receipt: %+v", d)
	}
}

// The server is stopped and started again: devices are told when to come back,
// and nothing is lost.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	h := open(t, func(c *configOf) { c.Data = dir })
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	ended := make(chan error, 1)
	go func() { ended <- h.stop() }()
	e, code := v.closeCode()
	if e.Code != protocol.CodeBusy || code != 1012 {
		t.Errorf("drained with error %d and close code %d, want %d and 1012", e.Code, code, protocol.CodeBusy)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	again := open(t, func(c *configOf) { c.Data = dir })
	v.url, o.house = again.url, again
	if d := o.device(string(v.id)); d.Online || d.Status != "active" {
		t.Errorf("after the restart: %+v", d)
	}
	v.auth()
	if !v.granted() || v.state.Status != protocol.Active {
		t.Errorf("state after the restart: %+v", v.state)
	}
}

// A newer connection of the same device takes over.
func TestReplaced(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	old := *v
	v.ws = nil
	v.auth()
	if _, code := old.closeCode(); code != 4014 {
		t.Errorf("the older connection was closed with %d, want 4014", code)
	}
	if d := o.device(string(v.id)); !d.Online {
		t.Error("the device is shown offline")
	}
}
