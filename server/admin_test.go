package server_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server"
)

// Operators are answered on the admin listener, and nowhere else.
func TestO3_AdminListenerOnly(t *testing.T) {
	h := open(t, func(c *server.Config) { c.Admin = "127.0.0.1:0" })
	for url, want := range map[string]int{
		h.url + "/admin/v1/me":                                     http.StatusNotFound,
		"http://" + h.srv.AdminAddr().String() + "/admin/v1/me":    http.StatusUnauthorized,
		"http://" + h.srv.AdminAddr().String() + "/v1/sign-in":     http.StatusNotFound,
		"http://" + h.srv.AdminAddr().String() + "/admin/v1/other": http.StatusNotFound,
	} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s = %d, want %d", url, resp.StatusCode, want)
		}
	}
	without := open(t, nil)
	if without.srv.AdminAddr() != nil {
		t.Error("an admin listener that nobody asked for")
	}
	if status, _, _ := without.do("GET", "/admin/v1/me", nil, nil); status != http.StatusNotFound {
		t.Errorf("without --admin = %d", status)
	}
}

// Operators' tokens do not travel in the clear.
func TestO3_AdminAddresses(t *testing.T) {
	for name, tt := range map[string]struct {
		admin  string
		change func(*server.Config)
		want   string // of the error; empty: none
	}{
		"loopback":               {"127.0.0.1:0", nil, ""},
		"by name":                {"localhost:0", nil, ""},
		"every address":          {"0.0.0.0:0", nil, "in the clear"},
		"every address, short":   {":0", nil, "in the clear"},
		"behind a proxy":         {"0.0.0.0:0", func(c *server.Config) { c.TrustedProxies = []string{"10.0.0.0/8"} }, ""},
		"in development":         {"0.0.0.0:0", func(c *server.Config) { c.Dev = true }, ""},
		"nonsense":               {"nonsense", nil, "is not host:port"},
		"without a port":         {"127.0.0.1", nil, "is not host:port"},
		"a name of another host": {"admin.example:0", nil, "in the clear"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			cfg := server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), Admin: tt.admin}
			if tt.change != nil {
				tt.change(&cfg)
			}
			if tt.want != "" {
				wantOperator(t, cfg, tt.want)
				return
			}
			srv, err := server.New(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			srv.Close()
		})
	}
}

// Beyond this machine the admin listener speaks TLS, on loopback it does not.
func TestO3_AdminTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	for admin, scheme := range map[string]string{"0.0.0.0:0": "https", "127.0.0.1:0": "http"} {
		srv, err := server.New(t.Context(), server.Config{
			Listen: "127.0.0.1:0", Data: t.TempDir(), Admin: admin, TLSCert: cert, TLSKey: key, Drain: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- srv.Run(ctx) }()
		_, port, err := net.SplitHostPort(srv.AdminAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get(scheme + "://127.0.0.1:" + port + "/admin/v1/me")
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s at %s = %v, %v", scheme, admin, resp, err)
		}
		if err == nil {
			resp.Body.Close()
		}
		client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
