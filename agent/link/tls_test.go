package link

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/agent/session"
)

// A box without a clock verifies the certificate at the time that its caller
// proves, not at its own; and never below TLS 1.2.
func TestTLS(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  time.Time
		most uint16 // the server's newest version
		want string // in the error; "" for a connection
	}{
		{"proven time", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), tls.VersionTLS13, ""},
		{"before the certificate", time.Unix(-1e9, 0), tls.VersionTLS13, "not yet valid"},
		{"far future", time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC), tls.VersionTLS13, "expired"},
		{"TLS 1.2", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), tls.VersionTLS12, ""},
		{"TLS 1.1", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), tls.VersionTLS11, "protocol version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hs := httptest.NewUnstartedServer(talk(func(ws *websocket.Conn) { drain(ws) }))
			hs.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tt.most}
			hs.Config.ErrorLog = log.New(io.Discard, "", 0)
			hs.StartTLS()
			defer hs.Close()
			roots := x509.NewCertPool()
			roots.AddCert(hs.Certificate())
			e := make(events, 10)
			l, err := New(Config{
				URL: "wss" + strings.TrimPrefix(hs.URL, "https"),
				TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, Time: func() time.Time { return tt.now }},
			}, e.emit)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			l.Dial(1)
			switch w := (<-e).(type) {
			case session.Connected:
				if tt.want != "" {
					t.Errorf("connected, want an error with %q", tt.want)
				}
			case session.Closed:
				if tt.want == "" || !strings.Contains(w.Err.Error(), tt.want) {
					t.Errorf("Closed.Err = %v, want %q in it", w.Err, tt.want)
				}
			}
		})
	}
}
