package store

import "time"

// AttemptRow is a sign-up under way.
type AttemptRow struct {
	ID       string
	Email    string
	EmailKey string
	Password string // PHC
	Language string
	CodeHash []byte // keyed; matches no code where the address is known
	Tries    int
	Sent     time.Time
	Expires  time.Time // of the code
	Created  time.Time
}

// InsertAttempt adds a sign-up.
func (tx *Tx) InsertAttempt(r AttemptRow) error {
	_, err := tx.exec(`INSERT INTO attempts
		(attempt_id, email, email_key, password, language, code_hash, tries, sent, expires, created)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $7)`,
		r.ID, r.Email, r.EmailKey, r.Password, r.Language, r.CodeHash, millis(r.Sent), millis(r.Expires))
	return err
}

// Attempt returns a sign-up.
func (tx *Tx) Attempt(id string) (AttemptRow, error) {
	r := AttemptRow{ID: id}
	err := tx.row(`SELECT email, email_key, password, language, code_hash, tries, sent, expires, created
		FROM attempts WHERE attempt_id = $1`, id).
		Scan(&r.Email, &r.EmailKey, &r.Password, &r.Language, &r.CodeHash, &r.Tries, asTime(&r.Sent), asTime(&r.Expires), asTime(&r.Created))
	return r, err
}

// RenewAttempt replaces the code of a sign-up whose code was sent before
// sentBefore, with new tries: ErrNotFound where it was sent later.
func (tx *Tx) RenewAttempt(id string, codeHash []byte, sentBefore, now, expires time.Time) error {
	return tx.execOne(`UPDATE attempts SET code_hash = $2, tries = 0, sent = $4, expires = $5
		WHERE attempt_id = $1 AND sent <= $3`, id, codeHash, millis(sentBefore), millis(now), millis(expires))
}

// TryAttempt takes one of the limit tries that a code has, before it is
// checked, and returns how many are taken: ErrNotFound where none is left or
// the code's time is over.
func (tx *Tx) TryAttempt(id string, limit int, now time.Time) (tries int, err error) {
	err = tx.row(`UPDATE attempts SET tries = tries + 1 WHERE attempt_id = $1 AND tries < $2 AND expires > $3
		RETURNING tries`, id, limit, millis(now)).Scan(&tries)
	return tries, err
}

// DeleteAttempt ends a sign-up: ErrNotFound where it is gone.
func (tx *Tx) DeleteAttempt(id string) error {
	return tx.execOne(`DELETE FROM attempts WHERE attempt_id = $1`, id)
}

// DeleteAttemptsBefore removes sign-ups begun before t.
func (tx *Tx) DeleteAttemptsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM attempts WHERE created < $1`, millis(t))
	return err
}
