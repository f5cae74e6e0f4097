package server_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
	"github.com/hearthkey/hearthkey/server/api"
)

// phone is a browser that controls a TV.
type phone struct {
	t  testing.TB
	ws *websocket.Conn
}

// tellsRemotes has a TV say that the account page may control it, and of one remote.
func (v *tv) tellsRemotes(number int64, change func(*protocol.Remotes)) {
	v.t.Helper()
	r := protocol.Remotes{
		Epoch: v.state.Epoch, Number: number, Control: true, Wishes: v.have.Wishes,
		Remotes: []protocol.Remote{{ID: "r-1", Name: "Mara’s phone", Role: protocol.RemoteHousehold, Paired: 1764093422000}},
	}
	if change != nil {
		change(&r)
	}
	v.send(r)
}

// controls is what the API says of what controls a TV.
type controls struct {
	Online, Known, Control, Opening bool
	Pairing                         time.Time
	Remotes                         []struct {
		ID, Name, Role    string
		Leaving, Changing bool
	}
}

func (o *owner) controls(v *tv) (c controls) {
	o.t.Helper()
	o.call("GET", "/v1/devices/"+string(v.id)+"/remotes", nil, &c)
	return c
}

// controlled is a TV that the account page may control, and its owner.
func controlled(t testing.TB, h *house) (*owner, *tv) {
	t.Helper()
	h.t = t // of a subtest, where several share a server
	o := h.signUp(strings.ToLower(rand.Text()) + "@example.org")
	v := newTV(h, "Bedroom")
	v.join(o)
	v.tellsRemotes(1, nil)
	eventually(t, "the TV has told", func() bool { return o.controls(v).Control })
	return o, v
}

func (h *house) remote(v *tv, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: []string{tvremote.Subprotocol}, HandshakeTimeout: 10 * time.Second}
	return d.Dial("ws"+strings.TrimPrefix(h.url, "http")+"/v1/devices/"+string(v.id)+"/remote", header)
}

// phone opens the remote of a TV.
func (o *owner) phone(v *tv) *phone {
	o.t.Helper()
	ws, _, err := o.remote(v, http.Header{"Authorization": {"Bearer " + o.token}})
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { ws.Close() })
	return &phone{o.t, ws}
}

func (p *phone) send(text string) {
	p.t.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) read() (string, error) {
	_ = p.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, data, err := p.ws.ReadMessage()
	return string(data), err
}

func (p *phone) expect(want string) {
	p.t.Helper()
	if got, err := p.read(); err != nil || got != want {
		p.t.Fatalf("the phone reads %q, %v; want %q", got, err, want)
	}
}

// wasReset stands for a close code that TCP threw away, since more was under way to the
// server that it did not read.
const wasReset = 0

// closed reads on until the socket is closed, and returns the code.
func (p *phone) closed() int {
	p.t.Helper()
	for {
		_, err := p.read()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return closed.Code
		}
		if errors.Is(err, syscall.ECONNRESET) {
			return wasReset
		}
		if err != nil {
			p.t.Fatalf("the phone waits for the end: %v", err)
		}
	}
}

// begins has the TV take a relay, and the phone hear of it.
func (v *tv) begins(p *phone) protocol.RelayID {
	v.t.Helper()
	r := expect[protocol.Relay](v)
	if r.By == "" {
		v.t.Fatalf("a relay begins with %+v", r)
	}
	v.says(r.ID, tvremote.Welcome{V: 1, TV: "0011223344556677", Name: v.name, Role: tvremote.Relayed})
	p.expect(`{"t":"welcome","v":1,"tv":"0011223344556677","name":"Bedroom","role":"relayed"}`)
	return r.ID
}

func (v *tv) says(id protocol.RelayID, f tvremote.Frame) {
	v.t.Helper()
	data, err := tvremote.Encode(f)
	if err != nil {
		v.t.Fatal(err)
	}
	v.send(protocol.RelayState{ID: id, Frame: protocol.Secret(data)})
}

