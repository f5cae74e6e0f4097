package poller

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// controlTimeout bounds the write of a ping, a pong or a close frame. They are
// a few bytes: a socket that cannot take them is full of unread data.
const controlTimeout = 250 * time.Millisecond

// portable is a connection whose goroutine waits for bytes: on systems without epoll, and
// for TLS, which is in the standard library's hands.
type portable struct {
	poller  *Poller
	ws      *websocket.Conn
	heard   atomic.Int64 // Unix nanoseconds of the last whole message or control frame
	expires atomic.Int64 // Unix nanoseconds of Expire, 0 for never
	closing atomic.Bool  // this side has begun to close

	sending sync.Mutex // held while data frames are written

	next int64 // of the flood rule: when the bucket is full again; the reader's own
}

func newPortable(p *Poller, ws *websocket.Conn) *portable {
	c := &portable{poller: p, ws: ws}
	c.heard.Store(time.Now().UnixNano())
	ws.SetPingHandler(c.pinged)
	ws.SetPongHandler(func(string) error { return c.count() })
	return c
}

// Heard is when the device last sent a whole message or control frame.
func (c *portable) Heard() time.Time { return time.Unix(0, c.heard.Load()) }

// Expire ends the connection at t unless it is called again before. The zero
// time means never.
func (c *portable) Expire(t time.Time) {
	var at int64
	if !t.IsZero() {
		at = t.UnixNano()
	}
	c.expires.Store(at)
	c.readUntil(t)
}

// readUntil sets the read deadline, unless the connection is closing: then
// that of Close counts, whichever came first.
func (c *portable) readUntil(t time.Time) {
	_ = c.ws.SetReadDeadline(t)
	if c.closing.Load() {
		_ = c.ws.SetReadDeadline(time.Now().Add(c.poller.cfg.Linger))
	}
}

// Send writes the messages in order, with no other between them. Where it
// fails, or takes longer than the write timeout, the connection is ended.
func (c *portable) Send(messages ...[]byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.poller.cfg.WriteTimeout))
	for _, m := range messages {
		if err := c.ws.WriteMessage(websocket.TextMessage, m); err != nil {
			if !c.closing.Load() {
				c.giveUp()
			}
			return err
		}
	}
	return nil
}

// Prompt is false: Send waits for the socket.
func (c *portable) Prompt() bool { return false }

// Ping asks the device for a sign of life. While messages are being written
// it does nothing: they have a deadline of their own.
func (c *portable) Ping() error {
	if !c.sending.TryLock() {
		return nil
	}
	defer c.sending.Unlock()
	err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlTimeout))
	if err != nil && !c.closing.Load() {
		c.giveUp()
	}
	return err
}

// Close ends the connection with a close code and a reason of at most 123
// bytes. Only the first call counts.
func (c *portable) Close(code int, reason string) {
	if c.closing.Swap(true) {
		return
	}
	now := time.Now()
	message := websocket.FormatCloseMessage(code, reason)
	if err := c.ws.WriteControl(websocket.CloseMessage, message, now.Add(controlTimeout)); err != nil {
		c.giveUp()
		return
	}
	_ = c.ws.SetReadDeadline(now.Add(c.poller.cfg.Linger))
}

// giveUp ends the connection without a word.
func (c *portable) giveUp() { _ = c.ws.Close() }

// run reads until the connection ends.
func (c *portable) run(open func(Conn) Handler) {
	defer c.poller.remove(c)
	defer c.giveUp()
	h := open(c)
	cause := c.serve(h)
	if c.closing.Load() {
		cause = nil
	}
	h.Closed(cause)
	if c.closing.Load() {
		c.linger()
	}
}

func (c *portable) serve(h Handler) error {
	for !c.closing.Load() {
		if err := c.one(h); err != nil {
			return err
		}
	}
	return nil
}

// one reads one message and hands it on.
func (c *portable) one(h Handler) error {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return why(err)
	}
	if kind != websocket.TextMessage {
		return ErrNotText
	}
	buf := c.poller.messages.Get().(*[]byte)
	defer c.poller.messages.Put(buf)
	n, err := c.fill(buf, r)
	if err != nil {
		return why(err)
	}
	if err := c.count(); err != nil {
		return err
	}
	h.Frame((*buf)[:n])
	return nil
}

// fill reads one message into buf, which grows up to the bound.
func (c *portable) fill(buf *[]byte, r io.Reader) (n int, err error) {
	defer c.limit(time.Now())()
	for {
		if n > protocol.MaxDeviceFrame {
			return n, ErrTooLarge
		}
		if n == len(*buf) {
			grown := make([]byte, min(4*n, protocol.MaxDeviceFrame+1))
			copy(grown, *buf)
			*buf = grown
		}
		m, err := r.Read((*buf)[n:])
		n += m
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// limit sets the deadline of a message that was begun and returns what takes
// it back.
func (c *portable) limit(now time.Time) func() {
	if c.expires.Load() != 0 {
		return func() {} // the earlier deadline counts
	}
	c.readUntil(now.Add(c.poller.cfg.MessageTimeout))
	return func() { c.readUntil(time.Time{}) }
}

// count notes a sign of life and enforces the flood rule.
func (c *portable) count() error {
	now := time.Now().UnixNano()
	c.heard.Store(now)
	return c.poller.cfg.flood(&c.next, now)
}

func (c *portable) pinged(data string) error {
	if err := c.count(); err != nil {
		return err
	}
	err := c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(controlTimeout))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// linger reads and drops what the peer still sends until it closes too, or
// until the deadline that Close has set. After a flood of pings gorilla reads no more:
// an error of a handler is final.
func (c *portable) linger() {
	for {
		_, r, err := c.ws.NextReader()
		if errors.Is(err, ErrFlood) {
			_, _ = io.Copy(io.Discard, c.ws.NetConn())
		}
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return
		}
	}
}

func why(err error) error {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return ErrTimeout
	}
	return err
}
