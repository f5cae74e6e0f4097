package account

import (
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Limits of this package, with the product rule that sets them.
const (
	freeTries    = 5                // V5: back-off begins with this failure
	firstWait    = 30 * time.Second // V5
	longestWait  = time.Hour        // V5
	forgetTries  = 24 * time.Hour   // a streak of failures ends by itself
	codeTries    = 5                // V1
	codeLife     = 10 * time.Minute // V1
	resendAfter  = 30 * time.Second // V1
	sendsPerHour = 5                // V1: per destination
	signUpsPerIP = 30               // sign-ups an hour from one network
	attemptLife  = time.Hour        // how long another code can be asked for
)

// Budget is so many of something within a time.
type Budget struct {
	Scope string
	Limit int
	Per   time.Duration
}

// Take counts one against b for the subject (hashed with keys), in the
// caller's transaction. Above the limit it fails with *ThrottledError, and
// nothing is counted.
func (b Budget) Take(tx *store.Tx, keys *keyring.Ring, now time.Time, subject ...string) error {
	row, err := b.row(tx, keys, now, subject)
	if err != nil {
		return err
	}
	row.Count++
	return tx.SetThrottle(row)
}

// Check fails as Take would, and counts nothing.
func (b Budget) Check(tx *store.Tx, keys *keyring.Ring, now time.Time, subject ...string) error {
	_, err := b.row(tx, keys, now, subject)
	return err
}

func (b Budget) row(tx *store.Tx, keys *keyring.Ring, now time.Time, subject []string) (store.ThrottleRow, error) {
	row, err := tx.Throttle(b.Scope, keys.MAC(keyring.Throttles, subject...))
	if err != nil {
		return row, err
	}
	if row.Count == 0 || now.Sub(row.Since) >= b.Per || now.Before(row.Since) {
		row.Count, row.Since = 0, now
	}
	if row.Count >= b.Limit {
		return row, &ThrottledError{RetryAfter: row.Since.Add(b.Per).Sub(now)}
	}
	return row, nil
}

var (
	sendBudget   = Budget{Scope: "send", Limit: sendsPerHour, Per: time.Hour}
	signUpBudget = Budget{Scope: "sign-up", Limit: signUpsPerIP, Per: time.Hour}
)

// countTry counts a try of a password before it is checked, so that parallel
// tries count too: from the fifth without success each is followed by a wait.
// A try within a wait fails with *ThrottledError. It returns the length of the
// streak.
func (s *Service) countTry(tx *store.Tx, now time.Time, scope string, subject []byte) (int, error) {
	row, err := tx.Throttle(scope, subject)
	if err != nil {
		return 0, err
	}
	if row.Until.After(now) {
		return row.Count, &ThrottledError{RetryAfter: row.Until.Sub(now)}
	}
	if row.Count == 0 || now.Sub(row.Since) >= forgetTries {
		row.Count, row.Since = 0, now
	}
	row.Count++
	row.Until = time.Time{}
	if row.Count >= freeTries {
		row.Until = now.Add(wait(row.Count))
	}
	return row.Count, tx.SetThrottle(row)
}

// wait is how long the next try waits after the n-th failure in a row.
func wait(n int) time.Duration {
	w := firstWait
	for ; n > freeTries && w < longestWait; n-- {
		w *= 2
	}
	return min(w, longestWait)
}
