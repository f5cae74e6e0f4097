package poller

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// maxParked bounds what waits for a device that does not take it: where more waits,
// the next [Conn.Send] drops the device.
const maxParked = 256 << 10

// Why this side gave a connection up, for its own handler.
var (
	errSlow    = errors.New("the device does not take what it is sent")
	errAborted = errors.New("connection was given up")
)

// polled is a connection in the epoll set. While it is idle it is this struct and a
// socket.
//
// One goroutine at a time has its turn (busy): the loop while it reads, a worker while
// the handler is called. Only who has the turn reads, and ends the connection; who
// wants it ended leaves word in end. Writers hold the lock. The descriptor is closed by
// who has the turn, under the lock, and is -1 from then on: the kernel gives the same
// number to the next connection at once.
//
//	idle ──bytes──▶ loop reads ──whole message──▶ worker: Frame ──▶ idle
//	                    │ end                        │ end
//	                    └──────▶ worker: Closed ◀────┘
//	                                   ├── this side closed: drop what comes, then gone
//	                                   └── else: gone
type polled struct {
	set        *set
	tls        *tls.Conn // over a carrier; nil: there is none
	handler    Handler
	heard      atomic.Int64 // Unix nanoseconds of the last whole message or control frame
	generation int32        // of the descriptor: guards against events of who had it before

	// of who has the turn
	next int64  // of the flood rule: when the bucket is full again
	in   *inbox // nil while nothing is begun

	mu      sync.Mutex
	fd      int         // guarded by mu, as all below; -1: closed
	expires int64       // Unix nanoseconds of Expire, or of the end of the linger; 0: never
	begun   int64       // when a message that has begun must have ended; 0: none has
	out     *outbox     // what the socket did not take; nil: nothing
	timer   *time.Timer // nil: nothing to wait for
	end     error       // why it ends; nil: it does not
	events  uint32      // what the set waits for
	busy    bool
	closing bool // this side's close frame is under way
	echoed  bool // the other side's close frame was answered
	over    bool // Closed was called
	dead    bool // nothing can be written any more
}

// inbox is what has arrived and is not dealt with.
type inbox struct {
	raw     []byte
	cut     cutter
	message int // raw[:message] is a whole message
	dropped dropper
}

// outbox is what waits for the socket.
type outbox struct {
	bytes []byte
	until int64 // Unix nanoseconds at which the device is dropped
}

// Heard is when the device last sent a whole message or control frame.
func (c *polled) Heard() time.Time { return time.Unix(0, c.heard.Load()) }

// Expire ends the connection at t unless it is called again before. The zero
// time means never.
func (c *polled) Expire(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.fd < 0 {
		return
	}
	c.expires = 0
	if !t.IsZero() {
		c.expires = t.UnixNano()
	}
	c.schedule()
}

// Send writes the messages in order, with no other between them. What the socket does
// not take at once waits for it, up to the write timeout: the caller never does.
func (c *polled) Send(messages ...[]byte) error {
	buf := buffers.Get().(*[]byte)
	frames, err := encode(*buf, messages...)
	if err != nil {
		return err
	}
	c.mu.Lock()
	err = c.sendLocked(frames)
	c.mu.Unlock()
	keep(buf, frames)
	return err
}

func (c *polled) sendLocked(frames []byte) error {
	switch {
	case c.closing || c.echoed:
		return websocket.ErrCloseSent
	case c.dead || c.fd < 0:
		return net.ErrClosed
	case c.out != nil && len(c.out.bytes) > maxParked:
		c.abort(errSlow)
		return errSlow
	}
	return c.write(frames)
}

// write writes, or parks what the socket does not take. The lock is held.
func (c *polled) write(b []byte) error {
	if c.tls == nil {
		return c.writeRaw(b)
	}
	_, err := c.tls.Write(b)
	return err
}

