package ecp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/agent/keyseq"
	"github.com/hearthkey/hearthkey/agent/lan/home"
)

// Port is the protocol's own.
const Port = 8060

// ErrConfig is wrapped by Start for settings that cannot work.
var ErrConfig = errors.New("ecp: settings")

// ErrPortInUse is wrapped by Start when another program has the port.
var ErrPortInUse = errors.New("ecp: port is in use by another program")

// ErrBlocked is for Press and Type to return: the source is not heard, now or ever.
var ErrBlocked = errors.New("ecp: blocked")

// TV is what is told of this TV to whoever asks.
type TV struct {
	ID      string // 16 hexadecimal digits, random
	Name    string // what people call it; 1 to 64 characters
	Model   string // may be empty
	Version string // of the software; may be empty
	Kind    string // "tv", "box" or "stick"
}

func (tv TV) model() string {
	if tv.Model == "" {
		return "Hearthkey"
	}
	return tv.Model
}

// Source is a peer that sends keys.
type Source struct {
	Addr netip.Addr // by which it is known and blocked: IPv4, private, link-local or loopback
	Name string     // what its program calls itself, as clean text of at most 24 characters; may be empty
}

// Config is what Start needs.
type Config struct {
	Listen     string   // host:port; an empty host is every address; port 0 takes a free one, for tests
	Interfaces []string // names of those to be found and used on; empty: all
	Silent     bool     // does not answer searches
	TV         TV

	// Press takes a key, and returns when it was taken. repeat says that it is held
	// down. An error refuses it.
	Press func(from Source, k keyseq.Key, repeat bool) error
	Type  func(from Source, text string) error // takes one character, as Press
	// Blocked says whether an address gets no answer to anything. Optional.
	Blocked func(netip.Addr) bool
	Log     *slog.Logger // nil: nothing is logged
}

// Server answers until Close.
type Server struct {
	cfg     Config
	log     *slog.Logger
	pages   map[string]string
	gate    *gate
	http    http.Server
	search  *searches // nil: silent
	peers   peers
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Start listens. Errors wrap [ErrConfig] and [ErrPortInUse]; where another program
// keeps searches from being heard, the TV is only not found by them. The sockets
// belong to the network namespace of the caller.
func Start(cfg Config) (*Server, error) {
	if cfg.Press == nil || cfg.Type == nil {
		return nil, fmt.Errorf("%w: Press or Type is missing", ErrConfig)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Blocked == nil {
		cfg.Blocked = func(netip.Addr) bool { return false }
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: address %q: %w", ErrConfig, cfg.Listen, err)
	}
	if addr, err := netip.ParseAddr(host); host != "" && (err != nil || !addr.Is4() || !addr.IsUnspecified() && !atHome(addr)) {
		return nil, fmt.Errorf("%w: address %q: want an IPv4 address of the home network, or none", ErrConfig, cfg.Listen)
	}
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp4", cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w: %s", ErrPortInUse, cfg.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s := &Server{cfg: cfg, log: cfg.Log, pages: pages(cfg.TV)}
	s.gate = &gate{Listener: l, interfaces: cfg.Interfaces, blocked: cfg.Blocked}
	s.http = http.Server{
		Handler: s.handler(), DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout: 3 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    4 << 10,
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	// A connection has few places, and a key is answered in a millisecond.
	s.http.SetKeepAlivesEnabled(false)
	s.serve()
	return s, nil
}

func (s *Server) serve() {
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	if !s.cfg.Silent {
		var err error
		if s.search, err = listenSearches(s.cfg, s.Addr().Port()); err != nil {
			s.log.Warn("searches for ECP cannot be heard", "error", err)
		} else {
			s.running.Go(s.search.answer)
			s.running.Go(func() { s.search.follow(ctx) })
		}
	}
	s.running.Go(func() {
		if err := s.http.Serve(s.gate); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("ECP stopped", "error", err)
		}
	})
}

// Addr is the address listened on.
func (s *Server) Addr() netip.AddrPort {
	addr, err := netip.ParseAddrPort(s.gate.Addr().String())
	if err != nil {
		return netip.AddrPort{} // a TCP listener has one
	}
	return addr
}

// Close ends everything and returns when the last Press has returned. It can be
// called twice.
func (s *Server) Close() error {
	s.stop()
	err := s.http.Close()
	if s.search != nil {
		err = errors.Join(err, s.search.close())
	}
	s.running.Wait()
	s.peers.end()
	return err
}

// atHome reports whether an address is one that may send keys.
func atHome(a netip.Addr) bool { return a.Is4() && home.Is(a) }

// ours reports whether a Host header is the address that a request came to, as a
// number, with the port that it came to or none.
func ours(host string, to netip.AddrPort) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, strconv.Itoa(int(to.Port()))
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr == to.Addr() && port == strconv.Itoa(int(to.Port()))
}
