package link

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// server is a real HTTP server over net.Pipe, so that it works in fake time.
type server struct {
	http http.Server
	pipe chan net.Conn
	shut chan struct{}
	once sync.Once
	work sync.WaitGroup
}

// newServer answers with h. Its connections are made by dial.
func newServer(t *testing.T, h http.HandlerFunc) *server {
	s := &server{pipe: make(chan net.Conn), shut: make(chan struct{})}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.work.Add(1)
		defer s.work.Done()
		h(w, r)
	})
	s.work.Go(func() { _ = s.http.Serve(s) })
	t.Cleanup(s.stop)
	return s
}

// stop waits for all handlers; the link is closed before.
func (s *server) stop() {
	_ = s.http.Close()
	s.work.Wait()
}

func (s *server) Accept() (net.Conn, error) {
	select {
	case c := <-s.pipe:
		return c, nil
	case <-s.shut:
		return nil, net.ErrClosed
	}
}

func (s *server) Close() error {
	s.once.Do(func() { close(s.shut) })
	return nil
}

func (s *server) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (s *server) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case s.pipe <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// talk upgrades as the real server does and hands the socket to with.
func talk(with func(ws *websocket.Conn)) http.HandlerFunc {
	up := websocket.Upgrader{Subprotocols: []string{protocol.Subprotocol}}
	return func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		with(ws)
	}
}

// drain reads until the other side closes.
func drain(ws *websocket.Conn) {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

// events is a receiver of events that never makes the link wait.
type events chan session.What

func (e events) emit(ctx context.Context, w session.What) {
	select {
	case e <- w:
	case <-ctx.Done():
	}
}

// start returns a link to s and its events.
func start(t *testing.T, c Config, s *server) (*Link, events) {
	t.Helper()
	e := make(events, 1000)
	c.URL = "ws://127.0.0.1"
	if s != nil {
		c.Dial = s.dial
	}
	l, err := New(c, e.emit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, e
}

// closed returns the Closed event that ends the stream, and what came before.
func closed(t *testing.T, e events) (session.Closed, []session.What) {
	t.Helper()
	var before []session.What
	limit := time.After(24 * time.Hour)
	for {
		select {
		case w := <-e:
			if c, ok := w.(session.Closed); ok {
				return c, before
			}
			before = append(before, w)
		case <-limit:
			t.Fatal("no Closed event")
		}
	}
}

func encode(t *testing.T, f protocol.Frame) []byte {
	t.Helper()
	data, err := protocol.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
