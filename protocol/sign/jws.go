// Package sign makes and reads the signatures of the protocol: compact JWS
// (RFC 7515) with EdDSA over Ed25519 (RFC 8037), and the signed bytes of the
// handshake.
//
// Reading is deliberately narrow: one algorithm, exactly the header members
// alg, kid and typ, a typ that the caller names and a kid that the caller
// knows. Everything else is refused. Any JOSE library reads what Sign writes.
//
// All functions are pure and safe for concurrent use. The tests cross-check
// both directions with go-jose and fuzz the reader.
package sign

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Errors of [Verify]; test with errors.Is.
var (
	ErrMalformed  = errors.New("malformed JWS")
	ErrWrongType  = errors.New("JWS of another type")
	ErrUnknownKey = errors.New("JWS by an unknown key")
	ErrSignature  = errors.New("JWS signature does not match")
)

// MaxJWS is the longest compact JWS that [Verify] reads, in bytes.
const MaxJWS = 48 << 10

type header struct {
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	Typ string `json:"typ"`
}

// KeyFunc returns the public key named kid, or nil.
type KeyFunc func(kid string) ed25519.PublicKey

// OneKey returns a [KeyFunc] that knows one key.
func OneKey(kid string, key ed25519.PublicKey) KeyFunc {
	return func(k string) ed25519.PublicKey {
		if k == kid {
			return key
		}
		return nil
	}
}

// Sign returns the compact JWS of claims as JSON. The signer must hold an
// Ed25519 key; it may be hardware.
func Sign(typ, kid string, key crypto.Signer, claims any) (string, error) {
	head, err := json.Marshal(header{"EdDSA", kid, typ})
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	e := base64.RawURLEncoding
	signed := e.EncodeToString(head) + "." + e.EncodeToString(body)
	sig, err := key.Sign(nil, []byte(signed), crypto.Hash(0))
	if err != nil {
		return "", fmt.Errorf("sign %s: %w", typ, err)
	}
	return signed + "." + e.EncodeToString(sig), nil
}

// Verify checks the compact JWS and decodes its claims into claims. It returns
// the kid that signed.
func Verify(jws, typ string, keys KeyFunc, claims any) (kid string, err error) {
	if len(jws) > MaxJWS {
		return "", fmt.Errorf("%w: %d bytes", ErrMalformed, len(jws))
	}
	h, body, rest, err := split(jws)
	if err != nil {
		return "", err
	}
	if h.Typ != typ {
		return "", fmt.Errorf("%w: %.64q, want %q", ErrWrongType, h.Typ, typ)
	}
	key := keys(h.Kid)
	if len(key) != ed25519.PublicKeySize {
		return "", fmt.Errorf("%w: %.64q", ErrUnknownKey, h.Kid)
	}
	if !ed25519.Verify(key, []byte(rest.signed), rest.sig) {
		return "", ErrSignature
	}
	if err := json.Unmarshal(body, claims); err != nil {
		return "", fmt.Errorf("%w: claims: %v", ErrMalformed, err)
	}
	return h.Kid, nil
}

type remainder struct {
	signed string
	sig    []byte
}

func split(jws string) (header, []byte, remainder, error) {
	fail := func(what string) (header, []byte, remainder, error) {
		return header{}, nil, remainder{}, fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return fail("not three parts")
	}
	e := base64.RawURLEncoding.Strict()
	head, err1 := e.DecodeString(parts[0])
	body, err2 := e.DecodeString(parts[1])
	sig, err3 := e.DecodeString(parts[2])
	if errors.Join(err1, err2, err3) != nil {
		return fail("not base64url")
	}
	var h header
	d := json.NewDecoder(bytes.NewReader(head))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil || d.More() {
		return fail("header")
	}
	if h.Alg != "EdDSA" {
		return fail("algorithm is not EdDSA")
	}
	return h, body, remainder{parts[0] + "." + parts[1], sig}, nil
}
