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

// order returns the signed state that tells a device to stop. It is signed once
// and stored before it is sent, so that the receipt can be held against it.
func (s *Service) order(ctx context.Context, now time.Time, t truth, next protocol.Have) (protocol.State, error) {
	var jws string
	err := s.c.DB.Update(ctx, func(tx *store.Tx) error {
		rows, err := tx.Orders(t.row.Account, t.row.ID, t.row.Epoch)
		if err != nil {
			return err
		}
		for _, r := range rows {
			var c protocol.StateClaims
			if r.Status == t.status && s.c.Keys.Verify(r.JWS, protocol.TypState, &c) == nil {
				jws = r.JWS
				return nil
			}
		}
		f, err := s.sign(now, nil, t, next)
		if err != nil {
			return err
		}
		jws = f.JWS
		return tx.InsertOrder(store.OrderRow{
			Account: t.row.Account, Device: t.row.ID, Epoch: t.row.Epoch, Digest: protocol.DigestOf([]byte(jws)),
			Status: t.status, Signed: now, JWS: jws,
		}, keptOrders)
	})
	return protocol.State{JWS: jws}, err
}

// checkReceipt reports why a receipt does not prove its status: it must name
// everything that the status erases, and an order that the device was given.
// Where no order of that status is known the database has lost it, and the word
// of the device is all there is. It tells whether it answers an order.
func checkReceipt(tx *store.Tx, c protocol.ReceiptClaims) (answers bool, err error) {
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
	if known {
		return false, fmt.Errorf("%w: it answers another state", ErrProof)
	}
	return false, nil
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
