package server

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/device"
	"github.com/hearthkey/hearthkey/server/hub/poller"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/risk"
)

// OperatorError is something that the person who runs the server can mend.
type OperatorError struct {
	Text string // what is wrong and what to do
	Err  error  // may be nil
}

// Error returns the sentence.
func (e *OperatorError) Error() string { return e.Text }

// Unwrap returns the cause.
func (e *OperatorError) Unwrap() error { return e.Err }

func operator(err error, format string, args ...any) error {
	return &OperatorError{fmt.Sprintf(format, args...), err}
}

// Config is the operator's settings. Its zero value serves plain HTTP on
// loopback with the data in ./data/server.
type Config struct {
	// Listen is the address for pages, API and devices. Default 127.0.0.1:8700.
	Listen string
	// Admin is the address for operators, health, readiness and metrics, which
	// are not for the public. Empty: no such listener. Elsewhere than on loopback
	// it speaks TLS with TLSCert, or needs a trusted proxy (or Dev). Health and
	// readiness are also served on Listen.
	Admin string
	// Data is the folder of the database and the keys. Default ./data/server.
	Data string
	// Database is the address of a PostgreSQL database, postgres://…, which several
	// servers may share. Empty: a file in Data. It holds a password.
	Database string
	// Bus is the address of NATS, by which several servers of one Database tell each
	// other of changes: see natsbus. Empty: this one is alone.
	Bus string
	// Deletions is the journal of deletions, which a restored backup is held
	// against: better on another disk than Data. Default: deletions.log in Data.
	Deletions string
	// AuditHead is a file with the newest entry of the audit log that this server saw,
	// by which a log that was cut off is noticed: better on another disk than the
	// database. Default: audit.head in Data.
	AuditHead string
	// PublicURL is the address that people open. With https, cookies are Secure.
	// Default: http:// or https:// and Listen.
	PublicURL string
	// Name is the service's name in the handshake, which devices sign. It must
	// never change. Default: the host of PublicURL.
	Name string
	// ServiceName is what the household knows the service as. Default Hearthkey.
	ServiceName string

	// TLSCert and TLSKey are PEM files; with them TLS ends in this process.
	// They are looked at again while the server runs.
	TLSCert, TLSKey string
	// TLSAuto gets the certificate by itself, for the host of PublicURL, by ACME; who
	// sets it agrees to the authority's terms. It is kept in Data/certificates.
	TLSAuto bool
	// ACMEDirectory is the authority's address; empty: Let's Encrypt. ACMERoots is a
	// PEM file of whom that address is believed by; empty: the system's. ACMEEmail is
	// whom the authority writes to.
	ACMEDirectory, ACMERoots, ACMEEmail string
	// Redirect is an address for plain HTTP that sends people to PublicURL, and that
	// the authority may ask too: usually :80. Empty: none.
	Redirect string
	// Advertise makes the server known on the network that it stands in, for TVs that
	// were given the pin of its TLS key, which is logged. It needs TLSCert, and a Listen
	// beyond loopback.
	Advertise bool
	// TrustedProxies lists addresses or networks of proxies that end TLS and
	// whose X-Forwarded-For is believed.
	TrustedProxies []string
	// Dev serves the outbox of this run at /dev/outbox, to this machine only,
	// and allows plain HTTP elsewhere than on loopback.
	Dev bool

	// Catalog is a JSON file with the titles that TVs show (protocol.Catalog), or
	// the address of one: https, or http to this machine. Empty: none; with Dev a
	// demo set.
	Catalog string
	// CatalogEvery is how often the file or the address is looked at. Default 5
	// minutes.
	CatalogEvery time.Duration
	// CatalogToken is sent to the address as a bearer token. CatalogTokenFile is a
	// file that holds it, read for each request.
	CatalogToken, CatalogTokenFile string

	// SMTPURL is the mail server: smtp://user:password@host:port?tls=starttls&from=….
	// Empty: mails stay in the outbox.
	SMTPURL string
	// DKIMKey is a PEM file with the key that signs mails. Empty: mails are not
	// signed. DKIMSelector names its record; DKIMDomain is the sender's by default.
	DKIMKey, DKIMSelector, DKIMDomain string
	// SMSURL is the SMS gateway: sms://sid:token@host?from=+15550006789. Empty:
	// nothing is offered by SMS; with Dev they stay in the outbox.
	SMSURL string

	// Places lists databases of places (MMDB), the first that knows an address
	// gives its place. They may be replaced while the server runs. Empty: places
	// are unknown.
	Places []string
	// Risk says from when a sign-in is unusual or suspicious. The zero value:
	// the defaults.
	Risk risk.Settings
	// Region is where national phone numbers are from (ISO 3166-1, e.g. "DE").
	// Empty: only international ones are understood.
	Region string

	// Support says how people reach the operator, as the help page shows it: an
	// address, a number, hours. Empty: the page does not say.
	Support string

	// Lease is how long a device works without contact. Default and most 8 h.
	Lease time.Duration
	// MaxDevices and MaxProfiles per account. Defaults 50 and 5.
	MaxDevices, MaxProfiles int
	// MaxStreams is how many TVs of an account play at the same time. Default and
	// 0: any number.
	MaxStreams int
	// GrantAudience is whom play grants are for: their "aud". Default: Name.
	GrantAudience string
	// GrantClients is a file with the programs of the operator's that may ask
	// whether a play grant stands, read for each request: see grant.ParseClients.
	// Empty: none may.
	GrantClients string
	// KeepActivity is for how long is kept what was watched: 1 day to 3 years,
	// default 1 year. KeepAddresses is for how long addresses and places are, of
	// timelines, sessions and past sign-ins too: 1 day to KeepActivity, default 90
	// days or KeepActivity if that is less.
	KeepActivity, KeepAddresses time.Duration
	// MinPassword is the least length of a password in characters. Default 8.
	MinPassword int

	// MinCapability is the oldest capability of agents that are served; others show
	// "update needed". 1 to [protocol.CurrentCapability], default 1.
	MinCapability protocol.Capability

	// Ping is the interval of heartbeats to devices. Default 50 s.
	Ping time.Duration
	// Hub is how idle devices are waited for: "epoll", one set for all, on Linux, or
	// "portable", a goroutine for each. Default: epoll where there is one.
	Hub string
	// Drain is the time over which devices come back after a shutdown. Default
	// 30 s; with Dev 1 s.
	Drain time.Duration

	// Log gets everything. Default: nowhere.
	Log *slog.Logger
	// Now is the clock of everything that is stored or signed. Default time.Now.
	Now func() time.Time
}

