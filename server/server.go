package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hearthkey/hearthkey/server/certificate"
	"github.com/hearthkey/hearthkey/server/gate"
)

// shutdownTime bounds the wait for requests under way.
const shutdownTime = 10 * time.Second

// Server is a server that listens. Make one with [New].
type Server struct {
	cfg   settings
	parts *parts

	gate      *gate.Gate // of listener
	listener  net.Listener
	publicKey []byte // of TLS: a SubjectPublicKeyInfo; empty without TLS
	http      *http.Server
	admin     net.Listener // nil: none
	ops       *http.Server
	auto      *certificate.Automatic // nil: the certificate is in files, or there is none
	plain     net.Listener           // nil: none
	redirect  *http.Server           // on plain

	draining atomic.Bool
}

// New opens the database and the keys and listens. The caller must call Run,
// or Close.
func New(ctx context.Context, cfg Config) (*Server, error) {
	set, err := cfg.check()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: set, gate: gate.New(gate.Config{})}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	if s.listener, err = listen("--listen", s.cfg.Listen); err != nil {
		return err
	}
	s.listener = s.gate.Listen(s.listener)
	s.cfg.settle(s.listener.Addr())
	if s.cfg.Admin != "" {
		if s.admin, err = listen("--admin", s.cfg.Admin); err != nil {
			return err
		}
	}
	if s.parts, err = assemble(ctx, s.cfg); err != nil {
		return err
	}
	meter := newMeter(s)
	s.http = newHTTP(s.cfg.Log, meter.watch(s.routes(), s.cfg))
	s.http.ConnState = s.gate.State
	s.ops = newHTTP(s.cfg.Log, s.opsRoutes(meter))
	s.ops.ReadTimeout = readTime // the meter bounds the public requests
	return s.openTLS()
}

func newHTTP(log *slog.Logger, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil && flag == "--admin":
		return l, nil // operators get in when nobody else does
	case err == nil:
		return spare(l), nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, operator(err, "Another program listens on %s already: stop it, or choose another address with %s.", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, operator(err, "This user may not listen on %s: choose a port above 1023 with %s.", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, operator(err, "This machine has no address %s: choose one of its own with %s.", address, flag)
	}
	return nil, operator(err, "%s %s cannot be listened on: %v.", flag, address, err)
}

// Addr is the address that is listened on, with the port that was chosen
// where Config.Listen asked for port 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// AdminAddr is that of the admin listener, or nil.
func (s *Server) AdminAddr() net.Addr {
	if s.admin == nil {
		return nil
	}
	return s.admin.Addr()
}

// Run serves until ctx ends, drains and closes everything. It returns nil
// after a clean end.
func (s *Server) Run(ctx context.Context) error {
	defer s.Close()
	loops, stopLoops := context.WithCancel(context.Background())
	defer stopLoops()
	s.parts.hub.Poll(ctx) // so that the first device gets its lease
	var running sync.WaitGroup
	s.parts.run(loops, &running)

	running.Go(func() { s.getCertificate(loops) })

	failed := make(chan error, 3)
	var serving sync.WaitGroup
	serving.Go(func() { failed <- s.http.Serve(s.listener) })
	if s.admin != nil {
		serving.Go(func() { failed <- s.ops.Serve(s.admin) })
	}
	if s.plain != nil {
		serving.Go(func() { failed <- s.redirect.Serve(s.plain) })
	}
	s.cfg.Log.Info("listening", "address", s.Addr().String(), "publicURL", s.cfg.PublicURL, "name", s.cfg.Name)

	goodbye := s.advertise()

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	goodbye()
	s.drain()
	serving.Wait()
	stopLoops()
	running.Wait()
	s.parts.close()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// drain ends what comes from outside: new connections first, then pages'
// streams, then devices, each with the time at which to come back.
func (s *Server) drain() {
	s.draining.Store(true)
	s.cfg.Log.Info("draining", "devices", s.parts.hub.Stats().Connected, "spread", s.cfg.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	s.parts.site.Close()
	var ending sync.WaitGroup
	ending.Go(func() {
		if s.http.Shutdown(ctx) != nil {
			s.http.Close() // what took longer than shutdownTime
		}
	})
	ending.Go(s.parts.api.CloseRemotes)
	ending.Go(func() {
		s.parts.hub.Drain(ctx, s.cfg.Drain)
		if err := s.parts.poller.Close(ctx, closeServiceRestart); err != nil {
			s.cfg.Log.Warn("devices cut off", "error", err)
		}
	})
	ending.Wait()
	s.ops.Close()
	if s.redirect != nil {
		s.redirect.Close()
	}
}

// closeServiceRestart is the WebSocket close code of a server that comes back
// (IANA's registry of close codes).
const closeServiceRestart = 1012

// Close frees what New opened, where Run was not called. It may be called
// again.
func (s *Server) Close() {
	for _, l := range []net.Listener{s.listener, s.admin, s.plain} {
		if l != nil {
			l.Close()
		}
	}
	if s.parts != nil {
		s.parts.close()
	}
}

// URL is the address that people open.
func (s *Server) URL() string { return s.cfg.PublicURL }
