package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// Reports are checked without the server, and what a place's name hides reaches
// no terminal.
func TestVerifyReports(t *testing.T) {
	root, key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	tv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)).Public().(ed25519.PublicKey)
	public := func(k ed25519.PrivateKey) protocol.Bytes { return protocol.Bytes(k.Public().(ed25519.PublicKey)) }
	keys, err := sign.Sign(protocol.TypKeys, "root", root, protocol.KeysClaims{Server: "tv.example", Number: 1, Keys: []protocol.SigningKey{{ID: "k", Key: public(key)}}})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := sign.Sign(protocol.TypReports, "k", key, protocol.ReportsClaims{
		Server: "tv.example", Device: protocol.DeviceIDOf(tv), PublicKey: protocol.Bytes(tv), Epoch: 1, Name: "Den",
		Reports: []protocol.Report{{How: protocol.ReportConnection, From: 60_000, Until: 120_000, Times: 3, IP: "203.0.113.5", Place: "near \x1b[31mLyon"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	good, _ := json.Marshal(protocol.ReportsFile{JWS: jws, Keys: keys, Root: public(root)})
	ours := base64.RawURLEncoding.EncodeToString(public(root))
	for _, c := range []struct {
		name, in, root, want, err string
	}{
		{"genuine", string(good), "", `1970-01-01T00:01:00Z to 1970-01-01T00:02:00Z connected 3 times from "203.0.113.5" ("near \x1b[31mLyon", approximate)`, ""},
		{"compared", string(good), ours, "Genuine.", ""},
		{"another root", string(good), base64.RawURLEncoding.EncodeToString(public(key)), "", "signed under another root key than --root: it is genuine only if that was the server's root key when it was issued"},
		{"no key", string(good), "!", "", "--root is not a key"},
		{"forged", strings.Replace(string(good), jws[len(jws)-8:], "AAAAAAAA", 1), "", "", "NOT genuine: "},
		{"a receipt", `{"jws":"a.b.c","public_key":"AA"}`, "", "", "this is no reports file"},
		{"too large", strings.Repeat(" ", maxReceiptFile+1), "", "", "this is no reports file: it has more than 65536 bytes"},
	} {
		var out bytes.Buffer
		err := verifyReportsCmd{File: "-", Root: c.root}.Run(terminal{in: strings.NewReader(c.in), out: &out})
		if c.err == "" && (err != nil || !strings.Contains(out.String(), c.want)) {
			t.Errorf("%s: %v, %s", c.name, err, out.String())
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || out.Len() > 0) {
			t.Errorf("%s: %v, want %s; %s", c.name, err, c.err, out.String())
		}
	}
}
