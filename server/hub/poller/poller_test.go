package poller

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hearthkey/hearthkey/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every mode does the same, test by test.
func TestModes(t *testing.T) {
	for _, mode := range modes {
		for _, tt := range suite {
			t.Run(string(mode)+"/"+tt.name, func(t *testing.T) { tt.test(t, mode) })
		}
	}
}

var suite = []struct {
	name string
	test func(*testing.T, Mode)
}{
	{"MessagesBothWays", testMessagesBothWays},
	{"WhatADeviceMayNotDo", testWhatADeviceMayNotDo},
	{"Expire", testExpire},
	{"ExpireCanBeTakenBack", testExpireCanBeTakenBack},
	{"CloseCodeArrivesInAFlood", testCloseCodeArrivesInAFlood},
	{"SlowReaderIsDropped", testSlowReaderIsDropped},
	{"Ping", testPing},
	{"ClosedPollerRefuses", testClosedPollerRefuses},
	{"TenThousandConnects", testTenThousandConnects},
}

// recorder is a handler that passes on what it is called with.
type recorder struct {
	conn   Conn
	frames chan string
	closed chan error
	onData func(Conn, []byte)
}

func (r *recorder) Frame(data []byte) {
	if r.onData != nil {
		r.onData(r.conn, data)
		return
	}
	r.frames <- string(data)
}

func (r *recorder) Closed(cause error) {
	if cause != nil {
		r.conn.Close(toldCode, "told why")
	}
	r.closed <- cause
}

// toldCode is the close code with which a recorder ends what the peer has caused.
const toldCode = 4321

// serve runs a poller behind a real listener. Its connections come out of the channel.
func serve(t testing.TB, cfg Config, onData func(Conn, []byte)) (url string, p *Poller, opened chan *recorder) {
	t.Helper()
	mode, secure := strings.CutSuffix(string(cfg.Mode), withTLS)
	cfg.Mode = Mode(mode)
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	opened = make(chan *recorder, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = p.Accept(w, r, func(c Conn) Handler {
			h := &recorder{c, make(chan string, 100), make(chan error, 1), onData}
			opened <- h
			return h
		})
	}))
	if secure {
		srv.Listener = NewTLSListener(srv.Listener, &tls.Config{Certificates: []tls.Certificate{certificate()}})
	}
	srv.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.Close(ctx, 1001); err != nil {
			t.Errorf("Close = %v", err)
		}
		srv.Close()
	})
	url = "ws" + strings.TrimPrefix(srv.URL, "http")
	if secure {
		url = "wss" + strings.TrimPrefix(url, "ws")
	}
	return url, p, opened
}

// withTLS is added to a mode whose connections carry TLS.
const withTLS = "+tls"

// trusting believes the certificate of a test.
var trusting = &tls.Config{InsecureSkipVerify: true}

// certificate is httptest's, for loopback.
var certificate = sync.OnceValue(func() tls.Certificate {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return srv.TLS.Certificates[0]
})

func dial(t testing.TB, url string) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: trusting}
	ws, _, err := d.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

func testMessagesBothWays(t *testing.T, mode Mode) {
	url, p, opened := serve(t, Config{Mode: mode}, nil)
	ws := dial(t, url)
	h := <-opened
	for _, m := range []string{"a", strings.Repeat("x", 5_000), strings.Repeat("y", protocol.MaxDeviceFrame)} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			t.Fatal(err)
		}
		if got := <-h.frames; got != m {
			t.Fatalf("got %d bytes, want %d", len(got), len(m))
		}
	}
	if err := h.conn.Send([]byte("one"), []byte(strings.Repeat("z", protocol.MaxFrame))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{3, protocol.MaxFrame} {
		if _, got, err := ws.ReadMessage(); err != nil || len(got) != want {
			t.Fatalf("read %d bytes, %v; want %d", len(got), err, want)
		}
	}
	if got := p.Len(); got != 1 {
		t.Errorf("Len = %d, want 1", got)
	}
	ws.Close()
	if cause := <-h.closed; cause == nil {
		t.Error("Closed(nil) after the peer went, want a cause")
	}
}

func testWhatADeviceMayNotDo(t *testing.T, mode Mode) {
	text := func(n int) func(*websocket.Conn) {
		return func(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.TextMessage, make([]byte, n)) }
	}
	for _, tt := range []struct {
		name string
		do   func(*websocket.Conn)
		want error
	}{
		{"too large", text(protocol.MaxDeviceFrame + 1), ErrTooLarge},
		{"far too large", text(8 << 20), ErrTooLarge},
		{"binary", func(ws *websocket.Conn) { _ = ws.WriteMessage(websocket.BinaryMessage, []byte("x")) }, ErrNotText},
		{"flood of messages", func(ws *websocket.Conn) {
			for range 400 {
				text(1)(ws)
			}
		}, ErrFlood},
		{"flood of pings", func(ws *websocket.Conn) {
			for range 400 {
				_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
			}
		}, ErrFlood},
		{"flood of pongs", func(ws *websocket.Conn) {
			for range 400 {
				_ = ws.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second))
			}
		}, ErrFlood},
		{"half a message", func(ws *websocket.Conn) {
			w, _ := ws.NextWriter(websocket.TextMessage)
			_, _ = w.Write(make([]byte, 8<<10)) // more than the client's buffer, so a first fragment leaves
		}, ErrTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, _, opened := serve(t, Config{Mode: mode, MessageTimeout: 50 * time.Millisecond, Linger: 2 * time.Second}, func(Conn, []byte) {})
			ws := dial(t, url)
			h := <-opened
			tt.do(ws)
			if cause := <-h.closed; !errors.Is(cause, tt.want) {
				t.Errorf("Closed(%v), want %v", cause, tt.want)
			}
			_ = ws.SetReadDeadline(time.Now().Add(5 * time.Second))
			for {
				_, _, err := ws.ReadMessage()
				if websocket.IsCloseError(err, toldCode) {
					return
				}
				if err != nil {
					t.Fatalf("the device reads %v, want close code %d", err, toldCode)
				}
			}
		})
	}
}

