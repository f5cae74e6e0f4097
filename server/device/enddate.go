package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Bounds of an end date (product rule D1), from now on.
const (
	ShortestStay = time.Minute
	LongestStay  = 366 * 24 * time.Hour
)

// endedAtOnce is how many devices one look signs out whose end date has come.
const endedAtOnce = 500

// checkEnds reports ErrEnds for an end date out of bounds. The zero time is none.
func checkEnds(now, ends time.Time) error {
	if ends.IsZero() {
		return nil
	}
	if stay := ends.Sub(now); stay < ShortestStay || stay > LongestStay {
		return fmt.Errorf("%w: in %s, want %s to %s", ErrEnds, stay, ShortestStay, LongestStay)
	}
	return nil
}

// SetEndDate sets when a device is signed out by itself; the zero time: never.
// Until that is changed, no lease is granted beyond it. Errors: ErrEnds,
// ErrUnknown, ErrNotActive, account.ErrSignedOut.
func (s *Service) SetEndDate(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, ends time.Time) error {
	err := checkEnds(now, ends)
	if err == nil {
		err = s.c.DB.Update(ctx, func(tx *store.Tx) error { return s.setEndDate(tx, now, who, id, ends.Truncate(time.Second)) })
	}
	if err != nil {
		return fmt.Errorf("set end date: %w", err)
	}
	return nil
}

func (s *Service) setEndDate(tx *store.Tx, now time.Time, who account.Session, id protocol.DeviceID, ends time.Time) error {
	if err := account.Live(tx, who); err != nil {
		return err
	}
	row, err := tx.Device(who.Account, id)
	if err != nil {
		return orUnknown(err)
	}
	switch status, _ := effective(now, row); {
	case status != protocol.Active:
		return ErrNotActive
	case ends.Equal(row.Ends):
		return nil
	}
	if _, err := account.Act(tx, now, who, s.c.Changed); err != nil {
		return err
	}
	// Leases that were granted before may run beyond an earlier end.
	held := row.EndsHeld && !ends.IsZero() && !ends.Before(row.Ends)
	return errors.Join(
		tx.SetDeviceEnds(row, ends, held),
		who.Record(tx, now, timeline.Entry{Kind: timeline.DeviceEndDate, Device: id, Subject: row.Name, Detail: endDetail(ends)}),
	)
}

// endDetail is an end date in a timeline's entry: RFC 3339, or "" for none.
func endDetail(ends time.Time) string {
	if ends.IsZero() {
		return ""
	}
	return ends.UTC().Format(time.RFC3339)
}

// EndDue signs out the devices whose end date has come, and tells the connected
// ones; to be called every 5 s. What is read of them says so from that moment on,
// whenever this runs. Doing it on several nodes at once changes nothing.
func (s *Service) EndDue(ctx context.Context, now time.Time) error {
	for {
		var due []store.DeviceRow
		err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.DevicesEnded(now, endedAtOnce)
			return err
		})
		for _, r := range due {
			if err == nil {
				err = s.c.DB.Update(ctx, func(tx *store.Tx) error { return s.endDue(tx, now, r.Account, r.ID) })
			}
		}
		if err != nil {
			return fmt.Errorf("sign out at end dates: %w", err)
		}
		if len(due) < endedAtOnce {
			return nil
		}
	}
}

func (s *Service) endDue(tx *store.Tx, now time.Time, acc protocol.AccountID, id protocol.DeviceID) error {
	row, err := tx.Device(acc, id)
	if err != nil {
		return err
	}
	status, cause := effective(now, row)
	if row.Status != protocol.Active || status == protocol.Active || cause.By != protocol.ByEndDate {
		return nil
	}
	if err := tx.SetDeviceStatus(row, status, cause.By, "", row.Ends); err != nil {
		return err
	}
	if err := s.bump(tx, now, acc); err != nil {
		return err
	}
	n := notice(account.NoticeDeviceSignedOut, now, row)
	n.Detail = account.AtEndDate
	return errors.Join(
		account.ForgetDevice(tx, acc, s.Known(id)),
		timeline.Add(tx, acc, timeline.Entry{At: now, Kind: timeline.DeviceEnded, Device: id, Subject: row.Name}),
		s.c.Notify(tx, n),
	)
}

// endSecond is an end date as an [Answer] holds it: a server has one for each
// connection. They fit until 2106.
func endSecond(ends time.Time) uint32 {
	if ends.IsZero() {
		return 0
	}
	return uint32(ends.Unix())
}

// left is how long it is to an end date.
func left(now time.Time, ends uint32) time.Duration {
	return max(time.Unix(int64(ends), 0).Sub(now), 0)
}

// leaseAt is how long a lease that is granted at now may be, in whole seconds: 0
// in the last second before the end date.
func (s *Service) leaseAt(now time.Time, ends uint32) int64 {
	lease := s.c.Lease
	if ends != 0 {
		lease = min(lease, left(now, ends))
	}
	return int64(lease / time.Second)
}

// Over reports whether a node may grant nothing more by this answer: the end date
// has come, or comes within a second.
func (a Answer) Over(now time.Time) bool { return a.ends != 0 && left(now, a.ends) < time.Second }
