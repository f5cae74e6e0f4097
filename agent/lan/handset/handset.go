// Package handset is the other end of package remote: a remote control as a program.
// The hearthkey command is one, and tests and benchmarks are; a TV has no use for it.
//
//	c, err := handset.Dial(ctx, handset.Target{Address: "192.168.1.5:8713", Key: key, TV: pin})
//	switch f, err := c.Hello(); f := f.(type) {
//	case tvremote.Welcome:  c.Press("OK", tvremote.Press)
//	case tvremote.Unpaired: c.Pair(f, tvremote.ByCode, []byte("482913"), "Anna's phone")
//	}
//	for { f, err := c.Read(); … } // acks, states, pongs
//
// A handset has a key for each TV, made for the pairing: a TV that already knows the
// key proves nothing by a welcome, so whoever pairs dials with a fresh one. After it,
// it keeps that key and the TV's hash, and dials with both: another TV, or somebody
// who acts as this one, fails in the handshake ([ErrImpostor]).
//
// One goroutine may read while another sends; Close may be called from any. Tested
// against the TV's side, and that against handsets of others.
package handset

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/lan/remote"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/cpace"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

const (
	dialTime   = 10 * time.Second // for the whole handshake, and for each frame to be sent
	answerTime = 15 * time.Second // for an answer that the TV gives by itself
)

// ErrImpostor means that whoever answers is not the TV that was paired, or does not
// know what the screen shows.
var ErrImpostor = errors.New("this is not the TV that it says it is")

// ErrSilent means that the TV did not answer in time.
var ErrSilent = errors.New("the TV does not answer")

// Refused is what a TV said instead of going on.
type Refused struct{ Why tvremote.Error }

// Error tells the code; people are told in words of the caller.
func (r *Refused) Error() string { return fmt.Sprintf("the TV refuses: %s", r.Why.Code) }

// Target is which TV is meant.
type Target struct {
	Address string            // host:port
	Key     *ecdsa.PrivateKey // this handset's, P-256
	TV      *remote.Hash      // the TV's key; nil: whichever, to pair with it
}

// Conn is a connection to a TV.
type Conn struct {
	ws     *websocket.Conn
	to     string // address
	remote remote.Hash
	tv     remote.Hash

	sendMu sync.Mutex
	seq    int64 // guarded by sendMu
}

// Dial connects to a TV. Errors: ErrImpostor, or what the network says.
func Dial(ctx context.Context, to Target) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	cert, err := remote.Certificate(to.Key, "Hearthkey remote")
	if err != nil {
		return nil, err
	}
	c := &Conn{to: to.Address}
	if c.remote, err = remote.HashOf(&to.Key.PublicKey); err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{
		Subprotocols: []string{tvremote.Subprotocol},
		// The address may have a zone, which no URL takes.
		NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, to.Address)
		},
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert},
			InsecureSkipVerify: true, // VerifyConnection asks for the one key that counts
			VerifyConnection:   func(s tls.ConnectionState) error { return c.check(&s, to.TV) },
		},
	}
	ws, _, err := dialer.DialContext(ctx, "wss://hearthkey-tv"+tvremote.Path, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to the TV at %s: %w", to.Address, err)
	}
	ws.SetReadLimit(tvremote.MaxFrame)
	c.ws = ws
	return c, nil
}

// check holds the TV against its pin.
func (c *Conn) check(s *tls.ConnectionState, want *remote.Hash) (err error) {
	if c.tv, err = remote.PeerHash(s); err != nil {
		return fmt.Errorf("%w: %w", ErrImpostor, err)
	}
	if want != nil && subtle.ConstantTimeCompare(c.tv[:], want[:]) != 1 {
		return ErrImpostor
	}
	return nil
}

// TV is the key that the TV has proved to have.
func (c *Conn) TV() remote.Hash { return c.tv }

// Address is where the TV was dialed.
func (c *Conn) Address() string { return c.to }

// Hello greets the TV. The answer is a [tvremote.Welcome] or a [tvremote.Unpaired].
// Error: *Refused, ErrSilent, or what ended the connection.
func (c *Conn) Hello() (tvremote.Frame, error) {
	if err := c.Send(tvremote.Hello{V: tvremote.Version}); err != nil {
		return nil, err
	}
	f, err := c.answer()
	if err != nil {
		return nil, err
	}
	switch f.(type) {
	case tvremote.Welcome, tvremote.Unpaired:
		return f, nil
	}
	return nil, fmt.Errorf("%w: it answers hello with %s", ErrImpostor, f.Type())
}

