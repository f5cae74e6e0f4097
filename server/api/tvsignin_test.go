package api

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
)

func TestCodeNeeded(t *testing.T) {
	now := time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)
	ends := now.Add(30*time.Minute - time.Millisecond)
	for _, test := range []struct {
		name string
		from account.Challenge
		want *protocol.CodeNeeded
	}{
		{"a code on its way", account.Challenge{
			ID: "c", Need: account.NeedCode, Expires: ends,
			Code:     account.CodeSent{Channel: account.ByMail, ResendAt: now.Add(29_001 * time.Millisecond)},
			Channels: []account.Destination{{Channel: account.ByMail, Address: "a…a@example.com"}, {Channel: account.BySMS, Address: "+34 ••• •• 67"}},
		}, &protocol.CodeNeeded{
			Challenge: "c", Sent: protocol.ChannelMail, RetryIn: 30, TriesLeft: 5, ExpiresIn: 1800,
			Channels: []protocol.Channel{{Kind: protocol.ChannelMail, To: "a…a@example.com"}, {Kind: protocol.ChannelSMS, To: "+34 ••• •• 67"}},
		}},
		{"a second factor", account.Challenge{
			ID: "c", Need: account.NeedSecondFactor, Expires: ends, Factors: []account.Factor{account.Passkeys, account.TOTP, account.RecoveryCode},
		}, &protocol.CodeNeeded{
			Challenge: "c", TriesLeft: 5, ExpiresIn: 1800, Channels: []protocol.Channel{{Kind: protocol.ChannelTOTP}, {Kind: protocol.ChannelRecovery}},
		}},
		{"passkeys only: the user code is the way", account.Challenge{
			ID: "c", Need: account.NeedSecondFactor, Expires: ends, Factors: []account.Factor{account.Passkeys},
		}, nil},
	} {
		got, ok := codeNeeded(&test.from, now)
		if ok != (test.want != nil) {
			t.Errorf("%s: ok = %v", test.name, ok)
		}
		if !ok {
			continue
		}
		if d := cmp.Diff(*test.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
		if _, err := protocol.Encode(got); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestV7_ATVsSignInHasItsPlace(t *testing.T) {
	v := &tv{t: &TVs{}, ip: "192.0.2.7", enrol: &protocol.Enrol{Name: "Living room"}}
	want := account.Client{Agent: "Living room", IP: "192.0.2.7", Kind: "tv"}
	if d := cmp.Diff(want, v.client()); d != "" {
		t.Errorf("without places (-want +got):\n%s", d)
	}
	v.t.cfg.Origins.Place = func(a netip.Addr) string { return "near " + a.String() }
	want.Place = "near 192.0.2.7"
	if d := cmp.Diff(want, v.client()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
