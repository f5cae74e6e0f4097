// Package keyring holds the server's own keys: the root key that devices pin,
// the key that signs states, and the data key for what the database may not
// show to a thief.
//
// The keys are files of mode 0600 in a folder of their own, apart from the
// database: a copied database alone tests no PIN and no code. A backup needs
// both. The root key's private half (root.key) is needed only for a new key
// list and may be kept elsewhere; without it everything else goes on.
//
// A [Ring] does not change after [Open] and is safe for concurrent use. The
// tests cover damaged, missing and exposed files, a crash at the first start,
// foreign data and moved ciphertexts.
package keyring

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// Errors of this package; test with errors.Is.
var (
	// ErrIncomplete: some key files are there and others are missing. Making
	// new ones would sign out every device, so the server does not start.
	ErrIncomplete = errors.New("keyring: key files are missing: restore them from the backup")
	// ErrDamaged: a key file has the wrong form, or the files do not belong
	// together.
	ErrDamaged = errors.New("keyring: damaged key file")
	// ErrExposed: other users of the machine can read a key file.
	ErrExposed = errors.New("keyring: key file can be read by others: chmod 600 it, and consider its key known")
	// ErrNoRoot: the server's name changed, which needs a key list signed by
	// the root key, and its private half is not here.
	ErrNoRoot = errors.New("keyring: a new key list needs the root key's private half (root.key)")
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
	TOTPSecrets Purpose = "totp secrets"
	SavedCodes  Purpose = "recovery codes"
	Snapshots   Purpose = "snapshots" // of accounts before a change
	Webhooks    Purpose = "webhook secrets"
)

// Ring is the set of keys. Make one with [Open].
type Ring struct {
	root    ed25519.PublicKey
	list    string // JWS of protocol.KeysClaims
	number  int64
	trusted map[string]ed25519.PublicKey // the keys of the list, by kid
	kid     string
	signing ed25519.PrivateKey
	derived map[Purpose][]byte // 32 bytes each, from the data key
	random  io.Reader
}

// Open reads the keys from the folder dir, or makes both at the first start.
// The server's name is part of the key list; a new name makes the next list.
// A nil random is crypto/rand.
func Open(dir, server string, random io.Reader) (*Ring, error) {
	if random == nil {
		random = rand.Reader
	}
	if err := createMissing(dir, server, random); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	f, err := read(dir)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if f, err = f.named(dir, server); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	r := &Ring{
		root: f.root, list: f.list, number: f.claims.Number, trusted: map[string]ed25519.PublicKey{},
		kid: keyID(f.signing), signing: f.signing, derived: map[Purpose][]byte{}, random: random,
	}
	for _, k := range f.claims.Keys {
		r.trusted[k.ID] = ed25519.PublicKey(k.Key)
	}
	if r.trusted[r.kid] == nil {
		return nil, fmt.Errorf("read keys: %w: the signing key is not in the key list", ErrDamaged)
	}
	for _, p := range []Purpose{PINs, AccessCodes, UserCodes, Throttles, Snapshots, TOTPSecrets, SavedCodes, Webhooks} {
		if r.derived[p], err = hkdf.Key(sha256.New, f.data, nil, "hearthkey.v1 "+string(p), 32); err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
	}
	return r, nil
}

// keyID names a signing key after its public half.
func keyID(key ed25519.PrivateKey) string {
	return string(protocol.DigestOf(key.Public().(ed25519.PublicKey))[:16])
}

// Root returns the public key that devices pin and that signs key lists.
func (r *Ring) Root() ed25519.PublicKey { return r.root }

// Keys returns the newest signed key list and its number.
func (r *Ring) Keys() (jws string, number int64) { return r.list, r.number }

// Sign returns the compact JWS of claims by the current signing key.
func (r *Ring) Sign(typ string, claims any) (string, error) {
	return sign.Sign(typ, r.kid, r.signing, claims)
}

// Verify checks a JWS that this server signed, by any key it still trusts, and
// decodes its claims.
func (r *Ring) Verify(jws, typ string, claims any) error {
	_, err := sign.Verify(jws, typ, func(kid string) ed25519.PublicKey { return r.trusted[kid] }, claims)
	return err
}

// sealedForm is the first byte of sealed data: XChaCha20-Poly1305 with a
// random nonce in front.
const sealedForm = 1

// Seal encrypts plain. The context says what it belongs to: sealed data moved
// elsewhere does not open. It panics at a purpose that is not of this package.
func (r *Ring) Seal(p Purpose, plain []byte, context ...string) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(r.key(p))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = sealedForm
	if _, err := io.ReadFull(r.random, out[1:]); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return aead.Seal(out, out[1:], plain, joined(context)), nil
}

// Unseal undoes Seal, or fails with [ErrSealed].
func (r *Ring) Unseal(p Purpose, sealed []byte, context ...string) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(r.key(p))
	if err != nil {
		return nil, fmt.Errorf("unseal: %w", err)
	}
	n := 1 + aead.NonceSize()
	if len(sealed) < n || sealed[0] != sealedForm {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, sealed[1:n], sealed[n:], joined(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// MAC returns 32 bytes keyed with the data key: a hash of parts that a copied
// database cannot be searched for.
func (r *Ring) MAC(p Purpose, parts ...string) []byte {
	h := hmac.New(sha256.New, r.key(p))
	h.Write(joined(parts))
	return h.Sum(nil)
}

func (r *Ring) key(p Purpose) []byte {
	key, ok := r.derived[p]
	if !ok {
		panic("keyring: unknown purpose " + string(p))
	}
	return key
}

// joined puts each part behind its length, so that no two lists give the same
// bytes.
func joined(parts []string) []byte {
	var out []byte
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}
