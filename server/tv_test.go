package server_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// tv is a TV that a stranger could have written from the protocol alone.
type tv struct {
	t     testing.TB
	knows *secrets // what it sends and reads that logs must not tell
	url   string
	name  string
	key   ed25519.PrivateKey
	id    protocol.DeviceID
	conn  int64  // connections so far, as the vault counts them
	from  string // its address, where a proxy is trusted; empty: this machine's
	cap   protocol.Capability
	had   protocol.Epoch // that it says to enrol with

	ws    *websocket.Conn
	hello protocol.Hello
	ask   []byte // the open ask

	enrolled protocol.Enrolled
	keys     protocol.KeysClaims
	state    protocol.StateClaims
	stateJWS string
	still    protocol.StillClaims
	have     protocol.Have
	blobs    map[protocol.Digest][]byte
	pins     *protocol.PinsClaims
	counts   protocol.PINCounts
	library  map[protocol.ProfileID]protocol.Library // whole, or none
	coming   []protocol.Library                      // up to the last
	got      map[string]int                          // frames by type
}

func newTV(h *house, name string) *tv {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	v := &tv{
		t: h.t, knows: &h.secrets, url: h.url, name: name, key: key, cap: protocol.CurrentCapability,
		blobs: map[protocol.Digest][]byte{}, got: map[string]int{},
	}
	v.id = protocol.DeviceIDOf(v.public())
	h.t.Cleanup(v.hangUp)
	return v
}

func (v *tv) public() ed25519.PublicKey { return v.key.Public().(ed25519.PublicKey) }

func (v *tv) hangUp() {
	if v.ws != nil {
		v.ws.Close()
	}
}

// dial connects and reads hello.
func (v *tv) dial() {
	v.t.Helper()
	v.hangUp()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 1024, WriteBufferSize: 1024}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(v.url, "http")+protocol.Path, v.proxied())
	if err != nil {
		v.t.Fatal(err)
	}
	v.ws = ws
	v.hello = expect[protocol.Hello](v)
}

// proxied is what a proxy says of where the TV is.
func (v *tv) proxied() http.Header {
	if v.from == "" {
		return nil
	}
	return http.Header{"X-Forwarded-For": {v.from}}
}

func nonce() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return b
}

func (v *tv) send(f protocol.Frame) {
	v.t.Helper()
	data, err := protocol.Encode(f)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.knows != nil {
		v.knows.frame(f)
	}
	v.raw(data)
}

func (v *tv) raw(data []byte) {
	v.t.Helper()
	if err := v.ws.WriteMessage(websocket.TextMessage, data); err != nil {
		v.t.Fatal(err)
	}
}

// read returns the next frame, or how the connection was closed.
func (v *tv) read() (protocol.Frame, error) {
	_ = v.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, data, err := v.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	f, err := protocol.DecodeDown(data)
	if err == nil {
		v.got[f.Type()]++
	}
	if err == nil && v.knows != nil {
		v.knows.frame(f)
	}
	return f, err
}

// expect reads up to the next frame of type F, and takes in what else is sent.
func expect[F protocol.Frame](v *tv) F {
	v.t.Helper()
	for {
		f, err := v.read()
		if err != nil {
			var want F
			v.t.Fatalf("%s waits for %s: %v", v.name, want.Type(), err)
		}
		if e, ok := f.(protocol.Error); ok {
			if _, wanted := any(*new(F)).(protocol.Error); !wanted {
				v.t.Fatalf("%s got error %d", v.name, e.Code)
			}
		}
		v.take(f)
		if f, ok := f.(F); ok {
			return f
		}
	}
}

// closeCode reads on until the connection is closed.
func (v *tv) closeCode() (last protocol.Error, code int) {
	v.t.Helper()
	for {
		f, err := v.read()
		if e, ok := f.(protocol.Error); ok {
			last = e
		}
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return last, closed.Code
		}
		if err != nil {
			v.t.Fatalf("%s waits for the end: %v", v.name, err)
		}
	}
}

