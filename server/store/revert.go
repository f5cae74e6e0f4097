package store

import (
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