// settings is a Config that was checked, with what was derived from it.
type settings struct {
	Config
	public  *url.URL
	derived bool // PublicURL was made from Listen
	trusted []netip.Prefix
}

// settle gives a PublicURL that was made from Listen the port that was chosen.
func (s *settings) settle(addr net.Addr) {
	if !s.derived {
		return
	}
	_, port, _ := net.SplitHostPort(addr.String())
	s.public.Host = net.JoinHostPort(s.public.Hostname(), port)
	s.PublicURL = s.public.Scheme + "://" + s.public.Host
}

// defaultDrain is the time over which devices come back after a shutdown, where
// the operator does not say (product rule O2).
const defaultDrain = 30 * time.Second

func (s settings) secure() bool { return s.public.Scheme == "https" }

// check fills in the defaults and finds what an operator got wrong.
func (c Config) check() (settings, error) {
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8700")
	c.Data = cmp.Or(c.Data, "data/server")
	c.Deletions = cmp.Or(c.Deletions, filepath.Join(c.Data, "deletions.log"))
	c.AuditHead = cmp.Or(c.AuditHead, filepath.Join(c.Data, "audit.head"))
	c.ServiceName = cmp.Or(c.ServiceName, "Hearthkey")
	c.Lease = cmp.Or(c.Lease, protocol.MaxLease*time.Second)
	c.Ping = cmp.Or(c.Ping, 50*time.Second)
	if c.Drain == 0 {
		c.Drain = defaultDrain
		if c.Dev {
			c.Drain = time.Second
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := settings{Config: c}
	for _, check := range []func(*settings) error{
		(*settings).checkTLS, (*settings).checkAdvertise, (*settings).checkProxies, (*settings).checkPublic, (*settings).checkAuto, (*settings).checkPlain, (*settings).checkAdmin, (*settings).checkBounds, (*settings).checkHub, (*settings).checkCatalog, (*settings).checkGrants,
	} {
		if err := check(&s); err != nil {
			return settings{}, err
		}
	}
	return s, nil
}

func (s *settings) checkProxies() error {
	for _, p := range s.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			addr, addrErr := netip.ParseAddr(p)
			if addrErr != nil {
				return operator(err, "--trusted-proxy %q is neither an address nor a network such as 10.0.0.0/8.", p)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		s.trusted = append(s.trusted, prefix.Masked())
	}
	return nil
}

func (s *settings) checkPublic() error {
	if s.PublicURL == "" {
		scheme := "http"
		if s.encrypts() {
			scheme = "https"
		}
		host, port, err := net.SplitHostPort(s.Listen)
		if err != nil {
			return operator(err, "--listen %q is not host:port.", s.Listen)
		}
		s.PublicURL, s.derived = scheme+"://"+net.JoinHostPort(cmp.Or(host, "localhost"), port), true
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return operator(err, "--public-url %q is not an address such as https://tv.example, without a path.", s.PublicURL)
	}
	s.PublicURL = u.Scheme + "://" + u.Host
	s.public = u
	s.Name = cmp.Or(s.Name, u.Hostname())
	if s.encrypts() && u.Scheme != "https" {
		return operator(nil, "--public-url %s begins with http://, but TLS ends here: make it https://.", s.PublicURL)
	}
	if len(s.Name) > protocol.MaxServer {
		return operator(nil, "--name has %d bytes, at most %d are allowed.", len(s.Name), protocol.MaxServer)
	}
	return nil
}

// checkPlain refuses to serve secrets in the clear to other machines.
func (s *settings) checkPlain() error {
	if s.encrypts() || s.Dev || len(s.trusted) > 0 {
		return nil
	}
	if s.secure() {
		return operator(nil, "--public-url is https, but nothing here speaks TLS: give --tls-auto, --tls-cert and --tls-key, or --trusted-proxy for the proxy in front.")
	}
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return operator(err, "--listen %q is not host:port.", s.Listen)
	}
	if !loopback(host) {
		return operator(nil, "--listen %s would send passwords in the clear: give --tls-auto, --tls-cert and --tls-key, or --trusted-proxy for a proxy that ends TLS, or --dev to try things out.", s.Listen)
	}
	return nil
}

// checkAdmin refuses to take operators' tokens in the clear from other machines.
func (s *settings) checkAdmin() error {
	if s.Admin == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(s.Admin)
	if err != nil {
		return operator(err, "--admin %q is not host:port.", s.Admin)
	}
	if !s.adminTLS() && !loopback(host) && !s.Dev && len(s.trusted) == 0 {
		return operator(nil, "--admin %s would take operators' tokens in the clear: choose an address of loopback, give --tls-cert and --tls-key, or --trusted-proxy for a proxy that ends TLS.", s.Admin)
	}
	return nil
}

// adminTLS says whether the admin listener speaks TLS: with a certificate, and
// where other machines reach it.
func (s *settings) adminTLS() bool {
	host, _, err := net.SplitHostPort(s.Admin)
	return s.encrypts() && err == nil && !loopback(host)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (s *settings) checkHub() error {
	switch mode := poller.Mode(s.Hub); {
	case mode == "", mode == poller.Portable, mode == poller.Epoll && runtime.GOOS == "linux":
		return nil
	case mode == poller.Epoll:
		return operator(nil, "--hub %s is for Linux only: leave it out.", mode)
	default:
		return operator(nil, "--hub %q is neither %s nor %s.", mode, poller.Epoll, poller.Portable)
	}
}

func (s *settings) checkBounds() error {
	const most = protocol.MaxLease * time.Second
	switch {
	case s.Lease < time.Minute || s.Lease > most:
		return operator(nil, "--lease %s is not between 1m and %s.", s.Lease, most)
	case s.MinCapability < 0 || s.MinCapability > protocol.CurrentCapability:
		return operator(nil, "--min-capability %d is not between 1 and %d.", s.MinCapability, protocol.CurrentCapability)
	case s.Ping < time.Second || s.Ping > 10*time.Minute:
		return operator(nil, "--ping %s is not between 1s and 10m.", s.Ping)
	case s.Drain < 0 || s.Drain > time.Hour:
		return operator(nil, "--drain %s is not between 0 and 1h.", s.Drain)
	case s.KeepActivity != 0 && (s.KeepActivity < device.ShortestKept || s.KeepActivity > device.LongestKept):
		return operator(nil, "--keep-activity %s is not between %s and %s: one day and three years.", s.KeepActivity, device.ShortestKept, device.LongestKept)
	case s.KeepAddresses != 0 && (s.KeepAddresses < device.ShortestKept || s.KeepAddresses > cmp.Or(s.KeepActivity, device.KeptActivity)):
		return operator(nil, "--keep-addresses %s is not between %s (one day) and %s, for which activity itself is kept.",
			s.KeepAddresses, device.ShortestKept, cmp.Or(s.KeepActivity, device.KeptActivity))
	case s.MaxProfiles != 0 && (s.MaxProfiles < profile.LeastProfiles || s.MaxProfiles > profile.MostProfiles):
		return operator(nil, "--max-profiles %d is not between %d and %d.", s.MaxProfiles, profile.LeastProfiles, profile.MostProfiles)
	case s.MaxDevices < 0 || s.MinPassword < 0:
		return operator(nil, "The limits of devices and passwords are not negative.")
	}
	return nil
}
