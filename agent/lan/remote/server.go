package remote

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/tvremote"
)

// KeysPerSecond is how many keys and texts a second one remote may send, where
// Config does not say otherwise. As many may come at once.
const KeysPerSecond = 50

// ErrPortInUse is returned by Start when another program has the port.
var ErrPortInUse = errors.New("port is in use by another program")

// Identity is who the TV is on its home network.
type Identity struct {
	ID   string            // 16 hex digits
	Key  *ecdsa.PrivateKey // P-256
	Hash Hash              // of Key
}

// Remote is a paired remote.
type Remote struct {
	ID   protocol.RemoteID
	Key  Hash // by which it is known
	Name string
	Role tvremote.Role
}

// State is what the TV shows, as remotes are told.
type State struct {
	Screen   string
	Title    string
	Keyboard tvremote.Keyboard
}

// Config is what Start needs. The functions are called as the package says.
type Config struct {
	Listen     string   // host:port; port 0 takes a free one
	Interfaces []string // by name; none: all

	Identity    Identity
	Name, Model string   // of the TV
	Remotes     []Remote // that are paired
	Failed      int      // as [Window] says it, from the run before

	KeysPerSecond int                  // of one remote; 0: [KeysPerSecond]
	Now           func() time.Duration // running time, standby counted
	Log           *slog.Logger         // nil logs nothing

	Press   func(Remote, keyseq.Key, bool) tvremote.Ignored // a key, held where the bool says so; returns when what is shown includes it
	Type    func(Remote, string) tvremote.Ignored           // a text, likewise
	Keep    func(Remote) error                              // makes a newly paired remote durable, and then calls SetRemotes
	Changed func()                                          // the window, or who is connected, changed; must not block
}

// Server serves one TV's remotes. Lock order: mu, then gate's; connections' own are
// never held while mu is taken.
type Server struct {
	cfg      Config
	gate     *gate
	http     http.Server
	serving  sync.WaitGroup // the HTTP server
	open     sync.WaitGroup // connections
	shown    atomic.Pointer[State]
	identity atomic.Pointer[shownIdentity]

	mu      sync.Mutex
	remotes map[Hash]Remote        // guarded by mu
	conns   map[*connection]bool   // guarded by mu
	pace    map[Hash]*rate.Limiter // guarded by mu; of remotes
	window  window                 // guarded by mu
	expiry  *time.Timer            // guarded by mu; of the window
	closed  bool                   // guarded by mu
}

// shownIdentity is an identity with its certificate.
type shownIdentity struct {
	Identity
	certificate tls.Certificate
}

// Start listens and serves until Close. Errors: ErrPortInUse, or what the network
// says.
func Start(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.KeysPerSecond <= 0 {
		cfg.KeysPerSecond = KeysPerSecond
	}
	cfg.Name, cfg.Model = line(cfg.Name, tvremote.MaxName), line(cfg.Model, tvremote.MaxName)
	if cfg.Name == "" {
		cfg.Name = "TV"
	}
	s := &Server{
		cfg: cfg, remotes: map[Hash]Remote{}, conns: map[*connection]bool{}, pace: map[Hash]*rate.Limiter{},
		window: startWindow(cfg.Now(), cfg.Failed),
	}
	s.expiry = time.AfterFunc(time.Hour, s.tick)
	s.expiry.Stop()
	s.shown.Store(&State{Screen: "starting", Keyboard: tvremote.KeyboardNone})
	if err := s.be(cfg.Identity); err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	s.setRemotes(cfg.Remotes)
	listener, err := listen(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	s.gate = newGate(listener, cfg.Interfaces)
	s.serve()
	return s, nil
}

// line is a text as frames take it: of at most n characters, none of them a control
// character.
func line(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

// listen makes its errors readable.
func listen(addr string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %s: %w", port, ErrPortInUse)
	}
	return l, err
}

// guestKey finds the connection of a request in its context.
type guestKey struct{}

func (s *Server) serve() {
	certificate := func() *tls.Certificate { return &s.identity.Load().certificate }
	s.http = http.Server{
		Handler:           http.HandlerFunc(s.handle),
		ReadHeaderTimeout: handshakeTime, // of TLS too
		WriteTimeout:      handshakeTime,
		MaxHeaderBytes:    4 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if over, ok := c.(*tls.Conn); ok {
				c = over.NetConn()
			}
			return context.WithValue(ctx, guestKey{}, c)
		},
	}
	s.http.SetKeepAlivesEnabled(false)
	secure := tls.NewListener(s.gate, tlsConfig(certificate))
	s.serving.Go(func() {
		if err := s.http.Serve(secure); !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Log.Error("remotes are not served any more", "error", err)
		}
	})
}

