package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ContactResetRow is an account that support was asked to give another address.
type ContactResetRow struct {
	Account  protocol.AccountID
	Operator string
	Reason   string
	Email    string
	EmailKey string
	Asked    time.Time
	Due      time.Time
}

// InsertContactReset begins the wait: ErrExists where one runs.
func (tx *Tx) InsertContactReset(r ContactResetRow) error {
	n, err := tx.exec(`INSERT INTO contact_resets (account_id, operator, reason, email, email_key, asked, due) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (account_id) DO NOTHING`, r.Account, r.Operator, r.Reason, r.Email, r.EmailKey, millis(r.Asked), millis(r.Due))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// ContactReset returns the wait that runs: ErrNotFound where none does.
func (tx *Tx) ContactReset(account protocol.AccountID) (ContactResetRow, error) {
	r := ContactResetRow{Account: account}
	err := tx.row(`SELECT operator, reason, email, email_key, asked, due FROM contact_resets WHERE account_id = $1`, account).
		Scan(&r.Operator, &r.Reason, &r.Email, &r.EmailKey, asTime(&r.Asked), asTime(&r.Due))
	return r, err
}

// DeleteContactReset ends the wait: ErrNotFound where none runs.
func (tx *Tx) DeleteContactReset(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM contact_resets WHERE account_id = $1`, account)
}

// DueContactResets returns up to limit accounts whose wait is over.
func (tx *Tx) DueContactResets(now time.Time, limit int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM contact_resets WHERE due <= $1 ORDER BY due LIMIT $2`, millis(now), limit)
}
