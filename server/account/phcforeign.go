package account

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Password hashes of other systems (product rule O3). They are verified as they
// are and replaced by ours at the next sign-in.
//
//	$2a$, $2b$, $2y$                       bcrypt
//	$argon2i$v=19$m=,t=,p=$salt$key        argon2i, PHC
//	pbkdf2_sha256$iterations$salt$key      Django; also pbkdf2_sha1
//	$pbkdf2-sha256$rounds$salt$key         passlib; also -sha512 and $pbkdf2$ (SHA-1)
const (
	maxHash   = 512       // bytes of any stored hash
	maxBcrypt = 14        // cost: about a second of a core
	maxPBKDF2 = 2_000_000 // iterations: about a second of a core
)

var errForeign = fmt.Errorf("%w, or of a system that is not known here", errPHC)

// foreign is a password hash of another system.
type foreign struct {
	bcrypt     string // the whole of it; empty: one of the others
	argon      cost   // argon2i
	iterations int    // of PBKDF2; 0: argon2i
	digest     func() hash.Hash
	salt, key  []byte
}

// parseForeign reads a hash within bounds, without any work on it.
func parseForeign(s string) (foreign, error) {
	switch {
	case len(s) > maxHash:
		return foreign{}, errForeign
	case strings.HasPrefix(s, "$2a$"), strings.HasPrefix(s, "$2b$"), strings.HasPrefix(s, "$2y$"):
		cost, err := bcrypt.Cost([]byte(s))
		if err != nil || cost > maxBcrypt || len(s) != 60 {
			return foreign{}, errForeign
		}
		return foreign{bcrypt: s}, nil
	case strings.HasPrefix(s, "$argon2i$"):
		c, salt, key, err := parsePHC(s)
		return foreign{argon: c, salt: salt, key: key}, err
	case strings.HasPrefix(s, "pbkdf2_"):
		return parseDjango(s)
	case strings.HasPrefix(s, "$pbkdf2"):
		return parsePasslib(s)
	}
	return foreign{}, errForeign
}

// parseDjango reads Django's form: the salt is text, the key base64.
func parseDjango(s string) (foreign, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 4 {
		return foreign{}, errForeign
	}
	f := foreign{salt: []byte(parts[2])}
	switch parts[0] {
	case "pbkdf2_sha256":
		f.digest = sha256.New
	case "pbkdf2_sha1":
		f.digest = sha1.New
	}
	var err error
	f.key, err = base64.StdEncoding.Strict().DecodeString(parts[3])
	return f.bounded(parts[1], err)
}

// parsePasslib reads passlib's form: base64 with . for + and no padding.
func parsePasslib(s string) (foreign, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 5 {
		return foreign{}, errForeign
	}
	var f foreign
	switch parts[1] {
	case "pbkdf2":
		f.digest = sha1.New
	case "pbkdf2-sha256":
		f.digest = sha256.New
	case "pbkdf2-sha512":
		f.digest = sha512.New
	}
	var err1, err2 error
	f.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(strings.ReplaceAll(parts[3], ".", "+"))
	f.key, err2 = base64.RawStdEncoding.Strict().DecodeString(strings.ReplaceAll(parts[4], ".", "+"))
	return f.bounded(parts[2], errors.Join(err1, err2))
}

func (f foreign) bounded(iterations string, err error) (foreign, error) {
	n, err2 := strconv.Atoi(iterations)
	if err != nil || err2 != nil || f.digest == nil || n < 1 || n > maxPBKDF2 ||
		len(f.salt) < 1 || len(f.salt) > 128 || len(f.key) < 16 || len(f.key) > 64 {
		return foreign{}, errForeign
	}
	f.iterations = n
	return f, nil
}

// has reports whether password has the hash, as it was typed or in the form in
// which ours are hashed.
func (f foreign) has(password string) bool {
	if f.hasBytes(password) {
		return true
	}
	normal := normalPassword(password)
	return normal != password && f.hasBytes(normal)
}

func (f foreign) hasBytes(password string) bool {
	if f.bcrypt != "" {
		return bcrypt.CompareHashAndPassword([]byte(f.bcrypt), []byte(password)) == nil
	}
	var got []byte
	if f.iterations == 0 {
		got = argon2.Key([]byte(password), f.salt, f.argon.passes, f.argon.memory, f.argon.lanes, uint32(len(f.key)))
	} else {
		var err error
		if got, err = pbkdf2.Key(f.digest, password, f.salt, f.iterations, len(f.key)); err != nil {
			return false
		}
	}
	return subtle.ConstantTimeCompare(got, f.key) == 1
}

// checkHash fails where a hash cannot be verified here.
func checkHash(s string) error {
	if strings.HasPrefix(s, "$argon2id$") {
		_, _, _, err := parsePHC(s)
		return err
	}
	_, err := parseForeign(s)
	return err
}
