// Package keyring holds the server's own keys: the root key that devices pin,
// the keys that sign states, and the data key for what the database may not
// show to a thief.
//
// The keys are files of mode 0600 in one folder, apart from the database: a
// copied database alone tests no PIN and no code. A backup needs both.
//
// A [Ring] is safe for concurrent use. The tests cover damaged and missing
// files, foreign data and moved ciphertexts.
package keyring

import (
	"crypto/ed25519"
	"errors"
	"io"
)

// Errors of this package; test with errors.Is.
var (
	// ErrIncomplete: some key files are there and others are missing. Making
	// new ones would sign out every device, so the server does not start.
	ErrIncomplete = errors.New("keyring: key files are missing")
	// ErrDamaged: a key file has the wrong form.
	ErrDamaged = errors.New("keyring: damaged key file")
	// ErrSealed: sealed data does not belong here, was altered, or is of
	// another data key.
	ErrSealed = errors.New("keyring: cannot open sealed data")
)

// Purpose separates the uses of the data key. Values are part of what is
// stored: they never change.
type Purpose string

// The purposes.
const (
	PINs        Purpose = "pins"
	AccessCodes Purpose = "access codes"
	UserCodes   Purpose = "user codes"
	Throttles   Purpose = "throttles"
)

// Ring is the set of keys. Make one with [Open].
type Ring struct{}

// Open reads the keys from the folder dir, or makes them there at the first
// start. The server's name becomes part of the key list.
func Open(dir, server string, random io.Reader) (*Ring, error) { return &Ring{}, nil }

// Root returns the public key that devices pin and that signs key lists.
func (r *Ring) Root() ed25519.PublicKey { return nil }

// Keys returns the newest signed key list and its number.
func (r *Ring) Keys() (jws string, number int64) { return "", 0 }

// Sign returns the compact JWS of claims by the current signing key.
func (r *Ring) Sign(typ string, claims any) (string, error) { return "", nil }

// Verify checks a JWS that this server signed, by any key it still trusts.
func (r *Ring) Verify(jws, typ string, claims any) error { return nil }

// Seal encrypts plain. The context says what it belongs to: sealed data moved
// elsewhere does not open.
func (r *Ring) Seal(p Purpose, plain []byte, context ...string) ([]byte, error) { return nil, nil }

// Unseal undoes Seal, or fails with [ErrSealed].
func (r *Ring) Unseal(p Purpose, sealed []byte, context ...string) ([]byte, error) { return nil, nil }

// MAC returns 32 bytes keyed with the data key: a hash of parts that a copied
// database cannot be searched for.
func (r *Ring) MAC(p Purpose, parts ...string) []byte { return nil }
