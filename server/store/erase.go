package store

import (
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ErasureRow is an account on its way out.
type ErasureRow struct {
	Account protocol.AccountID
	Asked   time.Time
	Due     time.Time
}

// PutErasure notes when an account is to be erased. It tells whether it is
// new: a time that was set stays.
func (tx *Tx) PutErasure(r ErasureRow) (bool, error) {
	n, err := tx.exec(`INSERT INTO erasures (account_id, asked, due) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO NOTHING`, r.Account, millis(r.Asked), millis(r.Due))
	return n > 0, err
}

// Erasure returns when an account is to be erased: ErrNotFound if it is not.
func (tx *Tx) Erasure(account protocol.AccountID) (ErasureRow, error) {
	r := ErasureRow{Account: account}
	err := tx.row(`SELECT asked, due FROM erasures WHERE account_id = $1`, account).Scan(asTime(&r.Asked), asTime(&r.Due))
	return r, err
}

// DeleteErasure keeps an account: ErrNotFound where it is not to be erased.
func (tx *Tx) DeleteErasure(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM erasures WHERE account_id = $1`, account)
}

// DueErasures returns up to limit accounts whose time has come.
func (tx *Tx) DueErasures(now time.Time, limit int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM erasures WHERE due <= $1 ORDER BY due LIMIT $2`, millis(now), limit)
}

func (tx *Tx) accountIDs(query string, args ...any) ([]protocol.AccountID, error) {
	var out []protocol.AccountID
	err := tx.rows(func(scan scanFunc) error {
		var id protocol.AccountID
		err := scan(&id)
		out = append(out, id)
		return err
	}, query, args...)
	return out, err
}

// erased lists the tables with an account's rows, those that refer to others
// first. A test compares it with the schema.
var erased = []string{
	"activity", "receipts", "devices", "pins", "profiles", "timeline", "web_sessions", "outbox",
	"phones", "phone_index", "preferences", "changes", "chains", "links", "recoveries",
	"erasures", "factor_resets", "walks", "email_index", "accounts",
}

// EraseAccount removes every row of an account. Of its devices only what
// keeps a TV's numbers from being used twice remains, without the account.
func (tx *Tx) EraseAccount(account protocol.AccountID) error {
	if _, err := tx.exec(`UPDATE device_index SET account_id = '' WHERE account_id = $1`, account); err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM enrolments WHERE account_id = $1`, account); err != nil {
		return err
	}
	for _, table := range erased {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE account_id = $1`, account); err != nil {
			return fmt.Errorf("erase %s: %w", table, err)
		}
	}
	return nil
}

// DeleteAttemptsOf ends the sign-ups of an address.
func (tx *Tx) DeleteAttemptsOf(emailKey string) error {
	_, err := tx.exec(`DELETE FROM attempts WHERE email_key = $1`, emailKey)
	return err
}

// FactorResetRow is a second factor that support was asked to remove.
type FactorResetRow struct {
	Account  protocol.AccountID
	Operator string
	Reason   string
	Asked    time.Time
	Due      time.Time
}

// InsertFactorReset begins the wait: ErrExists where one runs.
func (tx *Tx) InsertFactorReset(r FactorResetRow) error {
	n, err := tx.exec(`INSERT INTO factor_resets (account_id, operator, reason, asked, due) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id) DO NOTHING`, r.Account, r.Operator, r.Reason, millis(r.Asked), millis(r.Due))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// FactorReset returns the wait that runs: ErrNotFound where none does.
func (tx *Tx) FactorReset(account protocol.AccountID) (FactorResetRow, error) {
	r := FactorResetRow{Account: account}
	err := tx.row(`SELECT operator, reason, asked, due FROM factor_resets WHERE account_id = $1`, account).
		Scan(&r.Operator, &r.Reason, asTime(&r.Asked), asTime(&r.Due))
	return r, err
}

// DeleteFactorReset ends the wait: ErrNotFound where none runs.
func (tx *Tx) DeleteFactorReset(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM factor_resets WHERE account_id = $1`, account)
}

// DueFactorResets returns up to limit accounts whose wait is over.
func (tx *Tx) DueFactorResets(now time.Time, limit int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM factor_resets WHERE due <= $1 ORDER BY due LIMIT $2`, millis(now), limit)
}
