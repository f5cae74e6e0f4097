package device

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// effective returns what should be true of a device at now and who made it so:
// its own status, or signed out where its end date has come or the account's
// generation has moved on, whichever came first.
//
//	own status  generation  end date  effective
//	active      the same    to come   active
//	active      older       to come   signed_out, by whoever raised the generation
//	active      any         over      signed_out, by the end date (or as above, if that came first)
//	any other   any         any       the own one: it is at least as strict
func effective(now time.Time, r store.DeviceRow) (protocol.Status, protocol.Cause) {
	if r.Status != protocol.Active {
		return r.Status, protocol.Cause{By: r.CauseBy, At: protocol.MillisOf(r.CauseAt), Where: r.CauseWhere}
	}
	over, swept := !r.Ends.IsZero() && !now.Before(r.Ends), r.Generation != r.Owner.Generation
	switch {
	case over && (!swept || !r.Ends.After(r.Owner.EndedAt)):
		return protocol.SignedOut, protocol.Cause{By: protocol.ByEndDate, At: protocol.MillisOf(r.Ends)}
	case swept:
		return protocol.SignedOut, protocol.Cause{
			By: r.Owner.EndedBy, At: protocol.MillisOf(r.Owner.EndedAt), Where: r.Owner.EndedWhere,
		}
	}
	return protocol.Active, protocol.Cause{By: r.CauseBy, At: protocol.MillisOf(r.CauseAt), Where: r.CauseWhere}
}
