package notify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// mailServer is a real SMTP server in this process.
type mailServer struct {
	addr string
	ca   *x509.CertPool

	mu     sync.Mutex // guards what follows
	mails  []received
	refuse map[string]*smtp.SMTPError // by stage: mail, rcpt, data
	drop   bool                       // close the connection instead of answering DATA
	conns  int                        // so many connections were made
}

type received struct {
	from, to string
	tls      bool
	user     string
	data     string
}

const mailPassword = "p%ss w/rd:@?#"

// serveMail starts a server that offers security: starttls, tls or none.
func serveMail(t *testing.T, security string) *mailServer {
	t.Helper()
	return serveMailOf(t, security, true)
}

// serveMailOf is serveMail with or without SMTPUTF8.
func serveMailOf(t *testing.T, security string, utf8 bool) *mailServer {
	t.Helper()
	certificate, ca := selfSigned(t)
	m := &mailServer{ca: ca, refuse: map[string]*smtp.SMTPError{}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, secure := c.TLSConnectionState()
		m.mu.Lock()
		m.conns++
		m.mu.Unlock()
		return &mailSession{m: m, conn: c, got: received{tls: secure}}, nil
	}))
	server.Domain = "127.0.0.1"
	server.AllowInsecureAuth = security == "none"
	server.EnableSMTPUTF8 = utf8
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().String()
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	switch security {
	case "starttls":
		server.TLSConfig = config
	case "tls":
		listener = tls.NewListener(listener, config)
	}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	t.Cleanup(func() { server.Close(); serving.Wait() })
	return m
}

// setting is the operator's setting for m.
func (m *mailServer) setting(security string) string {
	u := url.URL{Scheme: "smtp", User: url.UserPassword("hearth", mailPassword), Host: m.addr}
	return u.String() + "?tls=" + security + "&from=no-reply@tv.example"
}

// transport returns the transport for m; a test may change it.
func (m *mailServer) transport(t *testing.T, security string) *SMTP {
	t.Helper()
	s, err := ParseSMTP(m.setting(security), "Hearthkey")
	if err != nil {
		t.Fatal(err)
	}
	s.RootCAs = m.ca
	t.Cleanup(s.Close)
	return s
}

func (m *mailServer) all() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

func (m *mailServer) answer(stage string, err *smtp.SMTPError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse[stage] = err
}

func (m *mailServer) refusal(stage string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.refuse[stage]; err != nil {
		return err
	}
	return nil
}

type mailSession struct {
	m    *mailServer
	conn *smtp.Conn
	got  received
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "hearth" || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		s.got.user = user
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.got.from = from
	return s.m.refusal("mail")
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = to
	return s.m.refusal("rcpt")
}

func (s *mailSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.m.refusal("data"); err != nil {
		return err
	}
	s.got.data = string(data)
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.mails = append(s.m.mails, s.got)
	if s.m.drop {
		s.conn.Close()
	}
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test mail server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func composed(t *testing.T) Mail {
	t.Helper()
	m, err := Compose(wording, full(account.NoticeAccessCode))
	if err != nil {
		t.Fatal(err)
	}
	return Mail{ID: "0195a1b2-0000-7000-8000-000000000001", Created: monday, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML}
}

func TestSMTP(t *testing.T) {
	for _, security := range []string{"starttls", "tls", "none"} {
		t.Run(security, func(t *testing.T) {
			server := serveMail(t, security)
			m := composed(t)
			if err := server.transport(t, security).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			mails := server.all()
			if len(mails) != 1 {
				t.Fatalf("%d mails", len(mails))
			}
			got := mails[0]
			if got.from != "no-reply@tv.example" || got.to != m.To || got.user != "hearth" || got.tls != (security != "none") {
				t.Errorf("from %q to %q by %q, TLS %t", got.from, got.to, got.user, got.tls)
			}
			checkMail(t, got.data, m)
		})
	}
}

// checkMail reads a mail as its recipient would.
func checkMail(t *testing.T, data string, want Mail) {
	t.Helper()
	parsed, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"From": `"Hearthkey" <no-reply@tv.example>`, "To": "<" + want.To + ">", "Subject": want.Subject,
		"Message-Id": "<" + want.ID + "@tv.example>", "Date": "Mon, 02 Mar 2026 18:04:05 +0000",
		"Auto-Submitted": "auto-generated",
	} {
		if got := parsed.Header.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("Content-Type = %q, %v", kind, err)
	}
	parts := multipart.NewReader(parsed.Body, params["boundary"])
	for _, part := range []struct{ kind, body string }{{"text/plain", want.Text}, {"text/html", want.HTML}} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || got != part.body {
			t.Errorf("%s = %q, %v, want %q", part.kind, got, err, part.body)
		}
		if got := p.Header.Get("Content-Type"); !strings.HasPrefix(got, part.kind) || !strings.Contains(strings.ToLower(got), "utf-8") {
			t.Errorf("part's type = %q, want %s", got, part.kind)
		}
	}
}

