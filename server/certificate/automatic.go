package certificate

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

const (
	retryEvery = time.Minute               // autocert asks its authority no sooner after a failure
	acmeTime   = 30 * time.Second          // for one request to the authority
	selfSigned = 10 * 365 * 24 * time.Hour // of the certificate for who names no host
)

// Config is where certificates come from.
type Config struct {
	Host      string // the one name that they are for
	Dir       string // where they and the account's key are kept
	Email     string // whom the authority tells of problems; may be empty
	Directory string // of the authority; empty: Let's Encrypt
	// Roots are whom the authority's own server is believed by; nil: those of the system.
	Roots *x509.CertPool
	Log   *slog.Logger
}

// Automatic gets certificates by ACME (RFC 8555), by tls-alpn-01 (RFC 8737) on the TLS
// port, or by http-01 where [Automatic.Challenges] is served on port 80. Whoever makes
// one agrees to the authority's terms. Make one with [NewAutomatic].
type Automatic struct {
	c       Config
	manager *autocert.Manager
	local   *tls.Certificate // for clients that name no host
	told    atomic.Int64     // when a failure was logged last, in Unix seconds
}

// NewAutomatic makes the folder. It asks nobody for anything.
func NewAutomatic(c Config) (*Automatic, error) {
	if c.Host == "" || c.Dir == "" || c.Log == nil {
		return nil, errors.New("certificate: Host, Dir and Log must be set")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	local, err := ownCertificate()
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	transport.DisableKeepAlives = true
	return &Automatic{c: c, local: local, manager: &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(c.Dir), HostPolicy: autocert.HostWhitelist(c.Host), Email: c.Email,
		Client: &acme.Client{
			DirectoryURL: cmp.Or(c.Directory, autocert.DefaultACMEDirectory), UserAgent: "hearthkey",
			HTTPClient: &http.Client{Transport: transport, Timeout: acmeTime},
		},
	}}, nil
}

// TLS is for a listener.
func (a *Automatic) TLS() *tls.Config {
	c := Settings()
	c.NextProtos = append(c.NextProtos, acme.ALPNProto)
	c.GetCertificate = a.get
	return c
}

// get serves a handshake: a challenge of the authority's, or a client.
func (a *Automatic) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		return a.local, nil
	}
	if !strings.EqualFold(strings.TrimSuffix(hello.ServerName, "."), a.c.Host) {
		return nil, errors.New("certificate: another host is asked for") // scanners; not worth a line
	}
	pair, err := a.manager.GetCertificate(hello)
	if err != nil {
		a.tell(err)
	}
	return pair, err
}

// tell logs a failure, once in retryEvery.
func (a *Automatic) tell(err error) {
	now, last := time.Now().Unix(), a.told.Load()
	if now-last >= int64(retryEvery.Seconds()) && a.told.CompareAndSwap(last, now) {
		a.c.Log.Error("no certificate: is this host reached from the Internet on port 443?", "host", a.c.Host, "error", err)
	}
}

// Run gets the certificate before anybody needs it, and again where that failed,
// until ctx ends or there is one. Renewals come by themselves then.
func (a *Automatic) Run(ctx context.Context) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	for {
		pair, err := a.get(&tls.ClientHelloInfo{
			ServerName: a.c.Host, SupportedVersions: []uint16{tls.VersionTLS13},
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256},
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		if err == nil {
			a.c.Log.Info("certificate", "host", a.c.Host, "until", pair.Leaf.NotAfter)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Challenges answers the authority's http-01 challenges, and gives everything else to
// next.
func (a *Automatic) Challenges(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// ownCertificate is for clients that name no host: they look whether the server is
// alive, and know it by its address.
func ownCertificate() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(selfSigned)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
