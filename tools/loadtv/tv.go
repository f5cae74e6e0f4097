package loadtv

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// Bounds of one connection.
const (
	handshakeTime = 60 * time.Second  // from the dial until everything is held
	silence       = 150 * time.Second // without anything from the server
)

// buffers of gorilla, small because there are thousands.
const bufferSize = 1 << 10

var writeBuffers = &sync.Pool{}

// tv is one simulated TV. While it is connected its fields belong to the
// goroutine that reads; else to whoever calls.
type tv struct {
	host   *household
	key    ed25519.PrivateKey
	id     protocol.DeviceID
	name   string
	conn   int64 // connections so far
	server string
	have   protocol.Have
	signer sign.KeyFunc // the server's keys, pinned at enrolment

	ws       *websocket.Conn
	state    protocol.StateClaims // the newest, verified
	jws      string               // that state as it came
	parts    map[protocol.Digest]int
	receipt  protocol.Digest // sent and not acknowledged
	proved   protocol.Version
	ask      []byte
	ended    ended
	done     chan struct{} // closed when the reader has ended; nil: not connected
	hungUp   atomic.Bool   // the end is our own doing
	lost     error         // why the reader ended; read after done
	brake    *brake        // it is slow; nil: it is not
	newest   atomic.Int64  // the version it has, for who does not read
	counters *counters
}

// ended is how a sign-out went, as the TV saw it.
type ended struct {
	told  time.Time // the state that ends the session was read
	acked time.Time // the server has the receipt
}

// counters are a fleet's, shared by its TVs.
type counters struct {
	pings, frames, bytes, lost atomic.Int64
}

func newTV(h *household, name string, c *counters) (*tv, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &tv{host: h, key: key, id: protocol.DeviceIDOf(pub), name: name, counters: c}, nil
}

// dial connects and reads the hello.
func (t *tv) dial(ctx context.Context) (protocol.Hello, error) {
	dial := t.host.dial
	if t.brake != nil {
		dial = t.brake.dialer(t.host.from)
	}
	d := websocket.Dialer{
		NetDialContext: dial, Subprotocols: []string{protocol.Subprotocol},
		ReadBufferSize: bufferSize, WriteBufferSize: bufferSize, WriteBufferPool: writeBuffers,
	}
	ws, resp, err := d.DialContext(ctx, "ws://"+t.host.target.host+protocol.Path, http.Header{})
	if err != nil {
		if resp != nil {
			err = fmt.Errorf("%w: %s", err, resp.Status)
		}
		return protocol.Hello{}, err
	}
	t.ws = ws
	ws.SetReadLimit(protocol.MaxFrame)
	ping := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		t.counters.pings.Add(1)
		t.alive()
		return ping(data)
	})
	t.conn++
	t.parts, t.receipt, t.ended, t.lost = nil, "", ended{}, nil
	_ = ws.SetReadDeadline(time.Now().Add(handshakeTime))
	f, err := t.read()
	if err != nil {
		return protocol.Hello{}, err
	}
	hello, ok := f.(protocol.Hello)
	if !ok || t.server != "" && hello.Server != t.server {
		return hello, fmt.Errorf("greeted by %T of %q", f, hello.Server)
	}
	t.server = hello.Server
	t.ask = make([]byte, 32)
	_, err = rand.Read(t.ask)
	return hello, err
}

func (t *tv) alive() { _ = t.ws.SetReadDeadline(time.Now().Add(silence)) }

// read returns the next frame. An error frame is an error.
func (t *tv) read() (protocol.Frame, error) {
	_, data, err := t.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	t.counters.frames.Add(1)
	t.counters.bytes.Add(int64(len(data)))
	f, err := protocol.DecodeDown(data)
	if err != nil {
		return nil, err
	}
	if e, ok := f.(protocol.Error); ok {
		return nil, &refused{e}
	}
	return f, nil
}

// refused is an error frame.
type refused struct{ frame protocol.Error }

func (r *refused) Error() string {
	return fmt.Sprintf("the server says: %s (%d)", protocol.Codes[r.frame.Code].Name, r.frame.Code)
}

