package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/hearthkey/hearthkey/server/certificate"
	"github.com/hearthkey/hearthkey/server/hub/poller"
)

// encrypts says whether TLS ends in this process.
func (s *settings) encrypts() bool { return s.TLSCert != "" || s.TLSAuto }

func (s *settings) checkTLS() error {
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return operator(nil, "--tls-cert and --tls-key belong together: give both, or neither.")
	}
	for _, f := range []string{s.TLSCert, s.TLSKey, s.ACMERoots} {
		if _, err := os.Stat(f); f != "" && err != nil {
			return operator(err, "The TLS file %s cannot be read: %v.", f, errors.Unwrap(err))
		}
	}
	switch {
	case s.TLSAuto && s.TLSCert != "":
		return operator(nil, "--tls-auto gets a certificate, and --tls-cert has one: give one of them.")
	case s.TLSAuto && s.PublicURL == "":
		return operator(nil, "--tls-auto needs --public-url: the certificate is for its host.")
	case !s.TLSAuto && (s.ACMEEmail != "" || s.ACMEDirectory != "" || s.ACMERoots != ""):
		return operator(nil, "The --acme flags are for --tls-auto: give it too.")
	case s.ACMEDirectory != "" && !strings.HasPrefix(s.ACMEDirectory, "https://"):
		return operator(nil, "--acme-directory %s is not an https address.", s.ACMEDirectory)
	case s.Redirect != "" && !s.encrypts():
		return operator(nil, "--redirect sends people to TLS, which does not end here: give --tls-cert and --tls-key, or --tls-auto.")
	}
	return nil
}

// checkAuto looks at the host that a certificate would be for.
func (s *settings) checkAuto() error {
	if !s.TLSAuto {
		return nil
	}
	host := s.public.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return operator(nil, "--tls-auto gets no certificate for %s: --public-url must have a name of the DNS, such as tv.example.", host)
	}
	return nil
}

// openTLS has the listeners speak TLS, where it ends here.
func (s *Server) openTLS() error {
	cfg, err := s.tlsSettings()
	if err != nil || cfg == nil {
		return err
	}
	s.listener = poller.NewTLSListener(s.listener, cfg)
	if s.cfg.adminTLS() {
		s.admin = tls.NewListener(s.admin, cfg)
	}
	if s.cfg.Redirect == "" {
		return nil
	}
	if s.plain, err = listen("--redirect", s.cfg.Redirect); err != nil {
		return err
	}
	var h http.Handler = certificate.Redirect(s.cfg.PublicURL)
	if s.auto != nil {
		h = s.auto.Challenges(h)
	}
	s.redirect = newHTTP(s.cfg.Log, h)
	s.redirect.ReadTimeout, s.redirect.WriteTimeout = readTime, readTime
	return nil
}

// tlsSettings are those of the listeners; nil where TLS does not end here.
func (s *Server) tlsSettings() (*tls.Config, error) {
	switch {
	case s.cfg.TLSAuto:
		roots, err := s.cfg.acmeRoots()
		if err != nil {
			return nil, err
		}
		s.auto, err = certificate.NewAutomatic(certificate.Config{
			Host: s.cfg.public.Hostname(), Dir: filepath.Join(s.cfg.Data, "certificates"),
			Email: s.cfg.ACMEEmail, Directory: s.cfg.ACMEDirectory, Roots: roots, Log: s.cfg.Log,
		})
		if err != nil {
			return nil, operator(err, "Certificates cannot be kept in %s: %v.", s.cfg.Data, err)
		}
		return s.auto.TLS(), nil
	case s.cfg.TLSCert != "":
		files, err := certificate.Open(s.cfg.TLSCert, s.cfg.TLSKey, s.cfg.Log, s.cfg.Now)
		if err != nil {
			return nil, operator(err, "The certificate %s and the key %s cannot be used: %v.", s.cfg.TLSCert, s.cfg.TLSKey, err)
		}
		s.publicKey = files.PublicKey()
		return files.TLS(), nil
	}
	return nil, nil
}

// acmeRoots are the authorities in ACMERoots, nil for those of the system.
func (s *settings) acmeRoots() (*x509.CertPool, error) {
	if s.ACMERoots == "" {
		return nil, nil
	}
	data, err := os.ReadFile(s.ACMERoots)
	if err != nil {
		return nil, operator(err, "--acme-roots cannot be read: %v.", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, operator(nil, "--acme-roots %s holds no certificate in PEM.", s.ACMERoots)
	}
	return pool, nil
}

// getCertificate gets the automatic certificate before anybody needs it, until ctx
// ends.
func (s *Server) getCertificate(ctx context.Context) {
	if s.auto != nil {
		s.auto.Run(ctx)
	}
}

// RedirectAddr is the address of the plain listener that sends people to TLS, or nil.
func (s *Server) RedirectAddr() net.Addr {
	if s.plain == nil {
		return nil
	}
	return s.plain.Addr()
}
