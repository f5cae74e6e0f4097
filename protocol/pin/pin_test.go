package pin_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/hearthkey/hearthkey/protocol/pin"
)

func TestValid(t *testing.T) {
	for s, want := range map[string]bool{
		"0000": true, "0042": true, "9999": true,
		"": false, "123": false, "12345": false, "12a4": false, " 123": false,
		"１２３４": false, "+123": false, "-123": false, "12\n4": false,
	} {
		if got := pin.Valid(s); got != want {
			t.Errorf("Valid(%q) = %t, want %t", s, got, want)
		}
	}
}

// TestDeriveAgainstReference compares with the reference implementation's
// command: echo -n 0042 | argon2 saltsaltsaltsalt -id -t 5 -k 7168 -p 1 -l 32 -r
// RFC 9106 §4.
func TestDeriveAgainstReference(t *testing.T) {
	k, err := pin.Derive("0042", []byte("saltsaltsaltsalt"), pin.DefaultCost)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(k); got != reference {
		t.Errorf("Derive = %s, want %s", got, reference)
	}
}

func TestDeriveRefusesCosts(t *testing.T) {
	for _, c := range []pin.Cost{{}, {Memory: 63, Passes: 1}, {Memory: 64<<10 + 1, Passes: 1}, {Memory: 64, Passes: 0}, {Memory: 64, Passes: 17}} {
		if _, err := pin.Derive("1234", make([]byte, pin.SaltSize), c); !errors.Is(err, pin.ErrCost) {
			t.Errorf("Derive with %+v = %v, want ErrCost", c, err)
		}
	}
}

func TestCostBounds(t *testing.T) {
	for _, c := range []pin.Cost{pin.DefaultCost, {Memory: 64, Passes: 1}, {Memory: 64 << 10, Passes: 16}} {
		if err := c.Check(); err != nil {
			t.Errorf("Check of %+v = %v", c, err)
		}
	}
}

// A verifier that a TV keeps must be the same after every update:
// printf 'hearthkey.v1 pin\0\0\0\2p1\0\0\0\0\0\0\0\1k' | openssl sha256 -hmac secret
func TestVerifierIsAsBefore(t *testing.T) {
	const want = "15f9bbe30702c2623cc8914792096a48b2c9b38b6b2df2d991260a582e109b30"
	if got := hex.EncodeToString(pin.Verifier([]byte("secret"), "p1", 1, []byte("k"))); got != want {
		t.Errorf("Verifier = %s, want %s", got, want)
	}
}

// TestVerifierBindsEverything: a verifier serves one device, profile, version
// and PIN, and no other.
func TestVerifierBindsEverything(t *testing.T) {
	base := pin.Verifier([]byte("secret"), "p1", 1, []byte("k"))
	if !pin.Equal(base, pin.Verifier([]byte("secret"), "p1", 1, []byte("k"))) {
		t.Error("the same input gives two verifiers")
	}
	for name, v := range map[string][]byte{
		"device":   pin.Verifier([]byte("secreu"), "p1", 1, []byte("k")),
		"profile":  pin.Verifier([]byte("secret"), "p2", 1, []byte("k")),
		"version":  pin.Verifier([]byte("secret"), "p1", 2, []byte("k")),
		"pin":      pin.Verifier([]byte("secret"), "p1", 1, []byte("l")),
		"boundary": pin.Verifier([]byte("secret"), "p", 1, []byte("1k")),
	} {
		if bytes.Equal(base, v) {
			t.Errorf("another %s gives the same verifier", name)
		}
	}
	if pin.Equal(nil, nil) || pin.Equal([]byte{}, []byte{}) {
		t.Error("two missing verifiers are equal: a missing PIN would open the lock")
	}
}

func BenchmarkDerive(b *testing.B) {
	for b.Loop() {
		if _, err := pin.Derive("0042", []byte("saltsaltsaltsalt"), pin.DefaultCost); err != nil {
			b.Fatal(err)
		}
	}
}

const reference = "ef55a063f59167a8adba78e3caac53f28044629620066a0114583a95d5a5c908"
