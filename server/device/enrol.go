package device

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/sign"
	"github.com/hearthkey/hearthkey/server/account"
	"github.com/hearthkey/hearthkey/server/store"
)

// codeLife is how long a user code can be approved (product rule D1).
const codeLife = 15 * time.Minute

// Bounds of the user codes that one TV and one network get. A TV left on its
// code screen asks for four an hour, and a hotel has many behind one address.
var (
	enrolBudget   = account.Budget{Scope: "enrol-device", Limit: enrolsPerTV, Per: time.Hour}
	networkBudget = account.Budget{Scope: "enrol", Limit: enrolsPerNetwork, Per: time.Hour}
)

// How often an hour a TV, and a network, gets a code that it had not before.
const (
	enrolsPerTV      = 20
	enrolsPerNetwork = 600
)

// Enrol answers an enrol frame whose signature over nonce and the server's name
// it checks. It is idempotent by public key until the code's expiry. Errors:
// ErrSignature, ErrStolen, ErrClone, ErrReplaced, *account.ThrottledError.
func (s *Service) Enrol(ctx context.Context, now time.Time, f protocol.Enrol, nonce []byte, m Meta) (Enrolment, error) {
	key := ed25519.PublicKey(f.PublicKey)
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, sign.EnrolBytes(nonce, s.c.Server, f), f.Sig) {
		return Enrolment{}, fmt.Errorf("enrol: %w", ErrSignature)
	}
	var (
		out   Enrolment
		clone bool
	)
	err := s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		out, clone = Enrolment{}, false
		if clone, err = s.mayEnrol(tx, now, f, m); err != nil || clone {
			return err
		}
		if out, err = s.resumed(tx, now, f, m); err == nil || !errors.Is(err, ErrCode) {
			return err
		}
		out, err = s.newRequest(tx, now, f, m)
		return err
	})
	switch {
	case err == nil && clone:
		err = ErrClone
	case errors.Is(err, ErrStolen):
		err = errors.Join(err, s.refused(ctx, now, protocol.DeviceIDOf(key), m))
	}
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol: %w", err)
	}
	return out, nil
}

// mayEnrol refuses a stolen device, and locks a cloned one.
func (s *Service) mayEnrol(tx *store.Tx, now time.Time, f protocol.Enrol, m Meta) (clone bool, err error) {
	idx, err := tx.DeviceIndex(protocol.DeviceIDOf(ed25519.PublicKey(f.PublicKey)))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := notStolen(tx, idx.Account, idx.ID); err != nil {
		return false, err
	}
	if f.Conn <= idx.Conn {
		_, err := s.lockClone(tx, now, idx, m)
		return true, err
	}
	return false, tx.RaiseConn(idx.ID, f.Conn)
}

