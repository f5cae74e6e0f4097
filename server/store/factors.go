package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// TOTPRow is an account's authenticator app.
type TOTPRow struct {
	Account   protocol.AccountID
	Sealed    []byte // the secret
	Step      int64  // the last one used
	Created   time.Time
	Confirmed time.Time // zero: not on yet
	Session   string    // the web session that began it, until it is on
}

// PutTOTP sets a new secret that is not on yet. ErrExists where one is on.
func (tx *Tx) PutTOTP(r TOTPRow) error {
	n, err := tx.exec(`INSERT INTO totp (account_id, sealed, step, created, confirmed, session) VALUES ($1, $2, 0, $3, 0, $4)
		ON CONFLICT (account_id) DO UPDATE SET sealed = $2, step = 0, created = $3, session = $4 WHERE totp.confirmed = 0`,
		r.Account, r.Sealed, millis(r.Created), r.Session)
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// TOTP returns the account's authenticator app.
func (tx *Tx) TOTP(account protocol.AccountID) (TOTPRow, error) {
	r := TOTPRow{Account: account}
	err := tx.row(`SELECT sealed, step, created, confirmed, session FROM totp WHERE account_id = $1`, account).
		Scan(&r.Sealed, &r.Step, asTime(&r.Created), asTime(&r.Confirmed), &r.Session)
	return r, err
}

// UseTOTPStep takes a time step, once: ErrNotFound where it or a later one was
// used, or where the app is not on.
func (tx *Tx) UseTOTPStep(account protocol.AccountID, step int64) error {
	return tx.execOne(`UPDATE totp SET step = $2 WHERE account_id = $1 AND step < $2 AND confirmed > 0`, account, step)
}

// ConfirmTOTP turns on the secret that was set at created, with the step that
// confirmed it: ErrNotFound where there is none, or it is on.
func (tx *Tx) ConfirmTOTP(account protocol.AccountID, created time.Time, step int64, now time.Time) error {
	return tx.execOne(`UPDATE totp SET step = $3, confirmed = $4, session = '' WHERE account_id = $1 AND created = $2 AND confirmed = 0`,
		account, millis(created), step, millis(now))
}

// dropBegunTOTP removes the account's secret that is not on, unless the web
// session except began it.
func (tx *Tx) dropBegunTOTP(account protocol.AccountID, except string) error {
	_, err := tx.exec(`DELETE FROM totp WHERE account_id = $1 AND confirmed = 0 AND session <> $2`, account, except)
	return err
}

// DeleteBegunTOTPBefore removes secrets that are not on and were set at t or
// before.
func (tx *Tx) DeleteBegunTOTPBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM totp WHERE confirmed = 0 AND created <= $1`, millis(t))
	return err
}

// DeleteTOTP removes the authenticator app: ErrNotFound where there is none.
func (tx *Tx) DeleteTOTP(account protocol.AccountID) error {
	return tx.execOne(`DELETE FROM totp WHERE account_id = $1`, account)
}

// ReplaceRecoveryCodes voids the account's recovery codes and sets others.
func (tx *Tx) ReplaceRecoveryCodes(account protocol.AccountID, hashes [][]byte, now time.Time) error {
	if _, err := tx.exec(`DELETE FROM recovery_codes WHERE account_id = $1`, account); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := tx.exec(`INSERT INTO recovery_codes (account_id, code_hash, created) VALUES ($1, $2, $3)`,
			account, h, millis(now)); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode uses a code up: ErrNotFound where it is none, or was used.
func (tx *Tx) UseRecoveryCode(account protocol.AccountID, hash []byte) error {
	return tx.execOne(`DELETE FROM recovery_codes WHERE account_id = $1 AND code_hash = $2`, account, hash)
}

// RecoveryCodesLeft returns how many unused codes the account has.
func (tx *Tx) RecoveryCodesLeft(account protocol.AccountID) (int, error) {
	n := 0
	err := tx.row(`SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1`, account).Scan(&n)
	return n, err
}
