package poller

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
)

// crumbs writes a few bytes at a time.
type crumbs struct{ net.Conn }

func (c crumbs) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = c.Conn.Write(b[n:min(n+7, len(b))])
		n += m
	}
	return n, err
}

// Records of TLS that arrive in crumbs, and several at once, are the messages that were
// sent.
func TestTLSInCrumbs(t *testing.T) {
	url, _, opened := serve(t, Config{Mode: Epoll + withTLS}, func(c Conn, data []byte) { _ = c.Send(data, data) })
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: trusting,
		NetDial: func(network, address string) (net.Conn, error) {
			c, err := net.Dial(network, address)
			return crumbs{c}, err
		},
	}
	ws, _, err := d.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if c := (<-opened).conn.(*polled); c.tls == nil {
		t.Fatal("not TLS in the epoll set")
	}
	for _, size := range []int{1, 700, 20_000, 3} {
		m := strings.Repeat("m", size)
		if err := ws.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, got, err := ws.ReadMessage(); err != nil || string(got) != m {
				t.Fatalf("%d bytes came back as %d, %v", size, len(got), err)
			}
		}
	}
}

// What is no TLS ends its connection and no other; the end of TLS is an end too.
func TestTLSEnds(t *testing.T) {
	for name, end := range map[string]func(*tls.Conn) error{
		"garbage": func(c *tls.Conn) error {
			_, err := c.NetConn().Write([]byte(strings.Repeat("garbage ", 100)))
			return err
		},
		"close_notify": (*tls.Conn).CloseWrite,
		"lost":         func(c *tls.Conn) error { return c.NetConn().Close() },
	} {
		t.Run(name, func(t *testing.T) {
			url, _, opened := serve(t, Config{Mode: Epoll + withTLS}, nil)
			other := dial(t, url)
			neighbour := <-opened
			ws := dial(t, url)
			h := <-opened
			if err := end(ws.NetConn().(*tls.Conn)); err != nil {
				t.Fatal(err)
			}
			if cause := <-h.closed; cause == nil {
				t.Error("closed without a cause")
			}
			if err := other.WriteMessage(websocket.TextMessage, []byte("still here")); err != nil {
				t.Fatal(err)
			}
			if got := <-neighbour.frames; got != "still here" {
				t.Errorf("the neighbour heard %q", got)
			}
		})
	}
}
