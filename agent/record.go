package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"github.com/hearthkey/hearthkey/agent/cache"
	"github.com/hearthkey/hearthkey/agent/nav"
	"github.com/hearthkey/hearthkey/agent/pinlock"
	"github.com/hearthkey/hearthkey/agent/session"
	"github.com/hearthkey/hearthkey/protocol"
)

// record is what the vault keeps: the few bytes that must survive anything.
type record struct {
	Identity []byte `json:"identity"` // Ed25519 seed, 32 bytes
	Secret   []byte `json:"secret"`   // device secret of the PIN verifiers, 32 bytes
	DataKey  []byte `json:"dataKey"`  // of the cache, 32 bytes

	Session session.Saved `json:"session"`

	PINs        map[protocol.ProfileID]pinCount `json:"pins,omitempty"`
	Tries       int64                           `json:"tries,omitempty"` // number of the newest counts of other devices that are all in PINs
	LastProfile protocol.ProfileID              `json:"lastProfile,omitempty"`

	Look    nav.Look `json:"look,omitzero"`     // how this TV draws; it is not the account's, and outlives it
	Service string   `json:"service,omitempty"` // which one this TV is signed in to, or is to be
	Found   string   `json:"found,omitempty"`   // where an operator's own server proved its key last, an IP address and a port

	Relay relayChoice `json:"relay,omitempty"` // whether the account page may control this TV; as Look, it outlives the account's
	LAN   lanRecord   `json:"lan,omitzero"`    // who this TV is on its home network, and whom it knows there

	Offline int64 `json:"offline,omitempty"` // wall clock when contact was lost, in ms; 0 while online

	BootID string     `json:"bootID,omitempty"` // of the boot that Boots counts
	Boots  int64      `json:"boots"`            // boots of the box seen by this agent
	Cache  cache.Mark `json:"cache"`
}

// pinCount counts the tries of one version of one PIN.
type pinCount struct {
	Version int64           `json:"version"`
	Unlocks int64           `json:"unlocks,omitempty"` // the owner's, as of Counter
	At      protocol.Millis `json:"at,omitempty"`      // of the last try here, server time as the TV knows it
	Counter pinlock.Counter `json:"counter"`
}

// complete fills in keys that are missing, as in a new vault, and reports
// whether it did.
func (r *record) complete() bool {
	changed := false
	for _, k := range []*[]byte{&r.Identity, &r.Secret, &r.DataKey} {
		if len(*k) != 32 {
			*k, changed = randomKey(), true
		}
	}
	return changed
}

// renew replaces what an erasure must make unreadable: the cache's key, the PIN
// secret with its counters and, where asked, the identity.
func (r *record) renew(identity bool) {
	r.DataKey, r.Secret = randomKey(), randomKey()
	r.PINs, r.Tries, r.LastProfile = nil, 0, ""
	r.LAN, r.Found = r.LAN.anew(), ""
	if identity {
		r.Identity = randomKey()
	}
}

// boot counts a boot where id names another one than before, or none.
func (r *record) boot(id string) bool {
	if id != "" && id == r.BootID {
		return false
	}
	r.BootID = id
	r.Boots++
	return true
}

func (r *record) key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(r.Identity) }

func (r *record) dataKey() (k [32]byte) {
	copy(k[:], r.DataKey)
	return k
}

// String keeps the keys out of logs.
func (r record) String() string { return fmt.Sprintf("record of %s", r.Session.Device) }

// randomKey returns 32 bytes of the operating system's randomness, which
// crypto/rand promises to give or to end the program.
func randomKey() []byte {
	k := make([]byte, 32)
	rand.Read(k)
	return k
}
