package poller

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// NewTLSListener returns a listener whose connections speak TLS, as [tls.NewListener]'s,
// and can be taken over by a poller with [Epoll]: they keep no goroutine then either.
func NewTLSListener(l net.Listener, cfg *tls.Config) net.Listener { return tlsListener{l, cfg} }

type tlsListener struct {
	net.Listener
	cfg *tls.Config
}

// Accept returns a *tls.Conn, as net/http asks for.
func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tls.Server(&carrier{Conn: c}, l.cfg), nil
}

// carrier is what a tls.Conn reads from and writes to: at first a socket of package net, and
// once a poller has taken it over what the poller has read, and the poller's socket. From
// then on both are used under the lock of the polled connection alone, so that TLS's own
// locks are always taken after it.
type carrier struct {
	net.Conn // at first

	by *polled // nil: nobody has taken it over
	in []byte  // that by has read, and TLS has not
}

// NetConn is the socket that was accepted.
func (c *carrier) NetConn() net.Conn { return c.Conn }

// errWait says that nothing is there yet: TLS goes on where it was with the next read, since
// the error calls itself temporary.
var errWait net.Error = waitError{}

type waitError struct{}

func (waitError) Error() string   { return "nothing there yet" }
func (waitError) Timeout() bool   { return true }
func (waitError) Temporary() bool { return true }

func (c *carrier) Read(b []byte) (int, error) {
	if c.by == nil {
		return c.Conn.Read(b)
	}
	if len(c.in) == 0 {
		return 0, errWait
	}
	n := copy(b, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *carrier) Write(b []byte) (int, error) {
	if c.by == nil {
		return c.Conn.Write(b)
	}
	if err := c.by.writeRaw(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close leaves the socket of a poller to it.
func (c *carrier) Close() error {
	if c.by == nil {
		return c.Conn.Close()
	}
	return nil
}

// Deadlines of a poller are its own.

func (c *carrier) SetDeadline(t time.Time) error {
	if c.by == nil {
		return c.Conn.SetDeadline(t)
	}
	return os.ErrNoDeadline
}

func (c *carrier) SetReadDeadline(t time.Time) error {
	if c.by == nil {
		return c.Conn.SetReadDeadline(t)
	}
	return os.ErrNoDeadline
}

func (c *carrier) SetWriteDeadline(t time.Time) error {
	if c.by == nil {
		return c.Conn.SetWriteDeadline(t)
	}
	return os.ErrNoDeadline
}

// decrypt appends to plain what b, which was read from the socket, completes. The error
// is why nothing more will come. The caller has the turn.
func (c *polled) decrypt(b, plain []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	carrier := c.tls.NetConn().(*carrier)
	carrier.in = b
	defer func() { carrier.in = nil }()
	for {
		if len(plain) == cap(plain) {
			plain = append(plain, 0)[:len(plain)]
		}
		n, err := c.tls.Read(plain[len(plain):cap(plain)])
		plain = plain[:len(plain)+n]
		switch {
		case errors.Is(err, errWait):
			return plain, nil
		case errors.Is(err, io.EOF):
			return plain, errEOF
		case err != nil:
			return plain, err
		}
	}
}
