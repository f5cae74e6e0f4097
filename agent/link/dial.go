package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

const (
	maxHandshake  = 64 << 10  // bytes of TLS handshake and HTTP answer
	maxRetryAfter = time.Hour // that a server's Retry-After puts off
)

var errHandshakeSize = errors.New("server's answer is too long")

// refusal is an HTTP answer other than a WebSocket.
type refusal struct {
	status int
	retry  time.Duration
}

func (r refusal) Error() string {
	return fmt.Sprintf("%v: HTTP status %d", ErrHandshake, r.status)
}
func (r refusal) Unwrap() error { return ErrHandshake }

// dial connects, upgrades and checks what the server speaks.
func (c *connection) dial() (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.link.config.Handshake)
	defer cancel()
	var guard *guarded
	dialer := websocket.Dialer{
		Subprotocols:    []string{protocol.Subprotocol},
		ReadBufferSize:  2 << 10,
		WriteBufferSize: 2 << 10,
		TLSClientConfig: secure(c.to.tls),
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := c.link.config.connect(ctx, network, address, strings.HasPrefix(c.to.url, "ws:"))
			if err != nil {
				return nil, err
			}
			guard = guardConn(ctx, raw)
			return guard, nil
		},
	}
	var header http.Header
	if program := c.link.config.Program; program != "" {
		header = http.Header{"User-Agent": {program}}
	}
	ws, answer, err := dialer.DialContext(ctx, c.to.url, header)
	if guard != nil {
		guard.release()
	}
	if err != nil {
		return nil, c.dialError(ctx, answer, err)
	}
	if ws.Subprotocol() != protocol.Subprotocol {
		_ = ws.Close()
		return nil, ErrSubprotocol
	}
	return ws, nil
}

// dialError names why the dial failed.
func (c *connection) dialError(ctx context.Context, answer *http.Response, err error) error {
	switch {
	case c.ctx.Err() != nil:
		return context.Cause(c.ctx)
	case ctx.Err() != nil || timedOut(err):
		return fmt.Errorf("dial: %w: %w", ErrSilent, err)
	case errors.Is(err, websocket.ErrBadHandshake) && answer != nil:
		return refusal{answer.StatusCode, retryAfter(answer)}
	}
	return fmt.Errorf("dial: %w", err)
}

// retryAfter reads Retry-After in seconds (RFC 9110, section 10.2.3), at most an
// hour. A date is not understood: the device may have no clock.
func retryAfter(answer *http.Response) time.Duration {
	s, err := strconv.ParseInt(answer.Header.Get("Retry-After"), 10, 64)
	if err != nil || s < 0 {
		return 0
	}
	return min(time.Duration(min(s, 24*3600))*time.Second, maxRetryAfter)
}

// closedBy tells what the server meant by the way it closed.
func closedBy(err error) (protocol.Code, time.Duration) {
	if r, ok := errors.AsType[refusal](err); ok {
		switch r.status {
		case http.StatusTooManyRequests:
			return protocol.CodeTooMany, r.retry
		case http.StatusServiceUnavailable:
			return protocol.CodeBusy, r.retry
		}
		return 0, r.retry
	}
	e, ok := errors.AsType[*websocket.CloseError](err)
	switch {
	case !ok:
		return 0, 0
	case e.Code > protocol.CloseBase && e.Code < protocol.CloseBase+1000:
		return protocol.Code(e.Code - protocol.CloseBase), 0
	case e.Code == websocket.CloseServiceRestart || e.Code == websocket.CloseTryAgainLater:
		return protocol.CodeBusy, 0
	}
	return 0, 0
}

// secure returns a copy of c with TLS 1.2 as its least version.
func secure(c *tls.Config) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	out := c.Clone()
	out.MinVersion = max(out.MinVersion, tls.VersionTLS12)
	return out
}

// connect makes the connection below TLS. A plain one ends at this machine,
// whatever the name resolved to.
func (c Config) connect(ctx context.Context, network, address string, plain bool) (net.Conn, error) {
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); plain && ok && !a.IP.IsLoopback() {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: ws:// to %s", ErrURL, a.IP)
	}
	return conn, nil
}

// guarded bounds what the server may send during the handshake, and closes the
// connection when the dial is given up. After release it is the bare connection.
type guarded struct {
	net.Conn
	free bool // set before anything but the dialing goroutine reads
	left int
	stop func() bool
	done chan struct{}
}

func guardConn(ctx context.Context, raw net.Conn) *guarded {
	g := &guarded{Conn: raw, left: maxHandshake, done: make(chan struct{})}
	g.stop = context.AfterFunc(ctx, func() {
		defer close(g.done)
		_ = raw.Close()
	})
	return g
}

// release ends the guard and waits for its goroutine, if that began.
func (g *guarded) release() {
	g.free = true
	if !g.stop() {
		<-g.done
	}
}

func (g *guarded) Read(p []byte) (int, error) {
	if g.free {
		return g.Conn.Read(p)
	}
	if g.left <= 0 {
		return 0, errHandshakeSize
	}
	n, err := g.Conn.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}
