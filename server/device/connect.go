package device

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
	"github.com/hearthkey/hearthkey/server/timeline"
)

// Authenticate checks an auth frame over nonce and the server's name, and
// notes the connection. ErrClone comes with a usable session, locked by now:
// send its State, then close. Other errors: ErrSignature, ErrUnknown,
// ErrStaleEpoch (see [Service.Over]), ErrReplaced.
func (s *Service) Authenticate(ctx context.Context, now time.Time, f protocol.Auth, nonce []byte, m Meta) (Session, error) {
	var idx store.DeviceIndexRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		idx, err = tx.DeviceIndex(f.Device)
		return orUnknown(err)
	})
	if err != nil {
		return Session{}, fmt.Errorf("authenticate device: %w", err)
	}
	if !ed25519.Verify(ed25519.PublicKey(idx.PublicKey), sign.AuthBytes(nonce, s.c.Server, f), f.Sig) {
		return Session{}, fmt.Errorf("authenticate device: %w", ErrSignature)
	}
	var (
		sess  Session
		clone bool
	)
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		sess, clone, err = s.admit(tx, now, f, m)
		return err
	})
	if err == nil && clone {
		err = ErrClone
	}
	if err != nil {
		return sess, fmt.Errorf("authenticate device: %w", err)
	}
	return sess, nil
}

// admit notes the connection of a device that proved its key.
func (s *Service) admit(tx *store.Tx, now time.Time, f protocol.Auth, m Meta) (sess Session, clone bool, err error) {
	idx, err := tx.DeviceIndex(f.Device)
	if err != nil {
		return Session{}, false, orUnknown(err)
	}
	if s.elsewhere(idx, f) {
		return Session{}, false, ErrUnknown
	}
	switch err := tx.CountConn(f.Device, f.Conn); {
	case errors.Is(err, store.ErrNotFound):
		row, err := s.lockClone(tx, now, idx, m)
		return Session{row.Account, row.ID, row.Epoch, f.Conn, f.Cap}, true, err
	case err != nil:
		return Session{}, false, err
	}
	row, err := signIn(tx, idx, f.Have.Epoch)
	if err != nil {
		return Session{}, false, err
	}
	if err := tx.DeleteEnrolment(f.Device, f.Have.Epoch); err != nil {
		return Session{}, false, err
	}
	return Session{row.Account, row.ID, row.Epoch, f.Conn, f.Cap}, false, s.connect(tx, now, row, f.Conn, m)
}

// signIn returns the row of the sign-in that a device has. One with a newer
// epoch than ours (a restored backup) gets its newest, and will show what it
// has.
func signIn(tx *store.Tx, idx store.DeviceIndexRow, has protocol.Epoch) (store.DeviceRow, error) {
	if has >= idx.Epoch {
		row, err := tx.Device(idx.Account, idx.ID)
		return row, orUnknown(err)
	}
	row, err := tx.DeviceOfEpoch(idx.ID, has)
	if errors.Is(err, store.ErrNotFound) {
		return row, ErrStaleEpoch
	}
	return row, err
}

// connect notes that m.Node holds the device's connection from now on.
func (s *Service) connect(tx *store.Tx, now time.Time, row store.DeviceRow, conn int64, m Meta) error {
	if row.Connected || now.Before(row.LastGrant.Add(row.Lease)) {
		row.Lease = max(row.Lease, s.c.Lease) // the last grant, which not every row tells, may still run
	} else {
		row.Lease = s.c.Lease
	}
	row.Node, row.Conn, row.LastContact, row.IP, row.Place = m.Node, conn, now, m.IP, m.Place
	switch row.Status {
	case protocol.Deactivated: // its places were deleted
		row.IP, row.Place = "", ""
	case protocol.Stolen:
		if err := connects(tx, now, row, conn); err != nil {
			return err
		}
	}
	s.hint(tx, row.Account, row.Owner.Version)
	return orUnknown(tx.ConnectDevice(row))
}

