package protocol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// Every kind of identifier is a type of its own, so that swapped arguments do
// not compile.
type (
	// AccountID names an account: a UUIDv7 as text, given by the server.
	AccountID string
	// DeviceID names a device. It is derived from the device's public key
	// (see [DeviceIDOf]), so it cannot be chosen or moved to another key.
	DeviceID string
	// ProfileID names a profile within its account: a UUIDv7 as text.
	ProfileID string
	// TitleID names a title of the operator's catalogue: 1 to 64 bytes.
	TitleID string
	// Epoch counts the sign-ins of one device, over all accounts it ever
	// belonged to. The first sign-in is 1; 0 means never signed in.
	Epoch int64
	// Version numbers every change of one account. It only grows.
	Version int64
)

// deviceIDEncoding is lower-case base32 (RFC 4648, section 6) without padding.
var deviceIDEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// DeviceIDOf returns the identifier of the device that holds the private half
// of key: "d-" and 26 letters, the first 16 bytes of the key's SHA-256.
func DeviceIDOf(key ed25519.PublicKey) DeviceID {
	sum := sha256.Sum256(key)
	return DeviceID("d-" + deviceIDEncoding.EncodeToString(sum[:16]))
}

// Valid reports whether id has the form that [DeviceIDOf] gives.
func (id DeviceID) Valid() bool {
	rest, ok := strings.CutPrefix(string(id), "d-")
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := deviceIDEncoding.DecodeString(rest)
	return err == nil
}

// Digest is a SHA-256 in unpadded base64url: 43 characters. The empty Digest
// means "none".
type Digest string

// DigestOf returns the digest of data.
func DigestOf(data []byte) Digest {
	sum := sha256.Sum256(data)
	return Digest(base64.RawURLEncoding.EncodeToString(sum[:]))
}
