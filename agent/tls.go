package agent

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// written is when this was written: no clock of ours is ever before it.
var written = time.Date(2026, time.November, 25, 0, 0, 0, 0, time.UTC)

// errNoCertificate means that a server showed none.
var errNoCertificate = errors.New("agent: the server shows no certificate")

// tlsConfig returns how the server is checked. The wall clock of a box may say
// anything, so it has no part in it: proven is the last time that a server
// proved. A certificate counts as expired by that time (or by when this program
// was written), and never as not yet valid: the proven time may be long past.
func (a *Agent) tlsConfig(server *url.URL, proven func() time.Time) *tls.Config {
	return &tls.Config{
		ServerName: server.Hostname(),
		MinVersion: tls.VersionTLS12,
		// The usual check is made by VerifyConnection, with a time of our own.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			return verifyServer(s.PeerCertificates, a.CA, server.Hostname(), proven())
		},
	}
}

// verifyServer checks a chain as crypto/tls does, at the time described above.
// nil roots mean the system's.
func verifyServer(chain []*x509.Certificate, roots *x509.CertPool, host string, proven time.Time) error {
	if len(chain) == 0 {
		return errNoCertificate
	}
	at := written
	if proven.After(at) {
		at = proven
	}
	between := x509.NewCertPool()
	for i, c := range chain {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
		if i > 0 {
			between.AddCert(c)
		}
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host, CurrentTime: at})
	if err != nil {
		return fmt.Errorf("server's certificate: %w", err)
	}
	return nil
}
