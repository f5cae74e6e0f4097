package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// What belongs together in activity.
const (
	longestPause = 12 * time.Hour // within one viewing
	sittingPause = time.Hour      // between two viewings of one sitting
)

// Activity stores what was watched and listed, and returns the number up to
// which all is dealt with. Items come in the order of their numbers: one that
// comes again changes nothing. Those of unknown profiles and of a session that is
// no longer active are dropped; times are held between the sign-in and now.
// Errors: ErrStaleEpoch, ErrUnknown.
func (s *Service) Activity(ctx context.Context, now time.Time, sess Session, f protocol.Activity) (through int64, err error) {
	if len(f.Items) == 0 || len(f.Items) > protocol.MaxActivity {
		return 0, fmt.Errorf("store activity: %w: %d items", ErrProof, len(f.Items))
	}
	err = s.c.DB.Update(ctx, func(tx *store.Tx) error {
		through = f.Items[len(f.Items)-1].Seq
		row, err := current(tx, sess)
		if err != nil {
			return err
		}
		if f.Epoch != sess.Epoch {
			return ErrStaleEpoch
		}
		if status, _ := effective(now, row); status != protocol.Active {
			return nil
		}
		known, err := tx.ProfileIDs(sess.Account)
		if err != nil {
			return err
		}
		items := fresh(f.Items, row, known, now)
		if row.ToldEpoch == sess.Epoch && through <= row.ToldSeq {
			return nil
		}
		if err := tx.SetTold(sess.Account, sess.Device, sess.Epoch, through); err != nil {
			return err
		}
		if err := view(tx, now, row, items); err != nil {
			return err
		}
		return s.remember(tx, now, sess.Account, items)
	})
	if err != nil {
		return 0, fmt.Errorf("store activity: %w", err)
	}
	return through, nil
}

// fresh returns the items that were not dealt with and whose profile is the
// account's, with times that can be: nothing was watched before the sign-in of
// row, or in the future.
func fresh(items []protocol.ActivityItem, row store.DeviceRow, known map[protocol.ProfileID]bool, now time.Time) []protocol.ActivityItem {
	var out []protocol.ActivityItem
	for _, it := range items {
		if row.ToldEpoch == row.Epoch && it.Seq <= row.ToldSeq || !known[it.Profile] {
			continue
		}
		it.At = min(max(it.At, protocol.MillisOf(row.SignedIn)), protocol.MillisOf(now))
		out = append(out, it)
	}
	return out
}

// view joins items to the device's viewings, in their order.
func view(tx *store.Tx, now time.Time, row store.DeviceRow, items []protocol.ActivityItem) error {
	v, err := tx.LastActivity(row.Account, row.ID, row.Epoch)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	isNew, dirty := false, false
	put := func() error {
		switch {
		case isNew:
			return tx.InsertActivity(v)
		case dirty:
			return tx.ExtendActivity(v)
		}
		return nil
	}
	for _, it := range items {
		if onList(it) {
			continue
		}
		if continues(v, it) {
			v, dirty = extended(v, now, it), true
			continue
		}
		if err := put(); err != nil {
			return err
		}
		v, isNew, dirty = begun(v, now, row, it), true, true
	}
	return put()
}

// continues reports whether it is a further word of v.
func continues(v store.ActivityRow, it protocol.ActivityItem) bool {
	return v.Seq > 0 && it.What != protocol.Started && it.Profile == v.Profile && it.Title == v.Title &&
		pause(v, it) <= longestPause
}

func extended(v store.ActivityRow, now time.Time, it protocol.ActivityItem) store.ActivityRow {
	v.What, v.Ended, v.Position, v.Received = it.What, max(v.Ended, it.At), it.Position, now
	if it.Length > 0 {
		v.Length = it.Length
	}
	return v
}

// begun returns the viewing that it begins after before, in the same sitting
// where the same profile goes on at the same place.
func begun(before store.ActivityRow, now time.Time, row store.DeviceRow, it protocol.ActivityItem) store.ActivityRow {
	v := store.ActivityRow{
		ActivityItem: it, Account: row.Account, Device: row.ID, Epoch: row.Epoch, Ended: it.At, Sitting: it.Seq,
		IP: row.IP, Place: row.Place, Received: now,
	}
	if before.Seq > 0 && before.Profile == v.Profile && before.IP == v.IP && pause(before, it) <= sittingPause {
		v.Sitting = before.Sitting
	}
	return v
}

// pause is the time between v and it.
func pause(v store.ActivityRow, it protocol.ActivityItem) time.Duration {
	return time.Duration(it.At-v.Ended) * time.Millisecond
}
