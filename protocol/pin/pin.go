// Package pin turns a four-digit PIN into what the server keeps and what a TV
// keeps.
//
//	PIN ──argon2id(salt, cost)──▶ K ──HMAC(device secret, profile ‖ version)──▶ verifier
//
// The server keeps K sealed and sends it to the TV, which keeps only the
// verifier. Without the device's own secret a copied verifier tests no PIN. No
// hash cost protects 10,000 values once both are copied; try counters do.
//
// Functions are pure and safe for concurrent use, but [Derive] takes the cost's
// memory each time: callers on a TV run one at a time.
package pin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"golang.org/x/crypto/argon2"

	"github.com/hearthkey/hearthkey/protocol"
)

// Length is the number of digits of a PIN (product rule P2).
const Length = 4

// SaltSize is the size of a PIN's random salt in bytes.
const SaltSize = 16

// KeySize is the size of K and of a verifier in bytes.
const KeySize = 32

// ErrCost means that a cost is outside the bounds that [Cost.Check] allows.
var ErrCost = errors.New("pin: cost out of bounds")

// Cost is the work of one derivation, with one lane.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// DefaultCost suits the weakest supported TV, a 32-bit ARM box: a row of the
// OWASP Password Storage Cheat Sheet's table of equivalent argon2id settings.
var DefaultCost = Cost{Memory: 7168, Passes: 5}

// Check refuses a cost that a server must not make a TV pay (over 64 MiB or 16
// passes) and one that is too weak to be meant.
func (c Cost) Check() error {
	if c.Memory < 64 || c.Memory > 64<<10 || c.Passes < 1 || c.Passes > 16 {
		return ErrCost
	}
	return nil
}

// Valid reports whether s is a PIN: exactly four ASCII digits.
func Valid(s string) bool {
	if len(s) != Length {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Derive returns K of the PIN: argon2id, version 0x13 (RFC 9106).
func Derive(pin string, salt []byte, c Cost) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return argon2.IDKey([]byte(pin), salt, c.Passes, c.Memory, 1, KeySize), nil
}

// Verifier returns what a TV keeps of K. The secret is the device's own, the
// version that of this PIN.
func Verifier(secret []byte, profile protocol.ProfileID, version int64, k []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("hearthkey.v1 pin"))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(profile))))
	h.Write([]byte(profile))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(version)))
	h.Write(k)
	return h.Sum(nil)
}

// Equal compares two verifiers in constant time.
func Equal(a, b []byte) bool { return len(a) == KeySize && hmac.Equal(a, b) }