func (v *tv) enrolFrame() protocol.Enrol { return v.enrolAs(v.cap) }

func (v *tv) enrolAs(c protocol.Capability) protocol.Enrol {
	v.conn++
	v.ask = nonce()
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(v.public()), Name: v.name, Model: "Test box", Kind: "tv",
		Cap: c, Epoch: v.had, Conn: v.conn, Ask: v.ask,
	}
	f.Sig = ed25519.Sign(v.key, sign.EnrolBytes(v.hello.Nonce, v.hello.Server, f))
	return f
}

func (v *tv) authFrame() protocol.Auth {
	v.conn++
	v.ask = nonce()
	f := protocol.Auth{Device: v.id, Cap: v.cap, Conn: v.conn, Have: v.have, Ask: v.ask}
	f.Sig = ed25519.Sign(v.key, sign.AuthBytes(v.hello.Nonce, v.hello.Server, f))
	return f
}

// enrol connects and asks for a user code.
func (v *tv) enrol() protocol.UserCode {
	v.t.Helper()
	v.dial()
	v.send(v.enrolFrame())
	return expect[protocol.UserCode](v)
}

// join signs the TV in to the owner's account and waits until it has it all.
func (v *tv) join(o *owner) {
	v.t.Helper()
	code := v.enrol()
	o.call("POST", "/v1/user-codes/approve", object{"code": code.Code, "seen": v.from != ""}, nil)
	expect[protocol.Enrolled](v)
	expect[protocol.State](v)
	v.fill()
}

// auth connects as a signed-in device and reads the answer to its ask: a state
// where it lacks something, else still.
func (v *tv) auth() {
	v.t.Helper()
	v.dial()
	v.send(v.authFrame())
	for done := false; !done; {
		f, err := v.read()
		if err != nil {
			v.t.Fatalf("%s waits for the answer to its ask: %v", v.name, err)
		}
		v.take(f)
		switch f.(type) {
		case protocol.State, protocol.Still:
			done = true
		}
	}
	v.fill()
}

// fill reads the documents that the state names.
func (v *tv) fill() {
	v.t.Helper()
	for v.missing() {
		f, err := v.read()
		if err != nil {
			v.t.Fatalf("%s waits for its documents: %v", v.name, err)
		}
		v.take(f)
	}
	v.have.Snapshot, v.have.Catalog = digest(v.state.Snapshot), digest(v.state.Catalog)
}

func digest(b *protocol.Blob) protocol.Digest {
	if b == nil {
		return ""
	}
	return b.Digest
}

func (v *tv) missing() bool {
	for _, b := range []*protocol.Blob{v.state.Snapshot, v.state.Catalog} {
		if b != nil && len(v.blobs[b.Digest]) < b.Size {
			return true
		}
	}
	return v.state.Pins > v.have.Pins
}

// take applies a frame as an agent does, checking every signature.
func (v *tv) take(f protocol.Frame) {
	v.t.Helper()
	switch f := f.(type) {
	case protocol.Enrolled:
		v.enrolled = f
		v.verify(f.Keys, protocol.TypKeys, sign.OneKey("root", ed25519.PublicKey(f.Root)), &v.keys)
		v.have = protocol.Have{Epoch: f.Epoch, Status: protocol.Active, Keys: v.keys.Number}
	case protocol.Keys:
		v.takeKeys(f)
	case protocol.State:
		var s protocol.StateClaims
		v.verify(f.JWS, protocol.TypState, v.serverKey, &s)
		if s.Device != v.id || s.Account != v.enrolled.Account {
			v.t.Fatalf("%s got the state of %s in %s", v.name, s.Device, s.Account)
		}
		if protocol.Newer(v.have.Epoch, v.have.Version, s.Epoch, s.Version) {
			v.t.Fatalf("%s got version %d after %d", v.name, s.Version, v.have.Version)
		}
		v.state, v.stateJWS = s, f.JWS
		v.have.Epoch, v.have.Version, v.have.Status = s.Epoch, s.Version, s.Status
	case protocol.Still:
		v.verify(f.JWS, protocol.TypStill, v.serverKey, &v.still)
	case protocol.Part:
		if len(v.blobs[f.Digest]) != f.Offset {
			v.t.Fatalf("%s got part %d after %d bytes", v.name, f.Offset, len(v.blobs[f.Digest]))
		}
		v.blobs[f.Digest] = append(v.blobs[f.Digest], f.Data...)
	case protocol.Pins:
		v.pins = &protocol.PinsClaims{}
		v.verify(f.JWS, protocol.TypPins, v.serverKey, v.pins)
		v.have.Pins = v.pins.Version
	case protocol.PINCounts:
		v.counts, v.have.Tries = f, f.Number
	case protocol.Library:
		v.takeLibrary(f)
	}
}

