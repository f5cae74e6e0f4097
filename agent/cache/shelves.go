package cache

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/agent/library"
	"github.com/hearthkey/hearthkey/protocol"
)

// maxShelf bounds the encoded library of one profile, in bytes. It is one
// transaction.
const maxShelf = 24 << 10

// A profile's library is a JSON document in chunks "l" ‖ hash of the profile's id
// (16 bytes) ‖ number; the record "L" ‖ hash is its inventory.
const (
	shelfPrefix    = "l"
	shelfInventory = "L"
	profileHash    = 16
)

type shelfHead struct {
	Profile protocol.ProfileID `json:"profile"`
	Size    int                `json:"size"`
	Digest  protocol.Digest    `json:"digest"`
}

func shelfName(prefix string, profile protocol.ProfileID) string {
	sum := sha256.Sum256([]byte(profile))
	return prefix + string(sum[:profileHash])
}

// PutShelves replaces the libraries of all profiles, at most
// [protocol.MaxProfiles]. One that is there already is not written again. After a
// kill some may be the old ones: they are whole, and the server is asked anyway.
func (c *Cache) PutShelves(all map[protocol.ProfileID]library.Shelf) error {
	if len(all) > protocol.MaxProfiles {
		return fmt.Errorf("%w: libraries of %d profiles, at most %d", ErrTooLarge, len(all), protocol.MaxProfiles)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	stored, err := c.shelfHeads()
	if err != nil {
		return err
	}
	for profile, shelf := range all {
		if err := c.putShelf(profile, shelf, stored[profile]); err != nil {
			return err
		}
	}
	for profile, head := range stored {
		if _, ok := all[profile]; !ok {
			if err := c.commit(withoutChunks(profile, 0, head.Size)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// putShelf writes one library, unless it is what old describes.
func (c *Cache) putShelf(profile protocol.ProfileID, shelf library.Shelf, old shelfHead) error {
	data, err := json.Marshal(shelf)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if len(data) > maxShelf || len(profile) > maxProfile {
		return fmt.Errorf("%w: library of %d bytes, at most %d", ErrTooLarge, len(data), maxShelf)
	}
	head := shelfHead{Profile: profile, Size: len(data), Digest: protocol.DigestOf(data)}
	if head == old {
		return nil
	}
	record, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	changes := split(shelfName(shelfPrefix, profile), data)
	changes = append(changes, withoutChunks(profile, len(changes), old.Size)...)
	changes = append(changes[:len(changes)-1], change{key: []byte(shelfName(shelfInventory, profile)), value: record})
	return c.commit(changes...)
}

// withoutChunks deletes a library of size bytes from the chunk from on, and at the
// end its inventory.
func withoutChunks(profile protocol.ProfileID, from, size int) []change {
	var out []change
	for i := from; i*maxPlain < size; i++ {
		out = append(out, change{key: chunkName(shelfName(shelfPrefix, profile), i)})
	}
	return append(out, change{key: []byte(shelfName(shelfInventory, profile))})
}

// shelfHeads reads the inventories. One that is damaged is as good as missing. The
// caller holds writing.
func (c *Cache) shelfHeads() (map[protocol.ProfileID]shelfHead, error) {
	heads := map[protocol.ProfileID]shelfHead{}
	err := c.view(func(r reader) error {
		var names [][]byte
		r.names([]byte(shelfInventory), func(key []byte) { names = append(names, slices.Clone(key)) })
		for _, name := range names {
			if head, err := r.shelfHead(name); err == nil && shelfName(shelfInventory, head.Profile) == string(name) {
				heads[head.Profile] = head
			}
		}
		return nil
	})
	return heads, err
}

func (r reader) shelfHead(name []byte) (head shelfHead, err error) {
	raw, err := r.get(name)
	if err != nil {
		return head, err
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.Size < 0 || head.Size > maxShelf {
		return head, fmt.Errorf("%w: inventory of a library", ErrDamaged)
	}
	return head, nil
}

// Shelf returns the library of one profile, [ErrMissing] or [ErrDamaged].
func (c *Cache) Shelf(profile protocol.ProfileID) (shelf library.Shelf, err error) {
	err = c.view(func(r reader) error {
		head, err := r.shelfHead([]byte(shelfName(shelfInventory, profile)))
		if err != nil {
			return err
		}
		data, err := r.join(shelfName(shelfPrefix, profile), head.Size)
		if err != nil {
			return err
		}
		if head.Profile != profile || protocol.DigestOf(data) != head.Digest {
			return fmt.Errorf("%w: library is not that of its inventory", ErrDamaged)
		}
		if err := json.Unmarshal(data, &shelf); err != nil {
			return fmt.Errorf("%w: library: %w", ErrDamaged, err)
		}
		return nil
	})
	return shelf, err
}
