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

// remoteWishes returns what a device lacks of its owner's wishes about remotes.
// Devices below capability 6 get nothing.
func (s *Service) remoteWishes(tx *store.Tx, now time.Time, row store.DeviceRow, sess Session, have protocol.Have) ([]protocol.Frame, int64, error) {
	if sess.Cap < protocol.RemotesCapability {
		return nil, 0, nil
	}
	c, err := controlOf(tx, row)
	if err != nil || c.Wish <= max(c.Done, have.Wishes) {
		return nil, 0, err
	}
	claims := protocol.RemoteWishesClaims{Device: row.ID, Epoch: row.Epoch, Number: c.Wish}
	remotes, err := tx.Remotes(row.Account, row.ID)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range remotes {
		switch {
		case r.Wish == 0:
		case r.Forget:
			claims.Forget = append(claims.Forget, r.ID)
		default:
			claims.Roles = append(claims.Roles, protocol.RoleWish{ID: r.ID, Role: r.ToRole})
		}
	}
	if left := int64(c.OpenBy.Sub(now) / time.Second); c.OpenWish > c.Done && left > 0 {
		claims.Open = &protocol.OpenWish{Number: c.OpenWish, Seconds: min(left, protocol.MaxPairing), Role: c.OpenRole}
	}
	jws, err := s.c.Keys.Sign(protocol.TypRemotes, claims)
	if err != nil {
		return nil, 0, fmt.Errorf("sign wishes: %w", err)
	}
	return []protocol.Frame{protocol.RemoteWishes{JWS: jws}}, c.Wish, nil
}

// ForgetRemote has a device forget a paired remote. Doing it again changes nothing.
// Errors: ErrUnknown, ErrNotActive, ErrNoRemote, account.ErrSignedOut.
func (s *Service) ForgetRemote(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, remote protocol.RemoteID) error {
	err := s.wishRemote(ctx, now, who, id, remote, timeline.RemoteForgotten, func(r *store.RemoteRow) bool {
		changed := !r.Forget
		r.Forget, r.ToRole = true, ""
		return changed
	})
	if err != nil {
		return fmt.Errorf("forget remote: %w", err)
	}
	return nil
}

// SetRemoteRole gives a paired remote another role. Errors: as for ForgetRemote, and
// ErrRole.
func (s *Service) SetRemoteRole(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, remote protocol.RemoteID, role protocol.RemoteRole) error {
	if !role.Valid() {
		return ErrRole
	}
	err := s.wishRemote(ctx, now, who, id, remote, timeline.RemoteRole, func(r *store.RemoteRow) bool {
		now := r.Role
		if r.ToRole != "" {
			now = r.ToRole
		}
		if r.Forget || now == role {
			return false
		}
		r.ToRole = role
		return true
	})
	if err != nil {
		return fmt.Errorf("set role of remote: %w", err)
	}
	return nil
}

// wishRemote changes what is wished of one remote; wish reports whether it did.
func (s *Service) wishRemote(
	ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, remote protocol.RemoteID, kind timeline.Kind, wish func(*store.RemoteRow) bool,
) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, c, err := s.controlled(tx, now, who, id)
		if err != nil {
			return err
		}
		remotes, err := tx.Remotes(who.Account, id)
		if err != nil {
			return err
		}
		for _, r := range remotes {
			if r.ID != remote {
				continue
			}
			if !wish(&r) {
				return nil
			}
			c.Wish++
			r.Wish = c.Wish
			return errors.Join(
				tx.PutRemote(who.Account, id, r),
				s.wished(tx, now, who, c),
				who.Record(tx, now, timeline.Entry{Kind: kind, Device: id, Subject: r.Name, Detail: row.Name}),
			)
		}
		return ErrNoRemote
	})
}

// controlled returns the row of a signed-in device and what controls it, where it
// tells of that.
func (s *Service) controlled(tx *store.Tx, now time.Time, who account.Session, id protocol.DeviceID) (store.DeviceRow, store.ControlRow, error) {
	if err := account.Live(tx, who); err != nil {
		return store.DeviceRow{}, store.ControlRow{}, err
	}
	row, err := activeRow(tx, now, who.Account, id)
	if err != nil {
		return row, store.ControlRow{}, err
	}
	c, err := controlOf(tx, row)
	if err == nil && c.Told == 0 {
		err = ErrTooOld
	}
	return row, c, err
}

// wished stores a wish and has the device hear of it.
func (s *Service) wished(tx *store.Tx, now time.Time, who account.Session, c store.ControlRow) error {
	if err := tx.PutControl(c); err != nil {
		return err
	}
	_, err := account.Act(tx, now, who, s.c.Changed)
	return err
}

// OpenPairing has a device take another remote for [protocol.MaxPairing] seconds,
// where it is connected: its code is on the screen then. Errors: ErrUnknown,
// ErrNotActive, ErrOffline, ErrTooOld, ErrRole, account.ErrSignedOut.
func (s *Service) OpenPairing(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID, role protocol.RemoteRole) error {
	if !role.Valid() {
		return ErrRole
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, c, err := s.controlled(tx, now, who, id)
		if err != nil {
			return err
		}
		beats := map[string]time.Time{}
		if err := beat(tx, beats, row); err != nil {
			return err
		}
		if !contactOf(row, beats[row.Node]).online(now) {
			return ErrOffline
		}
		c.Wish++
		c.OpenWish, c.OpenBy, c.OpenRole = c.Wish, now.Add(protocol.MaxPairing*time.Second), role
		return errors.Join(
			s.wished(tx, now, who, c),
			who.Record(tx, now, timeline.Entry{Kind: timeline.PairingOpened, Device: id, Subject: row.Name}),
		)
	})
	if err != nil {
		return fmt.Errorf("open pairing: %w", err)
	}
	return nil
}

// Controlled notes that who controls a device from the account page. Errors:
// ErrUnknown, ErrNotActive, account.ErrSignedOut.
func (s *Service) Controlled(ctx context.Context, now time.Time, who account.Session, id protocol.DeviceID) error {
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := activeRow(tx, now, who.Account, id)
		if err != nil {
			return err
		}
		if err := account.ActOnPages(tx, who, s.c.Changed); err != nil {
			return err
		}
		return who.Record(tx, now, timeline.Entry{Kind: timeline.DeviceControlled, Device: id, Subject: row.Name})
	})
	if err != nil {
		return fmt.Errorf("note control: %w", err)
	}
	return nil
}