func (c *polled) writeRaw(b []byte) error {
	if c.out == nil {
		n, err := writeAll(c.fd, b)
		if err != nil {
			c.abort(err)
			return err
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
		c.out = &outbox{until: time.Now().Add(c.set.poller.cfg.WriteTimeout).UnixNano()}
		c.arm()
		c.schedule()
	}
	c.out.bytes = append(c.out.bytes, b...)
	return nil
}

// writeAll writes until the socket takes no more.
func writeAll(fd int, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := unix.SendmsgN(fd, b[n:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return n, nil
		case err != nil:
			return n, os.NewSyscallError("send", err)
		default:
			n += m
		}
	}
	return n, nil
}

// flush writes what was parked. The lock is held.
func (c *polled) flush() {
	if c.out == nil || c.dead || c.fd < 0 {
		return
	}
	n, err := writeAll(c.fd, c.out.bytes)
	if err != nil {
		c.abort(err)
		return
	}
	if c.out.bytes = c.out.bytes[n:]; len(c.out.bytes) == 0 {
		c.out = nil
		c.arm()
		c.schedule()
	}
}

// Prompt is true: Send never waits.
func (c *polled) Prompt() bool { return true }

// Ping asks the device for a sign of life. While messages wait for the socket
// it does nothing: they have a deadline of their own.
func (c *polled) Ping() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out != nil {
		return nil
	}
	return c.sendLocked(pingFrame())
}

// Close ends the connection with a close code and a reason of at most 123
// bytes. Only the first call counts.
func (c *polled) Close(code int, reason string) {
	frame, err := control(nil, websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing || c.fd < 0:
		return
	case err != nil || c.echoed || c.dead:
		c.closing = true
		c.abort(errAborted)
		return
	}
	c.closing = true
	if c.write(frame) != nil {
		return
	}
	c.expires = time.Now().Add(c.set.poller.cfg.Linger).UnixNano()
	c.schedule()
	c.stop(errAborted)
}

// giveUp ends the connection without a word.
func (c *polled) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abort(errAborted)
}

// abort ends the connection without a word. The lock is held.
func (c *polled) abort(cause error) {
	if c.fd < 0 {
		return
	}
	if !c.dead {
		c.dead, c.out = true, nil
		_ = unix.Shutdown(c.fd, unix.SHUT_RDWR)
	}
	c.stop(cause)
}

// stop leaves word that the connection ends, and gives it to a worker where nobody has
// the turn. The lock is held.
func (c *polled) stop(cause error) {
	if c.end == nil {
		c.end = cause
	}
	switch {
	case c.busy:
	case !c.over:
		c.handOn()
	case c.dead:
		c.destroy()
	}
}

// destroy frees everything. The lock is held, and the turn is the caller's or nobody's.
func (c *polled) destroy() {
	if c.fd < 0 {
		return
	}
	c.set.remove(c)
	c.fd, c.dead, c.out, c.in = -1, true, nil, nil
	c.schedule()
	c.set.poller.running.Done()
}

// arm says what the set waits for: bytes unless somebody has the turn, room where
// something waits. While somebody has it events come once, or a broken socket, which
// reports itself whatever it is asked, would keep the loop spinning. The lock is held.
func (c *polled) arm() {
	if c.fd < 0 {
		return
	}
	events := uint32(unix.EPOLLIN)
	if c.busy {
		events = unix.EPOLLET
	}
	if c.out != nil {
		events |= unix.EPOLLOUT
	}
	c.set.arm(c, events)
}

// schedule sets the timer to the earliest deadline. The lock is held.
func (c *polled) schedule() {
	at := c.expires
	if at == 0 { // else the earlier deadline counts
		at = c.begun
	}
	if c.out != nil && (at == 0 || c.out.until < at) {
		at = c.out.until
	}
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if at != 0 && c.fd >= 0 {
		c.timer = time.AfterFunc(time.Until(time.Unix(0, at)), c.expired)
	}
}

// expired looks which deadline has passed.
func (c *polled) expired() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().UnixNano()
	passed := func(at int64) bool { return at != 0 && at <= now }
	switch {
	case c.fd < 0:
	case c.out != nil && passed(c.out.until):
		c.abort(errSlow)
	case c.closing && passed(c.expires):
		c.abort(errAborted)
	case passed(c.expires), c.expires == 0 && passed(c.begun):
		c.expires, c.begun = 0, 0
		c.stop(ErrTimeout)
	default:
		c.schedule() // it was moved, or this is an old timer
	}
}

// why is the cause that the handler is told.
func (c *polled) why() error {
	if c.closing {
		return nil
	}
	return c.end
}

var errEOF = &websocket.CloseError{Code: websocket.CloseAbnormalClosure, Text: io.ErrUnexpectedEOF.Error()}