func testExpire(t *testing.T, mode Mode) {
	url, _, opened := serve(t, Config{Mode: mode}, nil)
	dial(t, url)
	h := <-opened
	h.conn.Expire(time.Now().Add(20 * time.Millisecond))
	if cause := <-h.closed; !errors.Is(cause, ErrTimeout) {
		t.Errorf("Closed(%v), want %v", cause, ErrTimeout)
	}
}

func testExpireCanBeTakenBack(t *testing.T, mode Mode) {
	url, _, opened := serve(t, Config{Mode: mode}, nil)
	ws := dial(t, url)
	h := <-opened
	h.conn.Expire(time.Now().Add(time.Hour))
	h.conn.Expire(time.Time{})
	_ = ws.WriteMessage(websocket.TextMessage, []byte("still here"))
	if got := <-h.frames; got != "still here" {
		t.Errorf("got %q", got)
	}
}

// The close code arrives although the device is still sending: the socket is
// read on until the device has seen it.
func testCloseCodeArrivesInAFlood(t *testing.T, mode Mode) {
	url, _, opened := serve(t, Config{Mode: mode}, func(c Conn, _ []byte) { c.Close(4009, "too many requests") })
	ws := dial(t, url)
	go func() {
		for ws.WriteMessage(websocket.TextMessage, make([]byte, 1000)) == nil {
		}
	}()
	_, _, err := ws.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != 4009 || closed.Text != "too many requests" {
		t.Errorf("ReadMessage = %v, want close 4009", err)
	}
	ws.Close()
	if cause := <-(<-opened).closed; cause != nil {
		t.Errorf("Closed(%v), want nil: this side closed", cause)
	}
}

func testSlowReaderIsDropped(t *testing.T, mode Mode) {
	url, _, opened := serve(t, Config{Mode: mode, WriteTimeout: 50 * time.Millisecond}, nil)
	dial(t, url) // and never reads
	h := <-opened
	big := make([]byte, 1<<20)
	for range 1000 { // far more than the kernel's buffers
		if err := h.conn.Send(big); err != nil {
			if cause := <-h.closed; cause == nil {
				t.Error("Closed(nil), want a cause")
			}
			return
		}
	}
	t.Fatal("a gigabyte went to a device that does not read")
}

// A ping is answered, and that is a sign of life.
func testPing(t *testing.T, mode Mode) {
	url, _, opened := serve(t, Config{Mode: mode}, nil)
	ws := dial(t, url)
	h := <-opened
	before := h.conn.Heard()
	go func() { _, _, _ = ws.ReadMessage() }() // answers pings
	if err := h.conn.Ping(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); !h.conn.Heard().After(before); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("no answer to the ping within 5 s")
		}
	}
}

func testClosedPollerRefuses(t *testing.T, mode Mode) {
	p, err := New(Config{Mode: Mode(strings.TrimSuffix(string(mode), withTLS))})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context(), 1001); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		failed <- p.Accept(w, r, func(Conn) Handler { panic("opened") })
	}))
	defer srv.Close()
	ws := dial(t, "ws"+strings.TrimPrefix(srv.URL, "http"))
	if _, _, err := ws.ReadMessage(); err == nil {
		t.Error("a message from a closed poller")
	}
	if err := <-failed; !errors.Is(err, ErrStopped) {
		t.Errorf("Accept = %v, want %v", err, ErrStopped)
	}
}

// Ten thousand connections come and go; nothing of them is left.
func testTenThousandConnects(t *testing.T, mode Mode) {
	if testing.Short() {
		t.Skip("short: 10,000 sockets")
	}
	url, p, opened := serve(t, Config{Mode: mode, Linger: 10 * time.Millisecond}, nil)
	each := 200
	if strings.HasPrefix(url, "wss") { // a handshake of TLS costs much more, and nothing of it is ours
		each = 10
	}
	var comers, drain sync.WaitGroup
	drain.Go(func() {
		for range 50 * each {
			<-(<-opened).closed
		}
	})
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 256, WriteBufferSize: 256, TLSClientConfig: trusting,
	}
	for range 50 {
		comers.Go(func() {
			for range each {
				ws, _, err := d.Dial(url, nil)
				if err != nil {
					t.Error(err)
					return
				}
				ws.Close()
			}
		})
	}
	comers.Wait()
	if t.Failed() {
		return
	}
	drain.Wait()
	deadline := time.Now().Add(5 * time.Second)
	for p.Len() > 0 && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if got := p.Len(); got != 0 {
		t.Errorf("%d connections left", got)
	}
}

// BenchmarkIdle reports what an idle connection costs this process and its
// peer in it, in bytes of heap and stack.
func BenchmarkIdle(b *testing.B) {
	for _, mode := range modes {
		b.Run(string(mode), func(b *testing.B) { benchmarkIdle(b, mode) })
	}
}

func benchmarkIdle(b *testing.B, mode Mode) {
	url, _, opened := serve(b, Config{Mode: mode}, nil)
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, ReadBufferSize: 128, WriteBufferSize: 128, TLSClientConfig: trusting,
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := make([]*websocket.Conn, 0, b.N)
	for range b.N {
		ws, _, err := d.Dial(url, nil)
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, ws)
		<-opened
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse
	b.ReportMetric(float64(used)/float64(b.N), "bytes/pair")
	for _, ws := range conns {
		ws.Close()
	}
}
