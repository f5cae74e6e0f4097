package keyring

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/hearthkey/hearthkey/protocol/sign"
)

// ErrRemoved: what was signed is of a key that leaked and was removed.
var ErrRemoved = errors.New("keyring: signed by a key that was removed")

// Seals checks what the server's signing keys ever signed: those of the list, those
// that were retired, and, told apart, those that were removed. It holds no private
// half. Get one from [ReadSeals].
type Seals struct {
	// Server is the service's name.
	Server  string
	known   map[string]ed25519.PublicKey
	removed []string
}

// ReadSeals reads them from a folder, and changes nothing.
func ReadSeals(dir string) (Seals, error) {
	f, err := read(dir)
	if err != nil {
		return Seals{}, fmt.Errorf("read keys: %w", err)
	}
	s := Seals{Server: f.chain.newest.Server, known: map[string]ed25519.PublicKey{}, removed: f.chain.newest.Removed}
	for _, k := range slices.Concat(f.former, f.chain.newest.Keys) {
		s.known[k.ID] = ed25519.PublicKey(k.Key)
	}
	return s, nil
}

// Check verifies a JWS and decodes its claims. Errors: those of package sign, and
// ErrRemoved beside decoded claims.
func (s Seals) Check(jws, typ string, claims any) error {
	kid := ""
	_, err := sign.Verify(jws, typ, func(k string) ed25519.PublicKey { kid = k; return s.known[k] }, claims)
	if err == nil && slices.Contains(s.removed, kid) {
		err = ErrRemoved
	}
	return err
}

// Reopen opens the keys of a folder under the name that they have: for commands
// beside the server. ErrIncomplete where there is no folder: it makes none.
func Reopen(dir string) (*Ring, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read keys: %w: %s", ErrIncomplete, dir)
	}
	f, err := read(dir)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return Open(dir, f.chain.newest.Server, nil)
}
