package protocol

import (
	"errors"
	"fmt"
	"slices"
)

// KeysClaims is the numbered list of the keys that sign states, signed by the
// root key. The device keeps the list with the highest number.
type KeysClaims struct {
	Server string       `json:"server"`
	Number int64        `json:"number"`
	Keys   []SigningKey `json:"keys"`
	// Removed names keys that leaked: nothing that they signed counts, whenever
	// it was. Names stay in the lists that follow, for devices that slept.
	Removed []string `json:"removed,omitempty"`
	// Root signs the lists after this one, in place of the key that signed this
	// one. A device that takes the list pins it (capability 5).
	Root Bytes `json:"root,omitempty"`
}

// SigningKey is one Ed25519 public key of the server.
type SigningKey struct {
	ID    string `json:"kid"`
	Key   Bytes  `json:"x"`
	Since Millis `json:"since,omitempty"` // when it was first listed; absent: not known
}

// Bounds of a key list.
const (
	MaxKeys    = 16 // signing keys
	MaxRemoved = 64 // names of keys that leaked
	MaxKeyID   = 64 // bytes of a name
)

// ErrKeyList means that a key list breaks a bound.
var ErrKeyList = errors.New("key list out of bounds")

// Check reports the first bound that c breaks, as [ErrKeyList].
func (c KeysClaims) Check() error {
	switch {
	case c.Server == "" || len(c.Server) > MaxServer:
		return fmt.Errorf("%w: server of %d bytes", ErrKeyList, len(c.Server))
	case c.Number < 1:
		return fmt.Errorf("%w: number %d", ErrKeyList, c.Number)
	case len(c.Keys) < 1 || len(c.Keys) > MaxKeys:
		return fmt.Errorf("%w: %d keys", ErrKeyList, len(c.Keys))
	case len(c.Removed) > MaxRemoved:
		return fmt.Errorf("%w: %d removed keys", ErrKeyList, len(c.Removed))
	case len(c.Root) != 0 && len(c.Root) != keySize:
		return fmt.Errorf("%w: root of %d bytes", ErrKeyList, len(c.Root))
	}
	seen := map[string]bool{}
	for _, id := range c.Removed {
		if id == "" || len(id) > MaxKeyID || seen[id] {
			return fmt.Errorf("%w: removed key %.80q", ErrKeyList, id)
		}
		seen[id] = true
	}
	for _, k := range c.Keys {
		if k.ID == "" || len(k.ID) > MaxKeyID || len(k.Key) != keySize || k.Since < 0 || seen[k.ID] {
			return fmt.Errorf("%w: key %.80q", ErrKeyList, k.ID)
		}
		seen[k.ID] = true
	}
	return nil
}

// Find returns the listed key of that name, or nil.
func (c KeysClaims) Find(id string) Bytes {
	i := slices.IndexFunc(c.Keys, func(k SigningKey) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return c.Keys[i].Key
}
