package account

import (
	"strings"
	"testing"
)

// foreignVectors were made with Python's hashlib in the forms that Django and
// passlib document, with libxcrypt's crypt(3) and the argon2 command, or are published ones.
var foreignVectors = map[string]struct{ password, hash string }{
	"Django SHA-256":                {goodPassword, "pbkdf2_sha256$1000$NaClNaCl$QvKZcBSMs15xvzn1P9bgmF1j5LHSUrA99FYMWF+DABM="},
	"Django SHA-1":                  {goodPassword, "pbkdf2_sha1$1000$NaClNaCl$s5SpkkaSjws0z4VQlJWRCc/fG80="},
	"passlib SHA1":                  {goodPassword, "$pbkdf2$1000$8PHy8/T19vf4.fr7/P3./w$phQdJsMolyd6TdUzLLMTcDNSE2A"},
	"passlib SHA256":                {goodPassword, "$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$ZV0R4moYa0m4hIeTkInymxaqY.tIXDFDkEv/G4G44PE"},
	"passlib SHA512":                {goodPassword, "$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$32QOgtZvhkjnn4z2AOnPCupuii241sFTKPkdt/wVgu2VgxhXrNjr/wmHdZUy4CRk8m4/APovz.OXOIoTauzvGQ"},
	"passlib, of its documentation": {"password", "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M"},
	"argon2i, by the reference":     {goodPassword, "$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHRzYWx0$0g9OJhwiAuXnsbqU9OoLKpB0HyQG4VmFbc0IUkLQ0Ec"},
	"crypt_blowfish":                {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	"crypt(3) 2a":                   {goodPassword, "$2a$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"},
	"crypt(3) 2b":                   {goodPassword, "$2b$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"},
	"crypt(3) 2y":                   {goodPassword, "$2y$04$abcdefghijklmnopqrstuuoLnINVHE78q7Ab4j32unTRx/C28zPre"},
}

func TestO3_ForeignHashesAreVerified(t *testing.T) {
	for name, v := range foreignVectors {
		hash := v.hash
		if err := checkHash(hash); err != nil {
			t.Errorf("%s: checkHash = %v", name, err)
		}
		ok, old, err := verifyPassword(v.password, hash, weakCost)
		if !ok || err != nil {
			t.Errorf("%s: right password: %v, %v", name, ok, err)
		}
		if !old {
			t.Errorf("%s: is not to be replaced", name)
		}
		if ok, _, err := verifyPassword(v.password+" ", hash, weakCost); ok || err != nil {
			t.Errorf("%s: wrong password: %v, %v", name, ok, err)
		}
	}
}

func TestO3_WhatIsNoHash(t *testing.T) {
	for _, hash := range []string{
		"", "$", "plain", "$1$abc$def", "$2a$", "$2b$31$" + strings.Repeat("a", 53), "$2b$15$" + strings.Repeat("a", 53),
		"$2b$10$" + strings.Repeat("a", 5000),
		"pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2_sha256$99999999999$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2_sha256$1000$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2_md5$1000$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2_sha256$1000$salt$????", "pbkdf2_sha256$1000$salt",
		"$pbkdf2-sha256$1000$c2FsdA$AAAA", "$pbkdf2-md5$1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2i$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		if err := checkHash(hash); err == nil {
			t.Errorf("checkHash(%.60q) = nil", hash)
		}
		if ok, _, err := verifyPassword(goodPassword, hash, weakCost); ok || err == nil {
			t.Errorf("verifyPassword with %.60q = %v, %v, want an error", hash, ok, err)
		}
	}
}

// Whoever has such an account could stop all sign-ins with a wrong password.
func TestO3_WhatWouldTakeSecondsIsNoHash(t *testing.T) {
	const rest = "$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"
	for costs, want := range map[string]bool{
		"m=1048576,t=32,p=1": false, "m=1048576,t=1,p=1": false, "m=262145,t=1,p=1": false, "m=262144,t=4,p=4": false,
		"m=65536,t=13,p=1": false, "m=64,t=33,p=1": false, "m=4294967295,t=2,p=1": false, "m=2147483648,t=2,p=1": false,
		"m=262144,t=3,p=4": true, "m=65536,t=3,p=4": true, "m=65536,t=12,p=1": true, "m=47104,t=1,p=1": true, "m=19456,t=2,p=1": true,
	} {
		for _, kind := range []string{"argon2id", "argon2i"} {
			hash := "$" + kind + "$v=19$" + costs + rest
			if err := checkHash(hash); (err == nil) != want {
				t.Errorf("checkHash(%s) = %v, want it taken: %v", hash, err, want)
			}
		}
	}
}

func FuzzForeignHash(f *testing.F) {
	for _, v := range foreignVectors {
		f.Add(v.hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		f, err := parseForeign(hash)
		if err == nil && f.bcrypt == "" && (len(f.salt) == 0 || len(f.key) < 16 || f.iterations > maxPBKDF2) {
			t.Errorf("parseForeign(%q) is out of bounds: %+v", hash, f)
		}
	})
}
