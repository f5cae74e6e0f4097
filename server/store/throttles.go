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

// TakeThrottle counts one of limit within per, in one statement: ErrNotFound
// where all are taken. The first that counts begins the time.
func (tx *Tx) TakeThrottle(scope string, subject []byte, limit int, per time.Duration, now time.Time) error {
	if limit < 1 {
		return ErrNotFound
	}
	n := 0
	return tx.row(`INSERT INTO throttles (scope, subject, count, since, until) VALUES ($1, $2, 1, $3, 0)
		ON CONFLICT (scope, subject) DO UPDATE SET
			count = CASE WHEN throttles.since <= $4 OR throttles.since > $3 THEN 1 ELSE throttles.count + 1 END,
			since = CASE WHEN throttles.since <= $4 OR throttles.since > $3 THEN $3 ELSE throttles.since END
		WHERE throttles.since <= $4 OR throttles.since > $3 OR throttles.count < $5
		RETURNING count`, scope, subject, millis(now), millis(now.Add(-per)), limit).Scan(&n)
}

// CountThrottle counts one within per, in one statement, and returns how many
// there are.
func (tx *Tx) CountThrottle(scope string, subject []byte, per time.Duration, now time.Time) (int, error) {
	n := 0
	err := tx.row(`INSERT INTO throttles (scope, subject, count, since, until) VALUES ($1, $2, 1, $3, 0)
		ON CONFLICT (scope, subject) DO UPDATE SET
			count = CASE WHEN throttles.since <= $4 OR throttles.since > $3 THEN 1 ELSE throttles.count + 1 END,
			since = CASE WHEN throttles.since <= $4 OR throttles.since > $3 THEN $3 ELSE throttles.since END
		RETURNING count`, scope, subject, millis(now), millis(now.Add(-per))).Scan(&n)
	return n, err
}

// ReturnThrottle takes back one that was counted.
func (tx *Tx) ReturnThrottle(scope string, subject []byte) error {
	_, err := tx.exec(`UPDATE throttles SET count = count - 1 WHERE scope = $1 AND subject = $2 AND count > 0`, scope, subject)
	return err
}

// BackOff says how tries wait for one another.
type BackOff struct {
	Free   int           // tries before the first wait; from the Free-th on each is followed by one
	First  time.Duration // the wait after the Free-th
	Most   time.Duration // waits double up to this one
	Forget time.Duration // a streak ends by itself after this
}

// CountTry counts a try in one statement, before it is known whether it
// succeeds, and returns how many there are in a row: ErrNotFound within a wait.
func (tx *Tx) CountTry(scope string, subject []byte, b BackOff, now time.Time) (int, error) {
	n := 0
	// The wait after try m is First * 2^(m-Free); shifts beyond 20 are Most anyway.
	err := tx.row(`INSERT INTO throttles (scope, subject, count, since, until)
		VALUES ($1, $2, 1, $3, CASE WHEN CAST($5 AS BIGINT) <= 1 THEN CAST($3 AS BIGINT) + $6 ELSE 0 END)
		ON CONFLICT (scope, subject) DO UPDATE SET
			count = CASE WHEN throttles.since <= $4 THEN 1 ELSE throttles.count + 1 END,
			since = CASE WHEN throttles.since <= $4 THEN $3 ELSE throttles.since END,
			until = CASE WHEN throttles.since <= $4 OR throttles.count + 1 < $5 THEN 0
				WHEN throttles.count + 1 - $5 > 20 THEN $3 + $7
				WHEN ($6 << CAST(throttles.count + 1 - $5 AS INTEGER)) > $7 THEN $3 + $7
				ELSE $3 + ($6 << CAST(throttles.count + 1 - $5 AS INTEGER)) END
		WHERE throttles.until <= $3
		RETURNING count`, scope, subject, millis(now), millis(now.Add(-b.Forget)), int64(b.Free),
		b.First.Milliseconds(), b.Most.Milliseconds()).Scan(&n)
	return n, err
}
