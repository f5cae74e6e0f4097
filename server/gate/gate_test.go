package gate

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// serve serves h through a gate, and returns its address.
func serve(t *testing.T, g *Gate, h http.HandlerFunc, cfg *tls.Config) string {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := g.Listen(inner)
	if cfg != nil {
		l = tls.NewListener(l, cfg)
	}
	srv := &http.Server{Handler: h, ConnState: g.State}
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() {
		srv.Close()
		serving.Wait()
	})
	return inner.Addr().String()
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

// connect opens a connection that says nothing.
func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func get(t *testing.T, client *http.Client, url string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello" {
		t.Errorf("answered %q, %v", body, err)
	}
}

// Connections that have asked for something leave the gate, however long they stay.
func TestAskedLeaves(t *testing.T) {
	g := New(Config{Most: 2, Patience: time.Hour})
	address := serve(t, g, hello, nil)
	for i := range 20 {
		client := &http.Client{Transport: &http.Transport{}}
		t.Cleanup(client.CloseIdleConnections) // each stays open meanwhile
		get(t, client, fmt.Sprintf("http://%s/%d", address, i))
	}
	if got := g.Evicted(); got != 0 {
		t.Errorf("%d evicted, want none", got)
	}
}

// Who connects and says nothing keeps nobody out for longer than the patience.
func TestSilentGiveWay(t *testing.T) {
	g := New(Config{Most: 4, Patience: 10 * time.Millisecond})
	address := serve(t, g, hello, nil)
	var silent []net.Conn
	for range 12 {
		silent = append(silent, connect(t, address))
	}
	get(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+address)
	if _, err := silent[0].Read(make([]byte, 1)); err == nil {
		t.Error("the first silent connection is still there")
	}
	if got := g.Evicted(); got < 9 { // 12 silent ones and the last, of which 4 may be within
		t.Errorf("%d evicted, want 9 at least", got)
	}
}

// While the gate is full and patient, nobody else is accepted: a place that is given up
// goes to who waits.
func TestFullGateWaits(t *testing.T) {
	g := New(Config{Most: 1, Patience: time.Hour})
	address := serve(t, g, hello, nil)
	first := connect(t, address)
	done := make(chan struct{})
	go func() {
		defer close(done)
		get(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+address)
	}()
	select {
	case <-done:
		t.Error("passed a full gate")
	case <-time.After(20 * time.Millisecond): // a gate that lets it in is likely to be quicker
	}
	first.Close()
	<-done
}

// With TLS a place is held until the handshake is over and something was asked.
func TestTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	g := New(Config{Most: 2, Patience: time.Hour})
	address := serve(t, g, hello, &tls.Config{Certificates: certified.TLS.Certificates})
	for range 10 {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // a test's certificate
		t.Cleanup(client.CloseIdleConnections)
		get(t, client, "https://"+address)
	}
}

// A listener that is closed while its gate is full does not hang.
func TestCloseWhileFull(t *testing.T) {
	g := New(Config{Most: 1, Patience: time.Hour})
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := g.Listen(inner)
	connect(t, inner.Addr().String())
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := l.Accept()
		ended <- err
	}()
	l.Close()
	if err := <-ended; err == nil {
		t.Error("accepted after Close")
	}
}

// A storm of many clients passes a narrow gate, each of them.
func TestStormPasses(t *testing.T) {
	g := New(Config{Most: 8, Patience: time.Hour})
	address := serve(t, g, hello, nil)
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			get(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+address)
		})
	}
	all.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.within) > 8 || len(g.order) > 16 {
		t.Errorf("%d within and %d in order after the storm", len(g.within), len(g.order))
	}
}