// Which refusals are for good, and what is kept of them.
func TestSMTPRefusals(t *testing.T) {
	refused := func(code int, enhanced smtp.EnhancedCode) *smtp.SMTPError {
		return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "ann@home.example: text of the server"}
	}
	tests := []struct {
		stage     string
		answer    *smtp.SMTPError
		code      string
		permanent bool
	}{
		{"rcpt", refused(550, smtp.EnhancedCode{5, 1, 1}), "rcpt 550 5.1.1", true},
		{"rcpt", refused(451, smtp.EnhancedCode{4, 7, 1}), "rcpt 451 4.7.1", false},
		{"rcpt", refused(452, smtp.EnhancedCode{4, 2, 2}), "rcpt 452 4.2.2", false},
		{"mail", refused(550, smtp.EnhancedCode{5, 7, 1}), "mail from 550 5.7.1", false},
		{"data", refused(554, smtp.EnhancedCode{5, 7, 0}), "data 554 5.7.0", true},
		{"data", refused(421, smtp.EnhancedCode{4, 3, 2}), "data 421 4.3.2", false},
	}
	server := serveMail(t, "starttls")
	transport := server.transport(t, "starttls")
	for _, test := range tests {
		server.answer(test.stage, test.answer)
		err := transport.Send(t.Context(), composed(t))
		server.answer(test.stage, nil)
		code, permanent := codeOf(err)
		if code != test.code || permanent != test.permanent || loggable(err) != nil {
			t.Errorf("%s %d: code %q, permanent %t, loggable %v; want %q, %t, nil", test.stage, test.answer.Code, code, permanent, loggable(err), test.code, test.permanent)
		}
	}
	if n := len(server.all()); n != 0 {
		t.Errorf("%d mails were taken", n)
	}
}

// V11: an address beyond ASCII is not sent in pieces to a server that has not
// said that it reads them, and others go on over the same connection.
// RFC 6531 §3.2.
func TestV11_AddressesBeyondASCIINeedSMTPUTF8(t *testing.T) {
	for _, offered := range []bool{true, false} {
		server := serveMailOf(t, "starttls", offered)
		transport := server.transport(t, "starttls")
		m := composed(t)
		m.To = "jürgen@home.example"
		err := transport.Send(t.Context(), m)
		server.mu.Lock()
		before := server.conns
		server.mu.Unlock()
		if offered {
			if err != nil {
				t.Errorf("with SMTPUTF8: %v", err)
			}
			continue
		}
		if code, permanent := codeOf(err); code != noSMTPUTF8 || !permanent {
			t.Errorf("without SMTPUTF8: code %q, permanent %t (%v)", code, permanent, err)
		}
		if err := transport.Send(t.Context(), composed(t)); err != nil || len(server.all()) != 1 || server.conns != before {
			t.Errorf("the next mail: %v, %d taken, %d connections more", err, len(server.all()), server.conns-before)
		}
	}
}

func TestSMTPSetup(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().(*net.TCPAddr).Port
	closed.Close()
	server, plainServer := serveMail(t, "starttls"), serveMail(t, "none")
	tests := []struct {
		name   string
		server *mailServer
		change func(*SMTP)
		code   string
	}{
		{"nobody there", server, func(s *SMTP) { s.Port = nobody }, "no connection"},
		{"unknown CA", server, func(s *SMTP) { s.RootCAs = x509.NewCertPool() }, "certificate not trusted"},
		{"wrong password", server, func(s *SMTP) { s.Password = "wrong" }, "handshake 535"},
		{"no STARTTLS", plainServer, func(s *SMTP) {}, "handshake"},
	}
	for _, test := range tests {
		s := test.server.transport(t, "starttls")
		test.change(s)
		err := s.Send(t.Context(), composed(t))
		code, permanent := codeOf(err)
		if code != test.code || permanent {
			t.Errorf("%s: code %q, permanent %t (%v), want %q, for a while", test.name, code, permanent, err, test.code)
		}
		if cause := loggable(err); cause == nil || strings.Contains(cause.Error(), mailPassword) || strings.Contains(cause.Error(), "ann@") {
			t.Errorf("%s: loggable cause %v", test.name, cause)
		}
	}
	if n := len(server.all()) + len(plainServer.all()); n != 0 {
		t.Errorf("%d mails got through", n)
	}
}

