package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

func TestProofs(t *testing.T) {
	id := protocol.DeviceIDOf(public)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	good := protocol.ReceiptClaims{Device: id, Epoch: 1, Status: protocol.SignedOut, Version: 4}
	here := protocol.SignedOutHereClaims{Device: id, Epoch: 1, Status: protocol.SignedOut}
	with := func(change func(*protocol.ReceiptClaims)) protocol.ReceiptClaims {
		c := good
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		typ    string
		kid    string
		claims any
		key    ed25519.PublicKey
		want   error
	}{
		{"a receipt", protocol.TypReceipt, string(id), good, public, nil},
		{"a sign-out here", protocol.TypSignedOutHere, string(id), here, public, nil},
		{"another device's key", protocol.TypReceipt, string(id), good, other, sign.ErrUnknownKey},
		{"no key", protocol.TypReceipt, string(id), good, nil, sign.ErrUnknownKey},
		{"a kid of another device", protocol.TypReceipt, string(protocol.DeviceIDOf(other)), good, public, sign.ErrUnknownKey},
		{"about another device", protocol.TypReceipt, string(id), with(func(c *protocol.ReceiptClaims) { c.Device = protocol.DeviceIDOf(other) }), public, sign.ErrNotThisDevice},
		{"epoch 0", protocol.TypReceipt, string(id), with(func(c *protocol.ReceiptClaims) { c.Epoch = 0 }), public, sign.ErrMalformed},
		{"no status", protocol.TypReceipt, string(id), with(func(c *protocol.ReceiptClaims) { c.Status = "gone" }), public, sign.ErrMalformed},
		{"a state", protocol.TypState, string(id), good, public, sign.ErrWrongType},
		{"active, here", protocol.TypSignedOutHere, string(id), protocol.SignedOutHereClaims{Device: id, Epoch: 1, Status: protocol.Active}, public, sign.ErrMalformed},
	} {
		jws, err := sign.Sign(c.typ, c.kid, key, c.claims)
		if err != nil {
			t.Fatal(err)
		}
		if c.typ == protocol.TypSignedOutHere {
			_, err = sign.VerifySignedOutHere(jws, c.key)
		} else {
			_, err = sign.VerifyReceipt(jws, c.key)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
