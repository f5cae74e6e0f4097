package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ReceiptRow is a device's proof, as it was signed.
type ReceiptRow struct {
	Account  protocol.AccountID
	Device   protocol.DeviceID
	Digest   protocol.Digest // of the JWS
	Typ      string          // of the JWS
	Epoch    protocol.Epoch
	Status   protocol.Status
	Version  protocol.Version
	Applied  time.Time
	Received time.Time
	JWS      string
	Evidence Evidence
}

// Evidence is what a proof is evidence of: the more, the longer it is kept.
type Evidence int

// What a proof is evidence of.
const (
	NoEvidence Evidence = iota
	Confirms            // it confirmed a sign-out, without an order
	Answers             // it was the first to answer an order
)

// InsertReceipt stores a proof. It tells whether it is new.
func (tx *Tx) InsertReceipt(r ReceiptRow) (bool, error) {
	n, err := tx.exec(`INSERT INTO receipts
		(account_id, device_id, digest, typ, epoch, status, version, applied, received, jws, evidence)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (account_id, device_id, digest) DO NOTHING`,
		r.Account, r.Device, r.Digest, r.Typ, r.Epoch, r.Status, r.Version, millis(r.Applied), millis(r.Received), r.JWS, r.Evidence)
	return n > 0, err
}

// HasReceipt reports whether a proof is stored.
func (tx *Tx) HasReceipt(account protocol.AccountID, device protocol.DeviceID, digest protocol.Digest) (bool, error) {
	var n int
	err := tx.row(`SELECT COUNT(*) FROM receipts WHERE account_id = $1 AND device_id = $2 AND digest = $3`,
		account, device, digest).Scan(&n)
	return n > 0, err
}

// Answered reports whether a proof is stored that answers an order of a status of a
// device's sign-in.
func (tx *Tx) Answered(account protocol.AccountID, device protocol.DeviceID, epoch protocol.Epoch, status protocol.Status) (bool, error) {
	var n int
	err := tx.row(`SELECT COUNT(*) FROM receipts WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND status = $4 AND evidence = $5`,
		account, device, epoch, status, Answers).Scan(&n)
	return n > 0, err
}

// PruneReceipts keeps, of a device's proofs, the newest for an active state
// and keep for others: those that are evidence, and then the newest.
func (tx *Tx) PruneReceipts(account protocol.AccountID, device protocol.DeviceID, keep int) error {
	_, err := tx.exec(`DELETE FROM receipts WHERE account_id = $1 AND device_id = $2
		AND digest NOT IN (SELECT digest FROM receipts WHERE account_id = $1 AND device_id = $2 AND status = 'active'
			ORDER BY epoch DESC, version DESC, received DESC, digest LIMIT 1)
		AND digest NOT IN (SELECT digest FROM receipts WHERE account_id = $1 AND device_id = $2 AND status <> 'active'
			ORDER BY CASE WHEN evidence > 0 THEN 0 ELSE 1 END, epoch DESC, received DESC, digest LIMIT $3)`, account, device, keep)
	return err
}

// Receipts returns up to limit proofs of a device, the newest first.
func (tx *Tx) Receipts(account protocol.AccountID, device protocol.DeviceID, limit int) ([]ReceiptRow, error) {
	var out []ReceiptRow
	err := tx.rows(func(scan scanFunc) error {
		r := ReceiptRow{Account: account, Device: device}
		err := scan(&r.Digest, &r.Typ, &r.Epoch, &r.Status, &r.Version, asTime(&r.Applied), asTime(&r.Received), &r.JWS)
		out = append(out, r)
		return err
	}, `SELECT digest, typ, epoch, status, version, applied, received, jws FROM receipts
		WHERE account_id = $1 AND device_id = $2 ORDER BY received DESC, epoch DESC, version DESC, digest LIMIT $3`,
		account, device, limit)
	return out, err
}
