// Package link carries the session machine's frames: it dials the server, reads
// and writes frames, answers pings and notices silence. It decides nothing:
// when to dial and what to send are session's effects, and what it sees are
// session's events.
//
//	session.Dial ──▶ Link.Dial ──▶ goroutine per connection ──▶ emit(session.Connected, Received…, Closed)
//	session.Send ──▶ Link.Send ──▶ bounded queue ──▶ its writer
//
// # Concurrency
//
// A [Link]'s methods never block on the network and are safe for concurrent
// use. Each connection has three goroutines: one dials and reads and emits, one
// writes, one closes; the first waits for the other two and [Link.Close] waits
// for it. Events of one connection are emitted one after another, in order, and
// the last is always a Closed. A slow receiver of events slows the server down
// by TCP, nothing else.
//
// # Bounds
//
// The HTTP answer is at most 64 KiB with the TLS handshake, a frame
// [protocol.MaxFrame], the send queue 64 frames; dialing, writing and silence
// have deadlines. Frames are not compressed. Unencrypted ws:// is refused but to
// this machine itself.
//
// Tested against real gorilla servers, good and hostile, over net.Pipe in fake
// time and over sockets; goleak watches.
package link

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// Errors that a Closed event carries; test with errors.Is.
var (
	ErrHungUp      = errors.New("hung up by this device")
	ErrQueueFull   = errors.New("send queue is full")
	ErrSilent      = errors.New("server is silent")
	ErrSubprotocol = errors.New("server does not speak " + protocol.Subprotocol)
	ErrHandshake   = errors.New("server refused the connection")
)

// ErrURL is why [New] refuses a server's address.
var ErrURL = errors.New("bad server URL")

// queue is how many frames may wait for the network.
const queue = 64

// Config is how to reach the server. The zero value of a duration means its default.
type Config struct {
	// URL is ws://host:port or wss://host[:port], without a path or with that
	// of the endpoint. ws:// only to this machine.
	URL string
	// TLS configures wss. Its Time should be the later of the build's time and
	// the last proven server time: a box without a clock must not refuse a
	// good certificate. TLS 1.2 is the least.
	TLS *tls.Config
	// Program names the program and its version for the server's log, as a User-Agent:
	// nobody decides by it. Empty: not told.
	Program string
	// Dial makes the connection below TLS; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Handshake time.Duration // for dial, TLS and HTTP; default 10 s
	Silence   time.Duration // without a frame or ping; default 2.5 × the server's ping of 50 s
	Write     time.Duration // of one frame; default 10 s
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&c.Handshake, 10*time.Second)
	set(&c.Silence, 125*time.Second)
	set(&c.Write, 10*time.Second)
	return c
}

// Link makes connections to one server.
type Link struct {
	config Config
	emit   func(context.Context, session.What)

	ctx  context.Context // ends at Close
	end  context.CancelFunc
	work sync.WaitGroup // connections

	mu    sync.Mutex // guards what follows
	to    target
	conns map[uint64]*connection
}

// target is where connections go.
type target struct {
	url string
	tls *tls.Config
}

// New returns a link. It calls emit for each event, from goroutines of its own;
// emit may block but must return when its context ends.
func New(c Config, emit func(context.Context, session.What)) (*Link, error) {
	address, err := endpoint(c.URL)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	return &Link{
		config: c.withDefaults(), to: target{address, c.TLS}, emit: emit,
		ctx: ctx, end: end, conns: make(map[uint64]*connection),
	}, nil
}

// Dial begins connection id. An id is used once.
func (l *Link) Dial(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil || l.conns[id] != nil {
		return
	}
	c := newConnection(l, id, l.to)
	l.conns[id] = c
	l.work.Go(func() {
		c.run()
		l.forget(id)
	})
}

func (l *Link) forget(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, id)
}

func (l *Link) get(id uint64) *connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conns[id]
}

// Redirect makes connections go to another server from now on, and ends those
// that are open. An address that [New] would refuse changes nothing.
func (l *Link) Redirect(server string, secured *tls.Config) error {
	address, err := endpoint(server)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = target{address, secured}
	for _, c := range l.conns {
		c.end(ErrHungUp)
	}
	return nil
}

// Send queues a frame on connection id. Where that is closed, it does nothing;
// where the queue is full, it closes the connection.
func (l *Link) Send(id uint64, f protocol.Frame) {
	if c := l.get(id); c != nil {
		c.send(f)
	}
}

// Hangup closes connection id. It does not wait.
func (l *Link) Hangup(id uint64) {
	if c := l.get(id); c != nil {
		c.end(ErrHungUp)
	}
}

// Close closes every connection and waits for all goroutines. Events that are
// under way may be lost; none comes after it.
func (l *Link) Close() {
	l.mu.Lock()
	l.end()
	l.mu.Unlock()
	l.work.Wait()
}

// endpoint checks a server's URL and gives it the endpoint's path.
func endpoint(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrURL, err)
	}
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return "", fmt.Errorf("%w: scheme %q is not ws or wss", ErrURL, u.Scheme)
	case u.Hostname() == "":
		return "", fmt.Errorf("%w: no host", ErrURL)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%w: more than scheme, host and port", ErrURL)
	case u.Path != "" && u.Path != "/" && u.Path != protocol.Path:
		return "", fmt.Errorf("%w: path %q, want none or %s", ErrURL, u.Path, protocol.Path)
	case u.Scheme == "ws" && !loopback(u.Hostname()):
		return "", fmt.Errorf("%w: ws:// is not encrypted and only allowed to this machine; use wss://", ErrURL)
	}
	u.Path = protocol.Path
	return u.String(), nil
}

// loopback reports whether host names this machine. What "localhost" resolves
// to is checked again when it is dialed.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
