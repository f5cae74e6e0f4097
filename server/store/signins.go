package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// SignInRow is a sign-in with the right password that needs something more.
type SignInRow struct {
	ID         string // hash of the secret that the browser keeps
	Account    protocol.AccountID
	Generation int64
	Password   protocol.Digest // of the account's password hash
	Needs      string
	Device     string // of known_devices; empty for an unknown one
	Reasons    string
	Suspicious bool
	Tries      int // of the second factor
	Created    time.Time
	Expires    time.Time
}

// InsertSignIn adds a sign-in under way.
func (tx *Tx) InsertSignIn(r SignInRow) error {
	_, err := tx.exec(`INSERT INTO sign_ins
		(sign_in_id, account_id, generation, password, needs, device, reasons, suspicious, tries, created, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)`,
		r.ID, r.Account, r.Generation, r.Password, r.Needs, r.Device, r.Reasons, flag(r.Suspicious),
		millis(r.Created), millis(r.Expires))
	return err
}

// SignIn returns a sign-in that is under way at now, of an account whose
// generation and password are still what it saw.
func (tx *Tx) SignIn(id string, now time.Time) (SignInRow, error) {
	r := SignInRow{ID: id}
	err := tx.row(`SELECT s.account_id, s.generation, s.password, s.needs, s.device, s.reasons, s.suspicious, s.tries,
		s.created, s.expires
		FROM sign_ins s JOIN accounts a ON a.account_id = s.account_id AND a.generation = s.generation
		WHERE s.sign_in_id = $1 AND s.expires > $2`, id, millis(now)).
		Scan(&r.Account, &r.Generation, &r.Password, &r.Needs, &r.Device, &r.Reasons, asFlag(&r.Suspicious), &r.Tries,
			asTime(&r.Created), asTime(&r.Expires))
	return r, err
}

// TrySignIn takes one of the limit tries of the second factor: ErrNotFound
// where none is left.
func (tx *Tx) TrySignIn(id string, limit int, now time.Time) (tries int, err error) {
	err = tx.row(`UPDATE sign_ins SET tries = tries + 1 WHERE sign_in_id = $1 AND tries < $2 AND expires > $3
		RETURNING tries`, id, limit, millis(now)).Scan(&tries)
	return tries, err
}

// DeleteSignIn ends a sign-in under way: ErrNotFound where it is gone.
func (tx *Tx) DeleteSignIn(id string) error {
	return tx.execOne(`DELETE FROM sign_ins WHERE sign_in_id = $1`, id)
}

// EndOldSignIns ends all sign-ins under way of a device, the empty one for all
// unknown ones, but the keep that began last.
func (tx *Tx) EndOldSignIns(account protocol.AccountID, device string, keep int) error {
	_, err := tx.exec(`DELETE FROM sign_ins WHERE account_id = $1 AND device = $2 AND sign_in_id NOT IN
		(SELECT sign_in_id FROM sign_ins WHERE account_id = $1 AND device = $2 ORDER BY created DESC, sign_in_id LIMIT $3)`,
		account, device, keep)
	return err
}

// DeleteSignInsOf ends all sign-ins under way of an account.
func (tx *Tx) DeleteSignInsOf(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM sign_ins WHERE account_id = $1`, account)
	return err
}

// DeleteSignInsBefore removes what expired before t.
func (tx *Tx) DeleteSignInsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM sign_ins WHERE expires < $1`, millis(t))
	return err
}
