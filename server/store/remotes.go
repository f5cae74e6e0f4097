package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ControlRow is what controls a device in one sign-in, and what its owner wants of
// that.
type ControlRow struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	Told    int64     // number of the device's newest report
	ToldAt  time.Time // when that came
	Allowed bool      // the account page may control it
	Open    time.Time // another remote can be paired until then; zero: not now
	Wish    int64     // number of the newest wish; 0: none
	Done    int64     // highest that the device has dealt with
	// The pairing window that was wished last: by which wish, until when, and for
	// what role.
	OpenWish int64
	OpenBy   time.Time
	OpenRole protocol.RemoteRole
}

// RemoteRow is a paired remote of a device.
type RemoteRow struct {
	ID     protocol.RemoteID
	Name   string
	Role   protocol.RemoteRole
	Paired time.Time
	Used   time.Time // zero: never
	Wish   int64     // number of the wish that follows; 0: none
	Forget bool
	ToRole protocol.RemoteRole // empty: as it is
}

// Control returns what controls a device: ErrNotFound where it never told.
func (tx *Tx) Control(account protocol.AccountID, device protocol.DeviceID) (ControlRow, error) {
	r := ControlRow{Account: account, Device: device}
	err := tx.row(`SELECT epoch, told, told_at, allowed, open_until, wish, done, open_wish, open_by, open_role FROM controls
		WHERE account_id = $1 AND device_id = $2`, account, device).
		Scan(&r.Epoch, &r.Told, asTime(&r.ToldAt), asFlag(&r.Allowed), asTime(&r.Open), &r.Wish, &r.Done,
			&r.OpenWish, asTime(&r.OpenBy), &r.OpenRole)
	return r, err
}

// PutControl stores what controls a device, in place of what was there.
func (tx *Tx) PutControl(r ControlRow) error {
	_, err := tx.exec(`INSERT INTO controls (account_id, device_id, epoch, told, told_at, allowed, open_until, wish, done, open_wish, open_by, open_role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (account_id, device_id) DO UPDATE SET epoch = excluded.epoch, told = excluded.told, told_at = excluded.told_at,
			allowed = excluded.allowed, open_until = excluded.open_until, wish = excluded.wish, done = excluded.done,
			open_wish = excluded.open_wish, open_by = excluded.open_by, open_role = excluded.open_role`,
		r.Account, r.Device, r.Epoch, r.Told, millis(r.ToldAt), flag(r.Allowed), millis(r.Open), r.Wish, r.Done,
		r.OpenWish, millis(r.OpenBy), r.OpenRole)
	return err
}

// Remotes returns a device's paired remotes, the newest first.
func (tx *Tx) Remotes(account protocol.AccountID, device protocol.DeviceID) ([]RemoteRow, error) {
	var out []RemoteRow
	err := tx.rows(func(scan scanFunc) error {
		var r RemoteRow
		err := scan(&r.ID, &r.Name, &r.Role, asTime(&r.Paired), asTime(&r.Used), &r.Wish, asFlag(&r.Forget), &r.ToRole)
		out = append(out, r)
		return err
	}, `SELECT remote_id, name, role, paired, used, wish, forget, wish_role FROM remotes
		WHERE account_id = $1 AND device_id = $2 ORDER BY paired DESC, remote_id`, account, device)
	return out, err
}

// PutRemote stores a paired remote, in place of what was there.
func (tx *Tx) PutRemote(account protocol.AccountID, device protocol.DeviceID, r RemoteRow) error {
	_, err := tx.exec(`INSERT INTO remotes (account_id, device_id, remote_id, name, role, paired, used, wish, forget, wish_role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account_id, device_id, remote_id) DO UPDATE SET name = excluded.name, role = excluded.role, paired = excluded.paired,
			used = excluded.used, wish = excluded.wish, forget = excluded.forget, wish_role = excluded.wish_role`,
		account, device, r.ID, r.Name, r.Role, millis(r.Paired), millis(r.Used), r.Wish, flag(r.Forget), r.ToRole)
	return err
}

// DeleteRemote removes a remote that its device has forgotten.
func (tx *Tx) DeleteRemote(account protocol.AccountID, device protocol.DeviceID, id protocol.RemoteID) error {
	_, err := tx.exec(`DELETE FROM remotes WHERE account_id = $1 AND device_id = $2 AND remote_id = $3`, account, device, id)
	return err
}

// DeleteControl removes all that is known of what controls a device: its sign-in has
// ended, and it forgets it as well.
func (tx *Tx) DeleteControl(account protocol.AccountID, device protocol.DeviceID) error {
	if _, err := tx.exec(`DELETE FROM remotes WHERE account_id = $1 AND device_id = $2`, account, device); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM controls WHERE account_id = $1 AND device_id = $2`, account, device)
	return err
}

// EndedControls returns up to limit devices of which something is known, although
// the sign-in that it is about has ended at now.
func (tx *Tx) EndedControls(now time.Time, limit int) ([]ControlRow, error) {
	var out []ControlRow
	err := tx.rows(func(scan scanFunc) error {
		var r ControlRow
		err := scan(&r.Account, &r.Device)
		out = append(out, r)
		return err
	}, `SELECT c.account_id, c.device_id FROM controls c WHERE NOT EXISTS (
			SELECT 1 FROM devices d JOIN accounts a ON a.account_id = d.account_id AND a.generation = d.generation
			WHERE d.account_id = c.account_id AND d.device_id = c.device_id AND d.epoch = c.epoch
				AND d.status = 'active' AND (d.ends = 0 OR d.ends > $1))
		LIMIT $2`, millis(now), limit)
	return out, err
}
