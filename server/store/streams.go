package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// StreamRow is what plays on a device, as long as its newest grant is valid.
type StreamRow struct {
	Account protocol.AccountID
	Device  protocol.DeviceID
	Epoch   protocol.Epoch
	Play    int64 // the device's own number of it
	Profile protocol.ProfileID
	Title   protocol.TitleID
	Began   time.Time
	Until   time.Time
}

// PutStream stores what plays on a device, in place of what was there. Where it
// goes on, the time it began stays.
func (tx *Tx) PutStream(r StreamRow) error {
	_, err := tx.exec(`INSERT INTO streams (account_id, device_id, epoch, play, profile_id, title_id, began, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account_id, device_id) DO UPDATE SET
			began = CASE WHEN streams.epoch = $3 AND streams.title_id = $6 AND streams.until > $7 THEN streams.began ELSE $7 END,
			epoch = $3, play = $4, profile_id = $5, title_id = $6, until = $8`,
		r.Account, r.Device, r.Epoch, r.Play, r.Profile, r.Title, millis(r.Began), millis(r.Until))
	return err
}

// Stream returns what plays on a device: ErrNotFound where nothing did lately.
func (tx *Tx) Stream(account protocol.AccountID, device protocol.DeviceID) (StreamRow, error) {
	r := StreamRow{Account: account, Device: device}
	err := tx.row(`SELECT epoch, play, profile_id, title_id, began, until FROM streams
		WHERE account_id = $1 AND device_id = $2`, account, device).
		Scan(&r.Epoch, &r.Play, &r.Profile, &r.Title, asTime(&r.Began), asTime(&r.Until))
	return r, err
}

// Streams returns the account's plays at now on devices that are signed in and not
// past their end dates, those that began first first, with the devices' names by
// device.
func (tx *Tx) Streams(account protocol.AccountID, now time.Time) ([]StreamRow, map[protocol.DeviceID]string, error) {
	var out []StreamRow
	names := map[protocol.DeviceID]string{}
	err := tx.rows(func(scan scanFunc) error {
		r := StreamRow{Account: account}
		var name string
		err := scan(&r.Device, &r.Epoch, &r.Play, &r.Profile, &r.Title, asTime(&r.Began), asTime(&r.Until), &name)
		out, names[r.Device] = append(out, r), name
		return err
	}, `SELECT s.device_id, s.epoch, s.play, s.profile_id, s.title_id, s.began, s.until, d.name FROM streams s
		JOIN accounts a ON a.account_id = s.account_id
		JOIN devices d ON d.account_id = s.account_id AND d.device_id = s.device_id AND d.epoch = s.epoch
			AND d.status = 'active' AND d.generation = a.generation AND (d.ends = 0 OR d.ends > $2)
		WHERE s.account_id = $1 AND s.until > $2 ORDER BY s.began, s.device_id`, account, millis(now))
	return out, names, err
}

// EndStream ends one play of a device. Another that took its place goes on.
func (tx *Tx) EndStream(account protocol.AccountID, device protocol.DeviceID, epoch protocol.Epoch, play int64) error {
	_, err := tx.exec(`DELETE FROM streams WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND play = $4`,
		account, device, epoch, play)
	return err
}

// DeleteStreamsBefore removes what has not been renewed since.
func (tx *Tx) DeleteStreamsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM streams WHERE until < $1`, millis(t))
	return err
}
