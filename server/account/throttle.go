package account

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/server/keyring"
	"github.com/hearthkey/hearthkey/server/store"
)

// Limits of this package, with the product rule that sets them.
const (
	freeTries    = 5                // V5: back-off begins with this failure
	firstWait    = 30 * time.Second // V5
	longestWait  = time.Hour        // V5
	forgetTries  = 24 * time.Hour   // V5: a back-off ends by itself
	codeStreak   = 10               // V5: failures in a row before unknown devices need a code as well
	refuseStreak = 100              // V5, NIST SP 800-63B-4 §3.2.2: failures in a row before they are refused
	codeTries    = 5                // V1
	codeLife     = 10 * time.Minute // V1
	resendAfter  = 30 * time.Second // V1
	signUpsPerIP = 30               // sign-ups an hour from one network
	attemptLife  = time.Hour        // how long another code can be asked for
)

// backOff is how tries of a password or a second factor wait (V5).
var backOff = store.BackOff{Free: freeTries, First: firstWait, Most: longestWait, Forget: forgetTries}

// Budget is so many of something within a time.
type Budget struct {
	Scope string
	Limit int
	Per   time.Duration
}

// Take counts one against b for the subject (hashed with keys), in the
// caller's transaction and in one statement, so that nodes that share a
// database share the budget. Above the limit it fails with *ThrottledError, and
// nothing is counted.
func (b Budget) Take(tx *store.Tx, keys *keyring.Ring, now time.Time, subject ...string) error {
	err := tx.TakeThrottle(b.Scope, keys.MAC(keyring.Throttles, subject...), b.Limit, b.Per, now)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := b.Check(tx, keys, now, subject...); err != nil {
		return err
	}
	return &ThrottledError{RetryAfter: b.Per} // a budget of nothing
}

// Check fails as Take would, and counts nothing.
func (b Budget) Check(tx *store.Tx, keys *keyring.Ring, now time.Time, subject ...string) error {
	row, err := tx.Throttle(b.Scope, keys.MAC(keyring.Throttles, subject...))
	if err != nil {
		return err
	}
	over := row.Count == 0 || now.Sub(row.Since) >= b.Per || now.Before(row.Since)
	if over || row.Count < b.Limit {
		return nil
	}
	return &ThrottledError{RetryAfter: row.Since.Add(b.Per).Sub(now)}
}

// countTry counts a try of a password before it is checked, so that parallel
// tries count too: from the fifth without success each is followed by a wait.
// A try within a wait fails with *ThrottledError. It returns the length of the
// streak.
func (s *Service) countTry(tx *store.Tx, now time.Time, scope string, subject []byte) (int, error) {
	n, err := tx.CountTry(scope, subject, backOff, now)
	if !errors.Is(err, store.ErrNotFound) {
		return n, err
	}
	row, err := tx.Throttle(scope, subject)
	if err != nil {
		return 0, err
	}
	return row.Count, &ThrottledError{RetryAfter: row.Until.Sub(now), Tries: true}
}
