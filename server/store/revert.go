package store

import (
	"bytes"
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ChainRow is what an account was before a row of changes.
type ChainRow struct {
	Account  protocol.AccountID
	ID       string
	EmailKey string    // the first address
	Opened   time.Time // the first change
	Moved    time.Time // the first change of the address; zero: none
	Expires  time.Time
	Factor   time.Time // since when there was a second factor; zero: none
	Snapshot []byte    // sealed
}

// Chain returns the account's row of changes: ErrNotFound where there is none,
// or its time is over.
func (tx *Tx) Chain(account protocol.AccountID, now time.Time) (ChainRow, error) {
	r := ChainRow{Account: account}
	err := tx.row(`SELECT chain_id, email_key, opened, moved, expires, factor, snapshot FROM chains
		WHERE account_id = $1 AND expires > $2`, account, millis(now)).
		Scan(&r.ID, &r.EmailKey, asTime(&r.Opened), asTime(&r.Moved), asTime(&r.Expires), asTime(&r.Factor), &r.Snapshot)
	return r, err
}

// PutChain begins a row of changes, in place of one whose time is over.
func (tx *Tx) PutChain(r ChainRow) error {
	_, err := tx.exec(`INSERT INTO chains (account_id, chain_id, email_key, opened, moved, expires, factor, snapshot)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id) DO UPDATE
		SET chain_id = $2, email_key = $3, opened = $4, moved = $5, expires = $6, factor = $7, snapshot = $8`,
		r.Account, r.ID, r.EmailKey, millis(r.Opened), millis(r.Moved), millis(r.Expires), millis(r.Factor), r.Snapshot)
	return err
}

// MoveChain notes the first change of the address in a row of changes, which
// ends at expires. Later ones change nothing.
func (tx *Tx) MoveChain(account protocol.AccountID, chain string, moved, expires time.Time) error {
	_, err := tx.exec(`UPDATE chains SET moved = $3, expires = $4 WHERE account_id = $1 AND chain_id = $2 AND moved = 0`,
		account, chain, millis(moved), millis(expires))
	return err
}

// DeleteChain ends a row of changes: ErrNotFound where it has ended.
func (tx *Tx) DeleteChain(account protocol.AccountID, chain string) error {
	return tx.execOne(`DELETE FROM chains WHERE account_id = $1 AND chain_id = $2`, account, chain)
}

// DeleteChainsBefore removes rows of changes whose time was over at t.
func (tx *Tx) DeleteChainsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM chains WHERE expires < $1`, millis(t))
	return err
}

// FactorRows are all second factors of an account.
type FactorRows struct {
	Needed   bool // the password alone is not enough
	TOTP     *TOTPRow
	Codes    [][]byte  // of recovery, keyed hashes
	CodesOf  time.Time // when they were made
	Passkeys []PasskeyRow
}

// Since is when the oldest of them was set, where the password alone is not
// enough; zero otherwise.
func (f FactorRows) Since() time.Time {
	var since time.Time
	if !f.Needed {
		return since
	}
	if f.TOTP != nil {
		since = f.TOTP.Confirmed
	}
	for _, p := range f.Passkeys {
		if since.IsZero() || p.Created.Before(since) {
			since = p.Created
		}
	}
	return since
}

// Factors returns the account's second factors that are on.
func (tx *Tx) Factors(account protocol.AccountID) (FactorRows, error) {
	var f FactorRows
	acc, err := tx.Account(account)
	if err != nil {
		return f, err
	}
	f.Needed = acc.SecondFactor
	switch app, err := tx.TOTP(account); {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return f, err
	case !app.Confirmed.IsZero():
		f.TOTP = &app
	}
	err = tx.rows(func(scan scanFunc) error {
		var h []byte
		err := scan(&h, asTime(&f.CodesOf))
		f.Codes = append(f.Codes, h)
		return err
	}, `SELECT code_hash, created FROM recovery_codes WHERE account_id = $1 ORDER BY code_hash`, account)
	if err != nil {
		return f, err
	}
	f.Passkeys, err = tx.Passkeys(account, 1000)
	return f, err
}

// ClearFactors removes all second factors of an account.
func (tx *Tx) ClearFactors(account protocol.AccountID) error {
	for _, table := range []string{"totp", "recovery_codes", "passkeys"} {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE account_id = $1`, account); err != nil {
			return err
		}
	}
	return tx.SetSecondFactor(account, false)
}

// RestoreFactors makes f the account's second factors again. What was used up
// in the meantime stays used: codes of the same set, and time steps.
func (tx *Tx) RestoreFactors(account protocol.AccountID, f FactorRows) error {
	now, err := tx.Factors(account)
	if err != nil {
		return err
	}
	if len(now.Codes) > 0 && now.CodesOf.Equal(f.CodesOf) {
		f.Codes = now.Codes
	}
	if err := tx.ClearFactors(account); err != nil {
		return err
	}
	if f.TOTP != nil {
		step := f.TOTP.Step
		if now.TOTP != nil && bytes.Equal(now.TOTP.Sealed, f.TOTP.Sealed) {
			step = max(step, now.TOTP.Step)
		}
		_, err := tx.exec(`INSERT INTO totp (account_id, sealed, step, created, confirmed) VALUES ($1, $2, $3, $4, $5)`,
			account, f.TOTP.Sealed, step, millis(f.TOTP.Created), millis(f.TOTP.Confirmed))
		if err != nil {
			return err
		}
	}
	if err := tx.ReplaceRecoveryCodes(account, f.Codes, f.CodesOf); err != nil {
		return err
	}
	for _, p := range f.Passkeys {
		if err := tx.InsertPasskey(p); err != nil && !errors.Is(err, ErrExists) {
			return err
		}
	}
	return tx.SetSecondFactor(account, f.Needed)
}
