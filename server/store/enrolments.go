package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// EnrolmentState is how far a TV's request to be signed in is.
type EnrolmentState string

// The states of a request.
const (
	EnrolPending  EnrolmentState = "pending"
	EnrolApproved EnrolmentState = "approved"
	EnrolRefused  EnrolmentState = "refused"
)

// EnrolmentRow is a TV that shows a user code.
type EnrolmentRow struct {
	Device    protocol.DeviceID
	PublicKey []byte
	CodeHash  []byte // keyed
	Salt      []byte // the code is derived from it
	Name      string
	Model     string
	Kind      string
	State     EnrolmentState
	Account   protocol.AccountID // of the approval
	Epoch     protocol.Epoch     // of the approval; before it, the highest that the device had
	IP        string
	Place     string
	Created   time.Time // when it asked last
	Expires   time.Time
}

const enrolmentQuery = `SELECT device_id, public_key, code_hash, salt, name, model, kind, state, account_id, epoch, ip, place,
	created, expires FROM enrolments `

func (r *EnrolmentRow) scan(scan scanFunc) error {
	return scan(&r.Device, &r.PublicKey, &r.CodeHash, &r.Salt, &r.Name, &r.Model, &r.Kind, &r.State, &r.Account, &r.Epoch,
		&r.IP, &r.Place, asTime(&r.Created), asTime(&r.Expires))
}

// Enrolment returns a device's request.
func (tx *Tx) Enrolment(id protocol.DeviceID) (EnrolmentRow, error) {
	var r EnrolmentRow
	err := r.scan(tx.row(enrolmentQuery+`WHERE device_id = $1`, id).Scan)
	return r, err
}

// EnrolmentByCode returns the request with this code, whatever its state.
func (tx *Tx) EnrolmentByCode(codeHash []byte) (EnrolmentRow, error) {
	var r EnrolmentRow
	err := r.scan(tx.row(enrolmentQuery+`WHERE code_hash = $1`, codeHash).Scan)
	return r, err
}

// PutEnrolment stores a pending request, in place of the device's last one. It
// tells whether it did: not where another device has the same code.
func (tx *Tx) PutEnrolment(r EnrolmentRow) (bool, error) {
	if _, err := tx.exec(`DELETE FROM enrolments WHERE device_id = $1`, r.Device); err != nil {
		return false, err
	}
	n, err := tx.exec(`INSERT INTO enrolments
		(device_id, public_key, code_hash, salt, name, model, kind, state, epoch, ip, place, created, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11, $12) ON CONFLICT (code_hash) DO NOTHING`,
		r.Device, r.PublicKey, r.CodeHash, r.Salt, r.Name, r.Model, r.Kind, r.Epoch, r.IP, r.Place, millis(r.Created), millis(r.Expires))
	return n > 0, err
}

// AskAgain notes that a device asked again for the request that it has.
func (tx *Tx) AskAgain(id protocol.DeviceID, now time.Time) error {
	return tx.execOne(`UPDATE enrolments SET created = $2 WHERE device_id = $1`, id, millis(now))
}

// DecideEnrolment ends a pending request with this code: ErrNotFound where it
// is decided already or its time is over.
func (tx *Tx) DecideEnrolment(r EnrolmentRow, now time.Time) error {
	return tx.execOne(`UPDATE enrolments SET state = $3, account_id = $4, epoch = $5
		WHERE device_id = $1 AND code_hash = $2 AND state = 'pending' AND expires > $6`,
		r.Device, r.CodeHash, r.State, r.Account, r.Epoch, millis(now))
}

// DeleteEnrolment forgets a device's request whose approval began this epoch:
// the device has heard of it.
func (tx *Tx) DeleteEnrolment(id protocol.DeviceID, epoch protocol.Epoch) error {
	_, err := tx.exec(`DELETE FROM enrolments WHERE device_id = $1 AND epoch = $2 AND state = 'approved'`, id, epoch)
	return err
}

// DeleteEnrolmentsBefore removes requests whose code ran out before t.
func (tx *Tx) DeleteEnrolmentsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM enrolments WHERE expires < $1`, millis(t))
	return err
}
