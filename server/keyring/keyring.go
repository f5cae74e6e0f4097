// Package keyring holds the server's own keys: the root key that devices pin,
// the key that signs states, and the data key for what the database may not
// show to a thief.
//
// The keys are files of mode 0600 in a folder of their own, apart from the
// database: a copied database alone tests no PIN and no code. A backup needs
// both. The root key's private half (root.key) is needed only for a new key
// list and may be kept elsewhere; without it everything else goes on.
//
// A [Folder] changes the signing keys and the root key; a [Ring] that has the
// folder open takes the changes over with [Ring.Reload]. Every change of the
// folder can be cut off at any moment: one file decides, and is replaced whole.
//
// A [Ring] is safe for concurrent use; one [Folder] at a time has the folder. The
// tests cover damaged, missing and exposed files, a crash at the first start and
// at every step of a change, foreign data and moved ciphertexts.
package keyring

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

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
	Mails       Purpose = "mails" // and SMS, on their way out
)

// Ring is the set of keys. Make one with [Open].
type Ring struct {
	dir, server string
	random      io.Reader
	derived     map[Purpose][]byte // 32 bytes each, from the data key
	mark        string             // of the data key
	now         atomic.Pointer[keys]
}

// keys are those that can change while the server runs.
type keys struct {
	chain   chain
	trusted map[string]ed25519.PublicKey // those of the list, by kid
	former  map[string]ed25519.PublicKey // those that were retired
	kid     string
	signing ed25519.PrivateKey
	edition int32
}

// Open reads the keys from the folder dir, or makes both at the first start.
// The server's name is part of the key list; a new name makes the next list.
// A nil random is crypto/rand.
func Open(dir, server string, random io.Reader) (*Ring, error) {
	if random == nil {
		random = rand.Reader
	}
	if err := createMissing(dir, server, time.Now(), random); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	f, err := read(dir)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if f, err = f.named(dir, server); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	r := &Ring{dir: dir, server: server, random: random}
	k, err := f.keys()
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	r.now.Store(k)
	if r.derived, err = f.data.derive(); err == nil {
		r.mark, err = f.data.mark()
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return r, nil
}

// keys returns what a server works with.
func (f files) keys() (*keys, error) {
	if f.signing == nil {
		return nil, fmt.Errorf("%w: %s", ErrIncomplete, signingFile)
	}
	if !f.chain.lists(f.signing) {
		return nil, fmt.Errorf("%w: the signing key is not in the key list", ErrDamaged)
	}
	k := &keys{
		chain: f.chain, kid: keyID(f.signing), signing: f.signing,
		trusted: map[string]ed25519.PublicKey{}, former: map[string]ed25519.PublicKey{},
	}
	for _, l := range f.chain.newest.Keys {
		k.trusted[l.ID] = ed25519.PublicKey(l.Key)
	}
	for _, l := range f.former {
		if !slices.Contains(f.chain.newest.Removed, l.ID) {
			k.former[l.ID] = ed25519.PublicKey(l.Key)
		}
	}
	return k, nil
}

// Reload takes over what was changed in the folder, and reports whether anything
// was: the data key never does. Where the folder cannot be used, or holds an older
// list than before, the keys stay as they were and the error says why. Calls must
// not overlap.
func (r *Ring) Reload() (changed bool, err error) {
	f, err := read(r.dir)
	if err != nil {
		return false, fmt.Errorf("read keys: %w", err)
	}
	next, err := f.keys()
	if err != nil {
		return false, fmt.Errorf("read keys: %w", err)
	}
	old := r.now.Load()
	switch {
	case f.chain.newest.Server != r.server:
		return false, fmt.Errorf("read keys: %w: the list is for %q", ErrDamaged, f.chain.newest.Server)
	case f.chain.newest.Number < old.chain.newest.Number:
		return false, fmt.Errorf("read keys: %w: number %d after %d", ErrOrder, f.chain.newest.Number, old.chain.newest.Number)
	case f.chain.list == old.chain.list && next.kid == old.kid && len(next.former) == len(old.former):
		return false, nil
	}
	next.edition = old.edition + 1
	r.now.Store(next)
	return true, nil
}

// keyID names a signing key after its public half.
func keyID(key ed25519.PrivateKey) string { return keyName(publicKey(key)) }

func keyName(key ed25519.PublicKey) string { return string(protocol.DigestOf(key)[:16]) }

// Server is the service's name.
func (r *Ring) Server() string { return r.server }

// Edition counts the changes that [Ring.Reload] found.
func (r *Ring) Edition() int32 { return r.now.Load().edition }

// Number is that of the newest key list.
func (r *Ring) Number() int64 { return r.now.Load().chain.newest.Number }

// InUse names the key that signs.
func (r *Ring) InUse() string { return r.now.Load().kid }

// Pinned returns what a device pins: the root key, and the newest list, which it
// signed, with its number.
func (r *Ring) Pinned() (root ed25519.PublicKey, list string, number int64) {
	k := r.now.Load()
	return k.chain.root, k.chain.list, k.chain.newest.Number
}

// Since returns the key lists that a device must be given in this order whose
// newest has the number have: each that changed the root key since, and the newest.
// It returns as well the number that the device has then, and the edition.
func (r *Ring) Since(have int64) (lists []string, number int64, edition int32) {
	k := r.now.Load()
	return k.chain.since(have), k.chain.newest.Number, k.edition
}

// Sign returns the compact JWS of claims by the current signing key.
func (r *Ring) Sign(typ string, claims any) (string, error) {
	k := r.now.Load()
	return sign.Sign(typ, k.kid, k.signing, claims)
}

// Verify checks a JWS that this server signed, by any key of the list, and decodes
// its claims: devices that hold the list believe it too.
func (r *Ring) Verify(jws, typ string, claims any) error {
	k := r.now.Load()
	_, err := sign.Verify(jws, typ, func(kid string) ed25519.PublicKey { return k.trusted[kid] }, claims)
	return err
}

// Recognise is Verify for what this server signed at any time, also by keys that
// were retired since. What a key signed that was removed is not recognised.
func (r *Ring) Recognise(jws, typ string, claims any) error {
	k := r.now.Load()
	_, err := sign.Verify(jws, typ, func(kid string) ed25519.PublicKey {
		if key, ok := k.trusted[kid]; ok {
			return key
		}
		return k.former[kid]
	}, claims)
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
