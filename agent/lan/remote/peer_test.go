package remote_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/cpace"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// tv is a server with what stands for the agent around it.
type tv struct {
	*remote.Server
	t       *testing.T
	id      remote.Identity
	changed chan struct{} // of many
	pressed chan string   // "Anna's phone household Up", with " held" for a repetition

	mu      sync.Mutex
	now     time.Duration   // guarded by mu
	remotes []remote.Remote // guarded by mu
	keepErr error           // guarded by mu
	field   bool            // guarded by mu; something is being typed
	block   chan struct{}   // guarded by mu; a key waits for it
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func hashOf(t testing.TB, key *ecdsa.PrivateKey) remote.Hash {
	t.Helper()
	h, err := remote.HashOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newIdentity(t testing.TB, id string) remote.Identity {
	key := newKey(t)
	return remote.Identity{ID: id, Key: key, Hash: hashOf(t, key)}
}

// startTV starts one on a loopback port. change may be nil.
func startTV(t *testing.T, change func(*remote.Config)) *tv {
	t.Helper()
	v := &tv{t: t, id: newIdentity(t, "00112233445566ff"), changed: make(chan struct{}, 1000), pressed: make(chan string, 1000), field: true}
	cfg := remote.Config{
		Listen: "127.0.0.1:0", Identity: v.id, Name: "Living room", Model: "HK-1",
		Now:     func() time.Duration { v.mu.Lock(); defer v.mu.Unlock(); return v.now },
		Press:   v.press,
		Type:    v.typed,
		Keep:    v.keep,
		Changed: func() { v.changed <- struct{}{} },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if v.Server, err = remote.Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func (v *tv) press(r remote.Remote, k keyseq.Key, repeat bool) tvremote.Ignored {
	v.mu.Lock()
	block := v.block
	v.mu.Unlock()
	if block != nil {
		<-block
	}
	text := fmt.Sprint(r.Name, " ", r.Role, " ", k)
	if repeat {
		text += " held"
	}
	v.pressed <- text
	return ""
}

func (v *tv) typed(r remote.Remote, text string) tvremote.Ignored {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.field {
		return tvremote.NoField
	}
	v.pressed <- r.Name + " types " + text
	return ""
}

func (v *tv) keep(r remote.Remote) error {
	v.mu.Lock()
	if v.keepErr != nil {
		defer v.mu.Unlock()
		return v.keepErr
	}
	v.remotes = append(v.remotes, r)
	list := append([]remote.Remote(nil), v.remotes...)
	v.mu.Unlock()
	v.SetRemotes(list)
	return nil
}

func (v *tv) pass(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now += d
}

// keys returns the next n keys that came.
func (v *tv) keys(n int) (out []string) {
	v.t.Helper()
	for range n {
		select {
		case k := <-v.pressed:
			out = append(out, k)
		case <-time.After(5 * time.Second):
			v.t.Fatalf("after %q no key came", out)
		}
	}
	return out
}

// noKey holds that nothing came. What could have come was acknowledged before.
func (v *tv) noKey() {
	v.t.Helper()
	select {
	case k := <-v.pressed:
		v.t.Errorf("the TV took %q", k)
	default:
	}
}

// peer is a remote, or somebody who acts as one.
type peer struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	ws   *websocket.Conn
	tv   remote.Hash // whose certificate the TV showed
	seq  int64
	last tvremote.State
}

// dial connects with a key, or a fresh one. The error is the handshake's.
func (v *tv) dial(key *ecdsa.PrivateKey, header http.Header) (*peer, *http.Response, error) {
	if key == nil {
		key = newKey(v.t)
	}
	cert, err := remote.Certificate(key, "a phone")
	if err != nil {
		v.t.Fatal(err)
	}
	p := &peer{t: v.t, key: key}
	d := websocket.Dialer{
		Subprotocols: []string{tvremote.Subprotocol}, HandshakeTimeout: 10 * time.Second,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, Certificates: []tls.Certificate{cert},
			VerifyConnection: func(s tls.ConnectionState) (err error) { p.tv, err = remote.PeerHash(&s); return err },
		},
	}
	ws, resp, err := d.Dial("wss://"+v.Addr().String()+tvremote.Path, header)
	if err != nil {
		return nil, resp, err
	}
	p.ws = ws
	v.t.Cleanup(func() { ws.Close() })
	return p, resp, nil
}

func (v *tv) connect(key *ecdsa.PrivateKey) *peer {
	v.t.Helper()
	p, _, err := v.dial(key, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return p
}

func (p *peer) send(f tvremote.Frame) {
	p.t.Helper()
	data, err := tvremote.Encode(f)
	if err != nil {
		p.t.Fatal(err)
	}
	p.sendRaw(string(data))
}

func (p *peer) sendRaw(text string) {
	p.t.Helper()
	_ = p.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// read returns the next frame, or the error that ended the connection.
func (p *peer) read() (tvremote.Frame, error) {
	_ = p.ws.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, data, err := p.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	return tvremote.DecodeDown(data)
}

// expect reads the next frame of type F; states before it are kept in p.last.
func expect[F tvremote.Frame](p *peer) F {
	p.t.Helper()
	for {
		f, err := p.read()
		if err != nil {
			var want F
			p.t.Fatalf("connection ended, want %T: %v", want, err)
		}
		if want, ok := f.(F); ok {
			return want
		}
		st, ok := f.(tvremote.State)
		if !ok {
			var want F
			p.t.Fatalf("%#v, want %T", f, want)
		}
		p.last = st
	}
}

// ended holds that the connection ends with this error, or without one.
func (p *peer) ended(why tvremote.Code) {
	p.t.Helper()
	var got tvremote.Code
	for {
		f, err := p.read()
		if err != nil {
			if closed, ok := errors.AsType[*websocket.CloseError](err); why != "" && (!ok || closed.Text != string(why)) {
				p.t.Errorf("connection ended by %v, want %q as the reason", err, why)
			}
			break
		}
		if e, ok := f.(tvremote.Error); ok {
			got = e.Code
		}
	}
	if got != why {
		p.t.Errorf("connection ended with %q, want %q", got, why)
	}
}

// press sends a key and returns its acknowledgement.
func (p *peer) press(key string, action tvremote.Action) tvremote.Ignored {
	p.t.Helper()
	p.seq++
	p.send(tvremote.Key{Seq: p.seq, Key: key, Action: action})
	ack := expect[tvremote.Ack](p)
	if ack.Seq != p.seq {
		p.t.Fatalf("ack of %d, want %d", ack.Seq, p.seq)
	}
	return ack.Ignored
}

// attempt is a pairing from the remote's side, step by step.
type attempt struct {
	p        *peer
	pair     tvremote.Pair
	exchange *cpace.Exchange
	keys     *cpace.Keys
}

// begin says hello and makes the first message of a pairing with what was read off
// the screen.
func (p *peer) begin(by tvremote.Way, secret []byte, name string) *attempt {
	p.t.Helper()
	p.send(tvremote.Hello{V: tvremote.Version})
	return p.beginAfter(expect[tvremote.Unpaired](p), by, secret, name)
}

func (p *peer) beginAfter(u tvremote.Unpaired, by tvremote.Way, secret []byte, name string) *attempt {
	nonce := make(protocol.Bytes, tvremote.NonceSize)
	rand.Read(nonce)
	a := &attempt{p: p, exchange: cpace.Initiate(cpace.Params{
		Secret: secret, Channel: tvremote.ChannelID(by, hashOf(p.t, p.key), p.tv), Session: tvremote.SessionID(u.Nonce, nonce),
		Initiator: []byte(name), Responder: []byte(u.TV),
	})}
	a.pair = tvremote.Pair{By: by, Name: name, Nonce: nonce, Share: a.exchange.Share()}
	return a
}

// ask sends it and takes the TV's answer: the try is spent.
func (a *attempt) ask() {
	a.p.t.Helper()
	a.p.send(a.pair)
	share := expect[tvremote.PairShare](a.p)
	var err error
	if a.keys, err = a.exchange.Finish(share.Share); err != nil {
		a.p.t.Fatal(err)
	}
}

// confirm goes on to the end, and checks the TV.
func (a *attempt) confirm() tvremote.Welcome {
	a.p.t.Helper()
	a.p.send(tvremote.PairConfirm{Tag: a.keys.Tag()})
	if err := a.keys.Verify(expect[tvremote.Paired](a.p).Tag); err != nil {
		a.p.t.Fatal(err)
	}
	return expect[tvremote.Welcome](a.p)
}

// fail goes on to the end with a code that is wrong.
func (a *attempt) fail() tvremote.Error {
	a.p.t.Helper()
	a.p.send(tvremote.PairConfirm{Tag: a.keys.Tag()})
	return expect[tvremote.Error](a.p)
}

// paired returns a remote that was paired by the code.
func (v *tv) paired(name string, role tvremote.Role) *peer {
	v.t.Helper()
	v.Open(role, remote.PairingTime)
	p := v.connect(nil)
	a := p.begin(tvremote.ByCode, []byte(v.Window().Code), name)
	a.ask()
	a.confirm()
	return p
}

// again connects with the key of a paired remote.
func (v *tv) again(key *ecdsa.PrivateKey) *peer {
	v.t.Helper()
	p := v.connect(key)
	p.send(tvremote.Hello{V: tvremote.Version})
	expect[tvremote.Welcome](p)
	return p
}
