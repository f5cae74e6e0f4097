package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// What a receipt proves is said in words that are true of it, and no altered copy
// passes.
func TestVerifyReceipt(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	public := func(k ed25519.PrivateKey) protocol.Bytes { return protocol.Bytes(k.Public().(ed25519.PublicKey)) }
	device := protocol.DeviceIDOf(ed25519.PublicKey(public(key)))
	signed := func(k ed25519.PrivateKey, typ string, claims any) string {
		jws, err := sign.Sign(typ, string(device), k, claims)
		if err != nil {
			t.Fatal(err)
		}
		return jws
	}
	const state = "a.b.c"
	receipt := protocol.ReceiptClaims{
		Device: device, Account: "acc", Epoch: 2, Status: protocol.SignedOut, Version: 7, Applied: 60_000,
		Erased: []protocol.Erased{protocol.ErasedProfiles}, Dropped: 3, Answers: protocol.DigestOf([]byte(state)),
	}
	here := protocol.SignedOutHereClaims{Device: device, Account: "acc", Epoch: 2, Status: protocol.SignedOut, Applied: 60_000}
	ended := here
	ended.By = protocol.ByEndDate
	reset := here
	reset.By = protocol.ByReset
	good := signed(key, protocol.TypReceipt, receipt)
	file := func(jws string, key protocol.Bytes, state string) string {
		text, err := json.Marshal(protocol.ProofFile{JWS: jws, PublicKey: key, State: state})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, c := range []struct{ name, in, want, err string }{
		{"genuine", file(good, public(key), state), "Genuine. This device applied what the server wanted.", ""},
		{"in full", file(good, public(key), state), "signed out\n  version    7\n  applied    1970-01-01T00:01:00Z\n  erased     profiles\n  unsent     3 activity", ""},
		{"its state", file(good, public(key), state), "It answers exactly the signed state in this file.", ""},
		{"without the state", file(good, public(key), ""), "Genuine.", ""},
		{"at the TV", file(signed(key, protocol.TypSignedOutHere, here), public(key), ""), "The session of this device was ended at the TV.", ""},
		{"by a reset", file(signed(key, protocol.TypSignedOutHere, reset), public(key), ""), "was ended by a reset, at the TV.", ""},
		{"by its end date", file(signed(key, protocol.TypSignedOutHere, ended), public(key), ""), "This device ended its session by itself: its end date had come.", ""},
		{"another state", file(good, public(key), "a.b.d"), "", "NOT genuine: the receipt answers another state than the one in this file"},
		{"another's key", file(good, public(other), state), "", "NOT genuine: the public key in this file is not that of the device"},
		{"signed by another", file(signed(other, protocol.TypReceipt, receipt), public(key), state), "", "NOT genuine: JWS signature does not match"},
		{"forged", file(good[:len(good)-8]+"AAAAAAAA", public(key), state), "", "NOT genuine: "},
		{"not JSON", "Genuine.", "", "this is no receipt file"},
		{"empty", "{}", "", "this is no receipt file"},
		{"too large", strings.Repeat(" ", maxReceiptFile+1), "", "this is no receipt file: it has more than 65536 bytes"},
	} {
		var out bytes.Buffer
		err := verifyReceiptCmd{File: "-"}.Run(terminal{in: strings.NewReader(c.in), out: &out})
		if c.err == "" && (err != nil || !strings.Contains(out.String(), c.want)) {
			t.Errorf("%s: %v, %s", c.name, err, out.String())
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || out.Len() > 0) {
			t.Errorf("%s: %v, want %s; %s", c.name, err, c.err, out.String())
		}
	}
}
