package device

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/profile"
	"github.com/hearthkey/hearthkey/server/store"
)

// household returns what a device lacks that has numbers of its own: the wrong
// tries at PINs elsewhere, and the libraries. Neither is part of a snapshot, so
// that watching does not make a new one. Devices below capability 3 get nothing.
func (s *Service) household(tx *store.Tx, now time.Time, sess Session, have protocol.Have, tries, libraries int64) ([]protocol.Frame, error) {
	if sess.Cap < protocol.HouseholdCapability {
		return nil, nil
	}
	var out []protocol.Frame
	if have.Tries != tries {
		number, counts, err := s.c.Profiles.CountsIn(tx, now, profile.TV{Account: sess.Account, Device: sess.Device, Epoch: sess.Epoch})
		if err != nil {
			return nil, err
		}
		if number > 0 {
			out = append(out, protocol.PINCounts{Number: number, Counts: counts})
		}
	}
	if have.Library != libraries {
		frames, err := library(tx, sess.Account, libraries)
		return append(out, frames...), err
	}
	return out, nil
}
