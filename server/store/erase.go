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
	Due     time.Time // until then the owner can keep it
	Closed  time.Time // since then nobody can sign in; zero: not yet
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
	err := tx.row(`SELECT asked, due, closed FROM erasures WHERE account_id = $1`, account).
		Scan(asTime(&r.Asked), asTime(&r.Due), asTime(&r.Closed))
	return r, err
}

// DeleteErasure keeps an account: ErrNotFound where it is not to be erased, or
// was closed.
func (tx *Tx) DeleteErasure(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM erasures WHERE account_id = $1 AND closed = 0`, account)
}

// CloseErasure notes that nobody can sign in to an account any more. It is
// repeated on a restored backup.
func (tx *Tx) CloseErasure(account protocol.AccountID, now time.Time) error {
	err := tx.execOne(`UPDATE erasures SET closed = $2 WHERE account_id = $1 AND closed = 0`, account, millis(now))
	if err != nil {
		return err
	}
	return tx.PutDeletion(Deletion{Kind: ClosedAccount, Account: account, At: now})
}

// DueErasures returns up to limit accounts whose time to change one's mind is
// over and that are not closed.
func (tx *Tx) DueErasures(now time.Time, limit int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM erasures WHERE due <= $1 AND closed = 0 ORDER BY due LIMIT $2`, millis(now), limit)
}

// ClosedErasures returns up to limit accounts that were closed by t.
func (tx *Tx) ClosedErasures(t time.Time, limit int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM erasures WHERE closed > 0 AND closed <= $1 ORDER BY closed LIMIT $2`, millis(t), limit)
}

// DeactivateDevices makes all devices of an account deactivated and forgets
// where they were.
func (tx *Tx) DeactivateDevices(account protocol.AccountID, by protocol.By, now time.Time) error {
	for _, query := range []string{
		`UPDATE activity SET ip = '', place = '' WHERE account_id = $1`,
		`DELETE FROM stolen_reports WHERE account_id = $1`,
		`UPDATE timeline SET ip = '', place = '' WHERE account_id = $1 AND device_id <> '' AND (actor = 'this_tv' OR agent = '` + AgentTV + `')`,
	} {
		if _, err := tx.exec(query, account); err != nil {
			return err
		}
	}
	_, err := tx.exec(`UPDATE devices SET status = 'deactivated', cause_by = $2, cause_where = '', cause_at = $3, ip = '', place = ''
		WHERE account_id = $1 AND status <> 'deactivated'`, account, by, millis(now))
	return err
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
	"stolen_reports", "activity", "receipts", "orders", "remotes", "controls", "devices", "pin_tries", "pins", "blocked_titles", "own_list", "progress", "profiles",
	"streams", "parental_titles", "parental", "webhook_events", "timeline", "web_sessions", "outbox",
	"totp", "recovery_codes", "passkeys", "ceremonies", "access_codes", "sign_ins", "known_devices", "streaks", "sign_in_history",
	"phones", "phone_index", "preferences", "changes", "chains", "links", "recoveries",
	"deletions", "erasures", "factor_resets", "contact_resets", "account_locks", "walks", "enrolments", "email_index", "accounts",
}

// EraseAccount removes every row of an account, and what else holds its
// address (in both forms) or number. Of its devices only what keeps a TV's
// numbers from being used twice remains, without the account. It is repeated on a
// restored backup.
func (tx *Tx) EraseAccount(account protocol.AccountID, now time.Time, addresses ...string) error {
	if _, err := tx.exec(`UPDATE device_index SET account_id = '' WHERE account_id = $1`, account); err != nil {
		return err
	}
	for _, table := range erased {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE account_id = $1`, account); err != nil {
			return fmt.Errorf("erase %s: %w", table, err)
		}
	}
	for _, address := range addresses {
		for _, query := range []string{
			`DELETE FROM attempts WHERE email_key = $1 OR email = $1`,
			`DELETE FROM recoveries WHERE typed = $1`,
			`DELETE FROM access_codes WHERE destination = $1`,
			`DELETE FROM outbox WHERE recipient = $1 AND account_id = ''`,
		} {
			if _, err := tx.exec(query, address); err != nil {
				return fmt.Errorf("erase an address: %w", err)
			}
		}
	}
	return tx.PutDeletion(Deletion{Kind: ErasedAccount, Account: account, At: now})
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
