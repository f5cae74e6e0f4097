package device

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// ActiveIn reports, within the caller's transaction, why a sign-in of a device is
// not active at now; nil where it is, with the end date at which it stops to be so
// (zero: there is none). Errors: ErrUnknown, ErrStaleEpoch, ErrEnded.
func (s *Service) ActiveIn(
	tx *store.Tx, now time.Time, acc protocol.AccountID, id protocol.DeviceID, epoch protocol.Epoch,
) (ends time.Time, err error) {
	row, err := current(tx, Session{Account: acc, Device: id, Epoch: epoch})
	if err != nil {
		return time.Time{}, err
	}
	if status, _ := effective(now, row); status != protocol.Active {
		return time.Time{}, ErrEnded
	}
	return row.Ends, nil
}