// The server has taken the mail, but its goodbye is lost: sending again would
// only make a second copy.
func TestSMTPLostGoodbye(t *testing.T) {
	server := serveMail(t, "starttls")
	server.drop = true
	transport := server.transport(t, "starttls")
	err := transport.Send(t.Context(), composed(t))
	code, permanent := codeOf(err)
	// Whether the answer to DATA got through depends on the kernel's timing.
	if err != nil && permanent {
		t.Errorf("Send = %v (%s), want success or a temporary error", err, code)
	}
	if n := len(server.all()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// Mails in a row share a connection, also after a refusal; a dead one is
// replaced.
func TestSMTPReuse(t *testing.T) {
	server := serveMail(t, "tls")
	transport := server.transport(t, "tls")
	for range 5 {
		if err := transport.Send(t.Context(), composed(t)); err != nil {
			t.Fatal(err)
		}
	}
	server.answer("rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}})
	if err := transport.Send(t.Context(), composed(t)); err == nil {
		t.Error("a refused mail counts as sent")
	}
	server.answer("rcpt", nil)
	if err := transport.Send(t.Context(), composed(t)); err != nil {
		t.Error(err)
	}
	if server.conns != 1 || len(server.all()) != 6 {
		t.Errorf("%d mails over %d connections, want 6 over 1", len(server.all()), server.conns)
	}
	transport.idle[0].conn.Close()
	if err := transport.Send(t.Context(), composed(t)); err != nil {
		t.Errorf("after the connection broke: %v", err)
	}
	transport.expire(transport.idle[0])
	transport.Close()
	if err := transport.Send(t.Context(), composed(t)); err != nil || len(transport.idle) != 0 {
		t.Errorf("Send after Close = %v, %d idle connections", err, len(transport.idle))
	}
}

// The same mail is the same bytes on every attempt.
func TestRenderTwice(t *testing.T) {
	s := &SMTP{Host: "mail.example", From: netmail.Address{Address: "no-reply@tv.example"}}
	one, err := s.render(composed(t))
	again, errAgain := s.render(composed(t))
	if err != nil || errAgain != nil || string(one) != string(again) {
		t.Errorf("%v, %v\n%s\n%s", err, errAgain, one, again)
	}
}

// A server that says nothing does not hold up the end.
func TestSMTPSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, security := range []string{"starttls", "tls", "none"} {
		s := &SMTP{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, TLS: security}
		s.From.Address = "no-reply@tv.example"
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Send(ctx, composed(t)) }()
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: Send = %v, want context.Canceled", security, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: Send still waits", security)
		}
		conn.Close()
	}
}

func TestParseSMTP(t *testing.T) {
	tests := []struct{ setting, want string }{
		{"smtp://mail.example", "mail.example 587 starttls  no-reply@mail.example"},
		{"smtp://u:p@mail.example:2525?tls=starttls&from=tv@home.example", "mail.example 2525 starttls u/p tv@home.example"},
		{"smtp://u:p%40%2F@mail.example/?tls=tls", "mail.example 465 tls u/p@/ no-reply@mail.example"},
		{"smtp://mail.example?tls=none", "mail.example 25 none  no-reply@mail.example"},
		{"smtp://u:p@localhost?tls=none&from=a@b.example", "localhost 25 none u/p a@b.example"},
		{"smtp://u:p@[::1]?tls=none&from=a@b.example", "::1 25 none u/p a@b.example"},
	}
	for _, test := range tests {
		s, err := ParseSMTP(test.setting, "Hearthkey")
		if err != nil {
			t.Errorf("ParseSMTP(%q) = %v", test.setting, err)
			continue
		}
		user := s.User
		if s.Password != "" {
			user += "/" + s.Password
		}
		if got := fmt.Sprint(s.Host, " ", s.Port, " ", s.TLS, " ", user, " ", s.From.Address); got != test.want {
			t.Errorf("ParseSMTP(%q) = %q, want %q", test.setting, got, test.want)
		}
		if strings.Contains(s.LogValue().String(), "p@/") {
			t.Error("the log shows the password")
		}
	}
}

func TestParseSMTPErrors(t *testing.T) {
	for _, setting := range []string{
		"", "mail.example", "http://u:hunter2@mail.example", "smtp://", "smtp://u:hunter2@", "smtp://u:hunter2@mail.example:0",
		"smtp://u:hunter2@mail.example:99999", "smtp://u:hunter2@mail.example:x", "smtp://u:hunter2@mail.example?tls=maybe",
		"smtp://u:hunter2@mail.example?tsl=tls", "smtp://u:hunter2@mail.example?%zz", "smtp://u:hunter2@mail.example/path",
		"smtp://u:hunter2@mail.example?tls=none", "smtp://u:hunter2@mail.example?from=nobody",
		"smtp://u:hunter2@mail.example?from=a@b.example%0d%0aBcc:c@d.example", "smtp://u:hunter2%@mail.example",
	} {
		_, err := ParseSMTP(setting, "Hearthkey")
		if err == nil {
			t.Errorf("ParseSMTP(%q) was accepted", setting)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseSMTP(%q) shows the password: %v", setting, err)
		}
	}
	if _, err := ParseSMTP("smtp://mail.example", "a\r\nBcc: b"); err == nil {
		t.Error("a name of two lines was accepted")
	}
}

// The whole way: a notice in a transaction arrives as a mail.
func TestNoticeArrives(t *testing.T) {
	server := serveMail(t, "starttls")
	b := newBench(t, server.transport(t, "starttls"))
	n := full(account.NoticeNewDevice)
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Notify(tx, n) }); err != nil {
		t.Fatal(err)
	}
	b.step(t)
	row, mails := b.only(t), server.all()
	if row.Sent.IsZero() || len(mails) != 1 || !strings.Contains(mails[0].data, row.ID+"@tv.example") {
		t.Errorf("row = %+v, %d mails", row, len(mails))
	}
}
