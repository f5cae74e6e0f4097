package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server"
)

// certificate writes a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

// TLS in this process: pages, API and devices; nothing older than 1.2.
// ASVS 4.4.1, 12.1.1.
func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	h := &house{t: t, logs: &lines{}}
	srv, err := server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Data: t.TempDir(), TLSCert: cert, TLSKey: key, Drain: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	h.serve(srv)
	if want := "https://" + srv.Addr().String(); srv.URL() != want {
		t.Errorf("URL = %s, want %s", srv.URL(), want)
	}
	trust := &tls.Config{RootCAs: pool}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(srv.URL() + "/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: trust}
	ws, _, err := d.Dial("wss"+strings.TrimPrefix(srv.URL(), "https")+protocol.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	v := &tv{t: t, name: "TV", ws: ws, got: map[string]int{}}
	if hello := expect[protocol.Hello](v); hello.Server != "127.0.0.1" {
		t.Errorf("hello = %+v", hello)
	}
	old, err := tls.Dial("tcp", srv.Addr().String(), &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11})
	if err == nil {
		old.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestSettingsOfTLSThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		want string // in the sentence
		cfg  server.Config
	}{
		{"needs --public-url", server.Config{TLSAuto: true}},
		{"make it https", server.Config{TLSAuto: true, PublicURL: "http://tv.example"}},
		{"name of the DNS", server.Config{TLSAuto: true, PublicURL: "https://203.0.113.7"}},
		{"name of the DNS", server.Config{TLSAuto: true, PublicURL: "https://localhost"}},
		{"one of them", server.Config{TLSAuto: true, PublicURL: "https://tv.example", TLSCert: os.Args[0], TLSKey: os.Args[0]}},
		{"belong together", server.Config{TLSCert: os.Args[0]}},
		{"for --tls-auto", server.Config{ACMEEmail: "ops@tv.example"}},
		{"not an https address", server.Config{TLSAuto: true, PublicURL: "https://tv.example", ACMEDirectory: "http://ca.example"}},
		{"holds no certificate", server.Config{TLSAuto: true, PublicURL: "https://tv.example", ACMERoots: "tls_test.go"}},
		{"does not end here", server.Config{Redirect: ":80"}},
	} {
		c.cfg.Listen, c.cfg.Data = "127.0.0.1:0", t.TempDir()
		srv, err := server.New(t.Context(), c.cfg)
		if err == nil {
			srv.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v = %v, want %q", c.cfg, err, c.want)
		}
	}
}
