package notify

import (
	"testing"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// account stores an account that address leads to by key.
func (b *bench) account(t *testing.T, id protocol.AccountID, address, key string) {
	t.Helper()
	row := store.AccountRow{ID: id, Email: address, Password: "x", Language: "en", Generation: 1, Version: 1, Created: monday}
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertAccount(row, key) }); err != nil {
		t.Fatal(err)
	}
}

// ended stores a mail that was set aside with code, or sent where that is empty.
func (b *bench) ended(t *testing.T, id string, acc protocol.AccountID, channel Channel, kind account.NoticeKind, to, code string, at time.Time) {
	t.Helper()
	r := store.OutboxRow{ID: id, Account: acc, Channel: string(channel), Recipient: to, Kind: string(kind), Subject: "S", Created: at, GiveUp: at.Add(time.Hour), LastError: code}
	if r.Sent = at; code != "" {
		r.Sent, r.Failed = time.Time{}, at
	}
	if err := b.db.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertOutbox(r) }); err != nil {
		t.Fatal(err)
	}
}

// TestV6_RefusedMailTellsNotWhoHasAnAccount: an address with an account and one
// without are answered alike, whatever else was sent to the first.
func TestV6_RefusedMailTellsNotWhoHasAnAccount(t *testing.T) {
	const noSuch = "rcpt 550 5.1.1"
	for name, tt := range map[string]struct {
		kind    account.NoticeKind
		acc     protocol.AccountID
		to      string
		code    string
		ago     time.Duration
		refused bool
	}{
		"a sign-up's code":                      {account.NoticeAccessCode, "", "new@home.example", noSuch, time.Minute, true},
		"a code of another account's change":    {account.NoticeAccessCode, "other", "new@home.example", noSuch, time.Minute, true},
		"an hour ago":                           {account.NoticeAccessCode, "", "new@home.example", noSuch, 61 * time.Minute, false},
		"what the mail said was refused":        {account.NoticeAccessCode, "", "new@home.example", "data 554 5.7.1", time.Minute, false},
		"given up, not refused":                 {account.NoticeAccessCode, "", "new@home.example", "rcpt 450 4.2.1", time.Minute, false},
		"another address":                       {account.NoticeAccessCode, "", "old@home.example", noSuch, time.Minute, false},
		"somebody's: that there is an account":  {account.NoticeHaveAccount, "a", "Ann@home.example", noSuch, time.Minute, true},
		"somebody's: a code of their own":       {account.NoticeAccessCode, "a", "Ann@home.example", noSuch, time.Minute, false},
		"somebody's: a notice":                  {account.NoticeNewSignIn, "a", "Ann@home.example", noSuch, time.Minute, false},
		"somebody's: a code of another account": {account.NoticeAccessCode, "other", "ann@home.example", noSuch, time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, &fakeTransport{})
			b.account(t, "a", "Ann@home.example", "ann@home.example")
			b.ended(t, "1", tt.acc, ChannelMail, tt.kind, tt.to, tt.code, monday.Add(-tt.ago))
			address := "new@home.example"
			if tt.acc == "a" || tt.to == "ann@home.example" {
				address = "ann@home.example"
			}
			why, err := b.Refused(t.Context(), monday, address, address)
			if err != nil || (why != "") != tt.refused {
				t.Errorf("Refused = %q, %v, want %t", why, err, tt.refused)
			}
		})
	}
}

// TestV11_SinceWhenMailsComeBack: from the first that was refused after the last
// that arrived.
func TestV11_SinceWhenMailsComeBack(t *testing.T) {
	at := func(minutes int) time.Time { return monday.Add(time.Duration(minutes) * time.Minute) }
	type sent struct {
		minute int
		code   string // empty: it arrived
	}
	for name, tt := range map[string]struct {
		channel Channel
		sent    []sent
		since   time.Time
	}{
		"nothing was sent":        {ChannelMail, nil, time.Time{}},
		"all arrived":             {ChannelMail, []sent{{0, ""}, {1, ""}}, time.Time{}},
		"none ever arrived":       {ChannelMail, []sent{{0, "rcpt 550 5.1.1"}, {1, "rcpt 550 5.1.1"}}, at(0)},
		"since the last":          {ChannelMail, []sent{{0, "rcpt 550"}, {1, ""}, {2, "rcpt 552 5.2.2"}, {3, "data 554"}}, at(2)},
		"they arrive again":       {ChannelMail, []sent{{0, "rcpt 550"}, {1, ""}}, time.Time{}},
		"our own server was down": {ChannelMail, []sent{{0, ""}, {1, "no connection"}, {2, "expired"}}, time.Time{}},
		"a number":                {ChannelSMS, []sent{{0, ""}, {1, "http 400 code 21211"}}, at(1)},
		"the gateway was down":    {ChannelSMS, []sent{{0, "http 503"}}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, &fakeTransport{})
			for i, s := range tt.sent {
				b.ended(t, string(rune('a'+i)), "a", tt.channel, account.NoticeNewSignIn, "to", s.code, at(s.minute))
			}
			b.ended(t, "x", "b", tt.channel, account.NoticeNewSignIn, "to", "rcpt 550", at(9)) // somebody else's
			b.ended(t, "y", "a", tt.channel, account.NoticeNewSignIn, "elsewhere", "rcpt 550", at(9))
			if got, err := b.ReturnedSince(t.Context(), "a", tt.channel, "to"); err != nil || !got.Equal(tt.since) {
				t.Errorf("ReturnedSince = %v, %v, want %v", got, err, tt.since)
			}
		})
	}
}
