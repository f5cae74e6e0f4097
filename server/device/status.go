package device

import (
	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// effective returns what should be true of a device and who made it so: its
// own status, or signed out where the account's generation has moved on,
// whichever is stricter.
//
//	own status  generation  effective
//	active      the same    active
//	active      older       signed_out, by whoever raised the generation
//	any other   any         the own one: it is at least as strict
func effective(r store.DeviceRow) (protocol.Status, protocol.Cause) {
	if r.Status == protocol.Active && r.Generation != r.Owner.Generation {
		return protocol.SignedOut, protocol.Cause{
			By: r.Owner.EndedBy, At: protocol.MillisOf(r.Owner.EndedAt), Where: r.Owner.EndedWhere,
		}
	}
	return r.Status, protocol.Cause{By: r.CauseBy, At: protocol.MillisOf(r.CauseAt), Where: r.CauseWhere}
}
