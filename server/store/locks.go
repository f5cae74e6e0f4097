package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// LockRow is an account that support has locked.
type LockRow struct {
	Account  protocol.AccountID
	Operator string
	Reason   string
	At       time.Time
}

// InsertLock locks an account: ErrExists where it is locked.
func (tx *Tx) InsertLock(r LockRow) error {
	n, err := tx.exec(`INSERT INTO account_locks (account_id, operator, reason, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO NOTHING`, r.Account, r.Operator, r.Reason, millis(r.At))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// Lock returns an account's lock: ErrNotFound where it is not locked.
func (tx *Tx) Lock(account protocol.AccountID) (LockRow, error) {
	r := LockRow{Account: account}
	err := tx.row(`SELECT operator, reason, at FROM account_locks WHERE account_id = $1`, account).
		Scan(&r.Operator, &r.Reason, asTime(&r.At))
	return r, err
}

// DeleteLock unlocks an account: ErrNotFound where it is not locked.
func (tx *Tx) DeleteLock(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM account_locks WHERE account_id = $1`, account)
}
