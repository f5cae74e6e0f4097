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

// guessBudget and networkGuesses bound the wrong user codes that one account, and
// all accounts of one network, may try: 20^8 codes cannot be searched (RFC 8628,
// section 5.1).
var (
	guessBudget    = account.Budget{Scope: "user-code", Limit: guessesAnHour, Per: time.Hour}
	networkGuesses = account.Budget{Scope: "user-code-network", Limit: guessesPerNetwork, Per: time.Hour}
)

// How many wrong user codes an hour an account, and a network, may type. A network
// may be a whole provider's: its bound is for machines.
const (
	guessesAnHour     = 10
	guessesPerNetwork = 600
)

// Pending returns the TV that shows code, for the page that asks for the
// owner's approval. The code may be typed in any case, with spaces and dashes.
// Errors: ErrCode, *account.ThrottledError (after 10 wrong codes an hour).
func (s *Service) Pending(ctx context.Context, now time.Time, who account.Session, code string) (Request, error) {
	var out Request
	err := s.withRequest(ctx, now, who, code, func(_ *store.Tx, e store.EnrolmentRow) error {
		out = Request{
			Code: readCode(code), Name: e.Name, Model: e.Model, Kind: e.Kind, IP: e.IP, Place: e.Place,
			Asked: e.Created, Until: e.Expires,
		}
		return nil
	})
	if err != nil {
		return Request{}, fmt.Errorf("look at request: %w", err)
	}
	return out, nil
}

// withRequest runs do with the pending request that shows code. A wrong code
// is counted, whatever becomes of the rest.
func (s *Service) withRequest(ctx context.Context, now time.Time, who account.Session, code string, do func(*store.Tx, store.EnrolmentRow) error) error {
	wrong := false
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		wrong = false
		if err := account.Live(tx, who); err != nil {
			return err
		}
		network := account.Network(who.Client.IP)
		err := errors.Join(
			guessBudget.Check(tx, s.c.Keys, now, string(who.Account)),
			networkGuesses.Check(tx, s.c.Keys, now, network),
		)
		if err != nil {
			return err
		}
		e, err := tx.EnrolmentByCode(s.codeHash(readCode(code)))
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && !now.Before(e.Expires):
			wrong = true
			return errors.Join(
				guessBudget.Take(tx, s.c.Keys, now, string(who.Account)),
				networkGuesses.Take(tx, s.c.Keys, now, network),
			)
		case err != nil:
			return err
		case e.State != store.EnrolPending:
			return ErrCode // no guess: it was approved or refused a moment ago
		}
		return do(tx, e)
	})
	if err == nil && wrong {
		return ErrCode
	}
	return err
}

// Approve signs the TV that shows code in to the owner's account. A code works
// once. Errors: ErrCode, ErrStolen, ErrLimit, account.ErrSignedOut,
// *account.ThrottledError.
func (s *Service) Approve(ctx context.Context, now time.Time, who account.Session, code string) (protocol.DeviceID, error) {
	return s.ApproveUntil(ctx, now, who, code, time.Time{})
}

// ApproveUntil is Approve with an end date, at which the TV is signed out by
// itself; the zero time: none. Errors: ErrEnds, and as for Approve.
func (s *Service) ApproveUntil(ctx context.Context, now time.Time, who account.Session, code string, ends time.Time) (protocol.DeviceID, error) {
	var id protocol.DeviceID
	err := checkEnds(now, ends)
	if err == nil {
		err = s.withRequest(ctx, now, who, code, func(tx *store.Tx, e store.EnrolmentRow) error {
			id = e.Device
			return s.approve(tx, now, who, e, ends.Truncate(time.Second))
		})
	}
	if err != nil {
		return "", fmt.Errorf("approve TV: %w", err)
	}
	return id, nil
}

func (s *Service) approve(tx *store.Tx, now time.Time, who account.Session, e store.EnrolmentRow, ends time.Time) error {
	if _, err := account.Act(tx, now, who, s.c.Changed); err != nil {
		return err
	}
	idx, err := tx.DeviceIndex(e.Device)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := s.leaveOther(tx, now, who, idx); err != nil {
			return err
		}
	}
	switch n, err := tx.CountActiveDevices(who.Account, e.Device, now); {
	case err != nil:
		return err
	case n >= s.c.MaxDevices:
		return ErrLimit
	}
	e.State, e.Account = store.EnrolApproved, who.Account
	if e.Epoch, err = tx.NextEpoch(store.DeviceIndexRow{ID: e.Device, PublicKey: e.PublicKey, Account: who.Account, Epoch: e.Epoch}); err != nil {
		return err
	}
	if err := tx.DecideEnrolment(e, now); err != nil {
		return orCode(err)
	}
	row := store.DeviceRow{
		Account: who.Account, ID: e.Device, Name: e.Name, Model: e.Model, Kind: e.Kind, Epoch: e.Epoch, SignedIn: now,
		IP: e.IP, Place: e.Place, Ends: ends,
	}
	if err := tx.SignInDevice(row, string(who.ID)); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return account.ErrSignedOut
		}
		return err
	}
	tx.OnCommit(func() { s.c.Decided(e.Device) })
	n := who.Notice(account.NoticeNewDevice, now)
	n.Device = e.Name
	return errors.Join(
		who.Record(tx, now, timeline.Entry{Kind: timeline.DeviceAdded, Device: e.Device, Subject: e.Name, Detail: endDetail(ends)}),
		s.c.Notify(tx, n),
	)
}

// leaveOther ends the device's session with another account, before it begins
// one with who's.
func (s *Service) leaveOther(tx *store.Tx, now time.Time, who account.Session, idx store.DeviceIndexRow) error {
	if err := notStolen(tx, idx.Account, idx.ID); err != nil {
		return err
	}
	if idx.Account == who.Account {
		return nil
	}
	if err := notStolen(tx, who.Account, idx.ID); err != nil { // reported by this household since it moved
		return err
	}
	old, err := tx.Device(idx.Account, idx.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if status, _ := effective(now, old); status != protocol.Active {
		return nil
	}
	if err := tx.SetDeviceStatus(old, protocol.SignedOut, protocol.ByThisTV, "", now); err != nil {
		return err
	}
	if err := s.bump(tx, now, old.Account); err != nil {
		return err
	}
	return errors.Join(
		timeline.Add(tx, old.Account, timeline.Entry{
			At: now, Kind: timeline.DeviceMoved, Actor: protocol.ByThisTV, Device: old.ID, Subject: old.Name,
		}),
		s.c.Notify(tx, notice(account.NoticeDeviceSignedOut, now, old)),
	)
}

// Refuse turns the TV that shows code away. Errors as for Approve.
func (s *Service) Refuse(ctx context.Context, now time.Time, who account.Session, code string) error {
	err := s.withRequest(ctx, now, who, code, func(tx *store.Tx, e store.EnrolmentRow) error {
		e.State, e.Account = store.EnrolRefused, who.Account
		if err := tx.DecideEnrolment(e, now); err != nil {
			return orCode(err)
		}
		tx.OnCommit(func() { s.c.Decided(e.Device) })
		return who.Record(tx, now, timeline.Entry{Kind: timeline.DeviceRefused, Device: e.Device, Subject: e.Name})
	})
	if err != nil {
		return fmt.Errorf("refuse TV: %w", err)
	}
	return nil
}

func orCode(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrCode
	}
	return err
}
