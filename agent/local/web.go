package local

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// webPath is where the WebSocket is.
const webPath = "/local"

const (
	pingEvery   = 25 * time.Second // that a connected page is still there
	pongTimeout = 60 * time.Second // a page that says nothing for so long is gone
)

// listenWeb opens a loopback address, given as one.
func listenWeb(addr string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("%w: %q is not a loopback address and a port", ErrConfig, addr)
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %s", ErrInUse, addr)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	return l, nil
}

// startWeb serves the WebSocket and nothing else.
func (s *Server) startWeb() {
	s.http = http.Server{
		Handler:           http.HandlerFunc(s.socket),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.running.Go(func() {
		if err := s.http.Serve(s.web); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("local web socket stopped", "error", err)
		}
	})
}

// socket serves one client. A page of the network may not even try tokens, and a name that is
// pointed at loopback is not answered.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	switch {
	case !loopback(r.Host):
		http.Error(w, "This answers only to its loopback address.", http.StatusMisdirectedRequest)
		return
	case !s.mayAsk(r.Header["Origin"]):
		http.Error(w, "This answers only pages of this box.", http.StatusForbidden)
		return
	case r.URL.Path != webPath:
		http.NotFound(w, r)
		return
	case !websocket.IsWebSocketUpgrade(r):
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This address is for WebSockets.", http.StatusUpgradeRequired)
		return
	}
	up := websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 4096, Subprotocols: []string{Subprotocol},
		CheckOrigin: func(*http.Request) bool { return true },
	}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		s.log.Debug("local client refused", "error", err)
		return
	}
	m := newMessages(conn)
	s.running.Go(m.pings)
	s.serve(newClient(m, false))
}

// mayAsk reports whether the page that asks is one of this box: it has no origin or
// says null (a program, a file), it is served on loopback, it has a scheme that is not the
// web's, or it is one of those in the settings.
func (s *Server) mayAsk(origin []string) bool {
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(origin[0])
	switch {
	case len(origin) > 1 || err != nil:
		return false
	case u.Scheme == "http" || u.Scheme == "https":
		return loopback(u.Host) || slices.Contains(s.origins, origin[0])
	}
	return true
}

// loopback reports whether a Host header names loopback.
func loopback(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}

// rightToken compares in a time that tells nothing.
func (s *Server) rightToken(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}

// messages carries messages as those of a WebSocket.
type messages struct {
	conn  *websocket.Conn
	ping  *time.Ticker
	ended chan struct{}
	once  atomic.Bool
}

// newMessages gives the client its time to prove itself; after its first message it
// may be silent as long as it answers pings, which a browser does by itself.
func newMessages(conn *websocket.Conn) *messages {
	m := &messages{conn: conn, ping: time.NewTicker(pingEvery), ended: make(chan struct{})}
	conn.SetReadLimit(maxMessage)
	_ = conn.SetReadDeadline(time.Now().Add(helloTimeout)) // the next read tells
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(pongTimeout)) })
	return m
}

// pings asks whether the client is there, until close.
func (m *messages) pings() {
	defer m.ping.Stop()
	for {
		select {
		case <-m.ended:
			return
		case <-m.ping.C:
			_ = m.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) // the reader tells
		}
	}
}

func (m *messages) read() ([]byte, error) {
	kind, data, err := m.conn.ReadMessage()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, fmt.Errorf("%w: a message that is no text", ErrConfig)
	}
	return data, m.conn.SetReadDeadline(time.Now().Add(pongTimeout))
}

func (m *messages) write(data []byte, until time.Time) error {
	if err := m.conn.SetWriteDeadline(until); err != nil {
		return err
	}
	return m.conn.WriteMessage(websocket.TextMessage, data)
}

func (m *messages) close() {
	if m.once.Swap(true) {
		return
	}
	close(m.ended)
	m.conn.Close()
}
