package account

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
)

// randomText returns n random bytes in base64url.
func randomText(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("account: random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// randomBelow returns a number below limit, each alike.
func randomBelow(random io.Reader, limit *big.Int) (int64, error) {
	n, err := rand.Int(random, limit)
	if err != nil {
		return 0, fmt.Errorf("account: random number: %w", err)
	}
	return n.Int64(), nil
}
