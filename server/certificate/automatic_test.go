package certificate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/hearthkey/hearthkey/server"
	"github.com/hearthkey/hearthkey/server/certificate"
)

const host = "tv.hearthkey.example"

// authority is Pebble, the test server of Let's Encrypt, whose directory is known
// before it answers.
type authority struct {
	t     *testing.T
	front *httptest.Server
	roots string         // PEM file by which the directory is believed
	pool  *x509.CertPool // what it signs with, once it runs
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	a := &authority{t: t, front: httptest.NewUnstartedServer(nil), roots: filepath.Join(t.TempDir(), "roots.pem")}
	a.front.Config.ErrorLog = log.New(io.Discard, "", 0)
	known := httptest.NewTLSServer(nil) // all test servers have one certificate
	defer known.Close()
	if err := os.WriteFile(a.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: known.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) directory() string {
	return "https://" + a.front.Listener.Addr().String() + wfe.DirectoryPath
}

// start has it answer. It looks for every host on this machine, at these ports.
func (a *authority) start(httpPort, tlsPort int) {
	a.t.Helper()
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, false, resolver(a.t), store), issuer, []string{"pebble.example"}, false, false, 0, 0)
	a.front.Config.Handler = front.Handler()
	a.front.StartTLS()
	a.t.Cleanup(a.front.Close)
	root, err := x509.ParseCertificate(issuer.GetRootCert(0).DER)
	if err != nil {
		a.t.Fatal(err)
	}
	a.pool = x509.NewCertPool()
	a.pool.AddCert(root)
}

// resolver says that every name is this machine.
func resolver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

// serve runs a server until the function that it returns is called.
func serve(t *testing.T, a *authority, data string) (*server.Server, func()) {
	t.Helper()
	srv, err := server.New(t.Context(), server.Config{
		Listen: "127.0.0.1:0", Redirect: "127.0.0.1:0", Data: data, PublicURL: "https://" + host, Drain: time.Millisecond,
		TLSAuto: true, ACMEDirectory: a.directory(), ACMERoots: a.roots, ACMEEmail: "ops@hearthkey.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	return srv, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	}
}

func port(a net.Addr) int { return a.(*net.TCPAddr).Port }

// look connects by TLS as a client that asks for name.
func look(address, name string, pool *x509.CertPool) (*x509.Certificate, error) {
	d := &net.Dialer{Timeout: 30 * time.Second}
	conn, err := tls.DialWithDialer(d, "tcp", address, &tls.Config{ServerName: name, RootCAs: pool, InsecureSkipVerify: pool == nil})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// A server gets its certificate by itself, keeps it over a restart without the
// authority, and sends whoever comes without TLS there.
func TestServerGetsItsCertificate(t *testing.T) {
	a, data := newAuthority(t), filepath.Join(t.TempDir(), "data")
	srv, stop := serve(t, a, data)
	a.start(port(srv.RedirectAddr()), port(srv.Addr()))
	first, err := look(srv.Addr().String(), host, a.pool)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: a.pool},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				to := srv.Addr()
				if _, p, _ := net.SplitHostPort(address); p == "80" {
					to = srv.RedirectAddr()
				}
				return (&net.Dialer{}).DialContext(ctx, network, to.String())
			},
		},
	}
	res, err := client.Get("http://" + host + "/healthz?x=1")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Request.URL.String() != "https://"+host+"/healthz?x=1" || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("plain HTTP led to %s: %s %v", res.Request.URL, res.Status, res.Header)
	}
	if _, err := look(srv.Addr().String(), "other.example", nil); err == nil {
		t.Error("another host has a certificate here")
	}
	if c, err := look(srv.Addr().String(), "", nil); err != nil || c.SerialNumber.Cmp(first.SerialNumber) == 0 {
		t.Errorf("a client that names no host = %v", err)
	}
	for path, want := range map[string]os.FileMode{"certificates": 0o700, "certificates/" + host: 0o600, "certificates/acme_account+key": 0o600} {
		if info, err := os.Stat(filepath.Join(data, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want mode %o", path, err, want)
		}
	}
	stop()
	a.front.Close()
	srv, stop = serve(t, a, data)
	defer stop()
	again, err := look(srv.Addr().String(), host, a.pool)
	if err != nil || again.SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Errorf("after a restart without the authority: %v, another certificate", err)
	}
}

// Where port 443 is not reached, the authority asks on port 80; where neither is, there
// is no certificate, and nobody is served with another.
func TestChallengesByPlainHTTP(t *testing.T) {
	a := newAuthority(t)
	auto, err := certificate.NewAutomatic(certificate.Config{
		Host: host, Dir: t.TempDir(), Directory: a.directory(), Roots: rootsOf(t, a.roots), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	challenges := auto.Challenges(certificate.Redirect("https://" + host))
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host, _, _ = net.SplitHostPort(r.Host) // as it is on port 80
		challenges.ServeHTTP(w, r)
	}))
	defer plain.Close()
	a.start(port(plain.Listener.Addr()), 1) // nothing is at port 1
	address := listener(t, auto.TLS())
	if _, err := look(address, host, a.pool); err != nil {
		t.Errorf("by http-01: %v", err)
	}
	b := newAuthority(t)
	unreached, err := certificate.NewAutomatic(certificate.Config{
		Host: host, Dir: t.TempDir(), Directory: b.directory(), Roots: rootsOf(t, b.roots), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.start(1, 1)
	if _, err := look(listener(t, unreached.TLS()), host, nil); err == nil {
		t.Error("a certificate without a proof")
	}
}

func rootsOf(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(data)
	return pool
}
