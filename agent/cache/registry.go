package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// registryHeader is the size of the registry's IV (16) and sanity text (12).
const registryHeader = 28

// checkRegistryLengths walks the registry's records, each its length, a CRC and
// that many bytes: Badger takes as much memory as a damaged length says.
func checkRegistryLengths(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	for at := registryHeader; at != len(b); {
		if len(b) < at+8 {
			return fmt.Errorf("%w: KEYREGISTRY ends early", ErrDamaged)
		}
		n := uint64(binary.BigEndian.Uint32(b[at:]))
		if n > uint64(len(b)-at-8) {
			return fmt.Errorf("%w: KEYREGISTRY has a record of %d bytes", ErrDamaged, n)
		}
		at += 8 + int(n)
	}
	return nil
}

// ensureDataKey makes the registry's first data key. Badger makes it only where
// the last one is older than rotation, and takes 1970 for the age of none: on a
// TV without a clock, which believes to be in 1970, it would write in plain.
func ensureDataKey(dir string, key []byte, rotation time.Duration) error {
	for _, age := range []time.Duration{rotation, -time.Hour} {
		registry, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{
			Dir: dir, EncryptionKey: key, EncryptionKeyRotationDuration: age,
		})
		if err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		dataKey, err := registry.LatestDataKey()
		if err = errors.Join(err, registry.Close()); err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		if dataKey != nil {
			return nil
		}
	}
	return fmt.Errorf("cache: no data key in %s", filepath.Join(dir, badger.KeyRegistryFileName))
}
