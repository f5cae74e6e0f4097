package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// atTV is a new TV that shows a user code, at which a wrong password is typed. It
// takes the time from the password to the answer.
func (l lane) atTV(ctx context.Context, login, password string) (time.Duration, error) {
	network := net.Dialer{LocalAddr: &net.TCPAddr{IP: l.network()}, Timeout: 10 * time.Second}
	dialer := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: 10 * time.Second,
		NetDialContext: func(ctx context.Context, over, to string) (net.Conn, error) {
			return network.DialContext(ctx, over, to)
		},
	}
	ws, _, err := dialer.DialContext(ctx, "ws://"+l.host+protocol.Path, nil)
	if err != nil {
		return 0, err
	}
	defer ws.Close()
	if err := ws.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return 0, err
	}
	hello, err := next[protocol.Hello](ws)
	if err != nil {
		return 0, err
	}
	if err := send(ws, enrol(hello, l.random)); err != nil {
		return 0, err
	}
	if _, err := next[protocol.UserCode](ws); err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := send(ws, protocol.SignIn{Login: login, Password: protocol.Secret(password)}); err != nil {
		return 0, err
	}
	refused, err := next[protocol.SignInRefused](ws)
	took := time.Since(begin)
	if err == nil && refused.Reason != protocol.RefusalCredentials {
		err = fmt.Errorf("the TV is told %q", refused.Reason)
	}
	return took, err
}

// enrol asks for a user code with a key that nobody else has; it protects nothing.
func enrol(hello protocol.Hello, random *rand.Rand) protocol.Enrol {
	seed, ask := make([]byte, ed25519.SeedSize), make([]byte, 32)
	for i := range seed {
		seed[i], ask[i] = byte(random.Uint32()), byte(random.Uint32())
	}
	key := ed25519.NewKeyFromSeed(seed)
	f := protocol.Enrol{
		PublicKey: protocol.Bytes(key.Public().(ed25519.PublicKey)), Name: "TV", Model: "Bench", Kind: "tv",
		Cap: protocol.CurrentCapability, Conn: 1, Ask: ask,
	}
	f.Sig = ed25519.Sign(key, sign.EnrolBytes(hello.Nonce, hello.Server, f))
	return f
}

func send(ws *websocket.Conn, f protocol.Frame) error {
	data, err := protocol.Encode(f)
	if err != nil {
		return err
	}
	return ws.WriteMessage(websocket.TextMessage, data)
}

// next reads the next frame, which must be of type F.
func next[F protocol.Frame](ws *websocket.Conn) (F, error) {
	var want F
	_, data, err := ws.ReadMessage()
	if err != nil {
		return want, err
	}
	f, err := protocol.DecodeDown(data)
	if err != nil {
		return want, err
	}
	got, ok := f.(F)
	if !ok {
		return want, fmt.Errorf("the server says %s, want %s", f.Type(), want.Type())
	}
	return got, nil
}