// Pair pairs by what the TV's screen shows: the 6 digits, or the QR code's secret. A
// wrong code is a *Refused with [tvremote.CodeWrongCode], and can be tried again on
// the same connection. Errors: *Refused, ErrImpostor, ErrSilent, or what ended the
// connection.
func (c *Conn) Pair(u tvremote.Unpaired, by tvremote.Way, secret []byte, name string) (tvremote.Welcome, error) {
	nonce := make(protocol.Bytes, tvremote.NonceSize)
	rand.Read(nonce)
	exchange := cpace.Initiate(cpace.Params{
		Secret: secret, Channel: tvremote.ChannelID(by, c.remote, c.tv), Session: tvremote.SessionID(u.Nonce, nonce),
		Initiator: []byte(name), Responder: []byte(u.TV),
	})
	share, err := ask[tvremote.PairShare](c, tvremote.Pair{By: by, Name: name, Nonce: nonce, Share: exchange.Share()})
	if err != nil {
		return tvremote.Welcome{}, err
	}
	keys, err := exchange.Finish(share.Share)
	if err != nil {
		return tvremote.Welcome{}, fmt.Errorf("%w: %w", ErrImpostor, err)
	}
	paired, err := ask[tvremote.Paired](c, tvremote.PairConfirm{Tag: keys.Tag()})
	if err != nil {
		return tvremote.Welcome{}, err
	}
	if err := keys.Verify(paired.Tag); err != nil {
		return tvremote.Welcome{}, fmt.Errorf("%w: %w", ErrImpostor, err)
	}
	return ask[tvremote.Welcome](c, nil)
}

// ask sends f, if there is one, and takes the answer of type F.
func ask[F tvremote.Frame](c *Conn, f tvremote.Frame) (answer F, err error) {
	if f != nil {
		if err := c.Send(f); err != nil {
			return answer, err
		}
	}
	got, err := c.answer()
	if err != nil {
		return answer, err
	}
	answer, ok := got.(F)
	if !ok {
		return answer, fmt.Errorf("%w: %s where %s should be", ErrImpostor, got.Type(), answer.Type())
	}
	return answer, nil
}

// answer reads one frame that the TV owes. An error frame is an error.
func (c *Conn) answer() (tvremote.Frame, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(answerTime))
	defer func() { _ = c.ws.SetReadDeadline(time.Time{}) }()
	f, err := c.Read()
	if e, ok := f.(tvremote.Error); err == nil && ok {
		return nil, &Refused{Why: e}
	}
	return f, err
}

// Read returns the TV's next frame, in its order. It answers the TV's pings on the
// way. Errors: ErrSilent where an answer was owed, or what ended the connection.
func (c *Conn) Read() (tvremote.Frame, error) {
	_, data, err := c.ws.ReadMessage()
	if err != nil {
		if t, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err); ok && t.Timeout() {
			return nil, fmt.Errorf("%w: %w", ErrSilent, err)
		}
		return nil, err
	}
	return tvremote.DecodeDown(data)
}

// Until makes Read end at a time, with ErrSilent; the connection is of no use then.
func (c *Conn) Until(t time.Time) { _ = c.ws.SetReadDeadline(t) }

// Send sends one frame.
func (c *Conn) Send(f tvremote.Frame) error {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	return c.send(f)
}

// send holds sendMu.
func (c *Conn) send(f tvremote.Frame) error {
	data, err := tvremote.Encode(f)
	if err != nil {
		return err
	}
	_ = c.ws.SetWriteDeadline(time.Now().Add(dialTime))
	if err := c.ws.WriteMessage(websocket.TextMessage, data); err != nil {
		return fmt.Errorf("send to the TV: %w", err)
	}
	return nil
}

// Press sends a key, and returns the number by which it will be acknowledged.
func (c *Conn) Press(key string, action tvremote.Action) (seq int64, err error) {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	c.seq++
	return c.seq, c.send(tvremote.Key{Seq: c.seq, Key: key, Action: action})
}

// Type sends a text, likewise.
func (c *Conn) Type(text string) (seq int64, err error) {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	c.seq++
	return c.seq, c.send(tvremote.Text{Seq: c.seq, Text: protocol.Secret(text)})
}

// Close ends the connection.
func (c *Conn) Close() error {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	return c.ws.Close()
}

// Pin returns the hash that an invitation names.
func Pin(i tvremote.Invitation) *remote.Hash {
	if len(i.Key) != sha256.Size {
		return nil
	}
	h := remote.Hash(i.Key)
	return &h
}