func (t *tv) send(f protocol.Frame) error {
	data, err := protocol.Encode(f)
	if err != nil {
		return err
	}
	_ = t.ws.SetWriteDeadline(time.Now().Add(handshakeTime))
	return t.ws.WriteMessage(websocket.TextMessage, data)
}

// enrol signs the TV in with a code that its owner approves, and hangs up.
func (t *tv) enrol(ctx context.Context) error {
	hello, err := t.dial(ctx)
	if t.ws != nil {
		defer t.ws.Close()
	}
	if err != nil {
		return err
	}
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(t.key.Public().(ed25519.PublicKey)), Name: t.name, Model: "loadtest", Kind: "tv",
		Cap: protocol.CurrentCapability, Conn: t.conn, Ask: t.ask,
	}
	f.Sig = ed25519.Sign(t.key, sign.EnrolBytes(hello.Nonce, hello.Server, f))
	if err := t.send(f); err != nil {
		return err
	}
	answer, err := t.read()
	if err != nil {
		return err
	}
	code, ok := answer.(protocol.UserCode)
	if !ok {
		return fmt.Errorf("enrol was answered by %s", answer.Type())
	}
	if err := t.host.owner.Approve(ctx, code.Code); err != nil {
		return err
	}
	answer, err = t.read()
	if err != nil {
		return err
	}
	enrolled, ok := answer.(protocol.Enrolled)
	if !ok {
		return fmt.Errorf("the approval was answered by %s", answer.Type())
	}
	if err := t.pin(enrolled); err != nil {
		return err
	}
	return t.settle()
}

// pin takes the server's keys.
func (t *tv) pin(f protocol.Enrolled) error {
	var list protocol.KeysClaims
	root := ed25519.PublicKey(f.Root)
	if _, err := sign.Verify(f.Keys, protocol.TypKeys, func(string) ed25519.PublicKey { return root }, &list); err != nil {
		return fmt.Errorf("key list: %w", err)
	}
	t.signer = func(kid string) ed25519.PublicKey {
		for _, k := range list.Keys {
			if k.ID == kid {
				return ed25519.PublicKey(k.Key)
			}
		}
		return nil
	}
	t.have = protocol.Have{Epoch: f.Epoch, Status: protocol.Active, Keys: list.Number}
	t.state, t.proved = protocol.StateClaims{}, 0
	return nil
}

// connect proves the TV's identity, takes what is new, and stays connected.
func (t *tv) connect(ctx context.Context) error {
	hello, err := t.dial(ctx)
	if err == nil {
		f := protocol.Auth{Device: t.id, Cap: protocol.CurrentCapability, Conn: t.conn, Have: t.have, Ask: t.ask}
		f.Sig = ed25519.Sign(t.key, sign.AuthBytes(hello.Nonce, hello.Server, f))
		if err = t.send(f); err == nil {
			err = t.settle()
		}
	}
	if err != nil {
		if t.ws != nil {
			_ = t.ws.Close()
		}
		return err
	}
	t.alive()
	t.hungUp.Store(false)
	t.done = make(chan struct{})
	go t.live()
	return nil
}

// settle reads until the lease is granted, everything is held, and the server
// has the receipt for it.
func (t *tv) settle() error {
	granted := false
	for {
		f, err := t.read()
		if err != nil {
			return err
		}
		g, err := t.take(f)
		if err != nil {
			return err
		}
		granted = granted || g
		if !t.ended.acked.IsZero() {
			return errSignedOut
		}
		if granted && t.receipt == "" && t.proved >= t.have.Version && t.complete() {
			return nil
		}
	}
}

// live reads until the connection or the session ends.
func (t *tv) live() {
	defer close(t.done)
	defer t.ws.Close()
	for {
		f, err := t.read()
		if err == nil {
			t.alive()
			_, err = t.take(f)
		}
		if err == nil && !t.ended.acked.IsZero() {
			return
		}
		if err != nil {
			t.lost = err
			if !t.hungUp.Load() {
				t.counters.lost.Add(1)
			}
			return
		}
	}
}

// hangup pulls the plug: no close frame.
func (t *tv) hangup() {
	if t.done == nil {
		return
	}
	t.hungUp.Store(true)
	_ = t.ws.NetConn().Close() // the reader says the rest
	<-t.done
	t.done = nil
}

var errSignedOut = errors.New("the session ended while it began")
