package device

import (
	"context"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// Activity stores what was watched and returns the number up to which all is
// dealt with. Items of unknown profiles, of a session that is no longer active
// and repeated ones are dropped. Errors: ErrStaleEpoch, ErrUnknown.
func (s *Service) Activity(ctx context.Context, now time.Time, sess Session, f protocol.Activity) (through int64, err error) {
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		through = 0
		row, err := current(tx, sess)
		if err != nil {
			return err
		}
		if f.Epoch != sess.Epoch {
			return ErrStaleEpoch
		}
		if len(f.Items) > 0 {
			through = f.Items[len(f.Items)-1].Seq
		}
		if status, _ := effective(row); status != protocol.Active {
			return nil
		}
		known, err := profiles(tx, sess.Account)
		if err != nil {
			return err
		}
		for _, item := range f.Items {
			if !known[item.Profile] {
				continue
			}
			item.At = min(max(item.At, 0), protocol.MillisOf(now)) // nothing was watched in the future
			err := tx.InsertActivity(store.ActivityRow{
				ActivityItem: item, Account: sess.Account, Device: sess.Device, Epoch: sess.Epoch, Received: now,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("store activity: %w", err)
	}
	return through, nil
}