// timelineOf counts the entries of a kind.
func (o *owner) timelineOf(kind string) (n int) {
	o.t.Helper()
	var out struct{ Entries []struct{ Kind string } }
	o.call("GET", "/v1/timeline", nil, &out)
	for _, e := range out.Entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// D11: keys go from the account page to the TV and what it shows comes back; in the
// timeline it stands once, however often the phone loses its network.
func TestD11_TheAccountPageControlsATV(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	for range 2 {
		p := o.phone(v)
		id := v.begins(p)
		p.send(`{"t":"hello","v":1}`)
		p.send(`{"t":"key","seq":1,"key":"Up","action":"press"}`)
		p.send(`{"t":"text","seq":2,"text":"otter-secret"}`)
		p.send(`{"t":"ping","n":3}`)
		for _, want := range []string{`{"t":"key","seq":1,"key":"Up","action":"press"}`, `{"t":"text","seq":2,"text":"otter-secret"}`, `{"t":"ping","n":3}`} {
			if r := expect[protocol.Relay](v); string(r.Frame) != want || r.ID != id || r.By != "" {
				t.Fatalf("the TV reads %+v: %q, want %q", r.ID, string(r.Frame), want)
			}
		}
		v.says(id, tvremote.Ack{Seq: 1})
		p.expect(`{"t":"ack","seq":1}`)
		p.ws.Close()
		if r := expect[protocol.Relay](v); !r.End {
			t.Fatalf("after the phone went: %+v", r)
		}
		v.says(id, tvremote.Ack{Seq: 2}) // late: it goes nowhere
	}
	if n := o.timelineOf("device_controlled"); n != 1 {
		t.Errorf("%d entries in the timeline, want 1", n)
	}
	if strings.Contains(h.logs.String(), "otter-secret") {
		t.Error("what was typed is in the log")
	}
}

// D5, D11: control ends within a second of whatever ends it, and both ends hear why.
func TestD11_ControlEndsAtOnce(t *testing.T) {
	h := open(t, nil)
	for name, c := range map[string]struct {
		end  func(*owner, *tv, protocol.RelayID)
		want int
		gone bool // the TV may hear nothing more: another frame, or its own end, says so
	}{
		"the session is over": {func(o *owner, v *tv, _ protocol.RelayID) { o.call("POST", "/v1/sign-out", nil, nil) }, api.RemoteEnded, false},
		"signed out everywhere": {func(o *owner, v *tv, _ protocol.RelayID) {
			other := &owner{house: o.house, email: o.email}
			other.signIn()
			other.call("POST", "/v1/sign-out-everywhere", nil, nil)
		}, api.RemoteEnded, true}, // the TV is signed out too
		"the TV is signed out": {func(o *owner, v *tv, _ protocol.RelayID) {
			o.call("POST", "/v1/devices/"+string(v.id)+"/sign-out", nil, nil)
		}, api.RemoteEnded, true}, // its state says so
		"the TV refuses": {func(o *owner, v *tv, id protocol.RelayID) {
			v.send(protocol.RelayState{ID: id, End: protocol.RelayRefused})
		}, api.RemoteRefused, true},
		"the TV allows it no more": {func(o *owner, v *tv, id protocol.RelayID) {
			v.tellsRemotes(2, func(r *protocol.Remotes) { r.Control = false })
		}, api.RemoteRefused, false},
		"the TV is gone": {func(o *owner, v *tv, _ protocol.RelayID) { v.hangUp() }, api.RemoteOffline, true},
	} {
		t.Run(name, func(t *testing.T) {
			defer func(t testing.TB) { h.t = t }(h.t)
			o, v := controlled(t, h)
			p := o.phone(v)
			id := v.begins(p)
			begun := time.Now()
			c.end(o, v, id)
			if got := p.closed(); got != c.want && !(got == api.RemoteOffline && c.want == api.RemoteEnded && (strings.HasPrefix(name, "the TV") || name == "signed out everywhere")) {
				t.Errorf("closed with %d, want %d", got, c.want)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			if !c.gone {
				for r := expect[protocol.Relay](v); !r.End; r = expect[protocol.Relay](v) {
				}
			}
		})
	}
}

// D11: nobody else controls a TV: not another account, not somebody signed out, not a
// page of another site; and a TV that does not allow it is left alone.
func TestD11_NobodyElseControlsATV(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	other := h.signUp("vera@example.org")
	cookie := func(more http.Header) http.Header {
		more.Set("Cookie", "hearthkey="+o.token)
		return more
	}
	for _, c := range []struct {
		name   string
		header http.Header
		want   int
	}{
		{"another account", http.Header{"Authorization": {"Bearer " + other.token}}, 404},
		{"nobody", nil, 401},
		{"a token that is none", http.Header{"Authorization": {"Bearer x"}}, 401},
		{"another site", cookie(http.Header{"Origin": {"http://evil.example"}}), 403},
		{"no page", cookie(http.Header{}), 403},
		{"a page of nowhere", cookie(http.Header{"Origin": {"null"}}), 403},
		{"another site with our origin", cookie(http.Header{"Origin": {h.url}, "Sec-Fetch-Site": {"cross-site"}}), 403},
		{"a site beside us", cookie(http.Header{"Origin": {h.url}, "Sec-Fetch-Site": {"same-site"}}), 403},
	} {
		ws, resp, err := h.remote(v, c.header)
		if err == nil {
			ws.Close()
			t.Errorf("%s: the socket opened", c.name)
		} else if resp == nil || resp.StatusCode != c.want {
			t.Errorf("%s: %v, %v; want %d", c.name, resp, err, c.want)
		}
	}
	status, _, body := h.do("GET", "/v1/devices/"+string(v.id)+"/remote", http.Header{"Authorization": {"Bearer " + o.token}}, nil)
	wantStatus(t, "no WebSocket", status, 426, body)

	old := newTV(h, "Kitchen")
	old.cap = protocol.RemotesCapability - 1
	old.join(o)
	if got := o.phone(old).closed(); got != api.RemoteTooOld {
		t.Errorf("an older agent: closed with %d", got)
	}
	old.tellsRemotes(1, nil)
	if e, _ := old.closeCode(); e.Code != protocol.CodeOutOfOrder {
		t.Errorf("an older agent that tells of remotes: error %d", e.Code)
	}
	v.tellsRemotes(2, func(r *protocol.Remotes) { r.Control = false })
	eventually(t, "the TV allows nothing", func() bool { return !o.controls(v).Control })
	if got := o.phone(v).closed(); got != api.RemoteRefused {
		t.Errorf("not allowed: closed with %d", got)
	}
	if n := v.got["relay"]; n != 0 {
		t.Errorf("the TV was sent %d relayed frames", n)
	}
}

// What is no frame of a remote, and what no person presses, ends the socket and
// reaches no TV.
func TestD11_WhatARemoteMayNotSend(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	for _, c := range []struct {
		name string
		do   func(*phone)
		want int
	}{
		{"no JSON", func(p *phone) { p.send("up") }, api.RemoteBadFrame},
		{"a key that is none", func(p *phone) { p.send(`{"t":"key","seq":0}`) }, api.RemoteBadFrame},
		{"a pairing", func(p *phone) { p.send(`{"t":"pair_confirm","tag":"` + strings.Repeat("A", 86) + `"}`) }, api.RemoteBadFrame},
		{"binary", func(p *phone) { _ = p.ws.WriteMessage(websocket.BinaryMessage, []byte("{}")) }, api.RemoteBadFrame},
		{"a frame too long", func(p *phone) { p.send(`{"t":"later","x":"` + strings.Repeat("x", tvremote.MaxFrame) + `"}`) }, websocket.CloseMessageTooBig},
		{"a flood", func(p *phone) {
			for range 600 {
				if p.ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"ping","n":1}`)) != nil {
					return
				}
			}
		}, api.RemoteTooFast},
	} {
		p := o.phone(v)
		v.begins(p)
		c.do(p)
		if got := p.closed(); got != c.want && !(got == wasReset && c.want == api.RemoteTooFast) {
			t.Errorf("%s: closed with %d, want %d", c.name, got, c.want)
		}
		for r := expect[protocol.Relay](v); !r.End; r = expect[protocol.Relay](v) {
			if c.want != api.RemoteTooFast {
				t.Errorf("%s: the TV reads %q", c.name, string(r.Frame))
			}
		}
	}

	// Keys that come too fast are answered, and not passed on.
	p := o.phone(v)
	v.begins(p)
	for i := range 40 {
		data, _ := json.Marshal(object{"t": "key", "seq": i + 1, "key": "Up", "action": "press"})
		p.send(string(data))
	}
	if got, err := p.read(); err != nil || !strings.Contains(got, `"ignored":"too_fast"`) {
		t.Errorf("the 31st key within a moment: %q, %v", got, err)
	}
}

// D11: what the owner wants of a TV's remotes reaches it at once, and is done once the
// TV says so.
func TestD11_RemotesAreForgottenFromAfar(t *testing.T) {
	h := open(t, nil)
	o, v := controlled(t, h)
	at := "/v1/devices/" + string(v.id) + "/remotes"
	wishes := func() (c protocol.RemoteWishesClaims) {
		v.verify(expect[protocol.RemoteWishes](v).JWS, protocol.TypRemotes, v.serverKey, &c)
		v.have.Wishes = c.Number
		return c
	}
	o.call("PUT", at+"/r-1", object{"role": "guest"}, nil)
	if c := wishes(); len(c.Roles) != 1 || c.Roles[0].Role != protocol.RemoteGuest {
		t.Errorf("another role: %+v", c)
	}
	if c := o.controls(v); !c.Remotes[0].Changing || c.Remotes[0].Role != "guest" {
		t.Errorf("before the TV said so: %+v", c)
	}
	o.call("POST", at+"/pairing", object{"role": "household"}, nil)
	if c := wishes(); c.Open == nil || c.Open.Seconds < protocol.MaxPairing-5 {
		t.Errorf("a pairing window: %+v", c)
	}
	v.tellsRemotes(2, func(r *protocol.Remotes) { r.Window = 118; r.Remotes[0].Role = protocol.RemoteGuest })
	eventually(t, "the window is open", func() bool { c := o.controls(v); return !c.Pairing.IsZero() && !c.Remotes[0].Changing })
	o.call("DELETE", at+"/r-1", nil, nil)
	if c := wishes(); len(c.Forget) != 1 || c.Forget[0] != "r-1" || len(c.Roles) > 0 || c.Open != nil {
		t.Errorf("forget: %+v", c)
	}
	v.tellsRemotes(3, func(r *protocol.Remotes) { r.Remotes = nil })
	eventually(t, "the remote is forgotten", func() bool { return len(o.controls(v).Remotes) == 0 })
	status, body := o.try("DELETE", at+"/r-1", nil)
	wantStatus(t, "one that is gone", status, 404, body)
	status, body = o.try("PUT", at+"/r-1", object{"role": "owner"})
	wantStatus(t, "a role that is none", status, 422, body)
}
