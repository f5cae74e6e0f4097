package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/server/store"
)

// keptOrders is how many earlier sign-ins of a device keep their orders.
const keptOrders = 8

// order returns the signed state that tells a device to stop: the one that it was
// told before, or a new one, which is left in t to be stored.
//
// A new one says what the database says and nothing of the moment, and Ed25519 gives
// the same signature again (RFC 8032, section 5.1.6). So it need not be stored before it
// is sent: who has to know it and does not find it, signs it again ([Service.checkReceipt]).
func (s *Service) order(now time.Time, t *truth, next protocol.Have) (protocol.State, error) {
	for _, r := range t.orders {
		var c protocol.StateClaims
		if r.Status == t.status && s.c.Keys.Verify(r.JWS, protocol.TypState, &c) == nil {
			return protocol.State{JWS: r.JWS}, nil
		}
	}
	jws, err := s.signOrder(t.row, t.status, t.cause, next.Version, next.Keys)
	if err != nil {
		return protocol.State{}, err
	}
	t.order = &store.OrderRow{
		Account: t.row.Account, Device: t.row.ID, Epoch: t.row.Epoch, Digest: protocol.DigestOf([]byte(jws)),
		Status: t.status, Signed: now, JWS: jws,
	}
	return protocol.State{JWS: jws}, nil
}

// signOrder signs the order of an account's version. It is issued when its cause was.
func (s *Service) signOrder(row store.DeviceRow, status protocol.Status, cause protocol.Cause, v protocol.Version, keys int64) (string, error) {
	return s.c.Keys.Sign(protocol.TypState, protocol.StateClaims{
		Device: row.ID, Account: row.Account, Epoch: row.Epoch, Status: status, Version: v, Issued: cause.At, Keys: keys, Cause: &cause,
	})
}

// keepOrders stores the new orders among truths.
func (s *Service) keepOrders(ctx context.Context, truths []truth) error {
	if !slices.ContainsFunc(truths, func(t truth) bool { return t.order != nil }) {
		return nil
	}
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		for _, t := range truths {
			if t.order == nil {
				continue
			}
			if err := tx.InsertOrder(*t.order, keptOrders); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store orders: %w", err)
	}
	return nil
}

// checkReceipt reports why a receipt does not prove its status: it must name
// everything that the status erases, and an order that the device was given.
// Where no order of that status is known the database has lost it, and the word
// of the device is all there is. It tells whether it answers an order.
func (s *Service) checkReceipt(tx *store.Tx, now time.Time, row store.DeviceRow, c protocol.ReceiptClaims) (answers bool, err error) {
	for _, want := range c.Status.Erases() {
		if !slices.Contains(c.Erased, want) {
			return false, fmt.Errorf("%w: %s not erased", ErrProof, want)
		}
	}
	if c.Status == protocol.Active {
		return false, nil
	}
	rows, err := tx.Orders(c.Account, c.Device, c.Epoch)
	if err != nil {
		return false, err
	}
	known := false
	for _, r := range rows {
		if r.Digest == c.Answers {
			return true, nil
		}
		known = known || r.Status == c.Status
	}
	again, err := s.signAgain(now, row, c)
	if err != nil {
		return false, err
	}
	if again != nil && again.Digest == c.Answers {
		return true, tx.InsertOrder(*again, keptOrders)
	}
	if known {
		return false, fmt.Errorf("%w: it answers another state", ErrProof)
	}
	return false, nil
}

// signAgain is the order that a receipt answers where it was sent and is not stored: yet, or
// because the process ended in between. It is nil where that cannot be.
func (s *Service) signAgain(now time.Time, row store.DeviceRow, c protocol.ReceiptClaims) (*store.OrderRow, error) {
	status, cause := effective(now, row)
	if c.Epoch != row.Epoch || c.Status != status || c.Version > row.Owner.Version {
		return nil, nil
	}
	jws, err := s.signOrder(row, status, cause, c.Version, s.c.Keys.Number())
	if err != nil {
		return nil, err
	}
	return &store.OrderRow{
		Account: row.Account, Device: row.ID, Epoch: row.Epoch, Digest: protocol.DigestOf([]byte(jws)), Status: status, Signed: now, JWS: jws,
	}, nil
}

// answered returns the state that a receipt answers, where it is kept.
func answered(tx *store.Tx, account protocol.AccountID, device protocol.DeviceID, r Receipt) (string, error) {
	if r.Answers == "" || r.Status == protocol.Active {
		return "", nil
	}
	rows, err := tx.Orders(account, device, r.Epoch)
	if err != nil {
		return "", err
	}
	for _, o := range rows {
		if o.Digest == r.Answers {
			return o.JWS, nil
		}
	}
	return "", nil
}
