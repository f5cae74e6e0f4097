package loadtv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// MaxHostile bounds the clients of [Fleet.Hostile].
const MaxHostile = 5_000

// hostileTime is how long a server may take until it is rid of a hostile client: its
// patience with who proves nothing, and room for a busy machine.
const hostileTime = 60 * time.Second

// Hostile is what became of hostile clients.
type Hostile struct {
	Clients int
	Refused int64           // the server did not let them in
	Closed  int64           // with a reason that it said
	Cut     int64           // without one
	Each    []time.Duration // from the dial to the end, of those that got in
}

// evils are what a hostile client does, each another in turn.
var evils = []func(*websocket.Conn) error{
	func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.TextMessage, []byte("{not json")) },
	func(ws *websocket.Conn) error { return ws.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}) },
	func(ws *websocket.Conn) error {
		return ws.WriteMessage(websocket.TextMessage, make([]byte, protocol.MaxDeviceFrame+1))
	},
	func(ws *websocket.Conn) (err error) { // a flood of pings, whose answers it does not read
		for i := 0; i < 2_000 && err == nil; i++ {
			err = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		return err
	},
	func(ws *websocket.Conn) error { // a frame of a server
		_, err := ws.NetConn().Write([]byte{0x81, 2, 'h', 'i'})
		return err
	},
	func(ws *websocket.Conn) error { // a message that never ends
		_, err := ws.NetConn().Write([]byte{0x01, 0x81, 0, 0, 0, 0, 'x'})
		return err
	},
	func(*websocket.Conn) error { return nil }, // says nothing at all
}

// Hostile has n clients without an identity do what none may do, many at a time and from
// networks of their own, and waits until the server is rid of each. The fleet may be
// connected meanwhile. It fails where a client is still there after a minute.
func (f *Fleet) Hostile(ctx context.Context, n int) (Hostile, error) {
	if n < 1 || n > MaxHostile {
		return Hostile{}, fmt.Errorf("%w: %d hostile clients, want 1 to %d", ErrBounds, n, MaxHostile)
	}
	return f.hostile(ctx, n, evils)
}

func (f *Fleet) hostile(ctx context.Context, n int, evils []func(*websocket.Conn) error) (Hostile, error) {
	h, each := Hostile{Clients: n}, make([]time.Duration, n)
	var refused, closed, cut atomic.Int64
	first := firstNetwork()
	err := f.each(ctx, "hostile", n, handshakes, func(ctx context.Context, i int) error {
		begun := time.Now()
		ws, err := f.hostileDial(ctx, first+i/40)
		if err != nil {
			refused.Add(1)
			return ctx.Err()
		}
		defer ws.Close()
		_ = evils[i%len(evils)](ws) // the server may have ended it already
		err = untilEnd(ws, begun.Add(hostileTime))
		each[i] = time.Since(begun)
		switch {
		case errors.As(err, new(*websocket.CloseError)) && !websocket.IsCloseError(err, websocket.CloseAbnormalClosure):
			closed.Add(1)
		case isTimeout(err):
			return fmt.Errorf("a hostile client is still connected after %s", hostileTime)
		default:
			cut.Add(1)
		}
		return nil
	})
	h.Each = slices.DeleteFunc(each, func(d time.Duration) bool { return d == 0 })
	h.Refused, h.Closed, h.Cut = refused.Load(), closed.Load(), cut.Load()
	return h, err
}

func (f *Fleet) hostileDial(ctx context.Context, network int) (*websocket.Conn, error) {
	d := websocket.Dialer{NetDialContext: dialer(source(network)), Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: hostileTime}
	ws, resp, err := d.DialContext(ctx, "ws://"+f.homes[0].target.host+protocol.Path, nil)
	if resp != nil && err != nil {
		_ = resp.Body.Close()
	}
	return ws, err
}

// untilEnd reads until the connection ends, and answers no ping.
func untilEnd(ws *websocket.Conn, at time.Time) error {
	_ = ws.SetReadDeadline(at)
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return err
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
