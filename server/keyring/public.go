package keyring

import (
	"cmp"
	"slices"

	"github.com/hearthkey/hearthkey/protocol"
)

// Public returns the public halves of every signing key of the newest key list,
// the one in use among them, in the order of their names.
func (r *Ring) Public() []protocol.SigningKey {
	trusted := r.now.Load().trusted
	out := make([]protocol.SigningKey, 0, len(trusted))
	for kid, key := range trusted {
		out = append(out, protocol.SigningKey{ID: kid, Key: protocol.Bytes(key)})
	}
	slices.SortFunc(out, func(a, b protocol.SigningKey) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
