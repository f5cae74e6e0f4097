package screen_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/agent/screen"
)

// ask sends a request as raw as an attacker can and returns the answer.
func ask(t *testing.T, s *screen.Server, path string, headers ...string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n", path, strings.Join(headers, "\r\n"))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// TestAttacks asks for the page and its socket as other sites' pages can.
func TestAttacks(t *testing.T) {
	s := start(t, func(k screen.Key) { t.Errorf("Press(%+v)", k) })
	self := s.Addr().String()
	_, port, _ := net.SplitHostPort(self)
	for _, test := range []struct {
		name    string
		headers []string
		want    int // for the page; the socket gives the same, or asks for an upgrade
	}{
		{"itself", []string{"Host: " + self}, 200},
		{"by name", []string{"Host: localhost:" + port}, 200},
		{"its own script", []string{"Host: " + self, "Origin: http://" + self, "Sec-Fetch-Site: same-origin"}, 200},
		{"address typed", []string{"Host: " + self, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 200},
		{"a link elsewhere", []string{"Host: " + self, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 200},
		{"rebound name", []string{"Host: evil.example:" + port}, 421},
		{"rebound name, same origin", []string{"Host: evil.example:" + port, "Origin: http://evil.example:" + port, "Sec-Fetch-Site: same-origin"}, 421},
		{"name that begins like ours", []string{"Host: 127.0.0.1.evil.example"}, 421},
		{"name that ends like ours", []string{"Host: evil.localhost:" + port}, 421},
		{"unspecified address", []string{"Host: 0.0.0.0:" + port}, 421},
		{"address of the network", []string{"Host: 192.168.1.5:" + port}, 421},
		{"host with a policy in it", []string{"Host: 127.0.0.1:1; script-src *"}, 400},
		{"no host", []string{"Host: "}, 421},
		{"another site's script", []string{"Host: " + self, "Origin: https://evil.example"}, 403},
		{"another program of this machine", []string{"Host: " + self, "Origin: http://127.0.0.1:1"}, 403},
		{"the same name over TLS", []string{"Host: " + self, "Origin: https://" + self}, 403},
		{"another name of ours", []string{"Host: " + self, "Origin: http://localhost:" + port}, 403},
		{"a sandboxed frame or a file", []string{"Host: " + self, "Origin: null"}, 403},
		{"two origins", []string{"Host: " + self, "Origin: http://" + self, "Origin: https://evil.example"}, 403},
		{"included as a script", []string{"Host: " + self, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"}, 403},
		{"in a frame", []string{"Host: " + self, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"}, 403},
	} {
		if got := ask(t, s, "/", test.headers...).StatusCode; got != test.want {
			t.Errorf("%s: page %d, want %d", test.name, got, test.want)
		}
		upgrade := append(test.headers, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Upgrade: websocket", "Connection: Upgrade")
		want := test.want
		if want == 200 {
			want = 101
		}
		if got := ask(t, s, "/screen", upgrade...).StatusCode; got != want {
			t.Errorf("%s: socket %d, want %d", test.name, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	s := start(t, nil)
	self := s.Addr().String()
	for _, path := range []string{"/", "/main.js", "/avatars/fox.svg", "/nothing", "/screen"} {
		h := ask(t, s, path, "Host: "+self).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "ws://" + self + ";", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %q", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	if policy := ask(t, s, "/", "Host: evil.example").Header.Get("Content-Security-Policy"); strings.Contains(policy, "evil") {
		t.Errorf("policy for a refused host repeats it: %s", policy)
	}
}

func TestOnlyReading(t *testing.T) {
	s := start(t, nil)
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") == "" {
			t.Errorf("%s: %s", method, answer.Status)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if got := ask(t, s, "/screen", "Host: "+s.Addr().String()).StatusCode; got != http.StatusUpgradeRequired {
		t.Errorf("socket without an upgrade: %d", got)
	}
}
