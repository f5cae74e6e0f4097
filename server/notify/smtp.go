package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// smtpTimeout bounds the dial and the conversation, each.
const smtpTimeout = 25 * time.Second

// SMTP hands mails to a mail server. Make one with [ParseSMTP].
type SMTP struct {
	Host     string
	Port     int
	TLS      string // starttls, tls, none
	User     string // empty: no authentication
	Password string
	From     netmail.Address
	RootCAs  *x509.CertPool // nil: the system's
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

// Send implements Transport. A mail that the server has taken counts as sent
// even if the goodbye fails.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	message, err := s.message(m)
	if err != nil {
		return &TransportError{Code: "malformed", Permanent: true, Err: err}
	}
	client, err := s.client(ctx)
	if err != nil {
		return &TransportError{Code: "settings", Setup: true, Err: err}
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("send mail: %w", context.Cause(ctx))
	}
	return transportError(message, err)
}

func (s *SMTP) client(ctx context.Context) (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(s.Port),
		mail.WithTimeout(smtpTimeout),
		mail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}),
		mail.WithDialContextFunc(s.dial(ctx)),
		mail.WithoutNoop(),
	}
	switch s.TLS {
	case "tls":
		options = append(options, mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuthCustom(&passwordAuth{s: s}))
	}
	return mail.NewClient(s.Host, options...)
}

// dial returns a dialer whose connections are closed when ctx ends, so that
// a server that says nothing cannot hold up the end of this one.
func (s *SMTP) dial(ctx context.Context) mail.DialContextFunc {
	return func(dialCtx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: smtpTimeout}).DialContext(dialCtx, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		bound := &boundConn{Conn: conn, stop: stop}
		if s.TLS != "tls" {
			return bound, nil
		}
		// go-mail leaves TLS to a dialer of one's own.
		secure := tls.Client(bound, &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(dialCtx); err != nil {
			bound.Close()
			return nil, err
		}
		return secure, nil
	}
}

// boundConn lets go of its context when it is closed.
type boundConn struct {
	net.Conn
	stop func() bool
}

func (c *boundConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// message builds the mail; the same Mail always gives the same headers.
func (s *SMTP) message(m Mail) (*mail.Msg, error) {
	if !oneLine(m.Subject) {
		return nil, errors.New("subject is not one line")
	}
	if err := checkAddress(m.To); err != nil {
		return nil, err
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	message.FromMailAddress(&s.From)
	message.ToMailAddress(&netmail.Address{Address: m.To})
	message.Subject(m.Subject)
	message.SetDateWithValue(m.Created.UTC())
	_, domain, _ := strings.Cut(s.From.Address, "@")
	message.SetMessageIDWithValue(m.ID + "@" + domain)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	message.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		message.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	return message, nil
}

// transportError sorts a failed conversation: a refusal of the recipient or of
// the mail itself is for good, all else (the network, TLS, the password, the
// sender's address) may be put right.
func transportError(message *mail.Msg, err error) *TransportError {
	var sent *mail.SendError
	if !errors.As(message.SendError(), &sent) && !errors.As(err, &sent) {
		return setupError(err)
	}
	stages := map[mail.SendErrReason]string{
		mail.ErrSMTPMailFrom: "mail from", mail.ErrSMTPRcptTo: "rcpt", mail.ErrSMTPData: "data",
		mail.ErrSMTPDataClose: "data", mail.ErrWriteContent: "data", mail.ErrConnCheck: "connection",
	}
	stage := cmp.Or(stages[sent.Reason], "smtp")
	code := stage
	if sent.ErrorCode() != 0 {
		code = strings.TrimSpace(fmt.Sprintf("%s %d %s", stage, sent.ErrorCode(), sent.EnhancedStatusCode()))
	}
	permanent := sent.ErrorCode()/100 == 5 && (stage == "rcpt" || stage == "data")
	return &TransportError{Code: code, Permanent: permanent, Err: err}
}

// setupError sorts a conversation that failed before there was a mail in it.
func setupError(err error) *TransportError {
	var certificate *tls.CertificateVerificationError
	var network net.Error
	var answer *textproto.Error
	code := "handshake"
	switch {
	case errors.As(err, &certificate):
		code = "certificate not trusted"
	case errors.As(err, &network) && network.Timeout():
		code = "timeout"
	case errors.As(err, new(*net.OpError)):
		code = "no connection"
	case errors.As(err, &answer):
		code = fmt.Sprintf("handshake %d", answer.Code)
	}
	return &TransportError{Code: code, Setup: true, Err: err}
}
