package poller

import (
	"errors"
	"os"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"
)

// ready is called by the loop when the set has an event for c. Errors show when it
// reads.
func (c *polled) ready(events uint32, chunk []byte) {
	c.mu.Lock()
	if events&unix.EPOLLOUT != 0 {
		c.flush()
	}
	if c.busy || c.fd < 0 || events&^unix.EPOLLOUT == 0 {
		c.mu.Unlock()
		return
	}
	c.busy = true
	fd := c.fd
	c.mu.Unlock()

	n, err := unix.Read(fd, chunk)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
	case err != nil:
		c.fail(os.NewSyscallError("read", err))
	case n == 0:
		c.fail(errEOF)
	case c.tls != nil:
		if c.set.room == nil {
			c.set.room = make([]byte, 0, plainSize)
		}
		c.plain(chunk[:n], c.set.room)
	default:
		c.arrived(chunk[:n])
	}
	c.settle()
}

// plain takes what was read and carries TLS; buf is room for what is within.
func (c *polled) plain(b, buf []byte) {
	text, err := c.decrypt(b, buf)
	if len(text) > 0 {
		c.arrived(text)
	}
	if err != nil {
		c.fail(err)
	}
}

// settle ends the loop's turn: a worker goes on where a message is whole or the end
// has come, else nobody has it.
func (c *polled) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settleLocked() {
		c.handOn()
	}
}

// settleLocked ends the turn, unless there is more to do. The lock is held.
func (c *polled) settleLocked() (more bool) {
	c.await()
	switch {
	case c.over && c.dead:
		c.destroy()
	case !c.over && (c.end != nil || c.in != nil && c.in.message > 0):
		return true
	default:
		c.busy = false
		c.arm()
	}
	return false
}

// handOn gives the turn to a worker. The lock is held.
func (c *polled) handOn() {
	c.busy = true
	c.arm()
	c.set.crew.do(c)
}

// await sets the deadline of a message that has begun. The lock is held.
func (c *polled) await() {
	began := c.in != nil && c.in.message == 0 && !c.over
	if began == (c.begun != 0) {
		return
	}
	c.begun = 0
	if began {
		c.begun = time.Now().Add(c.set.poller.cfg.MessageTimeout).UnixNano()
	}
	c.schedule()
}

// work is a worker's turn.
func (c *polled) work() {
	for again := true; again; {
		c.mu.Lock()
		end := c.end != nil
		c.mu.Unlock()
		if end {
			c.finish()
			return
		}
		if c.in != nil && c.in.message > 0 {
			c.deliver()
		}
		c.arrived(nil) // what came with it
		c.mu.Lock()
		again = c.settleLocked()
		c.mu.Unlock()
	}
}

// finish calls Closed, and leaves the connection to the linger, or ends it.
func (c *polled) finish() {
	c.mu.Lock()
	cause := c.why()
	c.mu.Unlock()
	c.handler.Closed(cause)
	if c.in != nil { // the rest of what was cut goes the way of all that comes
		rest := c.in.raw[c.in.cut.at:]
		*c.in = inbox{}
		if c.in.dropped.drop(rest) {
			c.fail(errEOF)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if !c.closing || c.dead {
		c.destroy()
		return
	}
	c.settleLocked()
}

// fail leaves word of the end. The caller has the turn.
func (c *polled) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil {
		c.end = cause
	}
	if c.over || errors.As(cause, new(*os.SyscallError)) {
		c.dead = true
	}
}

// arrived takes what was read. The caller has the turn.
func (c *polled) arrived(b []byte) {
	if c.over {
		if c.in == nil {
			c.in = &inbox{}
		}
		if c.in.dropped.drop(b) {
			c.fail(errEOF)
		}
		return
	}
	var cut cutter
	if c.in != nil {
		c.in.raw = append(c.in.raw, b...)
		b, cut = c.in.raw, c.in.cut
	}
	rest, message, err := c.pieces(&cut, b)
	if err != nil {
		c.fail(c.refusal(err, &cut, rest))
	}
	if len(rest) == 0 {
		c.in = nil
		return
	}
	if c.in == nil { // b is the loop's
		c.in, rest = &inbox{}, append([]byte(nil), rest...)
	}
	c.in.raw, c.in.cut, c.in.message = rest, cut, message
}

// pieces deals with the control frames in b and stops at a whole message.
func (c *polled) pieces(cut *cutter, b []byte) (rest []byte, message int, err error) {
	for {
		p, err := cut.next(b)
		switch {
		case err != nil || p.opcode == 0:
			return b, 0, err
		case p.opcode == websocket.TextMessage:
			return b, p.to, nil
		}
		if err := c.control(p.opcode, b[p.from:p.to]); err != nil {
			return b, 0, err
		}
		b = append(b[:p.from], b[p.to:]...)
	}
}

// control deals with one whole control frame.
func (c *polled) control(opcode int, frame []byte) error {
	switch opcode {
	case websocket.CloseMessage:
		_, answer, err := decode(frame, nil)
		c.answer(answer, true)
		return err
	case websocket.PongMessage:
		return c.count()
	}
	if err := c.count(); err != nil {
		return err
	}
	pong, err := control(nil, websocket.PongMessage, unmask(frame))
	if err == nil {
		c.answer(pong, false)
	}
	return err
}

// answer writes what the protocol asks for, which may be nothing. The last is a close
// frame.
func (c *polled) answer(frame []byte, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.echoed || c.dead || c.fd < 0 {
		return
	}
	_ = c.write(frame) // where it fails the end is under way
	c.echoed = c.echoed || last && len(frame) > 0
}

// refusal has gorilla say what is wrong with a malformed frame.
func (c *polled) refusal(err error, cut *cutter, b []byte) error {
	if !errors.Is(err, errMalformed) {
		return err
	}
	_, answer, err := decode(b[:min(len(b), cut.at+maxHead)], nil)
	if err == nil {
		return errMalformed // never: gorilla refuses all that the cutter does
	}
	c.answer(answer, true)
	return err
}

// deliver hands the whole message in the inbox on.
func (c *polled) deliver() {
	buf := buffers.Get().(*[]byte)
	text, answer, err := decode(c.in.raw[:c.in.message], *buf)
	if err == nil {
		err = c.count()
	}
	if err != nil {
		c.answer(answer, true)
		c.fail(err)
		return
	}
	c.in.raw, c.in.message = c.in.raw[c.in.message:], 0
	c.handler.Frame(text)
	keep(buf, text)
}

// count notes a sign of life and enforces the flood rule.
func (c *polled) count() error {
	now := time.Now().UnixNano()
	c.heard.Store(now)
	return c.set.poller.cfg.flood(&c.next, now)
}
