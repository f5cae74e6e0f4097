//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/hearthkey/hearthkey/protocol"
)

// fleet is the clients. Each is a goroutine that reads, and tells of each message.
type fleet struct {
	address string
	nats    bool // they speak its protocol

	conns   []net.Conn
	reading sync.WaitGroup
	arrived chan struct{}
}

// connects is how many shake hands at the same time.
const connects = 64

func (f *fleet) connect(ctx context.Context, n int) error {
	f.conns, f.arrived = make([]net.Conn, n), make(chan struct{}, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(connects)
	for i := range n {
		g.Go(func() error { return f.dial(ctx, i) })
	}
	return g.Wait()
}

// dial connects the i-th client from one of a few addresses of loopback.
func (f *fleet) dial(ctx context.Context, i int) error {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%8))}}
	d := websocket.Dialer{NetDialContext: from.DialContext, ReadBufferSize: 256, WriteBufferSize: 256, HandshakeTimeout: patience}
	if !f.nats {
		d.Subprotocols = []string{protocol.Subprotocol}
	}
	ws, _, err := d.DialContext(ctx, fmt.Sprintf("ws://%s/%d", f.address, i), nil)
	if err != nil {
		return err
	}
	f.conns[i] = ws.NetConn()
	if f.nats {
		hello := fmt.Sprintf("CONNECT {\"verbose\":false,\"echo\":false,\"protocol\":1}\r\nSUB all 1\r\nSUB tv.%d 2\r\nPING\r\n", i)
		if err := ws.WriteMessage(websocket.BinaryMessage, []byte(hello)); err != nil {
			return err
		}
		for pong := false; !pong; {
			_, m, err := ws.ReadMessage()
			if err != nil {
				return err
			}
			pong = strings.Contains(string(m), "PONG")
		}
	}
	f.reading.Go(func() { f.read(ws.NetConn()) })
	return nil
}

// mark is what each message has within it: @M and ten digits, up to the next @.
func mark(n int) string { return fmt.Sprintf("@M%010d@", n) }

// read tells of each mark. What stands around it is the server's affair.
func (f *fleet) read(c net.Conn) {
	in := bufio.NewReaderSize(c, 512)
	for {
		part, err := in.ReadSlice('@')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
		if len(part) == len(mark(0))-1 && part[0] == 'M' {
			f.arrived <- struct{}{}
		}
	}
}

// wait waits for n messages.
func (f *fleet) wait(n int, most time.Duration) error {
	end := time.NewTimer(most)
	defer end.Stop()
	for i := range n {
		select {
		case <-f.arrived:
		case <-end.C:
			return fmt.Errorf("%d of %d messages arrived within %s", i, n, most)
		}
	}
	return nil
}

func (f *fleet) close() {
	for _, c := range f.conns {
		if c != nil {
			_ = c.Close()
		}
	}
	f.reading.Wait()
}
