package server

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/api"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/notify"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// pipes is a listener whose connections are in memory, so that time in a bubble
// can move.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.conns <- there
	return here
}

// A body that trickles in (a "slow loris") is ended after readTime whatever the
// sender does, with an answer where the handler reads the body, and its
// connection is closed. So is a head that trickles.
func TestTricklingRequestsAreEnded(t *testing.T) {
	const head = "POST /v1/sign-in HTTP/1.1\r\nHost: tv.example\r\nContent-Type: application/json\r\n"
	for name, tt := range map[string]struct {
		send   string // before the trickle
		drip   string
		within time.Duration
		status string // empty: no answer is owed
	}{
		"a body of a length":               {head + "Content-Length: 1000\r\n\r\n{", " ", readTime, "408"},
		"a body in chunks":                 {head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", readTime, "408"},
		"a body that is promised, and not": {head + "Content-Length: 1000\r\n\r\n", "", readTime, "408"},
		"a body that nobody reads":         {strings.Replace(head, "/v1/sign-in", "/v1/hacked", 1) + "Content-Length: 1000\r\n\r\n{", " ", readTime, "401"},
		"a head":                           {"POST /v1/sign-in HTTP/1.1\r\nX-Slow: ", "x", 10 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				srv := slowServer(t)
				go func() { _ = srv.Serve(l) }()
				conn, begun := l.dial(), time.Now()
				var dripping sync.WaitGroup
				dripping.Go(func() { trickle(conn, tt.send, tt.drip) })
				answer, err := io.ReadAll(conn)
				took := time.Since(begun)
				if err != nil && len(answer) == 0 && tt.status != "" {
					t.Fatal(err)
				}
				if took > tt.within+time.Second {
					t.Errorf("the connection was closed after %v, want %v at most", took, tt.within)
				}
				line, _, _ := strings.Cut(string(answer), "\r\n")
				if tt.status != "" && !strings.Contains(line, " "+tt.status+" ") {
					t.Errorf("answer %q, want status %s", line, tt.status)
				}
				conn.Close()
				dripping.Wait()
				if err := srv.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// slowServer is the API behind the real meter. Nothing of a slow request comes
// as far as the services, which are empty.
func slowServer(t *testing.T) *http.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	a, err := api.New(api.Config{
		Accounts: new(account.Service), Profiles: new(profile.Service), Devices: new(device.Service),
		Timeline: func(context.Context, protocol.AccountID, string, int) ([]timeline.Entry, error) { return nil, nil },
		Bounces:  func(context.Context, protocol.AccountID, int) ([]notify.Bounce, error) { return nil, nil },
		TVs:      http.NotFoundHandler(), Cookie: "hearthkey", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &meter{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests"}, []string{"route", "status"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "seconds"}, []string{"route"}),
	}
	cfg := settings{public: &url.URL{Scheme: "http", Host: "tv.example"}}
	cfg.Log = log
	return newHTTP(log, m.watch(a.Handler(), cfg))
}

// trickle sends a byte or so each second for as long as anybody listens.
func trickle(c net.Conn, first, drip string) {
	w := bufio.NewWriter(c)
	for next := first; ; next = drip {
		_, _ = w.WriteString(next)
		if w.Flush() != nil {
			return
		}
		time.Sleep(time.Second)
		if drip == "" {
			return
		}
	}
}
