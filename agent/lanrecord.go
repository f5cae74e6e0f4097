package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// lanRecord is who this TV is on its home network, and what may control it there.
// None of it outlives the session's erasure: who signs out leaves nothing behind.
type lanRecord struct {
	Key protocol.Bytes `json:"key,omitempty"` // of TLS: a P-256 scalar, 32 bytes; not the TV's identity
	ID  protocol.Bytes `json:"id,omitempty"`  // by which it is found, 8 random bytes

	Remotes []pairedRemote `json:"remotes,omitempty"` // newest first, at most [protocol.MaxRemotes]
	ECP     bool           `json:"ecp,omitempty"`     // the external control protocol is switched on
	Blocked []string       `json:"blocked,omitempty"` // addresses that it does not hear, at most [maxECPSources]

	Failed int `json:"failed,omitempty"` // pairing windows that wrong codes closed since one was paired
}

// pairedRemote is one remote that was paired.
type pairedRemote struct {
	Key    protocol.Bytes      `json:"key"`  // SHA-256 of its TLS key's SubjectPublicKeyInfo, 32 bytes
	Name   protocol.Bytes      `json:"name"` // UTF-8, at most 128 bytes, which is as many here whatever they are
	Role   protocol.RemoteRole `json:"role"`
	Paired protocol.Millis     `json:"paired"`         // server time as the TV knows it
	Used   protocol.Millis     `json:"used,omitempty"` // last, to the day
}

// id names the remote: half of its key's hash, so that nobody can make another that
// is called the same.
func (r pairedRemote) id() protocol.RemoteID {
	return protocol.RemoteID(hex.EncodeToString(r.Key[:16]))
}

// complete makes what is missing, and reports whether anything was.
func (r *lanRecord) complete() (bool, error) {
	changed := false
	if len(r.Key) != 32 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return false, fmt.Errorf("make a key for the home network: %w", err)
		}
		if r.Key, err = key.Bytes(); err != nil {
			return false, fmt.Errorf("make a key for the home network: %w", err)
		}
		changed = true
	}
	if len(r.ID) != 8 {
		r.ID, changed = randomKey()[:8], true
	}
	return changed, nil
}

// anew is what takes its place when the session's data is erased. Keys are made
// when they are needed.
func (lanRecord) anew() lanRecord { return lanRecord{} }

// find returns the remote's place in the list, or -1.
func (r *lanRecord) find(id protocol.RemoteID) int {
	return slices.IndexFunc(r.Remotes, func(p pairedRemote) bool { return p.id() == id })
}
