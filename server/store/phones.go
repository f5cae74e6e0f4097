package store

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// PhoneRow is an account's proved phone number.
type PhoneRow struct {
	Account protocol.AccountID
	Number  string    // E.164
	Proved  time.Time // zero: there is none
	Notices bool      // notices go there too
}

// Phone returns the account's number; one without has an empty Number.
func (tx *Tx) Phone(account protocol.AccountID) (PhoneRow, error) {
	r := PhoneRow{Account: account}
	err := tx.row(`SELECT number, proved, notices FROM phones WHERE account_id = $1`, account).
		Scan(&r.Number, asTime(&r.Proved), asFlag(&r.Notices))
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return r, err
}

// AccountByPhone returns the account that a number in E.164 belongs to.
func (tx *Tx) AccountByPhone(number string) (AccountRow, error) {
	return tx.accountFound(`SELECT account_id FROM phone_index WHERE number = $1`, number)
}

// SetPhone stores the account's number in place of the one before: ErrExists
// where it is another account's.
func (tx *Tx) SetPhone(r PhoneRow) error {
	if err := tx.DeletePhone(r.Account); err != nil {
		return err
	}
	n, err := tx.exec(`INSERT INTO phone_index (number, account_id) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING`,
		r.Number, r.Account)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrExists
	}
	_, err = tx.exec(`INSERT INTO phones (account_id, number, proved, notices) VALUES ($1, $2, $3, $4)`,
		r.Account, r.Number, millis(r.Proved), flag(r.Notices))
	return err
}

// SetPhoneNotices chooses whether notices go to the account's number:
// ErrNotFound where it has none.
func (tx *Tx) SetPhoneNotices(account protocol.AccountID, on bool) error {
	return tx.execOne(`UPDATE phones SET notices = $2 WHERE account_id = $1`, account, flag(on))
}

// DeletePhone removes the account's number, if it has one.
func (tx *Tx) DeletePhone(account protocol.AccountID) error {
	if _, err := tx.exec(`DELETE FROM phone_index WHERE account_id = $1`, account); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM phones WHERE account_id = $1`, account)
	return err
}

// SetEmail replaces the account's address: ErrExists where the new one is
// another account's.
func (tx *Tx) SetEmail(account protocol.AccountID, email, emailKey string) error {
	if _, err := tx.exec(`DELETE FROM email_index WHERE account_id = $1`, account); err != nil {
		return err
	}
	n, err := tx.exec(`INSERT INTO email_index (email_key, account_id) VALUES ($1, $2)
		ON CONFLICT (email_key) DO NOTHING`, emailKey, account)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrExists
	}
	return tx.execOne(`UPDATE accounts SET email = $2 WHERE account_id = $1`, account, email)
}

// ChangeRow is a new address or number that waits for its code.
type ChangeRow struct {
	Account    protocol.AccountID
	Session    string
	Kind       string // email, phone
	Value      string
	Key        string
	Notices    bool
	Attempt    string // what the code that proves it is bound to; a secret that only this table has
	Everywhere bool
	Created    time.Time
}

// PutChange stores what waits, in place of the session's last of that kind.
func (tx *Tx) PutChange(r ChangeRow) error {
	_, err := tx.exec(`INSERT INTO changes
		(account_id, session_id, kind, value, value_key, notices, attempt, everywhere, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account_id, session_id, kind) DO UPDATE
		SET value = $4, value_key = $5, notices = $6, attempt = $7, everywhere = $8, created = $9`,
		r.Account, r.Session, r.Kind, r.Value, r.Key, flag(r.Notices), r.Attempt, flag(r.Everywhere), millis(r.Created))
	return err
}

// Change returns what waits for its code.
func (tx *Tx) Change(account protocol.AccountID, session, kind string) (ChangeRow, error) {
	r := ChangeRow{Account: account, Session: session, Kind: kind}
	err := tx.row(`SELECT value, value_key, notices, attempt, everywhere, created FROM changes
		WHERE account_id = $1 AND session_id = $2 AND kind = $3`, account, session, kind).
		Scan(&r.Value, &r.Key, asFlag(&r.Notices), &r.Attempt, asFlag(&r.Everywhere), asTime(&r.Created))
	return r, err
}

// DeleteChange ends a wait: ErrNotFound where it has ended already.
func (tx *Tx) DeleteChange(account protocol.AccountID, session, kind string) error {
	return tx.execOne(`DELETE FROM changes WHERE account_id = $1 AND session_id = $2 AND kind = $3`, account, session, kind)
}

// DeleteChanges ends all waits of an account.
func (tx *Tx) DeleteChanges(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM changes WHERE account_id = $1`, account)
	return err
}

// DeleteChangesBefore ends waits begun before t.
func (tx *Tx) DeleteChangesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM changes WHERE created < $1`, millis(t))
	return err
}
