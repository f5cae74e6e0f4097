package keyring

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
)

// maxRoots bounds how often the root key can change. A device that slept needs
// every change since it last heard.
const maxRoots = 32

// Errors about lists.
var (
	// ErrOrder: a list's number is not above that of the one before it.
	ErrOrder = errors.New("keyring: key list out of order")
	// ErrTooMany: as many keys, removed keys or root keys as a list or the folder
	// takes.
	ErrTooMany = errors.New("keyring: as many keys as allowed")
)

// chain is what devices are sent of the keys, and the content of keys.jws, a
// compact JWS on each line:
//
//	list 4, by the first root key, names the second   ┐ changes: for
//	list 9, by the second root key, names the third   ┘ devices that slept
//	list 12, by the third root key                      the newest
//
// Numbers grow from line to line. The newest names no other root key.
type chain struct {
	first   ed25519.PublicKey
	roots   []ed25519.PublicKey // that the changes named, in order
	changes []link
	root    ed25519.PublicKey // signs lists now
	list    string            // JWS of newest
	newest  protocol.KeysClaims
}

// link is a list that named another root key.
type link struct {
	number int64
	jws    string
}

// readChain reads keys.jws by the root key of its first line.
func readChain(text string, first ed25519.PublicKey) (chain, error) {
	c := chain{first: first, root: first}
	var err error
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if c, err = c.with(line); err != nil {
			return c, err
		}
	}
	return c, c.whole()
}

// whole reports why nothing can be served of c as it is.
func (c chain) whole() error {
	if c.list == "" {
		return errors.New("no list by the newest root key")
	}
	return nil
}

// with returns c with one more list: signed by the root key, and of a higher
// number than all before.
func (c chain) with(jws string) (chain, error) {
	var claims protocol.KeysClaims
	if _, err := sign.Verify(jws, protocol.TypKeys, sign.OneKey(rootKID, c.root), &claims); err != nil {
		return c, err
	}
	if err := claims.Check(); err != nil {
		return c, err
	}
	if claims.Number <= c.newest.Number {
		return c, fmt.Errorf("%w: number %d after %d", ErrOrder, claims.Number, c.newest.Number)
	}
	c.newest, c.list = claims, jws
	if len(claims.Root) == 0 {
		return c, nil
	}
	if c.had(ed25519.PublicKey(claims.Root)) {
		return c, errors.New("a root key comes back")
	}
	if len(c.changes) >= maxRoots {
		return c, fmt.Errorf("%w: %d changes of the root key", ErrTooMany, maxRoots)
	}
	c.roots = append(slices.Clip(c.roots), ed25519.PublicKey(claims.Root))
	c.changes = append(slices.Clip(c.changes), link{claims.Number, jws})
	c.root, c.list = ed25519.PublicKey(claims.Root), ""
	return c, nil
}

// had reports whether a root key signs lists or ever did.
func (c chain) had(root ed25519.PublicKey) bool {
	return c.first.Equal(root) || slices.ContainsFunc(c.roots, func(r ed25519.PublicKey) bool { return r.Equal(root) })
}

// lists reports whether the newest list has the key; nil is never listed.
func (c chain) lists(key ed25519.PrivateKey) bool {
	return key != nil && c.newest.Find(keyID(key)) != nil
}

// since returns what a device lacks whose newest list has the number have: every
// change of the root key, and then the newest list.
func (c chain) since(have int64) []string {
	if have >= c.newest.Number {
		return nil
	}
	var out []string
	for _, l := range c.changes {
		if l.number > have {
			out = append(out, l.jws)
		}
	}
	return append(out, c.list)
}

// following returns the claims of the list after the newest, without a change.
func (c chain) following() protocol.KeysClaims {
	next := c.newest
	next.Keys, next.Removed, next.Root = slices.Clone(next.Keys), slices.Clone(next.Removed), nil
	next.Number++
	return next
}

// text is the content of keys.jws.
func (c chain) text() string {
	var b strings.Builder
	for _, l := range c.changes {
		b.WriteString(l.jws + "\n")
	}
	b.WriteString(c.list + "\n")
	return b.String()
}

func signList(root ed25519.PrivateKey, claims protocol.KeysClaims) (string, error) {
	if err := claims.Check(); err != nil {
		return "", err
	}
	return sign.Sign(protocol.TypKeys, rootKID, root, claims)
}

// readFormer reads the keys that were retired: a name and a key in base64url on
// each line. They are no part of a list, and devices believe none of them; the
// server knows what it signed before (see [Ring.Recognise]).
func readFormer(dir string) ([]protocol.SigningKey, error) {
	text, err := readText(dir, formerFile)
	if errors.Is(err, ErrIncomplete) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []protocol.SigningKey
	for line := range strings.Lines(text) {
		id, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		key, err := base64.RawURLEncoding.Strict().DecodeString(rest)
		if !ok || err != nil || len(key) != ed25519.PublicKeySize || id != keyName(key) {
			return nil, fmt.Errorf("%w: %s", ErrDamaged, formerFile)
		}
		out = append(out, protocol.SigningKey{ID: id, Key: key})
	}
	return out, nil
}

func formerText(keys []protocol.SigningKey) string {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%s %s\n", k.ID, base64.RawURLEncoding.EncodeToString(k.Key))
	}
	return b.String()
}
