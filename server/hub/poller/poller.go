package poller

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// Why a connection ended; test with errors.Is. Anything else means that the
// peer or the network ended it.
var (
	// ErrTooLarge means a message above [protocol.MaxDeviceFrame].
	ErrTooLarge = errors.New("message too large")
	// ErrNotText means a binary message.
	ErrNotText = errors.New("message is not text")
	// ErrFlood means more messages or control frames than [Config.Rate] allows.
	ErrFlood = errors.New("too many messages")
	// ErrTimeout means that the deadline of [Conn.Expire] passed, or that a
	// message was begun and not ended in time.
	ErrTimeout = errors.New("nothing arrived in time")
	// ErrStopped means that the poller is closed.
	ErrStopped = errors.New("poller is closed")
)

// Handler is called with what one device sends. Calls never overlap.
type Handler interface {
	// Frame takes one text message. The data is valid only during the call.
	Frame(data []byte)
	// Closed is the last call. The connection can still be written to and
	// closed with a reason during it. The cause is nil where this side closed.
	Closed(cause error)
}

// Config holds the settings of a [Poller]. The zero value is usable.
type Config struct {
	// WriteTimeout bounds one send: a device that takes longer is dropped.
	// Default 5 s.
	WriteTimeout time.Duration
	// MessageTimeout bounds the time from a message's first byte to its last.
	// Default 10 s.
	MessageTimeout time.Duration
	// Linger is how long a closed connection is still read, so that the close
	// frame arrives before a reset can destroy it. Default 1 s.
	Linger time.Duration
	// Rate is the number of messages and control frames that a device may send
	// per second, beyond Burst at once. Defaults 100 and 300: a TV answers each key of
	// as many remotes as it takes.
	Rate, Burst int
}

func (c Config) withDefaults() Config {
	c.WriteTimeout = orDefault(c.WriteTimeout, 5*time.Second)
	c.MessageTimeout = orDefault(c.MessageTimeout, 10*time.Second)
	c.Linger = orDefault(c.Linger, time.Second)
	c.Rate = orDefault(c.Rate, 100)
	c.Burst = orDefault(c.Burst, 300)
	return c
}

func orDefault[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// Sizes of gorilla's buffers in bytes. The read buffer must hold one control
// frame; longer messages are read past it. Write buffers exist only during a
// write.
const (
	readBuffer  = 128
	writeBuffer = 1 << 10
)

// Poller owns connections. Make one with [New].
type Poller struct {
	cfg      Config
	upgrader websocket.Upgrader
	messages sync.Pool // *[]byte, for one message each
	running  sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	conns   map[*Conn]struct{}
}

// New returns a Poller. The caller must call [Poller.Close].
func New(cfg Config) *Poller {
	return &Poller{
		cfg: cfg.withDefaults(),
		upgrader: websocket.Upgrader{
			ReadBufferSize:   readBuffer,
			WriteBufferSize:  writeBuffer,
			WriteBufferPool:  &sync.Pool{},
			Subprotocols:     []string{protocol.Subprotocol},
			HandshakeTimeout: 5 * time.Second,
		},
		messages: sync.Pool{New: func() any { b := make([]byte, 2<<10); return &b }},
		conns:    make(map[*Conn]struct{}),
	}
}

// Accept upgrades the request and takes the connection over. It calls open on
// the connection's goroutine and hands everything that arrives to the handler
// that open returns. Where it fails it has answered the request.
func (p *Poller) Accept(w http.ResponseWriter, r *http.Request, open func(*Conn) Handler) error {
	ws, err := p.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return err
	}
	c := newConn(p, ws)
	if !p.add(c) {
		c.abort()
		return ErrStopped
	}
	go c.run(open)
	return nil
}

func (p *Poller) add(c *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return false
	}
	p.conns[c] = struct{}{}
	p.running.Add(1)
	return true
}

func (p *Poller) remove(c *Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	p.running.Done()
}

// Len returns the number of connections.
func (p *Poller) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// Close refuses new connections, ends every connection that is left with the
// close code, and waits until all handlers have returned, or until ctx ends.
func (p *Poller) Close(ctx context.Context, code int) error {
	p.mu.Lock()
	p.stopped = true
	left := make([]*Conn, 0, len(p.conns))
	for c := range p.conns {
		left = append(left, c)
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		closeAll(left, code)
		p.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		for _, c := range left {
			c.abort()
		}
		<-done
		return ctx.Err()
	}
}

// closeAll ends connections side by side: one that is stuck takes a while.
func closeAll(conns []*Conn, code int) {
	var done sync.WaitGroup
	limit := make(chan struct{}, 256)
	for _, c := range conns {
		limit <- struct{}{}
		done.Go(func() {
			c.Close(code, "")
			<-limit
		})
	}
	done.Wait()
}

// Offered reports whether r asks for a WebSocket with our subprotocol.
func Offered(r *http.Request) bool {
	return websocket.IsWebSocketUpgrade(r) && slices.Contains(websocket.Subprotocols(r), protocol.Subprotocol)
}
