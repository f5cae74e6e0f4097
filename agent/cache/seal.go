package cache

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// maxValue is the largest value that goes into Badger, in bytes: beyond it
// Badger corrupts tables on 32-bit machines. maxPlain is what it can seal.
const (
	maxValue = 2 << 10
	maxPlain = maxValue - chacha20poly1305.NonceSizeX - chacha20poly1305.Overhead
)

// keys are derived from the vault's data key, one for each use.
type keys struct {
	badger []byte      // AES-256
	seal   cipher.AEAD // XChaCha20-Poly1305: random nonces are safe
}

func deriveKeys(key [32]byte) (keys, error) {
	badgerKey, err := hkdf.Key(sha256.New, key[:], nil, "hearthkey.v1 cache badger", 32)
	if err != nil {
		return keys{}, fmt.Errorf("cache: derive: %w", err)
	}
	sealKey, err := hkdf.Key(sha256.New, key[:], nil, "hearthkey.v1 cache seal", chacha20poly1305.KeySize)
	if err != nil {
		return keys{}, fmt.Errorf("cache: derive: %w", err)
	}
	aead, err := chacha20poly1305.NewX(sealKey)
	if err != nil {
		return keys{}, fmt.Errorf("cache: derive: %w", err)
	}
	return keys{badger: badgerKey, seal: aead}, nil
}

// sealed returns nonce ‖ ciphertext of plain, bound to its name.
func (k keys) sealed(name, plain []byte) ([]byte, error) {
	if len(plain) > maxPlain {
		return nil, fmt.Errorf("%w: value of %d bytes, at most %d", ErrTooLarge, len(plain), maxPlain)
	}
	b := make([]byte, chacha20poly1305.NonceSizeX, maxValue)
	rand.Read(b)
	return k.seal.Seal(b, b, plain, name), nil
}

// opened undoes sealed.
func (k keys) opened(name, b []byte) ([]byte, error) {
	if len(b) < chacha20poly1305.NonceSizeX {
		return nil, fmt.Errorf("%w: value of %d bytes", ErrDamaged, len(b))
	}
	plain, err := k.seal.Open(nil, b[:chacha20poly1305.NonceSizeX], b[chacha20poly1305.NonceSizeX:], name)
	if err != nil {
		return nil, fmt.Errorf("%w: value does not authenticate", ErrDamaged)
	}
	return plain, nil
}
