package local

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// TokenFile reads the token in a file, and makes one where there is no file, or an empty one, as
// a pulled plug leaves it: 64 hex digits, mode 0600. A file that others than its owner and
// group can read is refused.
func TokenFile(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return writeToken(f)
	}
	if !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("local: make the token: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("local: read the token: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("%w: everybody can use the token in %s; chmod o= %s", ErrConfig, path, path)
	}
	if !info.Mode().IsRegular() || info.Size() > 256 {
		return "", fmt.Errorf("%w: %s holds no token", ErrConfig, path)
	}
	if info.Size() == 0 {
		if f, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
			return "", fmt.Errorf("local: make the token: %w", err)
		}
		return writeToken(f)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("local: read the token: %w", err)
	}
	token := string(bytes.TrimSpace(data))
	if len(token) < 32 || len(token) > 128 {
		return "", fmt.Errorf("%w: the token in %s must have 32 to 128 bytes", ErrConfig, path)
	}
	return token, nil
}

func writeToken(f *os.File) (string, error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	token := hex.EncodeToString(secret)
	_, err := f.WriteString(token + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("local: make the token: %w", err)
	}
	return token, nil
}
