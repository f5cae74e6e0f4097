package store

import "time"

// AttemptRow is a sign-up under way. Its access code is beside it.
type AttemptRow struct {
	ID       string
	Email    string
	EmailKey string
	Password string // PHC
	Language string
	Created  time.Time
}

// InsertAttempt adds a sign-up.
func (tx *Tx) InsertAttempt(r AttemptRow) error {
	_, err := tx.exec(`INSERT INTO attempts (attempt_id, email, email_key, password, language, created)
		VALUES ($1, $2, $3, $4, $5, $6)`, r.ID, r.Email, r.EmailKey, r.Password, r.Language, millis(r.Created))
	return err
}

// Attempt returns a sign-up.
func (tx *Tx) Attempt(id string) (AttemptRow, error) {
	r := AttemptRow{ID: id}
	err := tx.row(`SELECT email, email_key, password, language, created FROM attempts WHERE attempt_id = $1`, id).
		Scan(&r.Email, &r.EmailKey, &r.Password, &r.Language, asTime(&r.Created))
	return r, err
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
