package local

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config is what Start needs: one of Socket and Web at least.
type Config struct {
	Socket  string   // path of the Unix socket; empty: none. What lies there of an earlier run is replaced
	Group   int      // id of the group that may use it too; 0: none
	Web     string   // loopback host:port of the WebSocket; empty: none
	Token   string   // that a client of Web must know: 32 to 128 bytes
	Origins []string // of pages that are not served on loopback and may use Web: "https://ui.example"
	Version string   // of the agent
	Log     *slog.Logger

	// Do carries out a call, given as a pointer to one of the types in api.go, and returns
	// its result. An [*Error] is told to the client as it is, any other means that the agent ends.
	Do func(Call) (any, error)
}

// Server serves the API.
type Server struct {
	do      func(Call) (any, error)
	token   string
	version string
	group   int
	origins []string
	log     *slog.Logger
	feed    feed
	unix    *net.UnixListener // nil: none
	web     net.Listener      // nil: none
	http    http.Server
	running sync.WaitGroup
}

// ErrConfig is wrapped by Start for settings that cannot work.
var ErrConfig = errors.New("local: settings")

// ErrListen is wrapped by Start where the socket or the port cannot be had.
var ErrListen = errors.New("local: cannot listen")

// ErrInUse is wrapped by Start where another program serves the socket or has the port.
var ErrInUse = errors.New("local: in use by another program")

// Start listens and serves until Close.
func Start(cfg Config) (*Server, error) {
	switch {
	case cfg.Do == nil:
		return nil, fmt.Errorf("%w: Do is missing", ErrConfig)
	case cfg.Web != "" && (len(cfg.Token) < 32 || len(cfg.Token) > 128):
		return nil, fmt.Errorf("%w: Token must have 32 to 128 bytes", ErrConfig)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{do: cfg.Do, token: cfg.Token, version: cfg.Version, group: cfg.Group, origins: cfg.Origins, log: cfg.Log}
	s.feed.clients = map[*client]uint64{}
	var err error
	if cfg.Socket != "" {
		if s.unix, err = listenUnix(cfg.Socket, cfg.Group); err != nil {
			return nil, err
		}
		s.running.Go(s.acceptUnix)
	}
	if cfg.Web != "" {
		if s.web, err = listenWeb(cfg.Web); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.startWeb()
	}
	return s, nil
}

// Tell makes v the newest value of an event: v must not change afterwards.
func (s *Server) Tell(t Topic, v any) {
	if i := topicIndex(t); i >= 0 {
		s.feed.tell(i, v)
	}
}

// WebURL is the WebSocket's address, or empty.
func (s *Server) WebURL() string {
	if s.web == nil {
		return ""
	}
	return "ws://" + s.web.Addr().String() + webPath
}

// Close ends every connection and stops listening, and returns when all goroutines
// have ended. It can be called twice.
func (s *Server) Close() error {
	var err error
	if s.unix != nil {
		if err = s.unix.Close(); errors.Is(err, net.ErrClosed) {
			err = nil
		}
	}
	s.feed.close()
	if s.web != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.running.Wait()
	s.feed.open.Wait()
	return err
}

// acceptFailed waits a little where there are no descriptors left for a connection.
func acceptFailed(log *slog.Logger, err error) {
	log.Warn("local connection not accepted", "error", err)
	time.Sleep(100 * time.Millisecond)
}
