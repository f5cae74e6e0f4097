package server_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server"
)

type configOf = server.Config

// What a hostile or broken device sends, how its connection is closed, and
// that the owner's devices are as they were.
// ASVS 4.4.3.
func TestHostileFrames(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	victim := newTV(h, "Victim")
	victim.join(o)
	other := newTV(h, "Other")
	other.join(o)
	used := newTV(h, "Used")
	used.join(o)
	enrolFirst := used.enrolFrame() // of a hello that is over

	forged := func(change func(*protocol.Auth)) func(*tv) {
		return func(v *tv) {
			v.dial()
			f := v.authFrame()
			change(&f)
			v.send(f)
		}
	}
	for _, tt := range []struct {
		name string
		do   func(v *tv) // v has the victim's id, name and connection count but its own key
		code protocol.Code
	}{
		{"garbage", func(v *tv) { v.dial(); v.raw([]byte("\x00\x01garbage")) }, protocol.CodeBadFrame},
		{"no type", func(v *tv) { v.dial(); v.raw([]byte(`{"device":"x"}`)) }, protocol.CodeBadFrame},
		{"a known type with bad content", func(v *tv) { v.dial(); v.raw([]byte(`{"t":"auth","device":"x"}`)) }, protocol.CodeBadFrame},
		{"deep nesting", func(v *tv) { v.dial(); v.raw([]byte(strings.Repeat(`{"t":`, 6000))) }, protocol.CodeBadFrame},
		{"binary", func(v *tv) { v.dial(); _ = v.ws.WriteMessage(websocket.BinaryMessage, []byte("{}")) }, protocol.CodeBadFrame},
		{"oversized", func(v *tv) { v.dial(); v.raw(make([]byte, protocol.MaxDeviceFrame+1)) }, protocol.CodeTooLarge},
		{"a flood", func(v *tv) {
			v.dial()
			for range 360 {
				if v.ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"later"}`)) != nil {
					return
				}
			}
		}, protocol.CodeTooMany},
		{"an ask before auth", func(v *tv) { v.dial(); v.send(protocol.Ask{Nonce: nonce()}) }, protocol.CodeOutOfOrder},
		{"activity before auth", func(v *tv) {
			v.dial()
			v.send(protocol.Activity{Epoch: 1, Items: []protocol.ActivityItem{{Seq: 1, Profile: "p", Title: "t", What: protocol.Started}}})
		}, protocol.CodeOutOfOrder},
		{"auth signed by another key", forged(func(*protocol.Auth) {}), protocol.CodeBadSignature},
		{"auth with a signature of zeros", forged(func(f *protocol.Auth) { f.Sig = make([]byte, 64) }), protocol.CodeBadSignature},
		{"auth of a device that nobody knows", func(v *tv) {
			v.id = protocol.DeviceIDOf(v.public())
			forged(func(*protocol.Auth) {})(v)
		}, protocol.CodeUnknown},
		{"enrol signed over another hello", func(v *tv) { v.dial(); v.send(enrolFirst) }, protocol.CodeBadSignature},
		{"enrol with another's key", func(v *tv) {
			v.dial()
			f := v.enrolFrame()
			f.PublicKey = protocol.Bytes(victim.public())
			f.Sig = ed25519.Sign(v.key, sign.EnrolBytes(v.hello.Nonce, v.hello.Server, f))
			v.send(f)
		}, protocol.CodeBadSignature},
		{"a forged receipt", func(v *tv) {
			v.dial()
			v.send(protocol.Receipt{JWS: v.signed(protocol.TypReceipt, v.receiptClaims())})
		}, protocol.CodeBadSignature},
		{"a receipt that is no JWS", func(v *tv) { v.dial(); v.send(protocol.Receipt{JWS: "a.b"}) }, protocol.CodeBadFrame},
		{"a forged signed-out-here", func(v *tv) {
			v.dial()
			v.send(protocol.SignedOutHere{JWS: v.signed(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
				Device: victim.id, Account: victim.enrolled.Account, Epoch: 1, Status: protocol.Deactivated,
			})})
		}, protocol.CodeBadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := o.devices()
			v := newTV(h, "Victim")
			v.t, v.id, v.conn, v.have = t, victim.id, victim.conn, victim.have
			v.enrolled, v.state, v.stateJWS = victim.enrolled, victim.state, victim.stateJWS
			tt.do(v)
			e, code := v.closeCode()
			if code != protocol.CloseBase+int(tt.code) || e.Code != tt.code {
				t.Errorf("error %d and close code %d, want %d and %d", e.Code, code, tt.code, protocol.CloseBase+int(tt.code))
			}
			if d := cmp.Diff(before, o.devices(), cmpopts.EquateApproxTime(time.Minute)); d != "" {
				t.Errorf("the owner's devices changed:\n%s", d)
			}
		})
	}
	// the victim was not disturbed
	victim.ask = nonce()
	victim.send(protocol.Ask{Nonce: victim.ask})
	expect[protocol.Still](victim)
}

// Frames of the device itself that are stale or out of order.
func TestStaleFrames(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	for _, tt := range []struct {
		name string
		do   func(v *tv)
		code protocol.Code
	}{
		{"auth twice", func(v *tv) { v.send(v.authFrame()) }, protocol.CodeOutOfOrder},
		{"enrol on a live connection", func(v *tv) { v.send(v.enrolFrame()) }, protocol.CodeOutOfOrder},
		{"activity of an earlier sign-in", func(v *tv) {
			v.send(protocol.Activity{Epoch: 1, Items: []protocol.ActivityItem{{Seq: 1, Profile: "p", Title: "t", What: protocol.Started}}})
		}, protocol.CodeStaleEpoch},
		{"a receipt typed as another proof", func(v *tv) {
			v.send(protocol.Receipt{JWS: v.signed(protocol.TypSignedOutHere, v.receiptClaims())})
		}, protocol.CodeBadFrame},
		{"a proof of a sign-in yet to come", func(v *tv) {
			c := v.receiptClaims()
			c.Epoch, c.Status = 9, protocol.Deactivated
			v.send(protocol.Receipt{JWS: v.signed(protocol.TypReceipt, c)})
		}, protocol.CodeUnknown},
		{"a connection number used before", func(v *tv) {
			v.dial()
			v.conn--
			v.send(v.authFrame())
		}, protocol.CodeClone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newTV(h, tt.name)
			v.t = t
			v.join(o)
			o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
			for v.state.Status == protocol.Active {
				expect[protocol.State](v)
			}
			v.prove()
			v.erase()
			v.join(o) // epoch 2
			before := o.device(string(v.id))
			tt.do(v)
			if e, code := v.closeCode(); code != protocol.CloseBase+int(tt.code) || e.Code != tt.code {
				t.Errorf("error %d and close code %d, want %d", e.Code, code, tt.code)
			}
			after := o.device(string(v.id))
			if tt.code == protocol.CodeClone {
				if after.Status != "signed_out" || after.By != string(protocol.BySafety) {
					t.Errorf("a clone is not locked: %+v", after)
				}
			} else if after.Status != before.Status || after.Epoch != before.Epoch || !after.Confirmed.IsZero() {
				t.Errorf("before %+v, after %+v", before, after)
			}
			h.skew.Add(int64(time.Minute)) // user codes of one address are throttled
			o.prove(password)
		})
	}
}

// Proofs of an earlier sign-in are evidence of that and change nothing else.
func TestLateProofs(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	v := newTV(h, "Den")
	v.join(o)
	o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
	for v.state.Status == protocol.Active {
		expect[protocol.State](v)
	}
	late := v.receiptClaims()
	v.erase()
	v.join(o) // epoch 2, before the receipt of epoch 1
	before := o.device(string(v.id))
	v.send(protocol.Receipt{JWS: v.signed(protocol.TypReceipt, late)})
	expect[protocol.ReceiptAck](v)
	v.send(protocol.SignedOutHere{JWS: v.signed(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
		Device: v.id, Account: v.enrolled.Account, Epoch: 1, Status: protocol.Deactivated,
	})})
	expect[protocol.ReceiptAck](v)
	if d := cmp.Diff(before, o.device(string(v.id)), cmpopts.EquateApproxTime(time.Minute)); d != "" {
		t.Errorf("the device changed:\n%s", d)
	}
}

// User codes that are wrong, used, refused or too old.
// ASVS 4.4.4; RFC 8628 §5.
func TestUserCodes(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("mara@example.org")
	try := func(what, code string) int {
		status, _ := o.try("POST", "/v1/user-codes/"+what, object{"code": code})
		return status
	}
	if got := try("approve", "BCDFGHJK"); got != 404 {
		t.Errorf("a code that no TV shows: %d, want 404", got)
	}
	used := newTV(h, "Used")
	code := used.enrol().Code
	if got := try("approve", code); got != 200 {
		t.Fatalf("approve = %d", got)
	}
	expect[protocol.Enrolled](used)
	if got := try("approve", code); got != 404 {
		t.Errorf("a used code: %d, want 404", got)
	}

	refused := newTV(h, "Refused")
	code = refused.enrol().Code
	if got := try("refuse", code); got != 204 {
		t.Errorf("refuse = %d", got)
	}
	if e, closed := refused.closeCode(); e.Code != protocol.CodeRefused || closed != 4008 {
		t.Errorf("the refused TV got %d and %d", e.Code, closed)
	}

	late := newTV(h, "Late")
	code = late.enrol().Code
	h.skew.Store(int64(16 * time.Minute))
	o.prove(password)
	if got := try("approve", code); got != 404 {
		t.Errorf("an expired code: %d, want 404", got)
	}
	if e, closed := late.closeCode(); e.Code != protocol.CodeExpired || closed != 4007 {
		t.Errorf("the late TV got %d and %d", e.Code, closed)
	}
	if got := len(o.devices()); got != 1 {
		t.Errorf("%d devices, want 1", got)
	}

	// lost after the approval: enrolling again gets what was missed
	lost := newTV(h, "Lost")
	code = lost.enrol().Code
	lost.hangUp()
	if got := try("approve", code); got != 200 {
		t.Fatalf("approve = %d", got)
	}
	lost.dial()
	lost.send(lost.enrolFrame())
	expect[protocol.Enrolled](lost)
	expect[protocol.State](lost)
	if !lost.granted() {
		t.Error("no grant for the ask of the second enrol")
	}
}

// One address that keeps proving nothing is slowed; others are not.
func TestUnprovedConnectionsAreLimited(t *testing.T) {
	h := open(t, func(c *server.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	dial := func(from string) (int, error) {
		d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}}
		ws, resp, err := d.Dial("ws"+strings.TrimPrefix(h.url, "http")+protocol.Path, http.Header{"X-Forwarded-For": {from}})
		if err == nil {
			ws.Close()
		}
		if resp == nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.StatusCode, err
	}
	refused := 0
	for range 400 {
		if status, _ := dial("203.0.113.5"); status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("400 connections that proved nothing, none refused")
	}
	if status, err := dial("203.0.113.6"); status != http.StatusSwitchingProtocols {
		t.Errorf("another address = %d, %v", status, err)
	}
}
