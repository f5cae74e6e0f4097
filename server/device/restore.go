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

// takeOver reads a state that this server signed and a device shows because it
// was offered an older one: a backup was restored. What the state revoked stays
// revoked, and the account's version goes above it. It returns the session with
// the epoch that holds now.
func (s *Service) takeOver(ctx context.Context, now time.Time, sess Session, jws string) (Session, error) {
	var c protocol.StateClaims
	if err := s.c.Keys.Recognise(jws, protocol.TypState, &c); err != nil {
		return sess, fmt.Errorf("%w: %w", ErrProof, err)
	}
	if c.Device != sess.Device || c.Account != sess.Account || c.Epoch < 1 || c.Version < 0 || !c.Status.Valid() {
		return sess, fmt.Errorf("%w: a state of another device or account", ErrProof)
	}
	var found Session
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		found = sess
		row, err := current(tx, sess)
		if err != nil {
			return err
		}
		if !protocol.Newer(c.Epoch, c.Version, row.Epoch, row.Owner.Version) {
			return nil
		}
		if c.Epoch > row.Epoch {
			found.Epoch = c.Epoch
			err = s.raiseEpoch(tx, now, row, c)
		} else {
			err = s.tighten(tx, now, row, c.Status)
		}
		if err != nil {
			return err
		}
		return s.alarm(tx, now, row, c)
	})
	return found, err
}

// raiseEpoch takes over a sign-in that the database has lost. What happened to
// it since is lost as well, so the device has to be approved again.
func (s *Service) raiseEpoch(tx *store.Tx, now time.Time, row store.DeviceRow, c protocol.StateClaims) error {
	status := protocol.Stricter(protocol.Stricter(row.Status, c.Status), protocol.SignedOut)
	return errors.Join(
		tx.RaiseEpoch(row.ID, c.Epoch),
		tx.RaiseDeviceEpoch(row, c.Epoch, status, protocol.BySafety, now),
		forgetPlace(tx, now, row, status),
	)
}

// forgetPlace removes where a device was that is deactivated (product rule D4).
func forgetPlace(tx *store.Tx, now time.Time, row store.DeviceRow, is protocol.Status) error {
	if is != protocol.Deactivated {
		return nil
	}
	return tx.ForgetDevicePlace(row.Account, row.ID, now)
}

// tighten makes the row's status at least as strict as the device proved.
func (s *Service) tighten(tx *store.Tx, now time.Time, row store.DeviceRow, proved protocol.Status) error {
	if row.Status.Strictness() >= proved.Strictness() {
		return nil
	}
	return errors.Join(tx.SetDeviceStatus(row, proved, protocol.BySafety, "", now), forgetPlace(tx, now, row, proved))
}

// alarm puts the account's version above what the device has seen, repeats a
// lost sign-out everywhere, and writes it down.
func (s *Service) alarm(tx *store.Tx, now time.Time, row store.DeviceRow, c protocol.StateClaims) error {
	if c.Cause != nil && (c.Cause.By == protocol.ByAll || c.Cause.By == protocol.ByPassword) {
		if err := account.EndLost(tx, now, row.Account); err != nil {
			return err
		}
	}
	if err := tx.RaiseVersion(row.Account, c.Version+1, now); err != nil {
		return err
	}
	acc, err := tx.Account(row.Account)
	if err != nil {
		return err
	}
	s.hint(tx, row.Account, acc.Version)
	if s.c.Restored != nil {
		tx.OnCommit(func() { s.c.Restored(row.Account, row.ID, c.Version) })
	}
	return timeline.Add(tx, row.Account, timeline.Entry{
		At: now, Kind: timeline.DatabaseRestored, Actor: protocol.BySafety, Device: row.ID, Subject: row.Name,
	})
}
