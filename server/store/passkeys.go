package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// PasskeyRow is one passkey.
type PasskeyRow struct {
	Account    protocol.AccountID
	ID         string // UUIDv7
	Credential string // its id, base64url
	Name       string
	Data       []byte // public key and flags, JSON
	SignCount  int64
	Regressed  time.Time // when the count went back last
	Created    time.Time
	LastUsed   time.Time
}

const passkeyColumns = `account_id, passkey_id, credential, name, data, sign_count, regressed, created, last_used`

func (r *PasskeyRow) scan(scan scanFunc) error {
	return scan(&r.Account, &r.ID, &r.Credential, &r.Name, &r.Data, &r.SignCount, asTime(&r.Regressed), asTime(&r.Created), asTime(&r.LastUsed))
}

// InsertPasskey adds a passkey: ErrExists where its credential is known, to
// whichever account.
func (tx *Tx) InsertPasskey(r PasskeyRow) error {
	n, err := tx.exec(`INSERT INTO passkeys (`+passkeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)
		ON CONFLICT (credential) DO NOTHING`,
		r.Account, r.ID, r.Credential, r.Name, r.Data, r.SignCount, millis(r.Created), millis(r.LastUsed))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// Passkeys returns the account's passkeys, the oldest first.
func (tx *Tx) Passkeys(account protocol.AccountID, limit int) ([]PasskeyRow, error) {
	var out []PasskeyRow
	err := tx.rows(func(scan scanFunc) error {
		var r PasskeyRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, `SELECT `+passkeyColumns+` FROM passkeys WHERE account_id = $1 ORDER BY passkey_id LIMIT $2`, account, limit)
	return out, err
}

// PasskeyByCredential returns the passkey of a credential id.
func (tx *Tx) PasskeyByCredential(credential string) (PasskeyRow, error) {
	var r PasskeyRow
	err := r.scan(tx.row(`SELECT `+passkeyColumns+` FROM passkeys WHERE credential = $1`, credential).Scan)
	return r, err
}

// UsedPasskey stores what a passkey said at its use.
func (tx *Tx) UsedPasskey(r PasskeyRow) error {
	return tx.execOne(`UPDATE passkeys SET data = $3, sign_count = $4, regressed = $5, last_used = $6
		WHERE account_id = $1 AND passkey_id = $2`,
		r.Account, r.ID, r.Data, r.SignCount, millis(r.Regressed), millis(r.LastUsed))
}

// RenamePasskey gives a passkey another name: ErrNotFound where it is gone.
func (tx *Tx) RenamePasskey(account protocol.AccountID, id, name string) error {
	return tx.execOne(`UPDATE passkeys SET name = $3 WHERE account_id = $1 AND passkey_id = $2`, account, id, name)
}

// DeletePasskey removes a passkey: ErrNotFound where it is gone.
func (tx *Tx) DeletePasskey(account protocol.AccountID, id string) error {
	return tx.execOne(`DELETE FROM passkeys WHERE account_id = $1 AND passkey_id = $2`, account, id)
}

// CeremonyRow is what a browser was asked to sign with a passkey.
type CeremonyRow struct {
	ID      string             // hash of the secret that the browser keeps
	Account protocol.AccountID // empty where the passkey will tell
	Purpose string
	About   string
	Data    []byte // JSON
	Expires time.Time
}

// InsertCeremony adds a ceremony.
func (tx *Tx) InsertCeremony(r CeremonyRow) error {
	_, err := tx.exec(`INSERT INTO ceremonies (ceremony_id, account_id, purpose, about, data, expires)
		VALUES ($1, $2, $3, $4, $5, $6)`, r.ID, r.Account, r.Purpose, r.About, r.Data, millis(r.Expires))
	return err
}

// TakeCeremony ends a ceremony and returns it: ErrNotFound where it is gone,
// expired or of another purpose. Of many at once, one gets it.
func (tx *Tx) TakeCeremony(id, purpose string, now time.Time) (CeremonyRow, error) {
	r := CeremonyRow{ID: id, Purpose: purpose}
	err := tx.row(`DELETE FROM ceremonies WHERE ceremony_id = $1 AND purpose = $2 AND expires > $3
		RETURNING account_id, about, data, expires`, id, purpose, millis(now)).
		Scan(&r.Account, &r.About, &r.Data, asTime(&r.Expires))
	return r, err
}

// DeleteCeremoniesBefore removes what expired before t.
func (tx *Tx) DeleteCeremoniesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM ceremonies WHERE expires < $1`, millis(t))
	return err
}
