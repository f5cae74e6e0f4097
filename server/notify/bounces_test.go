package notify

import (
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// The owner sees what did not arrive, and nobody else's (V11).
func TestBounces(t *testing.T) {
	f := &fakeTransport{errs: []error{
		&TransportError{Code: "rcpt 550 5.1.1", Permanent: true}, &TransportError{Code: "http 400 code 21211", Permanent: true},
	}}
	b := newBench(t, f)
	b.enqueue(t, sample())
	b.step(t)
	b.enqueue(t, sampleSMS())
	b.step(t)
	b.enqueue(t, sample()) // arrives
	b.step(t)
	got, err := b.Bounces(t.Context(), "a", 10)
	if err != nil || len(got) != 2 {
		t.Fatalf("Bounces = %+v, %v, want two", got, err)
	}
	sms, mail := got[0], got[1]
	if mail.Channel != ChannelMail || mail.To != "ann@home.example" || mail.Subject != "A subject" || mail.At != monday || !strings.Contains(mail.Reason, "Check the address") {
		t.Errorf("mail: %+v", mail)
	}
	if sms.Channel != ChannelSMS || sms.To != "+15550100042" || sms.Subject != "" || !strings.Contains(sms.Reason, "Check the number") {
		t.Errorf("SMS: %+v", sms)
	}
	for _, other := range []protocol.AccountID{"b", ""} {
		if got, err := b.Bounces(t.Context(), other, 10); err != nil || len(got) != 0 {
			t.Errorf("Bounces(%q) = %+v, %v", other, got, err)
		}
	}
	if got, err := b.Bounces(t.Context(), "a", 1); err != nil || len(got) != 1 {
		t.Errorf("one bounce: %+v, %v", got, err)
	}
}

func TestReason(t *testing.T) {
	for code, want := range map[string]string{
		"mail rcpt 552 5.2.2": "full", "mail rcpt 450 4.2.2": "full", "mail rcpt 550 5.7.1": "address", "mail data 554 5.7.0": "spam", "mail rcpt without SMTPUTF8": "Use another address",
		"mail no connection": "as long as", "mail expired": "in time", "sms expired": "in time", "sms http 400 code 21610": "START",
		"sms undelivered code 30005": "number", "sms http 503": "as long as", "sms http 429 code 20429": "as long as", "sms http 401": "as long as", "mail ": "as long as",
	} {
		channel, lastError, _ := strings.Cut(code, " ")
		if got := reason(store.OutboxRow{Channel: channel, LastError: lastError}); !strings.Contains(got, want) {
			t.Errorf("reason(%q) = %q, want %q", code, got, want)
		}
	}
}

// A link's token is not kept in a message that was set aside.
func TestSetAsideWithLink(t *testing.T) {
	b := newBench(t, &fakeTransport{errs: []error{&TransportError{Code: "rcpt 550", Permanent: true}}})
	m := sample()
	m.Text = "https://tv.example/not-me?link=" + token
	b.enqueue(t, m)
	b.step(t)
	if row := b.only(t); row.Failed.IsZero() || row.Text+row.HTML != "" {
		t.Errorf("row = %+v, want it set aside without its bodies", row)
	}
}
