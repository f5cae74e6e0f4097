package store

import "github.com/hearthkey/hearthkey/protocol"

// DeviceIndexRow is a device over all accounts.
type DeviceIndexRow struct {
	ID        protocol.DeviceID
	PublicKey []byte
	Account   protocol.AccountID // of the newest sign-in
	Epoch     protocol.Epoch     // of the newest sign-in
	Conn      int64              // the highest number of a connection
}

// DeviceIndex returns what is known of a device over all accounts.
func (tx *Tx) DeviceIndex(id protocol.DeviceID) (DeviceIndexRow, error) {
	r := DeviceIndexRow{ID: id}
	err := tx.row(`SELECT public_key, account_id, epoch, conn FROM device_index WHERE device_id = $1`, id).
		Scan(&r.PublicKey, &r.Account, &r.Epoch, &r.Conn)
	return r, err
}

// NextEpoch begins a device's next epoch, in the account given: above r's, which it
// says that it had, above all that are known, and above those that were given after a
// backup that was restored since.
func (tx *Tx) NextEpoch(r DeviceIndexRow) (protocol.Epoch, error) {
	var floor, e protocol.Epoch
	if err := tx.row(`SELECT COALESCE(MAX(epochs), 0) FROM restores`).Scan(&floor); err != nil {
		return 0, err
	}
	err := tx.row(`INSERT INTO device_index (device_id, public_key, account_id, epoch, conn) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (device_id) DO UPDATE SET account_id = $3,
			epoch = CASE WHEN device_index.epoch < $4 THEN $4 ELSE device_index.epoch + 1 END
		RETURNING epoch`, r.ID, r.PublicKey, r.Account, max(floor, r.Epoch)+1).Scan(&e)
	return e, err
}

// CountConn notes a device's connection: ErrNotFound where its number is not
// above all earlier ones.
func (tx *Tx) CountConn(id protocol.DeviceID, conn int64) error {
	return tx.execOne(`UPDATE device_index SET conn = $2 WHERE device_id = $1 AND conn < $2`, id, conn)
}

// RaiseEpoch notes an epoch that a device proved, from before a backup was
// restored.
func (tx *Tx) RaiseEpoch(id protocol.DeviceID, epoch protocol.Epoch) error {
	_, err := tx.exec(`UPDATE device_index SET epoch = $2 WHERE device_id = $1 AND epoch < $2`, id, epoch)
	return err
}

// RaiseConn notes a device's connection whose number was checked before.
func (tx *Tx) RaiseConn(id protocol.DeviceID, conn int64) error {
	_, err := tx.exec(`UPDATE device_index SET conn = $2 WHERE device_id = $1 AND conn < $2`, id, conn)
	return err
}
