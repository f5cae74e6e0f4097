package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/api"
)

// typed sends what a person typed at the TV and returns the answer.
func typed(v *tv, f protocol.Frame) protocol.Frame {
	v.t.Helper()
	v.send(f)
	for {
		f, err := v.read()
		if err != nil {
			v.t.Fatalf("%s waits for an answer: %v", v.name, err)
		}
		v.take(f)
		switch f.(type) {
		case protocol.CodeNeeded, protocol.SignInRefused, protocol.Enrolled:
			return f
		}
	}
}

// outboxKinds lists the kinds of all messages.
func (h *house) outboxKinds() string {
	h.t.Helper()
	_, _, body := h.do("GET", "/dev/outbox.json", nil, nil)
	var out struct{ Messages []struct{ Kind string } }
	if err := json.Unmarshal(body, &out); err != nil {
		h.t.Fatal(err)
	}
	var kinds []string
	for _, m := range out.Messages {
		kinds = append(kinds, m.Kind)
	}
	return strings.Join(kinds, " ")
}

func wantRefusal(t *testing.T, what string, got protocol.Frame, want protocol.Refusal) protocol.SignInRefused {
	t.Helper()
	f, ok := got.(protocol.SignInRefused)
	if !ok || f.Reason != want {
		t.Errorf("%s: %+v, want refusal %q", what, got, want)
	}
	return f
}

// A password typed at a TV is answered on the beat, for known and unknown accounts
// alike.
// ASVS 6.3.8.
func TestV6_ATVsPasswordIsAnsweredOnTheBeat(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("anna@example.com")
	v := newTV(h, "Living room TV")
	v.enrol()
	for _, f := range []protocol.SignIn{{Login: o.email, Password: "wrong horse"}, {Login: "nobody@example.com", Password: "wrong horse"}, {Login: "…", Password: "x"}} {
		began := time.Now()
		wantRefusal(t, f.Login, typed(v, f), protocol.RefusalCredentials)
		if took := time.Since(began); took < api.Beat {
			t.Errorf("%s was answered after %s, want %s or more", f.Login, took, api.Beat)
		}
	}
}

