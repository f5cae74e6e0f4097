package doctor

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

const (
	renewBefore = 21 * 24 * time.Hour // a certificate should have as long
	leastRSA    = 2048                // bits
)

// Certificate checks the pair that the server would use for host.
func Certificate(certFile, keyFile, host string, now time.Time) []Finding {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return []Finding{{"tls", Bad, fmt.Sprintf("The certificate %s and the key %s cannot be used: %v.", certFile, keyFile, err), "Put a PEM chain and its key there, the server's own certificate first."}}
	}
	return append(Secret("tls", keyFile), leaf(pair, host, now)...)
}

func leaf(pair tls.Certificate, host string, now time.Time) (out []Finding) {
	c := pair.Leaf
	until := c.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case now.Before(c.NotBefore):
		out = append(out, Finding{"tls", Bad, fmt.Sprintf("The certificate is valid only from %s on.", c.NotBefore.UTC().Format(time.DateTime)), "Check this machine's clock."})
	case now.After(c.NotAfter):
		out = append(out, Finding{"tls", Bad, "The certificate ended on " + until + ": nobody can connect.", "Renew it: the server takes new files over by itself."})
	case c.NotAfter.Sub(now) < min(renewBefore, c.NotAfter.Sub(c.NotBefore)/4):
		out = append(out, Finding{"tls", Warn, fmt.Sprintf("The certificate ends on %s.", until), "Renew it: the server takes new files over by itself."})
	default:
		out = append(out, Good("tls", "the certificate is valid until %s", until))
	}
	if err := c.VerifyHostname(host); err != nil {
		out = append(out, Finding{"tls", Bad, fmt.Sprintf("The certificate is not one for %s, the host of --public-url.", host), "Get one that names it."})
	}
	if len(pair.Certificate) == 1 && c.CheckSignatureFrom(c) == nil {
		out = append(out, Finding{"tls", Warn, "The certificate is signed by itself: browsers and TVs refuse it unless they were told of it.", "Get one of a public authority, unless the TVs have its pin."})
	}
	if weak(c) {
		out = append(out, Finding{"tls", Bad, "The certificate's key is too short.", "Make one of ECDSA P-256, or of RSA with 2048 bits."})
	}
	return out
}

func weak(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < leastRSA
	case *ecdsa.PublicKey:
		return k.Params().BitSize < 256
	}
	return false
}