// be takes an identity.
func (s *Server) be(id Identity) error {
	certificate, err := Certificate(id.Key, "Hearthkey TV "+id.ID)
	if err != nil {
		return err
	}
	s.identity.Store(&shownIdentity{id, certificate})
	return nil
}

// Addr is the address listened on.
func (s *Server) Addr() net.Addr { return s.gate.Addr() }

// Renew gives the TV another identity, without remotes: what was before is over, and
// nobody is connected. No window is open.
func (s *Server) Renew(id Identity) error {
	if err := s.be(id); err != nil {
		return fmt.Errorf("remote: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.close(Fine)
	s.setRemotes(nil)
	for c := range s.conns {
		c.end(tvremote.CodeRevoked)
	}
	return nil
}

// SetRemotes replaces the list of paired remotes. Whoever is not in it loses its
// connection; another role counts from the next key on.
func (s *Server) SetRemotes(list []Remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setRemotes(list)
}

// setRemotes holds the connections against the list. s.mu is held.
func (s *Server) setRemotes(list []Remote) {
	clear(s.remotes)
	for _, r := range list {
		s.remotes[r.Key] = r
	}
	for c := range s.conns {
		r, ok := s.remotes[c.key]
		switch had := c.remote.Load(); {
		case had == nil: // not paired, or not yet
		case !ok:
			c.end(tvremote.CodeRevoked)
		case *had != r:
			c.remote.Store(&r)
			c.poke()
		}
	}
	for key := range s.pace {
		if _, ok := s.remotes[key]; !ok {
			delete(s.pace, key)
		}
	}
}

// Show tells remotes what the TV shows. It never waits for one.
func (s *Server) Show(st State) {
	st.Title = line(st.Title, tvremote.MaxTitle)
	if *s.shown.Load() == st {
		return
	}
	s.shown.Store(&st)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.poke()
	}
}

// Connected returns which remotes have a connection just now.
func (s *Server) Connected() map[protocol.RemoteID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[protocol.RemoteID]bool{}
	for c := range s.conns {
		if r := c.remote.Load(); r != nil && !c.over() {
			out[r.ID] = true
		}
	}
	return out
}

// Open opens the pairing window for so long, at most [PairingTime], in place of one
// that is open. What came of it is in Window.
func (s *Server) Open(role tvremote.Role, life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.begin(s.cfg.Now(), life, role, len(s.remotes) >= protocol.MaxRemotes)
	s.expiry.Stop()
	if left := s.window.status(s.cfg.Now()).Left; left > 0 {
		s.expiry.Reset(left)
	}
}

// CloseWindow closes the pairing window, and ends what is said about it.
func (s *Server) CloseWindow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.close(Fine)
	s.expiry.Stop()
}

// Window returns what is to be said about pairing.
func (s *Server) Window() Window {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.window.status(s.cfg.Now())
}

// tick notices that the window's time is over. The two clocks may differ a little,
// as after standby: then it looks again.
func (s *Server) tick() {
	s.mu.Lock()
	if left := s.window.status(s.cfg.Now()).Left; left > 0 && !s.closed {
		s.expiry.Reset(left)
	}
	s.mu.Unlock()
	s.cfg.Changed()
}

// Close ends every connection and stops listening, and returns when all goroutines
// have ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.window.close(Fine)
	s.expiry.Stop()
	for c := range s.conns {
		c.end(tvremote.CodeStopping)
	}
	s.mu.Unlock()
	err := s.http.Close()
	s.serving.Wait()
	s.open.Wait()
	return err
}
