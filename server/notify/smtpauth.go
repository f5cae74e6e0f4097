package notify

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

var errNoAuth = errors.New("the mail server offers none of SCRAM-SHA-256, PLAIN and LOGIN")

// passwordAuth proves the password by the best way that the server offers. In
// the clear it says it only to this machine (see SMTP.check).
type passwordAuth struct {
	s      *SMTP
	chosen smtp.Auth
}

// Start implements smtp.Auth.
func (a *passwordAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	clear := a.s.TLS == "none"
	switch {
	case slices.Contains(server.Auth, "SCRAM-SHA-256"):
		a.chosen = smtp.ScramSHA256Auth(a.s.User, a.s.Password)
	case slices.Contains(server.Auth, "PLAIN"):
		a.chosen = smtp.PlainAuth("", a.s.User, a.s.Password, a.s.Host, clear)
	case slices.Contains(server.Auth, "LOGIN"):
		a.chosen = smtp.LoginAuth(a.s.User, a.s.Password, a.s.Host, clear)
	default:
		return "", nil, errNoAuth
	}
	return a.chosen.Start(server)
}

// Next implements smtp.Auth.
func (a *passwordAuth) Next(fromServer []byte, more bool) ([]byte, error) {
	return a.chosen.Next(fromServer, more)
}
