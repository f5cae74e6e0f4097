package store

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// OrderRow is a signed state that told a device to stop.
type OrderRow struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	Digest  protocol.Digest // of the JWS
	Status  protocol.Status
	Signed  time.Time
	JWS     string
}

// Orders returns what a device's sign-in was told, the newest first.
func (tx *Tx) Orders(account protocol.AccountID, device protocol.DeviceID, epoch protocol.Epoch) ([]OrderRow, error) {
	var out []OrderRow
	err := tx.rows(func(scan scanFunc) error {
		r := OrderRow{Account: account, Device: device, Epoch: epoch}
		err := scan(&r.Digest, &r.Status, asTime(&r.Signed), &r.JWS)
		out = append(out, r)
		return err
	}, `SELECT digest, status, signed, jws FROM orders
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 ORDER BY signed DESC, digest`, account, device, epoch)
	return out, err
}

// OrdersOf returns what devices of an account were told in any of their sign-ins, the
// newest first.
func (tx *Tx) OrdersOf(account protocol.AccountID, ids []protocol.DeviceID) (map[protocol.DeviceID][]OrderRow, error) {
	out := make(map[protocol.DeviceID][]OrderRow)
	for chunk := range slices.Chunk(ids, together) {
		err := tx.rows(func(scan scanFunc) error {
			r := OrderRow{Account: account}
			err := scan(&r.Device, &r.Epoch, &r.Digest, &r.Status, asTime(&r.Signed), &r.JWS)
			out[r.Device] = append(out[r.Device], r)
			return err
		}, `SELECT device_id, epoch, digest, status, signed, jws FROM orders
			WHERE account_id = $1 AND device_id IN `+togetherIDs+` ORDER BY signed DESC, digest`, withIDs(account, chunk)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// InsertOrder stores one; again changes nothing. Orders of sign-ins that nobody
// asks about any more, older than keep epochs, go.
func (tx *Tx) InsertOrder(r OrderRow, keep int64) error {
	_, err := tx.exec(`DELETE FROM orders WHERE account_id = $1 AND device_id = $2 AND epoch < $3`,
		r.Account, r.Device, int64(r.Epoch)-keep)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO orders (account_id, device_id, epoch, digest, status, signed, jws)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, device_id, epoch, digest) DO NOTHING`,
		r.Account, r.Device, r.Epoch, r.Digest, r.Status, millis(r.Signed), r.JWS)
	return err
}
