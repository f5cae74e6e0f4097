package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// goodbye is how long the close frame may take.
const goodbye = 250 * time.Millisecond

// connection is one connection, from its dial to its Closed.
type connection struct {
	link *Link
	to   target
	id   uint64
	out  chan protocol.Frame
	ctx  context.Context // ends with the connection; its cause says why
	end  context.CancelCauseFunc
}

// broken is why this side ends a connection, as the close code says it.
type broken struct {
	code int
	err  error
}

func (b broken) Error() string { return b.err.Error() }
func (b broken) Unwrap() error { return b.err }

func newConnection(l *Link, id uint64, to target) *connection {
	ctx, end := context.WithCancelCause(l.ctx)
	return &connection{link: l, to: to, id: id, out: make(chan protocol.Frame, queue), ctx: ctx, end: end}
}

// run is the connection's goroutine.
func (c *connection) run() {
	ws, err := c.dial()
	if err == nil {
		c.emit(session.Connected{Conn: c.id})
		c.serve(ws)
		err = context.Cause(c.ctx)
	}
	c.end(err)
	code, retry := closedBy(err)
	c.link.emit(c.link.ctx, session.Closed{Conn: c.id, Code: code, RetryAfter: retry, Err: err})
}

// emit passes an event on, unless the connection has ended.
func (c *connection) emit(w session.What) {
	if c.ctx.Err() == nil {
		c.link.emit(c.ctx, w)
	}
}

func (c *connection) send(f protocol.Frame) {
	select {
	case c.out <- f:
	default:
		c.end(ErrQueueFull)
	}
}

// serve reads until the connection ends, and waits for its helpers.
func (c *connection) serve(ws *websocket.Conn) {
	var helpers sync.WaitGroup
	helpers.Go(func() { c.write(ws) })
	helpers.Go(func() { c.closer(ws) })
	c.end(c.read(ws))
	helpers.Wait()
}

// closer closes the socket when the connection ends, with a word of why.
func (c *connection) closer(ws *websocket.Conn) {
	<-c.ctx.Done()
	code := websocket.CloseNormalClosure
	if b, ok := errors.AsType[broken](context.Cause(c.ctx)); ok {
		code = b.code
	}
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(goodbye))
	_ = ws.Close()
}

// write sends what is queued, one frame at a time.
func (c *connection) write(ws *websocket.Conn) {
	for {
		select {
		case <-c.ctx.Done():
			return
		case f := <-c.out:
			if err := c.writeFrame(ws, f); err != nil {
				c.end(fmt.Errorf("write %s: %w", f.Type(), err))
				return
			}
		}
	}
}

func (c *connection) writeFrame(ws *websocket.Conn, f protocol.Frame) error {
	data, err := protocol.Encode(f)
	if err != nil {
		return err
	}
	if len(data) > protocol.MaxDeviceFrame {
		return fmt.Errorf("%w: %d bytes", protocol.ErrTooLarge, len(data))
	}
	if err := ws.SetWriteDeadline(time.Now().Add(c.link.config.Write)); err != nil {
		return err
	}
	return ws.WriteMessage(websocket.TextMessage, data)
}

// read passes frames on until one is bad, the server is silent or the
// connection breaks.
func (c *connection) read(ws *websocket.Conn) error {
	ws.SetReadLimit(protocol.MaxFrame)
	ws.SetPingHandler(func(data string) error { return c.pong(ws, data) })
	for {
		if err := c.alive(ws); err != nil {
			return err
		}
		kind, data, err := ws.ReadMessage()
		if err != nil {
			return readError(err)
		}
		if kind != websocket.TextMessage {
			return broken{closeCode(protocol.CodeBadFrame), fmt.Errorf("%w: not text", protocol.ErrBadFrame)}
		}
		f, err := protocol.DecodeDown(data)
		if err != nil {
			return broken{closeCode(protocol.CodeBadFrame), err}
		}
		if _, unknown := f.(protocol.Unknown); !unknown {
			c.emit(session.Received{Conn: c.id, Frame: f})
		}
	}
}

// alive gives the server its time anew.
func (c *connection) alive(ws *websocket.Conn) error {
	return ws.SetReadDeadline(time.Now().Add(c.link.config.Silence))
}

// pong answers a ping, which is a sign of life. One that cannot be written now
// is left out: the writer's own deadline judges the network.
func (c *connection) pong(ws *websocket.Conn, data string) error {
	err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	if timedOut(err) {
		err = nil
	}
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		return err
	}
	return c.alive(ws)
}

func closeCode(c protocol.Code) int { return protocol.CloseBase + int(c) }

// readError names what a reader can see.
func readError(err error) error {
	if timedOut(err) {
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	if errors.Is(err, websocket.ErrReadLimit) {
		return broken{websocket.CloseMessageTooBig, fmt.Errorf("%w: over %d bytes", protocol.ErrTooLarge, protocol.MaxFrame)}
	}
	return fmt.Errorf("read: %w", err)
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