// takeKeys takes a key list, and the root key that it names.
func (v *tv) takeKeys(f protocol.Keys) {
	v.t.Helper()
	var next protocol.KeysClaims
	v.verify(f.JWS, protocol.TypKeys, sign.OneKey("root", ed25519.PublicKey(v.enrolled.Root)), &next)
	if next.Number <= v.keys.Number {
		v.t.Fatalf("%s got key list %d after %d", v.name, next.Number, v.keys.Number)
	}
	v.keys, v.have.Keys = next, next.Number
	if len(next.Root) > 0 {
		v.enrolled.Root = next.Root
	}
}

// takeLibrary keeps frames until all of one number are there.
func (v *tv) takeLibrary(f protocol.Library) {
	v.coming = append(v.coming, f)
	if !f.Last {
		return
	}
	v.library = map[protocol.ProfileID]protocol.Library{}
	for _, c := range v.coming {
		v.library[c.Profile] = c
	}
	v.coming, v.have.Library = nil, f.Number
}

func (v *tv) verify(jws, typ string, keys sign.KeyFunc, into any) {
	v.t.Helper()
	if _, err := sign.Verify(jws, typ, keys, into); err != nil {
		v.t.Fatalf("%s got a bad %s: %v", v.name, typ, err)
	}
}

func (v *tv) serverKey(kid string) ed25519.PublicKey {
	for _, k := range v.keys.Keys {
		if k.ID == kid {
			return ed25519.PublicKey(k.Key)
		}
	}
	return nil
}

// receiptClaims is the TV's word that it applied the newest state.
func (v *tv) receiptClaims() protocol.ReceiptClaims {
	return protocol.ReceiptClaims{
		Device: v.id, Account: v.enrolled.Account, Epoch: v.state.Epoch, Status: v.state.Status, Version: v.state.Version,
		Applied: protocol.MillisOf(time.Now()), Answers: protocol.DigestOf([]byte(v.stateJWS)),
		Erased: v.state.Status.Erases(),
	}
}

func (v *tv) signed(typ string, claims any) string {
	v.t.Helper()
	jws, err := sign.Sign(typ, string(v.id), v.key, claims)
	if err != nil {
		v.t.Fatal(err)
	}
	return jws
}

// prove sends the receipt of the newest state and waits for its
// acknowledgement. It returns the receipt.
func (v *tv) prove() string {
	v.t.Helper()
	jws := v.signed(protocol.TypReceipt, v.receiptClaims())
	v.send(protocol.Receipt{JWS: jws})
	if ack := expect[protocol.ReceiptAck](v); ack.Digest != protocol.DigestOf([]byte(jws)) {
		v.t.Fatalf("%s got an acknowledgement of %s", v.name, ack.Digest)
	}
	return jws
}

// erase forgets what the TV was sent, but not who it is.
func (v *tv) erase() {
	clear(v.blobs)
	v.have.Snapshot, v.have.Catalog, v.have.Pins = "", "", 0
}

// granted reports whether the newest grant repeats the open ask.
func (v *tv) granted() bool {
	return v.state.Lease > 0 && string(v.state.Ask) == string(v.ask) || v.still.Lease > 0 && string(v.still.Ask) == string(v.ask)
}
