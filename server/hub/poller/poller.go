package poller

import (
	"context"
	"errors"
	"fmt"
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
	// ErrMode means a [Mode] that this system does not have.
	ErrMode = errors.New("no such mode here")
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

// Conn is one connection to a device. Its methods are safe for concurrent use.
type Conn interface {
	// Send writes the messages in order, with no other between them. Where it
	// fails, or takes longer than the write timeout, the connection is ended.
	Send(messages ...[]byte) error
	// Prompt reports that Send never waits for the device.
	Prompt() bool
	// Ping asks the device for a sign of life. While messages are on their way
	// it does nothing: they have a deadline of their own.
	Ping() error
	// Heard is when the device last sent a whole message or control frame.
	Heard() time.Time
	// Expire ends the connection at t unless it is called again before. The zero
	// time means never.
	Expire(t time.Time)
	// Close ends the connection with a close code and a reason of at most 123
	// bytes. Only the first call counts.
	Close(code int, reason string)
}

// owned is a connection as the poller sees it.
type owned interface {
	Conn
	giveUp() // ends it without a word
}

// Mode is how a [Poller] waits for bytes.
type Mode string

// The modes. TLS that ends in this process is portable in both, unless [NewTLSListener]
// accepted it.
const (
	Epoll    Mode = "epoll"    // one epoll set for all: Linux only
	Portable Mode = "portable" // a goroutine for each
)

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
	// Mode is how it waits for bytes. Default: [Epoll] on Linux, else [Portable].
	Mode Mode
	// Workers bounds the handlers that run at the same time with [Epoll]: others
	// wait for their turn. Default 1,024.
	Workers int
}

func (c Config) withDefaults() Config {
	c.WriteTimeout = orDefault(c.WriteTimeout, 5*time.Second)
	c.MessageTimeout = orDefault(c.MessageTimeout, 10*time.Second)
	c.Linger = orDefault(c.Linger, time.Second)
	c.Rate = orDefault(c.Rate, 100)
	c.Burst = orDefault(c.Burst, 300)
	c.Workers = orDefault(c.Workers, 1024)
	if c.Mode == "" {
		c.Mode = defaultMode
	}
	return c
}

// flood enforces the rate: a token bucket kept as the one instant at which it is full
// again.
func (c Config) flood(next *int64, now int64) error {
	each := int64(time.Second) / int64(c.Rate)
	*next = max(*next, now) + each
	if *next-now > each*int64(c.Burst) {
		return ErrFlood
	}
	return nil
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
	set      *set // nil: Portable
	upgrader websocket.Upgrader
	messages sync.Pool // *[]byte, for one message each
	running  sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	conns   map[*portable]struct{}
}

// New returns a Poller. The caller must call [Poller.Close].
func New(cfg Config) (*Poller, error) {
	p := &Poller{
		cfg: cfg.withDefaults(),
		upgrader: websocket.Upgrader{
			ReadBufferSize:   readBuffer,
			WriteBufferSize:  writeBuffer,
			WriteBufferPool:  &sync.Pool{},
			Subprotocols:     []string{protocol.Subprotocol},
			HandshakeTimeout: 5 * time.Second,
		},
		messages: sync.Pool{New: func() any { b := make([]byte, 2<<10); return &b }},
		conns:    make(map[*portable]struct{}),
	}
	switch p.cfg.Mode {
	case Portable:
		return p, nil
	case Epoll:
		set, err := newSet(p)
		p.set = set
		return p, err
	}
	return nil, fmt.Errorf("%w: %q", ErrMode, p.cfg.Mode)
}

// Accept upgrades the request and takes the connection over. It calls open and
// hands everything that arrives to the handler that open returns. Where it fails it
// has answered the request. The caller returns from its HTTP handler at once.
func (p *Poller) Accept(w http.ResponseWriter, r *http.Request, open func(Conn) Handler) error {
	ws, err := p.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return err
	}
	if !p.begin() {
		_ = ws.Close()
		return ErrStopped
	}
	if p.set != nil {
		t, ok, err := detach(ws.NetConn())
		if err == nil && ok {
			err = p.set.accept(t, open)
		}
		if err != nil {
			p.running.Done()
		}
		if ok || err != nil {
			return err
		}
	}
	c := newPortable(p, ws)
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	go c.run(open)
	p.late(c)
	return nil
}

// begin counts one more connection, unless the poller is closed.
func (p *Poller) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.running.Add(1)
	}
	return !p.stopped
}

// late ends a connection that Close did not see, because it was just beginning.
func (p *Poller) late(c owned) {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		c.giveUp()
	}
}

func (p *Poller) remove(c *portable) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	p.running.Done()
}

// all returns every connection.
func (p *Poller) all() []owned {
	var out []owned
	if p.set != nil {
		out = p.set.all()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		out = append(out, c)
	}
	return out
}

// Len returns the number of connections.
func (p *Poller) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set != nil {
		return len(p.conns) + p.set.size()
	}
	return len(p.conns)
}

// Close refuses new connections, ends every connection that is left with the
// close code, and waits until all handlers have returned, or until ctx ends.
func (p *Poller) Close(ctx context.Context, code int) error {
	p.mu.Lock()
	again := p.stopped
	p.stopped = true
	p.mu.Unlock()
	left := p.all()
	done := make(chan struct{})
	go func() {
		closeAll(left, code)
		p.running.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = ctx.Err()
		for _, c := range p.all() {
			c.giveUp()
		}
		<-done
	}
	if p.set != nil && !again {
		p.set.close()
	}
	return err
}

// closeAll ends connections side by side: one that is stuck takes a while.
func closeAll(conns []owned, code int) {
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