// D1: a TV signs in by email, password and access code.
func TestD1_TVSignInByPassword(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("anna@example.com")
	v := newTV(h, "Living room TV")
	v.enrol()
	right := protocol.SignIn{Login: "Anna@Example.com", Password: password}

	wantRefusal(t, "a wrong password", typed(v, protocol.SignIn{Login: o.email, Password: "wrong horse"}), protocol.RefusalCredentials)
	wantRefusal(t, "an unknown account", typed(v, protocol.SignIn{Login: "nobody@example.com", Password: password}), protocol.RefusalCredentials)
	wantRefusal(t, "no account", typed(v, protocol.SignIn{Login: "…", Password: password}), protocol.RefusalCredentials)
	wantRefusal(t, "a code without a challenge", typed(v, protocol.EnterCode{Challenge: "c", Channel: protocol.ChannelMail, Code: "123456"}), protocol.RefusalOver)

	need, ok := typed(v, right).(protocol.CodeNeeded)
	if !ok || need.Sent != protocol.ChannelMail || len(need.Channels) != 1 || strings.Contains(need.Channels[0].To, "anna") || need.RetryIn != 30 || need.TriesLeft != 5 {
		t.Fatalf("the right password: %+v", need)
	}
	if got := wantRefusal(t, "another code too early", typed(v, protocol.SendCode{Challenge: need.Challenge, Channel: protocol.ChannelMail}), protocol.RefusalWait); got.RetryAfter <= 0 || got.RetryAfter > 30_000 {
		t.Errorf("wait %d ms", got.RetryAfter)
	}
	wantRefusal(t, "a channel it has not", typed(v, protocol.SendCode{Challenge: need.Challenge, Channel: protocol.ChannelSMS}), protocol.RefusalOver)
	old := h.accessCode(o.email)
	h.skew.Add(int64(31 * time.Second))
	if again, ok := typed(v, protocol.SendCode{Challenge: need.Challenge, Channel: protocol.ChannelMail}).(protocol.CodeNeeded); !ok || again.RetryIn != 30 {
		t.Errorf("another code: %+v", again)
	}
	code := h.accessCode(o.email)
	if old != code { // but for one time in a million
		if got := wantRefusal(t, "the code before", typed(v, protocol.EnterCode{Challenge: need.Challenge, Channel: protocol.ChannelMail, Code: protocol.Secret(old)}), protocol.RefusalCode); got.TriesLeft != 4 {
			t.Errorf("%d tries left, want 4", got.TriesLeft)
		}
	}

	// The connection is lost on the way; the attempt goes on over another.
	v.enrol()
	enrolled, ok := typed(v, protocol.EnterCode{Challenge: need.Challenge, Channel: protocol.ChannelMail, Code: protocol.Secret(code)}).(protocol.Enrolled)
	if !ok || enrolled.Device != v.id || enrolled.Epoch != 1 {
		t.Fatalf("the right code: %+v", enrolled)
	}
	expect[protocol.State](v)
	v.fill()
	if d := o.device(string(v.id)); d.Status != "active" || d.Name != "Living room TV" {
		t.Errorf("the account shows %+v", d)
	}
	var sessions struct{ Sessions []object }
	if o.call("GET", "/v1/sessions", nil, &sessions); len(sessions.Sessions) != 1 {
		t.Errorf("web sessions: %v, want the owner's alone", sessions.Sessions)
	}
	var timeline struct {
		Entries []struct{ Kind, Subject string }
	}
	o.call("GET", "/v1/timeline", nil, &timeline)
	kinds := ""
	for _, e := range timeline.Entries {
		kinds += e.Kind + " " + e.Subject + "\n"
	}
	if !strings.Contains(kinds, "Living room TV") {
		t.Errorf("timeline:\n%s", kinds)
	}
	if mails := h.outboxKinds(); !strings.Contains(mails, "new-device") {
		t.Errorf("mails: %s", mails)
	}
	for _, secret := range []string{password, "wrong horse", code} {
		if strings.Contains(h.logs.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// D1, V2: a TV that signed in before is a known device and needs no code again,
// unless its owner signed it out since.
func TestD1_KnownTVNeedsNoCode(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("anna@example.com")
	v := newTV(h, "Living room TV")
	v.enrol()
	need := typed(v, protocol.SignIn{Login: o.email, Password: password}).(protocol.CodeNeeded)
	code := protocol.Secret(h.accessCode(o.email))
	typed(v, protocol.EnterCode{Challenge: need.Challenge, Channel: protocol.ChannelMail, Code: code})
	again := func() any {
		v.hangUp()
		v.erase()
		v.enrol()
		return typed(v, protocol.SignIn{Login: o.email, Password: password})
	}
	known := func() {
		t.Helper()
		expect[protocol.State](v)
		v.fill()
		jws := v.signed(protocol.TypSignedOutHere, protocol.SignedOutHereClaims{
			Device: v.id, Account: v.enrolled.Account, Epoch: v.state.Epoch, Status: protocol.SignedOut, Applied: protocol.MillisOf(time.Now()),
		})
		v.send(protocol.SignedOutHere{JWS: jws})
		expect[protocol.ReceiptAck](v)
		if f, ok := again().(protocol.Enrolled); !ok {
			t.Errorf("the same TV again: %+v", f)
		}
	}
	known()
	o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
	h.skew.Add(int64(61 * time.Minute)) // codes an hour are few
	got := again()
	need, ok := got.(protocol.CodeNeeded)
	if !ok {
		t.Fatalf("the same TV after its owner signed it out: %+v", got)
	}
	code = protocol.Secret(h.accessCode(o.email))
	typed(v, protocol.EnterCode{Challenge: need.Challenge, Channel: protocol.ChannelMail, Code: code})
	known()
	o.call("POST", "/v1/sign-out-everywhere", nil, nil)
	if f, ok := again().(protocol.CodeNeeded); !ok {
		t.Errorf("the same TV after a sign-out everywhere: %+v", f)
	}
	other := newTV(h, "Bedroom TV")
	other.enrol()
	if f, ok := typed(other, protocol.SignIn{Login: o.email, Password: password}).(protocol.CodeNeeded); !ok {
		t.Errorf("another TV: %+v", f)
	}
}

// V5: the fifth wrong password on a TV holds back the web, with the same wait.
// ASVS 6.3.4.
func TestV5_TVAndWebShareThrottles(t *testing.T) {
	h := open(t, nil)
	o := h.signUp("anna@example.com")
	v := newTV(h, "Living room TV")
	v.enrol()
	for range 5 {
		wantRefusal(t, "wrong", typed(v, protocol.SignIn{Login: o.email, Password: "wrong horse"}), protocol.RefusalCredentials)
	}
	got := wantRefusal(t, "the sixth, though right", typed(v, protocol.SignIn{Login: o.email, Password: password}), protocol.RefusalWait)
	if got.RetryAfter < 20_000 || got.RetryAfter > 30_000 {
		t.Errorf("wait %d ms, want nearly 30 s", got.RetryAfter)
	}
	status, body := (&owner{house: h}).try("POST", "/v1/sign-in", object{"email": o.email, "password": password})
	wantStatus(t, "the web, from the same network", status, 429, body)
}

// A server tells a TV of before, and one that asks too early, that this is out of order.
func TestPasswordOutOfOrder(t *testing.T) {
	h := open(t, nil)
	h.signUp("anna@example.com")
	right := protocol.SignIn{Login: "anna@example.com", Password: password}

	v := newTV(h, "Early TV")
	v.dial()
	v.send(right)
	if _, code := v.closeCode(); code != protocol.CloseBase+int(protocol.CodeOutOfOrder) {
		t.Errorf("before enrol: closed with %d", code)
	}
	old := newTV(h, "Old TV")
	old.dial()
	old.send(old.enrolAs(1))
	expect[protocol.UserCode](old)
	old.send(right)
	if _, code := old.closeCode(); code != protocol.CloseBase+int(protocol.CodeOutOfOrder) {
		t.Errorf("capability 1: closed with %d", code)
	}
}
