package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hearthkey/hearthkey/protocol"
)

// Channel is how a message travels.
type Channel string

// The channels.
const (
	ChannelMail Channel = "mail"
	ChannelSMS  Channel = "sms"
)

// Bounds of a message.
const (
	maxAddress = 254 // bytes, RFC 5321 §4.5.3.1.3 less the brackets
	maxSubject = 200 // bytes
	maxBody    = 256 << 10
	maxKind    = 64
)

// ErrMessage is what every error about a message that cannot be sent wraps.
var ErrMessage = errors.New("notify: message refused")

// Message is what is to be sent to one recipient.
type Message struct {
	Account protocol.AccountID // whom it is about; may be empty
	Channel Channel            // empty: ChannelMail
	Kind    string             // what it is about, for logs and lists
	To      string             // a bare address; for an SMS a number such as +15550006789 (E.164)
	Subject string             // one line; no secrets: it shows on locked screens; an SMS has none
	Text    string             // of an SMS: two SMS at most, one with Useful
	HTML    string             // may be empty; an SMS has none
	Useful  time.Time          // of no use after this; zero: 3 days from now
}

// LogValue keeps everything out of logs but what kind of message it is.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", m.Kind), slog.String("account", string(m.Account)))
}

// check finds what could not be sent, or would become another header.
func (m Message) check() error {
	if m.Kind == "" || len(m.Kind) > maxKind || !oneLine(m.Kind) {
		return fmt.Errorf("%w: kind", ErrMessage)
	}
	switch m.Channel {
	case ChannelMail:
		return m.checkMail()
	case ChannelSMS:
		return m.checkSMS()
	}
	return fmt.Errorf("%w: no channel %q", ErrMessage, m.Channel)
}

func (m Message) checkMail() error {
	switch {
	case m.Subject == "" || len(m.Subject) > maxSubject || !oneLine(m.Subject) || strings.Contains(m.Subject, "=?"): // =? begins an encoded word, RFC 2047 §2
		return fmt.Errorf("%w: the subject is not one line of 1 to %d bytes", ErrMessage, maxSubject)
	case m.Text == "" || len(m.Text) > maxBody || len(m.HTML) > maxBody:
		return fmt.Errorf("%w: the body is empty or over %d bytes", ErrMessage, maxBody)
	case !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML):
		return fmt.Errorf("%w: the body is not UTF-8", ErrMessage)
	}
	return checkAddress(m.To)
}

func (m Message) checkSMS() error {
	most := 2
	if !m.Useful.IsZero() {
		most = 1
	}
	switch {
	case m.Subject != "" || m.HTML != "":
		return fmt.Errorf("%w: an SMS has only a text", ErrMessage)
	case m.Text == "" || !utf8.ValidString(m.Text) || strings.ContainsFunc(m.Text, notInSMS) || !fits(m.Text, most):
		return fmt.Errorf("%w: the text does not fit %d SMS", ErrMessage, most)
	case !e164.MatchString(m.To):
		return fmt.Errorf("%w: not a phone number", ErrMessage)
	}
	return nil
}

// notInSMS finds what no language needs in an SMS.
func notInSMS(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || r != '\u200d' && unicode.Is(unicode.Cf, r)
}

// e164 is a number as ITU-T E.164 writes it, with a plus sign.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// checkAddress accepts only a bare address: no name, comment, list or group.
func checkAddress(address string) error {
	if len(address) > maxAddress || !oneLine(address) || strings.ContainsAny(address, "<>\" ,;:()") {
		return fmt.Errorf("%w: not a mail address", ErrMessage)
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address {
		return fmt.Errorf("%w: not a mail address", ErrMessage)
	}
	return nil
}

// oneLine reports whether s is valid text without control characters and line
// ends of any kind.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}
