// Package screen shows a TV's screen: it serves the page that a box's browser
// draws and a WebSocket that carries views to the page and keys back.
//
// # Use
//
//	s, err := screen.Start(screen.Config{Addr: "127.0.0.1:8711", Log: log, Press: press})
//	s.Show(view) // on every change
//	s.Close()
//
// # Concurrency
//
// Show may be called from any goroutine and never blocks on a page: each page
// is sent the newest view when it is ready for one, and the views between are
// skipped. There is no queue. Press is called from the goroutine of the page
// the key came from, one key at a time per page.
//
// # Duties of the caller
//
// A view must not be changed after Show. Press should return once the key was
// handled and its view shown: the key's acknowledgement leaves after Press
// returns, never before the view of that moment, so that it means "what you
// see includes this key". Press must return when the agent stops, or Close
// waits for it.
//
// # Who may connect
//
// Only loopback addresses are listened on. A page is answered only when asked
// for by a loopback name (against DNS rebinding) and, where a browser says
// which site asks, by this page itself (against other sites' pages, WebSocket
// ones included). A request that names no origin is no browser's page: tools
// and middleware of this machine use the socket that way, and every local
// process is trusted with the keys a remote control has. It is not trusted
// with secrets: a view holds none.
//
// # Tests
//
// The tests run the real server over real sockets, carry out the attacks
// above, hold the page to its size and to the level of old boxes' browsers,
// and, with -screenshots, draw every screen in Chromium.
package screen

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/nav"
)

// Source is the name under which the page's keys reach the agent. All pages
// of a TV are one source.
const Source = "screen"

// maxPages bounds the sockets open at once.
const maxPages = 16

// ErrNotLoopback is returned by Start for an address that others than this
// machine could reach.
var ErrNotLoopback = errors.New("not a loopback address")

// ErrPortInUse is returned by Start when another program has the port.
var ErrPortInUse = errors.New("port is in use by another program")

// Config is what Start needs.
type Config struct {
	Addr  string       // a loopback host:port; port 0 takes a free one
	Log   *slog.Logger // nil logs nothing
	Press func(Key)    // called for every key; see the package's duties
}

// Server serves one TV's screen.
type Server struct {
	press    func(Key)
	log      *slog.Logger
	listener net.Listener
	http     http.Server
	upgrader websocket.Upgrader
	running  sync.WaitGroup // the HTTP server
	feed     feed
}

// Start listens and serves until Close. Until the first Show the screen is
// nav.ScreenStarting.
func Start(cfg Config) (*Server, error) {
	if cfg.Press == nil {
		return nil, errors.New("screen: Config.Press is missing")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	listener, err := listen(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("screen: %w", err)
	}
	s := &Server{press: cfg.Press, log: cfg.Log, listener: listener}
	s.feed.start()
	s.upgrader = websocket.Upgrader{
		ReadBufferSize:  1024,
		WriteBufferSize: 4096,
		CheckOrigin:     sameOrigin,
	}
	s.http = http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	s.running.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("screen stopped", "error", err)
		}
	})
	return s, nil
}

// listen opens a loopback address only, and makes its errors readable.
func listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	if !loopbackName(host) {
		return nil, fmt.Errorf("address %q: %w: the screen takes keys from whoever connects; use 127.0.0.1:%s", addr, ErrNotLoopback, port)
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %s of %s: %w", port, host, ErrPortInUse)
	}
	if err != nil {
		return nil, err
	}
	// "localhost" is what this machine's hosts file says it is.
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("address %q is %v: %w", addr, l.Addr(), ErrNotLoopback)
	}
	return l, nil
}

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// URL is the page's address.
func (s *Server) URL() string { return "http://" + s.Addr().String() + "/" }

// Show makes v the view that pages show. It never blocks on a page.
func (s *Server) Show(v nav.View) { s.feed.show(v) }

// Close ends every page's socket and stops listening, and returns when all
// goroutines have ended.
func (s *Server) Close() error {
	s.feed.close()
	err := s.http.Close()
	s.running.Wait()
	s.feed.open.Wait()
	return err
}

// handler is the whole HTTP surface, behind the guard.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /screen", s.socket)
	mux.Handle("/", assets())
	return guard(mux)
}
