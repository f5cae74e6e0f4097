package sign

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
)

// ErrNotThisDevice means that a proof names another device than the one whose
// key is given.
var ErrNotThisDevice = errors.New("proof is about another device")

// VerifyReceipt checks a receipt by the device's public key alone.
func VerifyReceipt(jws string, key ed25519.PublicKey) (protocol.ReceiptClaims, error) {
	var c protocol.ReceiptClaims
	if err := verifyProof(jws, protocol.TypReceipt, key, &c); err != nil {
		return c, err
	}
	if c.Device != protocol.DeviceIDOf(key) {
		return c, ErrNotThisDevice
	}
	return c, checkProof(c.Epoch, c.Status, c.Version)
}

// VerifySignedOutHere checks a device's word that the person at the TV ended its
// session, as [VerifyReceipt].
func VerifySignedOutHere(jws string, key ed25519.PublicKey) (protocol.SignedOutHereClaims, error) {
	var c protocol.SignedOutHereClaims
	if err := verifyProof(jws, protocol.TypSignedOutHere, key, &c); err != nil {
		return c, err
	}
	if c.Device != protocol.DeviceIDOf(key) {
		return c, ErrNotThisDevice
	}
	if c.Status != protocol.SignedOut && c.Status != protocol.Deactivated {
		return c, fmt.Errorf("%w: status %q", ErrMalformed, c.Status)
	}
	return c, checkProof(c.Epoch, c.Status, 0)
}

func verifyProof(jws, typ string, key ed25519.PublicKey, claims any) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: not an Ed25519 public key", ErrUnknownKey)
	}
	_, err := Verify(jws, typ, OneKey(string(protocol.DeviceIDOf(key)), key), claims)
	return err
}

func checkProof(e protocol.Epoch, s protocol.Status, v protocol.Version) error {
	if e < 1 || v < 0 || !s.Valid() {
		return fmt.Errorf("%w: epoch %d, version %d, status %q", ErrMalformed, e, v, s)
	}
	return nil
}
