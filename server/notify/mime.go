package notify

import (
	"bytes"
	"errors"
	netmail "net/mail"
	"strings"

	"github.com/wneessen/go-mail"
)

// render returns the mail as it goes over the wire, signed if there is a key.
func (s *SMTP) render(m Mail) ([]byte, error) {
	message, err := s.message(m)
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if _, err := message.WriteTo(&raw); err != nil {
		return nil, err
	}
	if s.DKIM == nil {
		return raw.Bytes(), nil
	}
	return s.DKIM.sign(raw.Bytes())
}

// message builds the mail; the same Mail always gives the same headers.
func (s *SMTP) message(m Mail) (*mail.Msg, error) {
	if !oneLine(m.Subject) {
		return nil, errors.New("subject is not one line")
	}
	if err := checkAddress(m.To); err != nil {
		return nil, err
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP), mail.WithBoundary("part-"+m.ID))
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
