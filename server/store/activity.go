package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ActivityRow is one thing that a profile did with a title on a device.
type ActivityRow struct {
	protocol.ActivityItem
	Account  protocol.AccountID
	Device   protocol.DeviceID
	Epoch    protocol.Epoch
	Received time.Time
}

// InsertActivity stores an item. One with the same number is there already:
// nothing changes.
func (tx *Tx) InsertActivity(r ActivityRow) error {
	_, err := tx.exec(`INSERT INTO activity
		(account_id, device_id, epoch, seq, profile_id, title_id, what, at, position, received)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account_id, device_id, epoch, seq) DO NOTHING`,
		r.Account, r.Device, r.Epoch, r.Seq, r.Profile, r.Title, r.What, r.At, r.Position, millis(r.Received))
	return err
}

// Activity returns the account's newest items, up to limit.
func (tx *Tx) Activity(account protocol.AccountID, limit int) ([]ActivityRow, error) {
	var out []ActivityRow
	err := tx.rows(func(scan scanFunc) error {
		r := ActivityRow{Account: account}
		err := scan(&r.Device, &r.Epoch, &r.Seq, &r.Profile, &r.Title, &r.What, &r.At, &r.Position, asTime(&r.Received))
		out = append(out, r)
		return err
	}, `SELECT device_id, epoch, seq, profile_id, title_id, what, at, position, received FROM activity
		WHERE account_id = $1 ORDER BY at DESC, device_id, epoch DESC, seq DESC LIMIT $2`, account, limit)
	return out, err
}

// DeleteActivityBefore removes items that were received before t.
func (tx *Tx) DeleteActivityBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM activity WHERE received < $1`, millis(t))
	return err
}
