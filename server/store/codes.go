package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// AccessCodeRow is the newest access code of an attempt.
type AccessCodeRow struct {
	Attempt     string // hash of the attempt's secret
	Purpose     string
	Account     protocol.AccountID // empty before there is one
	Channel     string
	Destination string
	Hash        []byte // keyed; of a decoy it matches no code
	Tries       int
	Used        time.Time
	Sent        time.Time
	Expires     time.Time
	Created     time.Time // of the attempt's first code
}

// PutAccessCode makes r the attempt's code, with new tries; the one before is
// void. It does so only where that one was sent at or before sentBefore:
// ErrNotFound otherwise.
func (tx *Tx) PutAccessCode(r AccessCodeRow, sentBefore time.Time) error {
	return tx.execOne(`INSERT INTO access_codes
		(attempt_id, purpose, account_id, channel, destination, code_hash, tries, used, sent, expires, created)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8, $9)
		ON CONFLICT (attempt_id, purpose) DO UPDATE SET account_id = $3, channel = $4, destination = $5, code_hash = $6,
			tries = 0, used = 0, sent = $7, expires = $8
		WHERE access_codes.sent <= $10`,
		r.Attempt, r.Purpose, r.Account, r.Channel, r.Destination, r.Hash, millis(r.Sent), millis(r.Expires),
		millis(r.Created), millis(sentBefore))
}

// AccessCode returns the attempt's code.
func (tx *Tx) AccessCode(attempt, purpose string) (AccessCodeRow, error) {
	r := AccessCodeRow{Attempt: attempt, Purpose: purpose}
	err := tx.row(`SELECT account_id, channel, destination, code_hash, tries, used, sent, expires, created
		FROM access_codes WHERE attempt_id = $1 AND purpose = $2`, attempt, purpose).
		Scan(&r.Account, &r.Channel, &r.Destination, &r.Hash, &r.Tries, asTime(&r.Used), asTime(&r.Sent),
			asTime(&r.Expires), asTime(&r.Created))
	return r, err
}

// UseAccessCode takes one of the limit tries of the attempt's code and, where
// hash is the code's, uses it up: all in one statement, so that of many
// parallel uses one succeeds. ErrNotFound: no live code, or no try left.
func (tx *Tx) UseAccessCode(attempt, purpose string, hash []byte, limit int, now time.Time) (used bool, tries int, err error) {
	var at time.Time
	err = tx.row(`UPDATE access_codes SET tries = tries + 1, used = CASE WHEN code_hash = $3 THEN CAST($5 AS BIGINT) ELSE 0 END
		WHERE attempt_id = $1 AND purpose = $2 AND used = 0 AND tries < $4 AND expires > $5
		RETURNING used, tries`, attempt, purpose, hash, limit, millis(now)).Scan(asTime(&at), &tries)
	return !at.IsZero(), tries, err
}

// DeleteAccessCodes ends the codes of an attempt.
func (tx *Tx) DeleteAccessCodes(attempt string) error {
	_, err := tx.exec(`DELETE FROM access_codes WHERE attempt_id = $1`, attempt)
	return err
}

// DeleteAccessCodesOf ends the codes of an account.
func (tx *Tx) DeleteAccessCodesOf(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM access_codes WHERE account_id = $1`, account)
	return err
}

// DeleteAccessCodesFor ends the codes of an account for these purposes.
func (tx *Tx) DeleteAccessCodesFor(account protocol.AccountID, purposes ...string) error {
	for _, p := range purposes {
		if _, err := tx.exec(`DELETE FROM access_codes WHERE account_id = $1 AND purpose = $2`, account, p); err != nil {
			return err
		}
	}
	return nil
}

// DeleteAccessCodesBefore removes codes of attempts that began before t.
func (tx *Tx) DeleteAccessCodesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM access_codes WHERE created < $1`, millis(t))
	return err
}
