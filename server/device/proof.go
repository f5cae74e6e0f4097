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

// proofBudget bounds what one TV can have stored: who has it has its key. A receipt
// for the active state that stands is bounded by the changes there are.
var proofBudget = account.Budget{Scope: "proofs", Limit: proofsPerTV, Per: 10 * time.Minute}

// How many proofs of one TV are stored in ten minutes, besides those of active states.
const proofsPerTV = 100

// proof is what receipts and signed-out-here have in common.
type proof struct {
	typ     string
	jws     string
	digest  protocol.Digest
	device  protocol.DeviceID
	account protocol.AccountID
	epoch   protocol.Epoch
	status  protocol.Status
	version protocol.Version // 0 for signed-out-here
	applied protocol.Millis
	by      protocol.By // who ended the session, of signed-out-here; "": the person at the TV
	// check tells whether it answers an order, and fails where what else must hold
	// does not; nil for nothing.
	check func(*store.Tx, store.DeviceRow) (answers bool, err error)
}

// Receipt takes a device's word that it applied a state. It proves itself and
// needs no connection of the device's own. Taking one again changes nothing.
// One of an earlier sign-in to the same account is kept as evidence and changes
// nothing else, as does one about an account that was erased. The digest is the one to
// acknowledge. Errors: ErrSignature, ErrUnknown, ErrProof, *account.ThrottledError.
func (s *Service) Receipt(ctx context.Context, now time.Time, jws string) (protocol.Digest, error) {
	var c protocol.ReceiptClaims
	if err := s.verify(ctx, jws, protocol.TypReceipt, &c, &c.Device); err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	p := proof{
		typ: protocol.TypReceipt, jws: jws, digest: protocol.DigestOf([]byte(jws)), device: c.Device, account: c.Account,
		epoch: c.Epoch, status: c.Status, version: c.Version, applied: c.Applied,
		check: func(tx *store.Tx, row store.DeviceRow) (bool, error) { return s.checkReceipt(tx, now, row, c) },
	}
	if !c.Status.Valid() || c.Version < 0 || len(c.Answers) != 43 || c.Dropped < 0 {
		return "", fmt.Errorf("receipt: %w: claims out of bounds", ErrProof)
	}
	if err := s.take(ctx, now, p); err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	return p.digest, nil
}

// SignedOutHere takes a device's word that the person at the TV ended its
// session, as Receipt.
func (s *Service) SignedOutHere(ctx context.Context, now time.Time, jws string) (protocol.Digest, error) {
	var c protocol.SignedOutHereClaims
	if err := s.verify(ctx, jws, protocol.TypSignedOutHere, &c, &c.Device); err != nil {
		return "", fmt.Errorf("signed out here: %w", err)
	}
	p := proof{
		typ: protocol.TypSignedOutHere, jws: jws, digest: protocol.DigestOf([]byte(jws)), device: c.Device, account: c.Account,
		epoch: c.Epoch, status: c.Status, applied: c.Applied, by: c.By,
	}
	if c.Status != protocol.SignedOut && c.Status != protocol.Deactivated || c.Dropped < 0 {
		return "", fmt.Errorf("signed out here: %w: claims out of bounds", ErrProof)
	}
	if err := s.take(ctx, now, p); err != nil {
		return "", fmt.Errorf("signed out here: %w", err)
	}
	return p.digest, nil
}

// verify checks the signature by the device that the JWS names as its kid and
// decodes the claims, whose device (a field of theirs) must be the same.
func (s *Service) verify(ctx context.Context, jws, typ string, claims any, device *protocol.DeviceID) error {
	if len(jws) > protocol.MaxJWS {
		return fmt.Errorf("%w: %d bytes", ErrProof, len(jws))
	}
	var kid string
	err := s.c.DB.View(ctx, func(tx *store.Tx) error {
		var dbErr error
		by, err := sign.Verify(jws, typ, func(kid string) ed25519.PublicKey {
			idx, err := tx.DeviceIndex(protocol.DeviceID(kid))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				dbErr = err
			}
			return ed25519.PublicKey(idx.PublicKey)
		}, claims)
		kid = by
		return errors.Join(dbErr, err)
	})
	switch {
	case errors.Is(err, sign.ErrSignature):
		return ErrSignature
	case errors.Is(err, sign.ErrUnknownKey):
		return ErrUnknown
	case errors.Is(err, sign.ErrMalformed), errors.Is(err, sign.ErrWrongType):
		return fmt.Errorf("%w: %w", ErrProof, err)
	case err != nil:
		return err
	case *device != protocol.DeviceID(kid):
		return fmt.Errorf("%w: signed by another device", ErrProof)
	}
	return nil
}

// take stores a proof and notes what it proves.
func (s *Service) take(ctx context.Context, now time.Time, p proof) error {
	return s.c.DB.Update(ctx, func(tx *store.Tx) error {
		row, err := tx.Device(p.account, p.device)
		if errors.Is(err, store.ErrNotFound) {
			return orErased(tx, p.device)
		}
		if err != nil {
			return err
		}
		if p.epoch < 1 || p.epoch > row.Epoch {
			return fmt.Errorf("%w: epoch %d, the newest is %d", ErrUnknown, p.epoch, row.Epoch)
		}
		switch {
		case p.epoch != row.Epoch || p.status != protocol.Active:
		case p.version <= row.AppliedVersion:
			return nil // a newer receipt came first
		case p.version > row.Owner.Version:
			return nil // of a state that this server has lost or, by a leaked key, never made
		}
		fresh, err := s.keep(tx, now, row, p)
		if err != nil || !fresh {
			return err
		}
		if p.epoch < row.Epoch {
			return nil
		}
		return s.apply(tx, now, row, p)
	})
}

