package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

var nonce = bytes.Repeat([]byte{7}, 32)

// ASVS 4.4.1.
func TestServerURL(t *testing.T) {
	for _, tt := range []struct {
		in, want string // want "" for an error
	}{
		{"ws://127.0.0.1:8700", "ws://127.0.0.1:8700/v1/device"},
		{"ws://localhost:8700/", "ws://localhost:8700/v1/device"},
		{"ws://[::1]:8700", "ws://[::1]:8700/v1/device"},
		{"wss://tv.example.com", "wss://tv.example.com/v1/device"},
		{"wss://tv.example.com/v1/device", "wss://tv.example.com/v1/device"},
		{"ws://tv.example.com", ""},
		{"ws://192.168.1.2", ""},
		{"ws://localhost.example.com", ""},
		{"http://localhost", ""},
		{"wss://", ""},
		{"wss://u:p@tv.example.com", ""},
		{"wss://tv.example.com?x=1", ""},
		{"wss://tv.example.com/other", ""},
		{"::", ""},
		{"", ""},
	} {
		got, err := endpoint(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") || (err != nil && !errors.Is(err, ErrURL)) {
			t.Errorf("endpoint(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

// A name that resolves to another machine is refused when it is dialed.
func TestPlainStaysHere(t *testing.T) {
	there, here := net.Pipe()
	defer there.Close()
	dial := func(context.Context, string, string) (net.Conn, error) {
		return elsewhere{here}, nil
	}
	l, e := start(t, Config{Dial: dial}, nil)
	l.Dial(1)
	if c, _ := closed(t, e); !errors.Is(c.Err, ErrURL) {
		t.Errorf("Closed.Err = %v, want %v", c.Err, ErrURL)
	}
}

type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func TestConversation(t *testing.T) {
	hello := protocol.Hello{Nonce: nonce, Time: 1, Cap: 1, Server: "tv.example.com"}
	heard := make(chan string, 1)
	hs := httptest.NewServer(talk(func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, encode(t, hello))
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"from_the_future","x":1}`))
		_, data, _ := ws.ReadMessage()
		heard <- string(data)
		_ = ws.WriteMessage(websocket.TextMessage, encode(t, protocol.ActivityAck{Through: 3}))
		drain(ws)
	}))
	defer hs.Close()
	e := make(events, 10)
	l, err := New(Config{URL: "ws" + strings.TrimPrefix(hs.URL, "http")}, e.emit)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Dial(1)
	got := []session.What{<-e, <-e}
	ask := protocol.Ask{Nonce: nonce}
	l.Send(1, ask)
	l.Send(2, ask) // a connection that never was: nothing happens
	if got, want := <-heard, string(encode(t, ask)); got != want {
		t.Errorf("server heard %s, want %s", got, want)
	}
	got = append(got, <-e)
	l.Hangup(1)
	c, rest := closed(t, e)
	want := []session.What{
		session.Connected{Conn: 1}, session.Received{Conn: 1, Frame: hello},
		session.Received{Conn: 1, Frame: protocol.ActivityAck{Through: 3}},
	}
	if d := cmp.Diff(want, append(got, rest...)); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if c.Conn != 1 || !errors.Is(c.Err, ErrHungUp) {
		t.Errorf("last event = %+v, want Closed by %v", c, ErrHungUp)
	}
}

func TestHostileServer(t *testing.T) {
	say := func(kind int, data []byte) http.HandlerFunc {
		return talk(func(ws *websocket.Conn) {
			_ = ws.WriteMessage(kind, data)
			drain(ws)
		})
	}
	closing := func(code int) http.HandlerFunc {
		return talk(func(ws *websocket.Conn) {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "go away"), time.Now().Add(time.Second))
			drain(ws)
		})
	}
	status := func(code int, retry string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", retry)
			w.WriteHeader(code)
		}
	}
	long := strings.Repeat("x", protocol.MaxFrame)
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		err   error
		code  protocol.Code
		retry time.Duration
	}{
		{"oversize", say(websocket.TextMessage, []byte(`{"t":"`+long+`"}`)), protocol.ErrTooLarge, 0, 0},
		{"garbage", say(websocket.TextMessage, []byte("\x00\xff{")), protocol.ErrBadFrame, 0, 0},
		{"binary", say(websocket.BinaryMessage, []byte(`{"t":"hello"}`)), protocol.ErrBadFrame, 0, 0},
		{"frame out of bounds", say(websocket.TextMessage, []byte(`{"t":"activity_ack","through":-1}`)), protocol.ErrBadFrame, 0, 0},
		{"another subprotocol", func(w http.ResponseWriter, r *http.Request) {
			up := websocket.Upgrader{Subprotocols: []string{"chat"}}
			if ws, err := up.Upgrade(w, r, nil); err == nil {
				drain(ws)
				_ = ws.Close()
			}
		}, ErrSubprotocol, 0, 0},
		{"no WebSocket", status(http.StatusOK, ""), ErrHandshake, 0, 0},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "ws://192.0.2.1/", http.StatusFound)
		}, ErrHandshake, 0, 0},
		{"busy", status(http.StatusServiceUnavailable, "30"), ErrHandshake, protocol.CodeBusy, 30 * time.Second},
		{"throttled", status(http.StatusTooManyRequests, "99999999999"), ErrHandshake, protocol.CodeTooMany, time.Hour},
		{"a date", status(http.StatusServiceUnavailable, "Fri, 31 Dec 1999 23:59:59 GMT"), ErrHandshake, protocol.CodeBusy, 0},
		{"busy for ever", status(http.StatusServiceUnavailable, "1000000"), ErrHandshake, protocol.CodeBusy, time.Hour},
		{"endless header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat(long, 2))
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, errHandshakeSize, 0, 0},
		{"close code", closing(4000 + int(protocol.CodeClone)), nil, protocol.CodeClone, 0},
		{"restarting", closing(websocket.CloseServiceRestart), nil, protocol.CodeBusy, 0},
		{"going away", closing(websocket.CloseGoingAway), nil, 0, 0},
		{"cut", talk(func(ws *websocket.Conn) { _ = ws.NetConn().Close() }), nil, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, e := start(t, Config{}, newServer(t, tt.serve))
			l.Dial(5)
			c, before := closed(t, e)
			if c.Conn != 5 || c.Code != tt.code || c.RetryAfter != tt.retry || c.Err == nil || (tt.err != nil && !errors.Is(c.Err, tt.err)) {
				t.Errorf("Closed = %+v, want code %d, retry %s, error %v", c, tt.code, tt.retry, tt.err)
			}
			for _, w := range before {
				if _, ok := w.(session.Received); ok {
					t.Errorf("a frame came through: %+v", w)
				}
			}
		})
	}
}

// What the server is told when its frame was bad.
func TestCloseCodeSent(t *testing.T) {
	told := make(chan error, 1)
	l, e := start(t, Config{}, newServer(t, talk(func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte("["))
		_, _, err := ws.ReadMessage()
		told <- err
	})))
	l.Dial(1)
	closed(t, e)
	if err := <-told; !websocket.IsCloseError(err, 4000+int(protocol.CodeBadFrame)) {
		t.Errorf("server was told %v, want code %d", err, protocol.CodeBadFrame)
	}
}

func TestSilence(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(ws *websocket.Conn)
		err   error
		after time.Duration
	}{
		{"nothing", drain, ErrSilent, 125 * time.Second},
		{"pings for 8 hours", pingFor(8 * time.Hour), ErrSilent, 8*time.Hour + 125*time.Second},
		{"a frame that never ends", func(ws *websocket.Conn) {
			w, _ := ws.NextWriter(websocket.TextMessage)
			for range 100 {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 2048)); err != nil {
					return
				}
				time.Sleep(time.Minute)
			}
		}, ErrSilent, 125 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, talk(tt.serve))
				l, e := start(t, Config{}, s)
				began := time.Now()
				l.Dial(1)
				c, _ := closed(t, e)
				if took := time.Since(began); !errors.Is(c.Err, tt.err) || took < tt.after || took > tt.after+time.Second {
					t.Errorf("closed after %s by %v, want %s by %v", took, c.Err, tt.after, tt.err)
				}
				l.Close()
				s.stop()
			})
		})
	}
}

// pingFor pings every 50 s for d, counts on the answers, and then says nothing.
func pingFor(d time.Duration) func(*websocket.Conn) {
	return func(ws *websocket.Conn) {
		pongs := 0
		ws.SetPongHandler(func(string) error { pongs++; return nil })
		done := make(chan struct{})
		go func() { defer close(done); drain(ws) }()
		for range int(d / (50 * time.Second)) {
			time.Sleep(50 * time.Second)
			_ = ws.WriteControl(websocket.PingMessage, []byte("p"), time.Now().Add(time.Second))
		}
		<-done
		if pongs != int(d/(50*time.Second)) {
			panic(fmt.Sprintf("%d pongs", pongs))
		}
	}
}

func TestHandshakeTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		there, here := net.Pipe()
		defer there.Close()
		go func() { _, _ = there.Read(make([]byte, 4096)) }()
		l, e := start(t, Config{Dial: func(context.Context, string, string) (net.Conn, error) { return here, nil }}, nil)
		began := time.Now()
		l.Dial(1)
		c, _ := closed(t, e)
		if took := time.Since(began); took != 10*time.Second || !errors.Is(c.Err, ErrSilent) {
			t.Errorf("closed after %s by %v, want 10s by %v", took, c.Err, ErrSilent)
		}
		l.Close()
	})
}

func TestServerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		s := newServer(t, talk(func(*websocket.Conn) { <-stop }))
		l, e := start(t, Config{}, s)
		l.Dial(1)
		<-e
		l.Send(1, protocol.Ask{Nonce: nonce})
		if c, _ := closed(t, e); c.Err == nil || !strings.Contains(c.Err.Error(), "write ask") {
			t.Errorf("Closed.Err = %v, want a write that timed out", c.Err)
		}
		l.Dial(2)
		<-e
		for range queue + 2 {
			l.Send(2, protocol.Ask{Nonce: nonce})
		}
		if c, _ := closed(t, e); !errors.Is(c.Err, ErrQueueFull) {
			t.Errorf("Closed.Err = %v, want %v", c.Err, ErrQueueFull)
		}
		l.Close()
		close(stop)
		s.stop()
	})
}

// A frame of ours that breaks a bound ends the connection, and is not sent.
func TestBadFrameOfOurs(t *testing.T) {
	l, e := start(t, Config{}, newServer(t, talk(drain)))
	l.Dial(1)
	<-e
	l.Send(1, protocol.Ask{})
	if c, _ := closed(t, e); c.Err == nil || !strings.Contains(c.Err.Error(), "encode ask") {
		t.Errorf("Closed.Err = %v, want an encoding error", c.Err)
	}
}

// Close ends a dial that hangs and a receiver of events that waits.
func TestClose(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	l, err := New(Config{URL: "ws://localhost", Dial: hang}, func(ctx context.Context, _ session.What) { <-ctx.Done() })
	if err != nil {
		t.Fatal(err)
	}
	l.Dial(1)
	l.Close()
	l.Close()
	l.Dial(2) // does nothing
	l.Send(2, protocol.Ask{})
	l.Hangup(2)

	s := newServer(t, talk(drain))
	l, err = New(Config{URL: "ws://localhost", Dial: s.dial}, func(ctx context.Context, _ session.What) { <-ctx.Done() })
	if err != nil {
		t.Fatal(err)
	}
	l.Dial(1)
	l.Close()
}

// R11, short: nothing is left of many connections.
func TestManyConnections(t *testing.T) {
	l, e := start(t, Config{}, newServer(t, talk(drain)))
	for id := range uint64(300) {
		l.Dial(id)
		if id%3 > 0 {
			<-e
		}
		l.Hangup(id)
		closed(t, e)
	}
	l.Close()
	if len(l.conns) > 0 {
		t.Errorf("%d connections are left", len(l.conns))
	}
}
