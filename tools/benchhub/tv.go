//go:build linux

package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// tv is what a TV knows. It believes what it is sent without checking signatures: its
// work is not what is measured, and it shares two processors with the server.
type tv struct {
	number int
	key    ed25519.PrivateKey
	id     protocol.DeviceID
	conn   int64
	have   protocol.Have
	state  protocol.StateClaims
	jws    string
	ask    []byte
	parts  map[protocol.Digest]int
	proved protocol.Version

	mu    sync.Mutex
	ended chan<- time.Time // hears when it read that it is signed out; guarded by mu
}

// keyOf is the key of the i-th TV: the same in all processes of a run.
func keyOf(i int) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%032d", i))[:ed25519.SeedSize])
}

func newTV(i int) *tv {
	key := keyOf(i)
	return &tv{
		number: i, key: key, id: protocol.DeviceIDOf(key.Public().(ed25519.PublicKey)),
		have: protocol.Have{Epoch: 1, Status: protocol.Active}, ask: bytes.Repeat([]byte{7}, 32),
	}
}

// signIn proves the key, and takes everything up to the grant.
func (t *tv) signIn(v *client) error {
	m, err := v.next()
	if err != nil {
		return err
	}
	f, err := protocol.DecodeDown(m)
	if err != nil {
		return err
	}
	hello, ok := f.(protocol.Hello)
	if !ok {
		return fmt.Errorf("greeted with %s", m)
	}
	t.conn++
	auth := protocol.Auth{Device: t.id, Cap: protocol.CurrentCapability, Conn: t.conn, Have: t.have, Ask: t.ask}
	auth.Sig = ed25519.Sign(t.key, sign.AuthBytes(hello.Nonce, hello.Server, auth))
	if err := t.send(v, auth); err != nil {
		return err
	}
	for granted := false; !granted || !t.complete(); {
		if m, err = v.next(); err != nil {
			return err
		}
		granted = granted || bytes.Contains(m, []byte(`"t":"still"`)) || bytes.Contains(m, []byte(`"t":"state"`))
		if err := t.take(v, m); err != nil {
			return err
		}
	}
	return nil
}

func (t *tv) send(v *client, f protocol.Frame) error {
	data, err := protocol.Encode(f)
	if err != nil {
		return err
	}
	return v.write(opText, data)
}

// take deals with one frame.
func (t *tv) take(v *client, m []byte) error {
	at := time.Now()
	f, err := protocol.DecodeDown(m)
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case protocol.Error:
		return fmt.Errorf("the server says: %s", protocol.Codes[f.Code].Name)
	case protocol.Keys:
		var c protocol.KeysClaims
		err = claims(f.JWS, &c)
		t.have.Keys = c.Number
	case protocol.Pins:
		var c protocol.PinsClaims
		err = claims(f.JWS, &c)
		t.have.Pins = c.Version
	case protocol.PINCounts:
		t.have.Tries = f.Number
	case protocol.Library:
		if f.Last {
			t.have.Library = f.Number
		}
	case protocol.State:
		var c protocol.StateClaims
		err = claims(f.JWS, &c)
		t.state, t.jws = c, f.JWS
		t.have.Version, t.have.Status, t.have.Ends = c.Version, c.Status, c.Ends
		if c.Status != protocol.Active {
			t.over(at)
			return t.receipt(v, protocol.ErasedProfiles, protocol.ErasedVerifiers, protocol.ErasedActivity, protocol.ErasedSession)
		}
	case protocol.Part:
		t.part(f)
	}
	if err == nil && t.state.Status == protocol.Active && t.proved < t.state.Version && t.complete() {
		err = t.receipt(v)
	}
	return err
}

// claims reads the middle of a JWS.
func claims(jws string, into any) error {
	_, rest, _ := strings.Cut(jws, ".")
	body, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// part counts the bytes of a document.
func (t *tv) part(f protocol.Part) {
	if t.parts == nil {
		t.parts = map[protocol.Digest]int{}
	}
	if t.parts[f.Digest] += len(f.Data); t.parts[f.Digest] < f.Total {
		return
	}
	if s := t.state.Snapshot; s != nil && s.Digest == f.Digest {
		t.have.Snapshot = f.Digest
	}
	if s := t.state.Catalog; s != nil && s.Digest == f.Digest {
		t.have.Catalog = f.Digest
	}
	t.parts = nil
}

// complete reports whether the TV holds what the newest state names.
func (t *tv) complete() bool {
	holds := func(want *protocol.Blob, have protocol.Digest) bool { return want == nil || want.Digest == have }
	return holds(t.state.Snapshot, t.have.Snapshot) && holds(t.state.Catalog, t.have.Catalog)
}

func (t *tv) receipt(v *client, erased ...protocol.Erased) error {
	t.proved = t.state.Version
	jws, err := sign.Sign(protocol.TypReceipt, string(t.id), t.key, protocol.ReceiptClaims{
		Device: t.id, Account: t.state.Account, Epoch: t.state.Epoch, Status: t.state.Status, Version: t.state.Version,
		Applied: protocol.MillisOf(time.Now()), Erased: erased, Answers: protocol.DigestOf([]byte(t.jws)),
	})
	if err != nil {
		return err
	}
	return t.send(v, protocol.Receipt{JWS: jws})
}

// over tells who waits for it that the sign-out was read.
func (t *tv) over(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		t.ended <- at
		t.ended = nil
	}
}

func (t *tv) onOver(tell chan<- time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = tell
}
