package store

import (
	"errors"
	"time"
)

// ThrottleRow counts what one subject did within one scope.
type ThrottleRow struct {
	Scope   string
	Subject []byte // a keyed hash
	Count   int
	Since   time.Time // the first that counts
	Until   time.Time // nothing before this time
}

// Throttle returns a counter; one that was never set is zero.
func (tx *Tx) Throttle(scope string, subject []byte) (ThrottleRow, error) {
	r := ThrottleRow{Scope: scope, Subject: subject}
	err := tx.row(`SELECT count, since, until FROM throttles WHERE scope = $1 AND subject = $2`, scope, subject).
		Scan(&r.Count, asTime(&r.Since), asTime(&r.Until))
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return r, err
}

// SetThrottle stores a counter.
func (tx *Tx) SetThrottle(r ThrottleRow) error {
	_, err := tx.exec(`INSERT INTO throttles (scope, subject, count, since, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (scope, subject) DO UPDATE SET count = $3, since = $4, until = $5`,
		r.Scope, r.Subject, r.Count, millis(r.Since), millis(r.Until))
	return err
}

// ClearThrottle forgets a counter.
func (tx *Tx) ClearThrottle(scope string, subject []byte) error {
	_, err := tx.exec(`DELETE FROM throttles WHERE scope = $1 AND subject = $2`, scope, subject)
	return err
}

// DeleteThrottlesBefore removes counters that began before t.
func (tx *Tx) DeleteThrottlesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM throttles WHERE since < $1`, millis(t))
	return err
}
