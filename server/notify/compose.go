package notify

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"regexp"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/hearthkey/hearthkey/protocol/words"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/speech"
)

//go:embed mails/mail.html mails/mail.txt
var mails embed.FS

var (
	htmlMail = htmltemplate.Must(htmltemplate.ParseFS(mails, "mails/mail.html"))
	textMail = template.Must(template.ParseFS(mails, "mails/mail.txt"))
)

// Wording is who the mails come from.
type Wording struct {
	// Service is what the household knows the service as. Empty: "Hearthkey".
	Service string
	// PublicURL is where the account pages are, e.g. "https://tv.example".
	PublicURL string

	speech words.Catalogue // of the one who reads
}

func (w Wording) check() error {
	u, err := url.Parse(w.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("notify: PublicURL %q is not an http or https address", w.PublicURL)
	}
	if !oneLine(w.Service) || len(w.Service) > 64 {
		return errors.New("notify: the service's name is not one line of up to 64 bytes")
	}
	if _, ok := gsmLength(u.Hostname()); !ok || len(u.Hostname()) > maxHost {
		return fmt.Errorf("notify: PublicURL's host is over %d characters", maxHost)
	}
	return nil
}

// maxHost is the longest host that fits beside a code in one SMS.
const maxHost = 100

// letter is what every mail is made of, as text and as HTML.
type letter struct {
	Language  words.Language
	Direction words.Direction
	Service   string
	Subject   string
	Heading   string
	Lines     []string
	Code      string // shown large
	Facts     []fact // when, where, which device
	Button    *link
	NotMe     *link  // "It wasn't me"
	Advice    string // what to do if it was somebody else
	Why       string // this mail came
	Program   string // sent it
	Instead   string // of the button: what its address comes after
}

type fact struct{ Label, Value string }

type link struct{ Label, URL string }

// Compose words n: as an SMS where it goes to a phone number, else as a mail.
// Its errors are those of a notice that lacks what its kind needs, and wrap
// ErrMessage.
func Compose(w Wording, n account.Notice) (Message, error) {
	asked := n
	w.Service, w.speech = cmp.Or(w.Service, "Hearthkey"), speech.In(n.Language)
	n.Detail, n.Client.Agent, n.Client.Place = w.detail(n.Detail), speech.Agent(w.speech.Language(), n.Client.Agent), speech.Place(w.speech.Language(), n.Client.Place)
	sms := strings.HasPrefix(n.To, "+") // no mail address begins so that we accept
	disputable := n.Link != ""
	if sms {
		n.Link, n.NotMe, n.Stop = "", "", "" // they are of the mailbox: whoever holds the phone must not take the account over (V8)
	}
	l, err := write(w, n)
	if err != nil {
		return Message{}, err
	}
	m := Message{Account: n.Account, Kind: string(n.Kind), To: n.To}
	if n.Kind == account.NoticeAccessCode {
		m.Useful = n.Expires
	}
	if sms {
		var whole bool
		m.Channel = ChannelSMS
		if m.Text, whole = shortText(w, n, l, disputable); !whole && w.speech.Language() != words.English {
			asked.Language = string(words.English) // whose signs take half the room
			return Compose(w, asked)
		}
		return m, nil
	}
	w.frame(&l)
	var text, html bytes.Buffer
	if err := textMail.Execute(&text, l); err != nil {
		return Message{}, fmt.Errorf("word %s: %w", n.Kind, err)
	}
	if err := htmlMail.Execute(&html, l); err != nil {
		return Message{}, fmt.Errorf("word %s: %w", n.Kind, err)
	}
	m.Channel, m.Subject, m.Text, m.HTML = ChannelMail, l.Subject, text.String(), html.String()
	return m, nil
}

// frame adds what is around every letter.
func (w Wording) frame(l *letter) {
	l.Language, l.Direction, l.Service = w.speech.Language(), w.speech.Language().Direction(), w.Service
	l.Program = w.t("This mail was sent by a program; nobody reads answers to it.")
	l.Instead = w.t("If the button does not work, open")
}

// detail says in the reader's language what was changed, or why something is
// suspicious: sentences of ours, of which some hold names.
func (w Wording) detail(english string) string {
	if w.speech.Language() == words.English {
		return english
	}
	lines := strings.Split(english, "\n")
	for i, line := range lines {
		lines[i] = speech.Stored(w.speech.Language(), line)
	}
	return strings.Join(lines, "\n")
}

func write(w Wording, n account.Notice) (letter, error) {
	writer, ok := letters[n.Kind]
	if !ok {
		return letter{}, fmt.Errorf("%w: no mail of kind %q", ErrMessage, n.Kind)
	}
	if n.At.IsZero() {
		return letter{}, fmt.Errorf("%w: %s without a time", ErrMessage, n.Kind)
	}
	if n.Kind == account.NoticeAccessCode && (n.Code == "" || !n.Expires.After(n.At)) {
		return letter{}, fmt.Errorf("%w: access code without a code or its end", ErrMessage)
	}
	return writer(w, n), nil
}

// facts says when, where and which device.
func facts(w Wording, n account.Notice) []fact {
	all := []fact{
		{w.t("TV"), plain(n.Device)},
		{w.t("Profile"), plain(n.Profile)},
		{w.t("When"), w.day(n.At)},
		{w.t("Where"), w.where(n.Client)},
		{w.t("With"), plain(n.Client.Agent)},
	}
	if all[0].Value == all[4].Value { // it was done at the TV itself
		all[4].Value = ""
	}
	known := all[:0]
	for _, f := range all {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

// plainDetail is plain for a sentence of ours, whose names were cut when it was
// made, or what may be a shortened mail address of the account's own: that keeps
// its @ and dots.
func plainDetail(s string) string {
	local, host, ok := strings.Cut(s, "@")
	if ok && checkAddress(s) == nil {
		return local + "@" + host
	}
	return plainTo(s, maxDetail)
}

func (w Wording) where(c account.Client) string {
	place, ip := plain(c.Place), plain(c.IP)
	switch {
	case place != "" && ip != "":
		return w.t("{place} (approximate place), address {ip}", "place", place, "ip", ip)
	case ip != "":
		return w.t("address {ip}", "ip", ip)
	case place != "":
		return w.t("{place} (approximate place)", "place", place)
	}
	return ""
}

// clock is a time of day on the day of the mail.
func (w Wording) clock(t time.Time) string { return w.speech.Format(t.UTC(), "15:04 UTC") }

var (
	scheme = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://|\bmailto:|\bwww\.`)
	domain = regexp.MustCompile(`(\pL)\.(\pL)`)
)

const (
	maxName   = 80  // characters
	maxReason = 300 // characters of a sentence of ours
	maxDetail = 500 // characters of sentences that say what was changed
)

// plain makes what somebody else chose (a TV's name, a browser's) fit to stand in
// our mail: one line, no longer than a name, no direction marks, and nothing
// that a mail program turns into a link.
func plain(s string) string { return plainTo(s, maxName) }

// plainTo is plain for up to most characters.
func plainTo(s string, most int) string {
	if len(s) > 16*most { // whole characters: what is cut is made valid below
		s = s[:16*most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case r == unicode.ReplacementChar, unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cf, r) && r != '\u200d':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for scheme.MatchString(s) { // what is left can make another
		s = scheme.ReplaceAllString(s, "")
	}
	for domain.MatchString(s) {
		s = domain.ReplaceAllString(s, "$1. $2")
	}
	s = strings.ReplaceAll(s, "@", " at ")
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return s
}
