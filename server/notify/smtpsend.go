package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// smtpTimeout bounds the way to the first mail and each mail, in both cases
	// with all that the mail server says.
	smtpTimeout = 25 * time.Second
	// idleFor is how long a connection waits for another mail.
	idleFor = 10 * time.Second
	// maxIdleConns is how many connections wait at most.
	maxIdleConns = 4
)

// conversation is a connection to the mail server, ready for a mail.
type conversation struct {
	client *smtp.Client
	conn   net.Conn
	expiry *time.Timer // set while it is idle
}

// Send implements Transport. Several mails in a row share a connection. A mail
// that the server has taken counts as sent even if the goodbye fails.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	raw, err := s.render(m)
	if err != nil {
		return &TransportError{Code: "malformed", Permanent: true, Err: err}
	}
	c := s.reuse(ctx)
	if c == nil {
		if c, err = s.connect(ctx); err != nil {
			return orEnded(ctx, setupError(err))
		}
	}
	stop := c.bind(ctx)
	refused := c.deliver(s.From.Address, m.To, raw)
	if !stop() || refused != nil && refused.broken {
		c.conn.Close()
	} else {
		s.keep(c)
	}
	if refused != nil {
		return orEnded(ctx, refused.transportError())
	}
	return nil
}

// orEnded tells an attempt that failed by itself from one that was stopped.
func orEnded(ctx context.Context, e *TransportError) error {
	if ctx.Err() != nil && !e.Permanent {
		return fmt.Errorf("send mail: %w", context.Cause(ctx))
	}
	return e
}

// Close says goodbye on idle connections; later ones are not kept.
func (s *SMTP) Close() {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.quit()
	}
}

// bind closes the connection when ctx ends or time is up, so that a server that
// says nothing cannot hold up the end of this one. The function it returns lets
// go of ctx, and reports false if that has ended.
func (c *conversation) bind(ctx context.Context) (stop func() bool) {
	_ = c.conn.SetDeadline(time.Now().Add(smtpTimeout)) // a closed connection says so soon enough
	return context.AfterFunc(ctx, func() { c.conn.Close() })
}

func (c *conversation) quit() {
	c.expiry.Stop()
	_ = c.conn.SetDeadline(time.Now().Add(time.Second))
	_ = c.client.Quit()
	c.conn.Close()
}

// keep puts a connection aside for the next mail.
func (s *SMTP) keep(c *conversation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.idle) >= maxIdleConns {
		c.conn.Close()
		return
	}
	c.expiry = time.AfterFunc(idleFor, func() { s.expire(c) })
	s.idle = append(s.idle, c)
}

func (s *SMTP) expire(c *conversation) {
	if s.take(func(i *conversation) bool { return i == c }) != nil {
		c.quit()
	}
}

// take removes the newest idle connection that fits.
func (s *SMTP) take(fits func(*conversation) bool) *conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.idle) - 1; i >= 0; i-- {
		if c := s.idle[i]; fits(c) {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return c
		}
	}
	return nil
}

// reuse returns an idle connection that still answers, or nil.
func (s *SMTP) reuse(ctx context.Context) *conversation {
	for ctx.Err() == nil {
		c := s.take(func(*conversation) bool { return true })
		if c == nil {
			return nil
		}
		c.expiry.Stop()
		stop := c.bind(ctx)
		err := c.client.Reset()
		if stop() && err == nil {
			return c
		}
		c.conn.Close()
	}
	return nil
}

// connect dials, and says all that comes before a mail.
func (s *SMTP) connect(ctx context.Context) (*conversation, error) {
	dialer := &net.Dialer{Timeout: smtpTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, fmt.Sprint(s.Port)))
	if err != nil {
		return nil, err
	}
	c := &conversation{conn: conn}
	stop := c.bind(ctx)
	if err := s.introduce(ctx, c); err != nil {
		conn.Close()
		return nil, err
	}
	if !stop() {
		return nil, context.Cause(ctx)
	}
	return c, nil
}

// noSMTPUTF8 is the code of a mail to an address that the mail server cannot be
// told, as it has letters beyond ASCII.
const noSMTPUTF8 = "rcpt without SMTPUTF8"

var errNoSMTPUTF8 = errors.New("the mail server does not offer SMTPUTF8")

var errNoSTARTTLS = errors.New("the mail server does not offer STARTTLS")

func (s *SMTP) introduce(ctx context.Context, c *conversation) (err error) {
	conn, config := c.conn, &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
	if s.TLS == "tls" {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = secure
	}
	if c.client, err = smtp.NewClient(conn, s.Host); err != nil {
		return err
	}
	if err := c.client.Hello(s.hello()); err != nil {
		return err
	}
	if s.TLS == "starttls" {
		if offered, _ := c.client.Extension("STARTTLS"); !offered {
			return errNoSTARTTLS
		}
		if err := c.client.StartTLS(config); err != nil {
			return err
		}
	}
	if s.User == "" {
		return nil
	}
	return c.client.Auth(&passwordAuth{s: s})
}

// hello is what this machine calls itself: the sender's domain, since its own
// name says nothing to a mail server elsewhere.
func (s *SMTP) hello() string {
	_, domain, _ := strings.Cut(s.From.Address, "@")
	return domain
}

// refusal is a mail that the server did not take.
type refusal struct {
	stage  string
	err    error
	broken bool // the connection is of no more use
}

// deliver hands one mail over.
func (c *conversation) deliver(from, to string, raw []byte) *refusal {
	if offered, _ := c.client.Extension("SMTPUTF8"); !offered && !ascii(to) {
		return &refusal{stage: "rcpt", err: errNoSMTPUTF8} // RFC 6531 §3.2: nothing of it may be sent
	}
	c.client.SkipSMTPUTF8(ascii(to)) // else a server further on must have it too, RFC 6531 §3.1
	if err := c.client.Mail(from); err != nil {
		return refused("mail from", err)
	}
	if err := c.client.Rcpt(to); err != nil {
		return refused("rcpt", err)
	}
	w, err := c.client.Data()
	if err != nil {
		return refused("data", err)
	}
	if _, err := w.Write(raw); err != nil {
		return refused("data", err)
	}
	if err := w.Close(); err != nil {
		return refused("data", err)
	}
	return nil
}

func refused(stage string, err error) *refusal {
	var answer *textproto.Error
	return &refusal{stage: stage, err: err, broken: !errors.As(err, &answer) || answer.Code == 421} // RFC 5321 §3.8
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// enhanced is an enhanced status code (RFC 3463 §2) at the beginning of an answer.
var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// transportError sorts a failed conversation: a refusal of the recipient or of
// the mail itself is for good, all else (the network, TLS, the password, the
// sender's address) may be put right.
func (r *refusal) transportError() *TransportError {
	var answer *textproto.Error
	var network net.Error
	switch {
	case errors.Is(r.err, errNoSMTPUTF8):
		return &TransportError{Code: noSMTPUTF8, Permanent: true, Err: r.err}
	case errors.As(r.err, &answer):
		code := strings.TrimSpace(fmt.Sprintf("%s %d %s", r.stage, answer.Code, enhanced.FindString(answer.Msg)))
		return &TransportError{Code: code, Permanent: answer.Code/100 == 5 && r.stage != "mail from", Err: r.err}
	case errors.As(r.err, &network) && network.Timeout():
		return &TransportError{Code: r.stage + " timeout", Err: r.err}
	}
	return &TransportError{Code: r.stage, Err: r.err}
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
