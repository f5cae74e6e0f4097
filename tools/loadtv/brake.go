package loadtv

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// pace is how a slow TV takes what it is sent.
type pace int

const (
	mute     pace = iota // reads nothing, says nothing
	chatters             // reads nothing, and answers all the same
	crawls               // reads a few bytes at a time
)

// How slow a TV is that crawls: 640 bytes a second.
const (
	crawlBytes = 64
	crawlPause = 100 * time.Millisecond
)

// slowBuffer is how many bytes the kernel keeps for a TV that does not read them, about.
const slowBuffer = 2 << 10

// brake holds up what a TV reads from its socket, once it is applied.
type brake struct {
	kind    pace
	gone    time.Duration // since it was applied, when the server had ended it; 0: it has not
	applied chan struct{}
	apply   func()
}

func newBrake(kind pace) *brake {
	b := &brake{kind: kind, applied: make(chan struct{})}
	b.apply = sync.OnceFunc(func() { close(b.applied) })
	return b
}

func (b *brake) on() bool {
	select {
	case <-b.applied:
		return true
	default:
		return false
	}
}

// dialer is one for a slow TV: its socket has a small buffer.
func (b *brake) dialer(from net.IP) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := dialFrom(&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, slowBuffer)
		})
		if err == nil {
			err = failed
		}
		return err
	}})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &braked{Conn: c, brake: b, closed: make(chan struct{})}, nil
	}
}

// braked is a connection that is read slowly, or not at all.
type braked struct {
	net.Conn
	brake  *brake
	once   sync.Once
	closed chan struct{}
}

// Read implements [net.Conn]. What arrives while the TV stops is not taken either.
func (c *braked) Read(p []byte) (int, error) {
	if c.brake.on() && c.brake.kind == crawls {
		pause := time.NewTimer(crawlPause)
		defer pause.Stop()
		select {
		case <-c.closed:
			return 0, errBraked
		case <-pause.C:
		}
		p = p[:min(len(p), crawlBytes)]
	}
	n, err := c.Conn.Read(p)
	if c.brake.on() && c.brake.kind != crawls {
		<-c.closed
		return 0, errBraked
	}
	return n, err
}

// Close implements [net.Conn].
func (c *braked) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