// notStolen fails with ErrStolen where an account's device was reported stolen and
// that is not finished.
func notStolen(tx *store.Tx, account protocol.AccountID, id protocol.DeviceID) error {
	row, err := tx.Device(account, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && row.Status == protocol.Stolen {
		return ErrStolen
	}
	return err
}

// resumed answers with the request that the device has under way, or ErrCode.
func (s *Service) resumed(tx *store.Tx, now time.Time, f protocol.Enrol, m Meta) (Enrolment, error) {
	e, err := tx.Enrolment(protocol.DeviceIDOf(ed25519.PublicKey(f.PublicKey)))
	if errors.Is(err, store.ErrNotFound) || err == nil && !now.Before(e.Expires) {
		return Enrolment{}, ErrCode
	}
	if err != nil {
		return Enrolment{}, err
	}
	// What comes over an earlier connection is late from now on: see superseded.
	if err := tx.AskAgain(e.Device, now); err != nil {
		return Enrolment{}, err
	}
	switch e.State {
	case store.EnrolPending:
		code, err := s.codeOf(e.Device, e.Salt)
		return Enrolment{Code: s.userCode(code, e.Expires.Sub(now))}, err
	case store.EnrolApproved:
		return s.begin(tx, now, e, f, m)
	}
	return Enrolment{}, ErrCode // refused: it may ask again
}

// begin makes this connection the approved device's. ErrCode: the approval is
// no longer true. ErrReplaced: the device has begun over a connection of this
// number or a later one, and this one is half open, or a copy's.
func (s *Service) begin(tx *store.Tx, now time.Time, e store.EnrolmentRow, f protocol.Enrol, m Meta) (Enrolment, error) {
	row, err := tx.Device(e.Account, e.Device)
	if errors.Is(err, store.ErrNotFound) {
		return Enrolment{}, ErrCode
	}
	if err != nil {
		return Enrolment{}, err
	}
	if status, _ := effective(now, row); status != protocol.Active || row.Epoch != e.Epoch {
		return Enrolment{}, ErrCode
	}
	if row.Conn >= f.Conn {
		return Enrolment{}, ErrReplaced
	}
	if err := tx.RaiseConn(e.Device, f.Conn); err != nil {
		return Enrolment{}, err
	}
	if err := s.connect(tx, now, row, f.Conn, m); err != nil {
		return Enrolment{}, err
	}
	root, keys, number := s.c.Keys.Pinned()
	return Enrolment{
		Enrolled: &protocol.Enrolled{
			Device: e.Device, Account: e.Account, Epoch: e.Epoch, Root: protocol.Bytes(root), Keys: keys,
		},
		Session: Session{Account: e.Account, Device: e.Device, Epoch: e.Epoch, Conn: f.Conn, Cap: f.Cap},
		Have:    protocol.Have{Epoch: e.Epoch, Status: protocol.Active, Keys: number},
	}, nil
}

// newRequest stores a request under a new code.
func (s *Service) newRequest(tx *store.Tx, now time.Time, f protocol.Enrol, m Meta) (Enrolment, error) {
	id := protocol.DeviceIDOf(ed25519.PublicKey(f.PublicKey))
	err := errors.Join(
		enrolBudget.Take(tx, s.c.Keys, now, string(id)),
		networkBudget.Take(tx, s.c.Keys, now, account.Network(m.IP)),
	)
	if err != nil {
		return Enrolment{}, err
	}
	if err := tx.DeleteEnrolmentsBefore(now); err != nil {
		return Enrolment{}, err
	}
	for range 8 { // two devices get the same code once in 20^8
		code, salt, err := s.newCode(id)
		if err != nil {
			return Enrolment{}, err
		}
		stored, err := tx.PutEnrolment(store.EnrolmentRow{
			Device: id, PublicKey: f.PublicKey, CodeHash: s.codeHash(code), Salt: salt, Epoch: f.Epoch,
			Name: readable(f.Name, noName), Model: readable(f.Model, ""), Kind: readable(f.Kind, ""),
			IP: m.IP, Place: m.Place, Created: now, Expires: now.Add(codeLife),
		})
		if err != nil || stored {
			return Enrolment{Code: s.userCode(code, codeLife)}, err
		}
	}
	return Enrolment{}, errNoCode
}

func (s *Service) userCode(code string, left time.Duration) *protocol.UserCode {
	return &protocol.UserCode{
		Code: code, URI: s.c.LinkURL, FullURI: s.c.LinkURL + "?code=" + url.QueryEscape(code),
		ExpiresIn: max(1, int64(left/time.Second)),
	}
}

// Enrolled tells what became of a request on the connection that made it:
// ErrPending, ErrRefused, ErrCode (ran out), ErrReplaced, or the enrolment.
func (s *Service) Enrolled(ctx context.Context, now time.Time, f protocol.Enrol, m Meta) (Enrolment, error) {
	id := protocol.DeviceIDOf(ed25519.PublicKey(f.PublicKey))
	var e store.EnrolmentRow
	err := s.c.DB.View(ctx, func(tx *store.Tx) (err error) {
		e, err = tx.Enrolment(id)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && !now.Before(e.Expires):
		return Enrolment{}, ErrCode
	case err != nil:
		return Enrolment{}, fmt.Errorf("look for approval: %w", err)
	case e.State == store.EnrolPending:
		return Enrolment{}, ErrPending
	case e.State == store.EnrolRefused:
		return Enrolment{}, ErrRefused
	}
	var out Enrolment
	err = s.c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		out, err = s.begin(tx, now, e, f, m)
		return err
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol: %w", err)
	}
	return out, nil
}
