package account

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// BenchmarkImportedHashes is what docs/security.md says of the time of accounts
// that were imported: a wrong password against hashes of other systems at their
// usual parameters, and against ours.
//
//	go test -run - -bench ImportedHashes -benchtime 20x ./server/account
func BenchmarkImportedHashes(b *testing.B) {
	ours, err := hashPassword(goodPassword, standardCost, testRandom{})
	if err != nil {
		b.Fatal(err)
	}
	big, err := hashPassword(goodPassword, cost{memory: 64 << 10, passes: 3, lanes: 4}, testRandom{})
	if err != nil {
		b.Fatal(err)
	}
	salt := []byte("sixteen salt byt")
	hashes := []struct{ name, phc string }{{"ours", ours}, {"argon2id m=64MiB,t=3,p=4", big}}
	for _, work := range []int{10, 12} {
		hash, err := bcrypt.GenerateFromPassword([]byte(goodPassword), work)
		if err != nil {
			b.Fatal(err)
		}
		hashes = append(hashes, struct{ name, phc string }{fmt.Sprintf("bcrypt cost %d", work), string(hash)})
	}
	for _, n := range []int{600_000, 1_000_000} {
		key, err := pbkdf2.Key(sha256.New, goodPassword, salt, n, 32)
		if err != nil {
			b.Fatal(err)
		}
		phc := fmt.Sprintf("pbkdf2_sha256$%d$%s$%s", n, salt, base64.StdEncoding.EncodeToString(key))
		hashes = append(hashes, struct{ name, phc string }{fmt.Sprintf("PBKDF2-SHA256 %d", n), phc})
	}
	for _, h := range hashes {
		b.Run(h.name, func(b *testing.B) {
			for b.Loop() {
				if ok, _, err := verifyPassword(otherPassword, h.phc, standardCost); ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// testRandom is a salt that needs no generator.
type testRandom struct{}

func (testRandom) Read(p []byte) (int, error) { return len(p), nil }
