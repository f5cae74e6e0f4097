package torture

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// tv is a TV that keeps nothing: it asks for a code, and later whether it is signed in.
// It believes what it is told unverified: agents are held to that elsewhere.
type tv struct {
	key  ed25519.PrivateKey
	id   protocol.DeviceID
	from *net.Dialer

	mu   sync.Mutex // a TV has one connection at a time; guards conn
	conn int64      // connections so far
}

func newTV(from *net.Dialer) (*tv, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	return &tv{key: key, id: protocol.DeviceIDOf(pub), from: from}, err
}

// wire is one of its connections, greeted.
type wire struct {
	*websocket.Conn
	hello protocol.Hello
	conn  int64
	ask   []byte
}

// dial connects to a server. The connection ends with ctx. mu is held.
func (t *tv) dial(ctx context.Context, url string) (*wire, error) {
	d := websocket.Dialer{NetDialContext: t.from.DialContext, Subprotocols: []string{protocol.Subprotocol}}
	ws, _, err := d.DialContext(ctx, strings.Replace(url, "http", "ws", 1)+protocol.Path, http.Header{})
	if err != nil {
		return nil, err
	}
	if until, ok := ctx.Deadline(); ok {
		_ = ws.SetReadDeadline(until)
		_ = ws.SetWriteDeadline(until)
	}
	t.conn++
	w := &wire{Conn: ws, conn: t.conn, ask: make([]byte, 32)}
	_, _ = rand.Read(w.ask) // never fails
	f, err := w.read()
	hello, ok := f.(protocol.Hello)
	if err == nil && !ok {
		err = fmt.Errorf("greeted by %s", f.Type())
	}
	if err != nil {
		ws.Close()
		return nil, err
	}
	w.hello = hello
	return w, nil
}

func (w *wire) read() (protocol.Frame, error) {
	_, data, err := w.ReadMessage()
	if err != nil {
		return nil, err
	}
	f, err := protocol.DecodeDown(data)
	if e, ok := f.(protocol.Error); ok {
		return nil, fmt.Errorf("the server says %s", protocol.Codes[e.Code].Name)
	}
	return f, err
}

func (w *wire) send(f protocol.Frame) error {
	data, err := protocol.Encode(f)
	if err != nil {
		return err
	}
	return w.WriteMessage(websocket.TextMessage, data)
}

// code asks a server for a user code, and hangs up.
func (t *tv) code(ctx context.Context, url string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err := t.dial(ctx, url)
	if err != nil {
		return "", err
	}
	defer w.Close()
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(t.key.Public().(ed25519.PublicKey)), Name: "TV", Model: "torture", Kind: "tv",
		Cap: protocol.CurrentCapability, Conn: w.conn, Ask: w.ask,
	}
	f.Sig = ed25519.Sign(t.key, sign.EnrolBytes(w.hello.Nonce, w.hello.Server, f))
	if err := w.send(f); err != nil {
		return "", err
	}
	answer, err := w.read()
	if err != nil {
		return "", err
	}
	code, ok := answer.(protocol.UserCode)
	if !ok {
		return "", fmt.Errorf("enrol was answered by %s", answer.Type())
	}
	return code.Code, nil
}

// access proves its key to a server, and returns what it is told: the status of its
// first sign-in.
func (t *tv) access(ctx context.Context, url string) (protocol.Status, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, err := t.connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer w.Close()
	return w.status()
}

// connect proves its key. mu is held.
func (t *tv) connect(ctx context.Context, url string) (*wire, error) {
	w, err := t.dial(ctx, url)
	if err != nil {
		return nil, err
	}
	f := protocol.Auth{
		Device: t.id, Cap: protocol.CurrentCapability, Conn: w.conn, Have: protocol.Have{Epoch: 1, Status: protocol.Active}, Ask: w.ask,
	}
	f.Sig = ed25519.Sign(t.key, sign.AuthBytes(w.hello.Nonce, w.hello.Server, f))
	if err := w.send(f); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// status reads until it is told whether it is signed in.
func (w *wire) status() (protocol.Status, error) {
	for {
		f, err := w.read()
		if err != nil {
			return "", err
		}
		switch f := f.(type) {
		case protocol.Still:
			return protocol.Active, nil
		case protocol.State:
			c, err := claims(f.JWS)
			if err == nil && c.Epoch != 1 {
				err = fmt.Errorf("told of sign-in %d", c.Epoch)
			}
			return c.Status, err
		}
	}
}

// claims are what a state says.
func claims(jws string) (c protocol.StateClaims, err error) {
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("a state of %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	return c, err
}

// home is a network of loopback, which no other has.
func home(n int) *net.Dialer {
	n %= 254 * 256
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, byte(1+n/256), byte(n%256), 1)}, Timeout: time.Second}
}
