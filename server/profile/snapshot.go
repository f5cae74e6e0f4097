package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Snapshot returns what the account's TVs keep, as the exact bytes that travel,
// with their digest. The same profiles always give the same bytes.
func (s *Service) Snapshot(ctx context.Context, acc protocol.AccountID) (data []byte, d protocol.Digest, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(acc)
		if errors.Is(err, store.ErrNotFound) {
			return account.ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		data, d, err = s.SnapshotIn(tx, acc, Owner{row.Email, row.Language, row.Version})
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("snapshot: %w", err)
	}
	return data, d, nil
}

// Owner is what a snapshot tells of the account itself, as a View read it.
type Owner struct {
	Email    string
	Language string // BCP 47
	Version  protocol.Version
}

// SnapshotIn is Snapshot within the View of the caller's that read the owner. It must not be called in an Update: what that has not
// committed would be remembered. The bytes are shared: nobody writes to them.
func (s *Service) SnapshotIn(tx *store.Tx, acc protocol.AccountID, owner Owner) ([]byte, protocol.Digest, error) {
	if e, ok := s.cache.get(acc, owner.Version); ok {
		return e.data, e.digest, nil
	}
	all, err := list(tx, acc)
	if err != nil {
		return nil, "", err
	}
	rules, err := tx.Parental(acc)
	if err != nil {
		return nil, "", err
	}
	lock, err := pinRow(tx, acc, protocol.ParentalPIN)
	if err != nil {
		return nil, "", err
	}
	doc := protocol.Snapshot{
		Owner: owner.Email, Language: owner.Language, AccountURL: s.c.AccountURL, Profiles: all,
		MaxProfiles: s.c.MaxProfiles, AddProfileNeedsPIN: rules.AddNeedsPIN,
	}
	if lock.Version > 0 {
		doc.Parental = &protocol.Parental{PIN: lock.Version, Unlocks: lock.Unlocks, Above: rules.Above, Titles: rules.Titles}
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, "", fmt.Errorf("encode snapshot: %w", err)
	}
	if len(data) > protocol.MaxSnapshot {
		return nil, "", fmt.Errorf("snapshot has %d bytes, at most %d", len(data), protocol.MaxSnapshot)
	}
	e := entry{version: owner.Version, data: data, digest: protocol.DigestOf(data)}
	s.cache.put(acc, e)
	return e.data, e.digest, nil
}

// Pins returns the account's PIN material and its version, opened for the one
// moment of sending it.
func (s *Service) Pins(ctx context.Context, acc protocol.AccountID) (pins []protocol.PinMaterial, version int64, err error) {
	err = s.c.DB.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(acc)
		if errors.Is(err, store.ErrNotFound) {
			return account.ErrUnknownAccount
		}
		if err != nil {
			return err
		}
		version = row.PinsVersion
		pins, err = s.PinsIn(tx, acc)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("pins: %w", err)
	}
	return pins, version, nil
}

// PinsIn is Pins within a transaction of the caller's.
func (s *Service) PinsIn(tx *store.Tx, acc protocol.AccountID) ([]protocol.PinMaterial, error) {
	rows, err := tx.Pins(acc)
	if err != nil {
		return nil, err
	}
	out := make([]protocol.PinMaterial, 0, len(rows))
	for _, r := range rows {
		key, err := s.c.Keys.Unseal(keyring.PINs, r.Sealed, string(acc), string(r.Profile))
		if err != nil {
			return nil, fmt.Errorf("PIN of profile %s: %w", r.Profile, err)
		}
		out = append(out, protocol.PinMaterial{
			Profile: r.Profile, Version: r.Version, Salt: r.Salt, Memory: r.Memory, Passes: r.Passes, Key: key,
		})
	}
	return out, nil
}

// maxCached bounds the snapshots remembered: about 1 KiB each.
const maxCached = 4096

// entry is one account's snapshot.
type entry struct {
	version protocol.Version
	data    []byte
	digest  protocol.Digest
}

// cache remembers the newest snapshot of the accounts last asked for: a sign-in
// storm asks for each one many times.
type cache struct {
	mu sync.Mutex
	m  map[protocol.AccountID]entry
}

func (c *cache) get(acc protocol.AccountID, v protocol.Version) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.m[acc]
	return e, ok && e.version == v
}

func (c *cache) put(acc protocol.AccountID, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m[acc].version > e.version {
		return // an older View is not remembered over a newer one
	}
	if c.m == nil || len(c.m) >= maxCached {
		c.m = make(map[protocol.AccountID]entry)
	}
	c.m[acc] = e
}