// lockClone signs out a device whose identity is used twice, and tells the
// owner. Doing it again changes nothing. ErrReplaced: the connection is older
// than the device's newest, so that the device itself may have begun it.
func (s *Service) lockClone(tx *store.Tx, now time.Time, idx store.DeviceIndexRow, m Meta) (store.DeviceRow, error) {
	row, err := tx.Device(idx.Account, idx.ID)
	if err != nil {
		return row, orUnknown(err)
	}
	switch superseded, err := s.superseded(tx, idx, row, m); {
	case err != nil:
		return row, err
	case superseded:
		return row, ErrReplaced
	}
	if status, _ := effective(now, row); status != protocol.Active {
		return row, nil
	}
	if err := tx.SetDeviceStatus(row, protocol.SignedOut, protocol.BySafety, "", now); err != nil {
		return row, err
	}
	if err := s.bump(tx, now, row.Account); err != nil {
		return row, err
	}
	return row, errors.Join(
		account.ForgetDevice(tx, row.Account, s.Known(row.ID)), // either of the two may sign in next
		timeline.Add(tx, row.Account, timeline.Entry{
			At: now, Kind: timeline.DeviceCloned, Actor: protocol.BySafety, Device: row.ID, Subject: row.Name,
		}),
		s.c.Notify(tx, notice(account.NoticeDeviceCloned, now, row)),
	)
}

// superseded reports whether m was greeted before the device's newest connection
// was counted, or may have been: by the clock of another node, or within the same
// millisecond, which is as fine as rows tell it. A packet is sent again
// for a while after the device gave the connection up (RFC 6298 §5), and it gives up
// soon. A connection is counted where it has a sign-in, which its row tells, and
// where it asks for one.
func (s *Service) superseded(tx *store.Tx, idx store.DeviceIndexRow, row store.DeviceRow, m Meta) (bool, error) {
	if m.Greeted.IsZero() {
		return false, nil
	}
	greeted, newest := m.Greeted.Truncate(time.Millisecond), row.LastContact
	if row.Node != m.Node {
		newest = newest.Add(skew)
	}
	if row.Conn == idx.Conn {
		return !greeted.After(newest), nil
	}
	e, err := tx.Enrolment(row.ID)
	switch asked := e.Created.Add(skew); { // over which node is not known
	case err == nil && asked.After(newest):
		newest = asked
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return false, err
	}
	return !greeted.After(newest), nil
}

// Disconnected notes the end of a session's connection: when the last grant
// was signed and when the device was last heard. A connection that was replaced
// changes nothing.
func (s *Service) Disconnected(ctx context.Context, sess Session, lastGrant, lastContact time.Time) error {
	return s.Departed(ctx, []Gone{{sess, lastGrant, lastContact}})
}

// Departed is Disconnected for many at once, in one transaction.
func (s *Service) Departed(ctx context.Context, gone []Gone) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		for _, g := range gone {
			row := store.DeviceRow{Account: g.Session.Account, ID: g.Session.Device, Epoch: g.Session.Epoch, Conn: g.Session.Conn}
			did, err := tx.DisconnectDevice(row, g.LastGrant, g.LastContact)
			if err != nil {
				return err
			}
			if !did {
				continue
			}
			if err := tx.EndStolenReport(row.Account, row.ID, row.Conn, g.LastContact); err != nil {
				return err
			}
			acc, err := tx.Account(row.Account)
			if err != nil {
				return err
			}
			s.hint(tx, acc.ID, acc.Version)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note disconnection: %w", err)
	}
	return nil
}

// ProfileSelected notes who is watching; an unknown profile is the gate.
func (s *Service) ProfileSelected(ctx context.Context, now time.Time, sess Session, id protocol.ProfileID) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := current(tx, sess)
		if err != nil {
			return err
		}
		known, err := tx.ProfileIDs(sess.Account)
		if err != nil {
			return err
		}
		if status, _ := effective(now, row); status != protocol.Active || !known[id] {
			id = ""
		}
		if id == row.Profile {
			return nil
		}
		s.hint(tx, row.Account, row.Owner.Version)
		return tx.SetDeviceProfile(sess.Account, sess.Device, sess.Epoch, id)
	})
	if err != nil {
		return fmt.Errorf("note profile: %w", err)
	}
	return nil
}

// current returns the row of a session: ErrUnknown, or ErrStaleEpoch where the
// device has signed in anew since.
func current(tx *store.Tx, sess Session) (store.DeviceRow, error) {
	row, err := tx.Device(sess.Account, sess.Device)
	if err != nil {
		return row, orUnknown(err)
	}
	return row, ofEpoch(row, sess.Epoch)
}

// ofEpoch reports why a row is not that of a session's epoch.
func ofEpoch(row store.DeviceRow, epoch protocol.Epoch) error {
	switch {
	case row.Epoch > epoch:
		return ErrStaleEpoch
	case row.Epoch < epoch:
		return ErrUnknown
	}
	return nil
}
