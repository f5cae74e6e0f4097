package notify

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Bounce is a message that did not reach its recipient, for the owner of the
// account. What it said is not kept here.
type Bounce struct {
	ID      string
	Channel Channel
	To      string
	Kind    string
	Subject string    // empty: an SMS
	At      time.Time // when it was given up
	Reason  string    // a sentence
}

// maxBounces bounds a list of bounces.
const maxBounces = 100

// Bounces returns the messages about an account that were given up in the last
// 30 days, the newest first, n at most. Only what the mail server or gateway
// says at once is known: a mail that is returned later goes to the sender's
// mailbox.
func (o *Outbox) Bounces(ctx context.Context, about protocol.AccountID, n int) ([]Bounce, error) {
	if about == "" {
		return nil, nil // messages about nobody are for the operator
	}
	var rows []store.OutboxRow
	err := o.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.FailedOutbox(about, min(n, maxBounces))
		return err
	})
	out := make([]Bounce, 0, len(rows))
	for _, r := range rows {
		out = append(out, Bounce{
			ID: r.ID, Channel: Channel(r.Channel), To: r.Recipient, Kind: r.Kind, Subject: r.Subject, At: r.Failed,
			Reason: reason(r),
		})
	}
	return out, err
}

// refusedFor is for how long an address counts as one that refuses mail: as long as
// the counts of what may be sent there, beyond which nothing new is known.
const refusedFor = time.Hour

// Refused says why the mail server refused, lately, what a sign-up sent to address,
// as a sentence; "" where it did not, or not yet. key is what the address is known
// by. The answer is alike for one that has an account and for one that has none,
// and only about the address: never about what the mail said.
func (o *Outbox) Refused(ctx context.Context, now time.Time, address, key string) (string, error) {
	var code string
	err := o.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		code, err = tx.RefusedSignUp(address, key, now.Add(-refusedFor))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && !refusedAddress(code) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("refused mail: %w", err)
	}
	return reason(store.OutboxRow{Channel: string(ChannelMail), LastError: code}), nil
}

// refusedAddress reports whether a mail was refused for its address, for good.
func refusedAddress(code string) bool { return strings.HasPrefix(code, "rcpt 5") || code == noSMTPUTF8 }

// ReturnedSince returns since when messages to an address or number of the account
// come back: the first that was refused after the last that arrived, of those
// still kept. Zero: the last arrived, or none has ended.
func (o *Outbox) ReturnedSince(ctx context.Context, about protocol.AccountID, by Channel, to string) (time.Time, error) {
	var rows []store.OutboxRow
	err := o.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.OutboxTo(about, string(by), to, maxBounces)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("returned messages: %w", err)
	}
	return returnedSince(rows), nil
}

// returnedSince is [Outbox.ReturnedSince] of the newest messages, the newest first.
func returnedSince(rows []store.OutboxRow) (since time.Time) {
	var arrived time.Time
	for _, r := range rows {
		if r.Sent.After(arrived) {
			arrived = r.Sent
		}
	}
	for _, r := range rows {
		if r.Failed.After(arrived) && comesBack(r) && (since.IsZero() || r.Failed.Before(since)) {
			since = r.Failed
		}
	}
	return since
}

// comesBack reports whether a message was refused for where it went, or by who
// receives for it.
func comesBack(r store.OutboxRow) bool {
	if r.Channel == string(ChannelSMS) {
		return refusedNumber.MatchString(r.LastError)
	}
	return refusedAddress(r.LastError) || strings.HasPrefix(r.LastError, "data 5")
}

// refusedNumber are the codes of readAnswer that are about the number.
var refusedNumber = regexp.MustCompile(`^(http (400|402|409|41[0-9]|42[0-8])|undelivered|failed)\b`)

// reason says why a message was given up, as far as its owner can do anything
// about it.
func reason(r store.OutboxRow) string {
	sms := r.Channel == string(ChannelSMS)
	switch {
	case r.LastError == "expired":
		return "It could not be delivered in time."
	case sms && r.LastError == "http 400 code 21610": // Twilio's "Attempt to send to unsubscribed recipient"
		return "This number has asked for no more messages: answer START to one of the old ones."
	case sms && refusedNumber.MatchString(r.LastError):
		return "The number cannot receive it. Check the number."
	case r.LastError == noSMTPUTF8:
		return "Our mail server cannot write to an address with letters like ü or é before the @. Use another address."
	case strings.HasPrefix(r.LastError, "rcpt 552"), strings.HasSuffix(r.LastError, " 5.2.2"), strings.HasSuffix(r.LastError, " 4.2.2"): // RFC 3463 §3.3
		return "The mailbox is full."
	case strings.HasPrefix(r.LastError, "rcpt 5"):
		return "The mail server knows no such address, or does not accept our mails. Check the address."
	case strings.HasPrefix(r.LastError, "data 5"):
		return "The mail server refused it. Look whether our mails are marked as spam."
	}
	return "It could not be delivered; we tried for as long as it was of use."
}
