package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/agent/session"
)

// authority signs certificates for tv.example.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: date(2020), NotAfter: date(2050), KeyUsage: x509.KeyUsageCertSign,
	}
	return authority{key, issue(t, template, template, key, key)}
}

func date(year int) time.Time { return time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC) }

func issue(t *testing.T, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a authority) server(t *testing.T, host string, from, to time.Time) *x509.Certificate {
	t.Helper()
	return issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, a.key, a.key)
}

// TestVerifyServerWithoutAClock: no wall clock takes part. A box that starts in
// 1970, or was off for years, connects; an expired certificate stays expired.
func TestVerifyServerWithoutAClock(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	for _, c := range []struct {
		name   string
		chain  []*x509.Certificate
		proven time.Time
		ok     bool
	}{
		{"never connected", []*x509.Certificate{ours.server(t, "tv.example", date(2026), date(2028))}, time.UnixMilli(0), true},
		{"made long after the last contact", []*x509.Certificate{ours.server(t, "tv.example", date(2033), date(2034))}, date(2027), true},
		{"expired by the proven time", []*x509.Certificate{ours.server(t, "tv.example", date(2026), date(2027))}, date(2028), false},
		{"expired when this was written", []*x509.Certificate{ours.server(t, "tv.example", date(2020), date(2021))}, time.UnixMilli(0), false},
		{"another host", []*x509.Certificate{ours.server(t, "evil.example", date(2026), date(2028))}, time.UnixMilli(0), false},
		{"another authority", []*x509.Certificate{theirs.server(t, "tv.example", date(2026), date(2028))}, time.UnixMilli(0), false},
		{"nothing", nil, time.UnixMilli(0), false},
	} {
		if err := verifyServer(c.chain, roots, "tv.example", c.proven); (err == nil) != c.ok {
			t.Errorf("%s: verifyServer = %v, want ok %t", c.name, err, c.ok)
		}
	}
}

// The time that certificates are held against is never the wall clock's: a TV whose
// clock is wrong by years must still reach its server, new, signed in, and after a boot.
func TestD7_AWrongClockExpiresNoCertificate(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	clock := newTestClock()
	truth := clock.read().Wall
	start := func() *tv { return plugInAs(t, &Agent{Server: s.url(), Dir: dir, Name: "Test TV", clock: clock.read}) }
	known := func(when string, v *tv) {
		v.do(func(c *core) {
			if at := c.serverTime(); at.After(time.UnixMilli(truth).Add(time.Hour)) {
				t.Errorf("%s, certificates are held against %s", when, at)
			}
		})
	}
	const years = 12 * 365 * 24 * time.Hour
	clock.set(func(n *session.Now) { n.Wall += years.Milliseconds() })
	v := start()
	known("before the first sign-in", v)
	v.signIn()
	next(t, s.receipts)
	known("in contact", v)
	v.unplug()
	clock.set(func(n *session.Now) { n.Boot, n.Running = "boot 2", time.Minute })
	known("after a boot", start())
}