// keep stores a proof, and tells whether it is new.
func (s *Service) keep(tx *store.Tx, now time.Time, row store.DeviceRow, p proof) (fresh bool, err error) {
	stored, err := tx.HasReceipt(p.account, p.device, p.digest)
	if err != nil || stored {
		return false, err
	}
	if p.epoch != row.Epoch || p.status != protocol.Active { // of the others, each is of a later version than the last
		if err := proofBudget.Take(tx, s.c.Keys, now, string(p.device)); err != nil {
			return false, err
		}
	}
	evidence, err := evidenceOf(tx, row, p)
	if err != nil {
		return false, err
	}
	fresh, err = tx.InsertReceipt(store.ReceiptRow{
		Account: p.account, Device: p.device, Digest: p.digest, Typ: p.typ, Epoch: p.epoch, Status: p.status,
		Version: p.version, Applied: p.applied.Time(), Received: now, JWS: p.jws, Evidence: evidence,
	})
	if err != nil || !fresh {
		return false, err
	}
	return true, tx.PruneReceipts(p.account, p.device, keptReceipts)
}

// evidenceOf checks a proof and tells why it is to be kept. Who has the device's key
// can make no more of these than there were sign-outs.
func evidenceOf(tx *store.Tx, row store.DeviceRow, p proof) (store.Evidence, error) {
	if p.check != nil {
		answers, err := p.check(tx, row)
		if err != nil {
			return store.NoEvidence, err
		}
		if answers {
			before, err := tx.Answered(p.account, p.device, p.epoch, p.status)
			if err != nil || !before {
				return store.Answers, err
			}
		}
	}
	if p.epoch == row.Epoch && p.status != protocol.Active && p.status.Strictness() > row.AppliedStatus.Strictness() {
		return store.Confirms, nil
	}
	return store.NoEvidence, nil
}

// orErased is ErrUnknown, or nil where the account was erased that the device was
// last signed in to: nobody is left to read the proof, and it need not come again.
func orErased(tx *store.Tx, id protocol.DeviceID) error {
	switch idx, err := tx.DeviceIndex(id); {
	case err != nil:
		return orUnknown(err)
	case idx.Account == "":
		return nil
	}
	return ErrUnknown
}

// apply notes what a new proof of the row's own epoch proves.
func (s *Service) apply(tx *store.Tx, now time.Time, row store.DeviceRow, p proof) error {
	if err := tx.DeleteEnrolment(row.ID, row.Epoch); err != nil {
		return err
	}
	if err := s.follow(tx, now, row, p); err != nil {
		return err
	}
	status, at := row.AppliedStatus, row.AppliedAt
	if p.status.Strictness() > status.Strictness() {
		status, at = p.status, now
		if p.status != protocol.Active {
			err := timeline.Add(tx, row.Account, timeline.Entry{
				At: now, Kind: timeline.DeviceConfirmed, Device: row.ID, Subject: row.Name,
			})
			if err != nil {
				return err
			}
			s.confirmed(tx, now, row, p)
		}
	}
	s.hint(tx, row.Account, row.Owner.Version)
	return tx.SetDeviceApplied(row, status, max(row.AppliedVersion, p.version), at)
}

// follow makes the desired status as strict as what the device did: it was
// signed out at the TV, or by a state that the database has lost.
func (s *Service) follow(tx *store.Tx, now time.Time, row store.DeviceRow, p proof) error {
	status, _ := effective(now, row)
	if p.status.Strictness() <= status.Strictness() {
		return nil
	}
	if status == protocol.Stolen {
		return nil // only its owner finishes it: who has the device has its key
	}
	by, kind, told := p.story()
	if err := tx.SetDeviceStatus(row, p.status, by, "", now); err != nil {
		return err
	}
	if err := s.bump(tx, now, row.Account); err != nil {
		return err
	}
	if p.status == protocol.Deactivated {
		if err := tx.ForgetDevicePlace(row.Account, row.ID, now); err != nil { // D4
			return err
		}
		row.IP, row.Place = "", ""
	}
	n := notice(told, now, row)
	if by == protocol.ByEndDate {
		n.Detail = account.AtEndDate
	}
	return errors.Join(
		timeline.Add(tx, row.Account, timeline.Entry{At: now, Kind: kind, Actor: by, Device: row.ID, Subject: row.Name}),
		s.c.Notify(tx, n),
	)
}

// story is who ended the session that a device proves to have ended by itself, and
// how the timeline and the notice tell of it.
func (p proof) story() (by protocol.By, kind timeline.Kind, told account.NoticeKind) {
	by, kind, told = protocol.BySafety, timeline.DatabaseRestored, account.NoticeDeviceSignedOut
	switch {
	case p.typ != protocol.TypSignedOutHere:
	case p.by == protocol.ByEndDate && p.status == protocol.SignedOut: // it has not heard of a later one
		by, kind = protocol.ByEndDate, timeline.DeviceEnded
	case p.by == protocol.ByReset:
		by, kind = protocol.ByReset, timeline.DeviceLeft
	default:
		by, kind = protocol.ByThisTV, timeline.DeviceLeft
	}
	if p.status == protocol.Deactivated {
		told = account.NoticeDeviceRemoved
	}
	return by, kind, told
}

// confirmed tells how long it took until a TV proved that it obeyed. One that was
// signed out at the TV itself obeyed nobody.
func (s *Service) confirmed(tx *store.Tx, now time.Time, row store.DeviceRow, p proof) {
	ended := row.CauseAt
	if row.Status == protocol.Active {
		ended = row.Owner.EndedAt
	}
	if s.c.Confirmed != nil && p.typ == protocol.TypReceipt && !ended.IsZero() {
		tx.OnCommit(func() { s.c.Confirmed(max(0, now.Sub(ended))) })
	}
}
