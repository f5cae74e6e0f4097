package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/certificate"
)

// write puts a certificate with this serial number, and its key, into two files.
func write(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// listener serves TLS and closes each connection after its handshake.
func listener(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = conn.(*tls.Conn).Handshake()
				conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// serial is that of the certificate that a listener shows.
func serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // it is looked at, not believed
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// A renewed certificate is taken over by a listener that runs; half of one is not.
func TestFilesAreRenewed(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	var logs bytes.Buffer
	now := time.Now()
	if _, err := certificate.Open(cert, key, slog.New(slog.DiscardHandler), time.Now); err == nil {
		t.Error("files that are not there are opened")
	}
	write(t, cert, key, 1)
	f, err := certificate.Open(cert, key, slog.New(slog.NewTextHandler(&logs, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	address := listener(t, f.TLS())
	before := f.PublicKey()
	if got := serial(t, address); got != 1 {
		t.Errorf("serial number %d, want 1", got)
	}
	old, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, key, 2)
	renewed, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, old, 0o600); err != nil { // in the middle of a renewal
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if got := serial(t, address); got != 1 || !strings.Contains(logs.String(), "not used") {
		t.Errorf("serial number %d with half a renewal, log %s", got, logs.String())
	}
	if err := os.WriteFile(key, renewed, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(t, address); got != 1 {
		t.Errorf("the files are looked at for each handshake")
	}
	now = now.Add(time.Minute)
	if got := serial(t, address); got != 2 || bytes.Equal(before, f.PublicKey()) {
		t.Errorf("serial number %d after the renewal", got)
	}
}

// ASVS 12.1.1, 12.1.2: only current versions and ciphers of TLS.
func TestSettingsAreModern(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, key, 1)
	f, err := certificate.Open(cert, key, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	address := listener(t, f.TLS())
	for _, c := range []struct {
		name   string
		client *tls.Config
		want   bool
	}{
		{"as clients are", &tls.Config{}, true},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		{"TLS 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
		{"CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}, false},
		{"no forward secrecy", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
	} {
		client := c.client
		client.InsecureSkipVerify = true // the versions are what is looked at
		conn, err := tls.Dial("tcp", address, client)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		method, target, host, location string
		status                         int
	}{
		{"GET", "/", "tv.example", "https://tv.example/", 308},
		{"GET", "/account/devices?page=2", "tv.example", "https://tv.example/account/devices?page=2", 308},
		{"HEAD", "/tv", "evil.example", "https://tv.example/tv", 308},
		{"GET", "//evil.example/x", "tv.example", "https://tv.example//evil.example/x", 308},
		{"GET", "http://evil.example/x", "evil.example", "https://tv.example/x", 308},
		{"POST", "/sign-in", "tv.example", "", 403},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		certificate.Redirect("https://tv.example").ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s %s = %d %q, want %d %q", c.method, c.target, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
		if w.Header().Get("Set-Cookie") != "" {
			t.Errorf("a cookie in the clear")
		}
	}
}
