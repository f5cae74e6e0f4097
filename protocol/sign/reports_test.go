package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

func TestReports(t *testing.T) {
	newKey := func(b byte) (ed25519.PrivateKey, ed25519.PublicKey) {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32))
		return key, key.Public().(ed25519.PublicKey)
	}
	root, rootPub := newKey(21)
	signer, signerPub := newKey(22)
	other, otherPub := newKey(23)
	list := protocol.KeysClaims{Server: "tv.example", Number: 1, Keys: []protocol.SigningKey{
		{ID: "s1", Key: protocol.Bytes(signerPub)}, {ID: "short", Key: protocol.Bytes{1}},
	}}
	claims := protocol.ReportsClaims{
		Server: "tv.example", Device: protocol.DeviceIDOf(public), PublicKey: protocol.Bytes(public), Epoch: 1,
		Reports: []protocol.Report{{How: protocol.ReportConnection, From: 7, Times: 1, IP: "203.0.113.5"}},
	}
	mustSign := func(typ, kid string, key ed25519.PrivateKey, claims any) string {
		jws, err := sign.Sign(typ, kid, key, claims)
		if err != nil {
			t.Fatal(err)
		}
		return jws
	}
	with := func(change func(*protocol.ReportsClaims)) string {
		c := claims
		change(&c)
		return mustSign(protocol.TypReports, "s1", signer, c)
	}
	keys := mustSign(protocol.TypKeys, "root", root, list)
	good := with(func(*protocol.ReportsClaims) {})
	for _, c := range []struct {
		name string
		file protocol.ReportsFile
		want error
	}{
		{"genuine", protocol.ReportsFile{JWS: good, Keys: keys, Root: protocol.Bytes(rootPub)}, nil},
		{"another root", protocol.ReportsFile{JWS: good, Keys: keys, Root: protocol.Bytes(otherPub)}, sign.ErrSignature},
		{"no root", protocol.ReportsFile{JWS: good, Keys: keys}, sign.ErrUnknownKey},
		{"a key that is not listed", protocol.ReportsFile{JWS: mustSign(protocol.TypReports, "x", other, claims), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrUnknownKey},
		{"a listed key that is none", protocol.ReportsFile{JWS: mustSign(protocol.TypReports, "short", other, claims), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrUnknownKey},
		{"another's signature", protocol.ReportsFile{JWS: mustSign(protocol.TypReports, "s1", other, claims), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrSignature},
		{"a state", protocol.ReportsFile{JWS: mustSign(protocol.TypState, "s1", signer, claims), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrWrongType},
		{"reports as keys", protocol.ReportsFile{JWS: good, Keys: good, Root: protocol.Bytes(rootPub)}, sign.ErrWrongType},
		{"of another server", protocol.ReportsFile{JWS: with(func(c *protocol.ReportsClaims) { c.Server = "x" }), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrMalformed},
		{"of another device", protocol.ReportsFile{JWS: with(func(c *protocol.ReportsClaims) { c.PublicKey = protocol.Bytes(otherPub) }), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrNotThisDevice},
		{"epoch 0", protocol.ReportsFile{JWS: with(func(c *protocol.ReportsClaims) { c.Epoch = 0 }), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrMalformed},
		{"too many", protocol.ReportsFile{JWS: with(func(c *protocol.ReportsClaims) { c.Reports = make([]protocol.Report, protocol.MaxReports+1) }), Keys: keys, Root: protocol.Bytes(rootPub)}, sign.ErrMalformed},
		{"empty", protocol.ReportsFile{Root: protocol.Bytes(rootPub)}, sign.ErrMalformed},
	} {
		if _, err := sign.VerifyReports(c.file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
