package notify

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"sync"
)

// SMTP hands mails to a mail server. Make one with [ParseSMTP].
type SMTP struct {
	Host     string
	Port     int
	TLS      string // starttls, tls, none
	User     string // empty: no authentication
	Password string
	From     netmail.Address
	RootCAs  *x509.CertPool // nil: the system's
	// DKIM signs every mail; nil: mails are not signed.
	DKIM *DKIM

	mu     sync.Mutex // guards what follows
	idle   []*conversation
	closed bool
}

var _ Transport = (*SMTP)(nil)

// ParseSMTP reads the operator's setting:
//
//	smtp://user:password@host:port?tls=starttls|tls|none&from=address
//
// tls is starttls by default (port 587); with tls (port 465) the connection
// itself is; none (port 25) takes no password except on this machine. from is
// the sender's address, no-reply@host by default; name is the sender's
// name. Reserved characters in user and password are %-encoded. Errors do not
// show the setting, which holds a password.
func ParseSMTP(setting, name string) (*SMTP, error) {
	u, err := url.Parse(setting)
	if err != nil || u.Scheme != "smtp" || u.Hostname() == "" || (u.Path != "" && u.Path != "/") {
		return nil, errors.New("smtp setting: want smtp://user:password@host:port?tls=starttls")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("smtp setting: what follows the question mark is malformed")
	}
	for key := range query {
		if key != "tls" && key != "from" {
			return nil, fmt.Errorf("smtp setting: unknown option %q: want tls or from", key)
		}
	}
	s := &SMTP{Host: u.Hostname(), TLS: cmp.Or(query.Get("tls"), "starttls"), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	s.From = netmail.Address{Name: name, Address: cmp.Or(query.Get("from"), "no-reply@"+s.Host)}
	if s.Port, err = smtpPort(u.Port(), s.TLS); err != nil {
		return nil, err
	}
	return s, s.check()
}

func smtpPort(text, security string) (int, error) {
	usual := map[string]int{"starttls": 587, "tls": 465, "none": 25}[security]
	if usual == 0 {
		return 0, fmt.Errorf("smtp setting: tls=%q: want starttls, tls or none", security)
	}
	if text == "" {
		return usual, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("smtp setting: port %q: want 1 to 65535", text)
	}
	return int(port), nil
}

func (s *SMTP) check() error {
	if checkAddress(s.From.Address) != nil {
		return fmt.Errorf("smtp setting: from=%q is not a mail address", s.From.Address)
	}
	if !oneLine(s.From.Name) {
		return errors.New("smtp setting: the sender's name is not one line")
	}
	if s.TLS == "none" && s.User != "" && !loopback(s.Host) {
		return errors.New("smtp setting: tls=none would send the password in the clear; use starttls or tls")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// LogValue leaves the password out.
func (s *SMTP) LogValue() slog.Value {
	return slog.GroupValue(slog.String("host", s.Host), slog.Int("port", s.Port), slog.String("tls", s.TLS),
		slog.Bool("auth", s.User != ""), slog.String("from", s.From.Address))
}
