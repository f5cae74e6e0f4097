package notify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/server/store"
)

func TestRefusedMessages(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Message)
	}{
		{"no kind", func(m *Message) { m.Kind = "" }},
		{"channel", func(m *Message) { m.Channel = "pigeon" }},
		{"no subject", func(m *Message) { m.Subject = "" }},
		{"long subject", func(m *Message) { m.Subject = strings.Repeat("x", maxSubject+1) }},
		{"subject with CRLF", func(m *Message) { m.Subject = "x\r\nBcc: all@home.example" }},
		{"subject with LF", func(m *Message) { m.Subject = "x\nBcc: all@home.example" }},
		{"subject with CR", func(m *Message) { m.Subject = "x\rBcc: all@home.example" }},
		{"subject with NEL", func(m *Message) { m.Subject = "x\u0085Bcc: all@home.example" }},
		{"subject with line separator", func(m *Message) { m.Subject = "x\u2028Bcc: all@home.example" }},
		{"subject with NUL", func(m *Message) { m.Subject = "x\x00" }},
		{"subject with an encoded word", func(m *Message) { m.Subject = "=?utf-8?q?x=0D=0ABcc:_bob?=" }},
		{"subject not UTF-8", func(m *Message) { m.Subject = "x\xff" }},
		{"no text", func(m *Message) { m.Text = "" }},
		{"long text", func(m *Message) { m.Text = strings.Repeat("x", maxBody+1) }},
		{"text not UTF-8", func(m *Message) { m.Text = "\xff" }},
		{"HTML not UTF-8", func(m *Message) { m.HTML = "\xff" }},
		{"no recipient", func(m *Message) { m.To = "" }},
		{"no domain", func(m *Message) { m.To = "ann" }},
		{"two recipients", func(m *Message) { m.To = "ann@home.example,bob@home.example" }},
		{"recipient with a name", func(m *Message) { m.To = "Ann <ann@home.example>" }},
		{"recipient in brackets", func(m *Message) { m.To = "<ann@home.example>" }},
		{"recipient with a comment", func(m *Message) { m.To = "ann@home.example(bob)" }},
		{"group", func(m *Message) { m.To = "all:ann@home.example;" }},
		{"recipient with CRLF", func(m *Message) { m.To = "ann@home.example\r\nRCPT TO:<bob@home.example>" }},
		{"quoted recipient", func(m *Message) { m.To = "\"ann\r\n\"@home.example" }},
		{"recipient with a space", func(m *Message) { m.To = "ann@home.example " }},
		{"long recipient", func(m *Message) { m.To = strings.Repeat("a", 255) + "@home.example" }},
	}
	b := newBench(t, &fakeTransport{})
	for _, test := range tests {
		m := sample()
		test.change(&m)
		err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Enqueue(tx, monday, m) })
		if !errors.Is(err, ErrMessage) {
			t.Errorf("%s: Enqueue = %v, want ErrMessage", test.name, err)
		}
		if m.To != "" && err != nil && strings.Contains(err.Error(), m.To) {
			t.Errorf("%s: the error shows the recipient: %v", test.name, err)
		}
	}
	for _, to := range []string{"ann@home.example", "a.b+c@xn--bcher-kva.example", "ännchen@home.example"} {
		if err := checkAddress(to); err != nil {
			t.Errorf("checkAddress(%q) = %v, want nil", to, err)
		}
	}
}

func TestRefusedSMS(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Message)
	}{
		{"subject", func(m *Message) { m.Subject = "x" }},
		{"HTML", func(m *Message) { m.HTML = "x" }},
		{"no text", func(m *Message) { m.Text = "" }},
		{"a control sign", func(m *Message) { m.Text = "a\x07b" }},
		{"a sign that turns", func(m *Message) { m.Text = "a\u202eb" }},
		{"too wide", func(m *Message) { m.Text = strings.Repeat("ж", 2*67+1) }},
		{"too wide with a code", func(m *Message) { m.Text, m.Useful = strings.Repeat("ж", 71), monday.Add(time.Minute) }},
		{"control characters", func(m *Message) { m.Text = "a\x00b" }},
		{"not UTF-8", func(m *Message) { m.Text = "a\xff" }},
		{"three SMS", func(m *Message) { m.Text = strings.Repeat("x", 307) }},
		{"a code in two SMS", func(m *Message) { m.Text, m.Useful = strings.Repeat("x", 161), monday.Add(time.Minute) }},
		{"a mail address", func(m *Message) { m.To = "ann@home.example" }},
		{"no plus", func(m *Message) { m.To = "15550100042" }},
		{"spaces", func(m *Message) { m.To = "+1 555 0100042" }},
		{"other digits", func(m *Message) { m.To = "+١٥٥٥٠١٠٠٠٤٢" }},
		{"too short", func(m *Message) { m.To = "+12345" }},
		{"too long", func(m *Message) { m.To = "+1234567890123456" }},
		{"two numbers", func(m *Message) { m.To = "+15550100042,+15550100043" }},
		{"line end", func(m *Message) { m.To = "+15550100042\n" }},
	}
	b := newBench(t, &fakeTransport{})
	for _, test := range tests {
		m := sampleSMS()
		test.change(&m)
		err := b.db.Update(t.Context(), func(tx *store.Tx) error { return b.Enqueue(tx, monday, m) })
		if !errors.Is(err, ErrMessage) || m.To != "" && strings.Contains(err.Error(), m.To) {
			t.Errorf("%s: Enqueue = %v, want ErrMessage", test.name, err)
		}
	}
}

// Whatever is accepted makes exactly the headers that are ours.
func FuzzHeaders(f *testing.F) {
	f.Add("ann@home.example", "A subject")
	f.Add("ann@home.example", "x\r\nBcc: bob@home.example")
	f.Add("ann@home.example", "=?utf-8?q?x=0D=0ABcc:_bob?=")
	f.Add("ännchen@home.example", strings.Repeat("ü ", 100))
	s := &SMTP{Host: "mail.example"}
	s.From.Address = "no-reply@mail.example"
	f.Fuzz(func(t *testing.T, to, subject string) {
		m := sample()
		m.Channel, m.To, m.Subject = ChannelMail, to, subject
		if m.check() != nil {
			return
		}
		message, err := s.message(Mail{ID: "id", Created: monday, To: to, Subject: subject, Text: "t", HTML: "h"})
		if err != nil {
			t.Fatalf("accepted, then refused: %v", err)
		}
		checkHeaders(t, message, to, subject)
	})
}
