package cache

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/pin"
)

// MaxVerifiers bounds the set of verifiers. The whole set is one transaction.
const MaxVerifiers = 64

const (
	maxSalt    = 64       // bytes
	maxProfile = 64       // bytes of a profile's id
	maxPins    = 24 << 10 // bytes of the encoded set
)

// Verifier is what a TV keeps of one profile's PIN: it tests a PIN only together
// with the device secret (see protocol/pin).
type Verifier struct {
	Version int64 // of this PIN
	Salt    []byte
	Cost    pin.Cost
	MAC     [pin.KeySize]byte
}

// The set is one JSON document in chunks "p" ‖ number; the record "P" is its
// inventory, so that no part of an older set passes for one of the newest.
const (
	pinsPrefix    = "p"
	pinsInventory = "P"
)

type pinsHead struct {
	Version int64           `json:"version"`
	Size    int             `json:"size"`
	Digest  protocol.Digest `json:"digest"`
}

type pinRecord struct {
	Version int64  `json:"v"`
	Salt    []byte `json:"salt"`
	Memory  uint32 `json:"m"`
	Passes  uint32 `json:"t"`
	MAC     []byte `json:"mac"`
}

// PutVerifiers replaces all verifiers by those of the PIN material's version.
func (c *Cache) PutVerifiers(version int64, set map[protocol.ProfileID]Verifier) error {
	data, err := encodePins(set)
	if err != nil {
		return err
	}
	head, err := json.Marshal(pinsHead{Version: version, Size: len(data), Digest: protocol.DigestOf(data)})
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	changes := append(split(pinsPrefix, data), change{key: []byte(pinsInventory), value: head})
	for i := len(changes) - 1; i < maxPins/maxPlain+1; i++ {
		changes = append(changes, change{key: chunkName(pinsPrefix, i)}) // of a longer set before
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.commit(changes...)
}

func encodePins(set map[protocol.ProfileID]Verifier) ([]byte, error) {
	if len(set) > MaxVerifiers {
		return nil, fmt.Errorf("%w: %d verifiers, at most %d", ErrTooLarge, len(set), MaxVerifiers)
	}
	records := make(map[protocol.ProfileID]pinRecord, len(set))
	for id, v := range set {
		if id == "" || len(id) > maxProfile || len(v.Salt) > maxSalt {
			return nil, fmt.Errorf("%w: profile of %d bytes, salt of %d", ErrTooLarge, len(id), len(v.Salt))
		}
		records[id] = pinRecord{Version: v.Version, Salt: v.Salt, Memory: v.Cost.Memory, Passes: v.Cost.Passes, MAC: v.MAC[:]}
	}
	data, err := json.Marshal(records)
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if len(data) > maxPins {
		return nil, fmt.Errorf("%w: verifiers of %d bytes, at most %d", ErrTooLarge, len(data), maxPins)
	}
	return data, nil
}

// pins reads the whole set and checks it against its inventory.
func (c *Cache) pins() (version int64, set map[protocol.ProfileID]pinRecord, err error) {
	err = c.view(func(r reader) error {
		raw, err := r.get([]byte(pinsInventory))
		if err != nil {
			return err
		}
		var head pinsHead
		if err := json.Unmarshal(raw, &head); err != nil || head.Size < 0 || head.Size > maxPins {
			return fmt.Errorf("%w: inventory of verifiers", ErrDamaged)
		}
		data, err := r.join(pinsPrefix, head.Size)
		if err != nil {
			return err
		}
		if protocol.DigestOf(data) != head.Digest {
			return fmt.Errorf("%w: verifiers are not those of the inventory", ErrDamaged)
		}
		if err := json.Unmarshal(data, &set); err != nil {
			return fmt.Errorf("%w: verifiers: %w", ErrDamaged, err)
		}
		version = head.Version
		return nil
	})
	return version, set, err
}

// Verifier returns one profile's verifier. [ErrMissing] and [ErrDamaged] both
// mean that the profile stays locked. After damage the set may be an older one:
// the caller first compares [Cache.PinsVersion] with its vault, and a Verifier's
// Version with the snapshot.
func (c *Cache) Verifier(profile protocol.ProfileID) (Verifier, error) {
	_, set, err := c.pins()
	if err != nil {
		return Verifier{}, err
	}
	r, ok := set[profile]
	if !ok {
		return Verifier{}, ErrMissing
	}
	v := Verifier{Version: r.Version, Salt: r.Salt, Cost: pin.Cost{Memory: r.Memory, Passes: r.Passes}}
	if copy(v.MAC[:], r.MAC) != pin.KeySize || v.Cost.Check() != nil {
		return Verifier{}, fmt.Errorf("%w: verifier", ErrDamaged)
	}
	return v, nil
}

// PinsVersion returns the version of the set of verifiers, 0 where there is
// none that can be read whole.
func (c *Cache) PinsVersion() int64 {
	version, _, err := c.pins()
	if err != nil {
		if !errors.Is(err, ErrMissing) && !errors.Is(err, ErrClosed) {
			c.log.Warn("PIN verifiers cannot be read: their profiles stay locked", "error", err)
		}
		return 0
	}
	return version
}
