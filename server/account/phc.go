package account

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// cost is the work of one password hash: argon2id (RFC 9106).
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// standardCost is the second choice of the OWASP Password Storage Cheat Sheet
// (product rule A3). Raise it here: older hashes are renewed at sign-in.
var standardCost = cost{memory: 19456, passes: 2, lanes: 1}

// maxCost bounds what a stored hash may make the server do, at a sign-in that
// anybody can begin: memory times passes no more than maxArgonWork.
var maxCost = cost{memory: maxArgonMemory, passes: 32, lanes: 16}

const (
	maxArgonMemory = 256 << 10 // KiB
	maxArgonWork   = 768 << 10 // KiB times passes: about a second of a core
)

// bounded reports whether hashes of this cost are worked out.
func (c cost) bounded() bool {
	return c.lanes >= 1 && c.lanes <= maxCost.lanes && c.passes >= 1 && c.passes <= maxCost.passes &&
		c.memory >= 8*uint32(c.lanes) && c.memory <= maxCost.memory &&
		c.memory*c.passes <= maxArgonWork // cannot overflow: both are bounded above
}

const (
	passwordSalt = 16 // bytes
	passwordKey  = 32 // bytes
)

var errPHC = errors.New("account: damaged password hash")

// hashPassword returns a PHC string of the password. It takes the cost's
// memory: callers hold a place at the gate.
func hashPassword(password string, c cost, random io.Reader) (string, error) {
	salt := make([]byte, passwordSalt)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	key := argon2.IDKey([]byte(normalPassword(password)), salt, c.passes, c.memory, c.lanes, passwordKey)
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.lanes,
		e.EncodeToString(salt), e.EncodeToString(key)), nil
}

// verifyPassword reports whether password has the hash, and whether the hash
// is to be replaced: weaker than one of cost today, or of another kind. The gate
// as for hashPassword.
func verifyPassword(password, hash string, today cost) (ok, old bool, err error) {
	if !strings.HasPrefix(hash, "$argon2id$") {
		f, err := parseForeign(hash)
		if err != nil {
			return false, false, err
		}
		return f.has(password), true, nil
	}
	c, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, false, err
	}
	got := argon2.IDKey([]byte(normalPassword(password)), salt, c.passes, c.memory, c.lanes, uint32(len(want)))
	ok = subtle.ConstantTimeCompare(got, want) == 1
	if !ok && normalPassword(password) != password { // a foreign system hashed it as it was typed
		got = argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.lanes, uint32(len(want)))
		ok = subtle.ConstantTimeCompare(got, want) == 1
	}
	old = c.memory < today.memory || c.passes < today.passes
	return ok, old, nil
}

// parsePHC reads the form that hashPassword writes, within bounds, and that of
// argon2i.
func parsePHC(s string) (c cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(s) > maxHash || len(parts) != 6 || parts[0] != "" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) ||
		parts[1] != "argon2id" && parts[1] != "argon2i" {
		return c, nil, nil, errPHC
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes); n != 3 || err != nil {
		return c, nil, nil, errPHC
	}
	e := base64.RawStdEncoding.Strict()
	salt, err1 := e.DecodeString(parts[4])
	key, err2 := e.DecodeString(parts[5])
	switch {
	case err1 != nil || err2 != nil, !c.bounded(),
		len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64:
		return c, nil, nil, errPHC
	}
	return c, salt, key, nil
}
