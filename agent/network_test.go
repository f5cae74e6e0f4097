package agent

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Any answer of a service that is up will do, and nothing else.
func TestNetworkCheckAsksTheServiceItself(t *testing.T) {
	said := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
	}
	raw := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, answer)
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    bool
	}{
		{"well", said(http.StatusOK), true},
		{"no WebSocket", said(http.StatusBadRequest), true},
		{"overloaded", said(http.StatusServiceUnavailable), false},
		{"not HTTP", raw("SSH-2.0-x\r\n"), false},
		{"nothing", raw(""), false},
		{"no end", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxAnswer)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			if detail, ok := checkOf(t, server.Listener.Addr()).answer(t.Context()); ok != c.want || ok && !strings.HasSuffix(detail, " ms") {
				t.Errorf("answer = %q, %t, want %t", detail, ok, c.want)
			}
		})
	}
}

// A service that takes the connection and says nothing is waited for as long as the step may
// take.
func TestNetworkCheckOfASilentServiceEnds(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			defer conn.Close()
			_, _ = io.ReadFull(conn, make([]byte, 16)) // it has asked
			cancel()
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	if detail, ok := checkOf(t, silent.Addr()).answer(ctx); ok {
		t.Errorf("a silent service: %q", detail)
	}
}

func checkOf(t *testing.T, server net.Addr) *networkCheck {
	t.Helper()
	u, err := url.Parse("ws://" + server.String() + "/v1/device")
	if err != nil {
		t.Fatal(err)
	}
	return &networkCheck{server: u}
}
