package store

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// KnownDeviceRow is a browser or TV that signed in fully before.
type KnownDeviceRow struct {
	Account  protocol.AccountID
	Device   string // hash of the account and the device's secret
	Agent    string
	Created  time.Time
	LastUsed time.Time
}

// KnownDevice returns a device that was used at or after since.
func (tx *Tx) KnownDevice(account protocol.AccountID, device string, since time.Time) (KnownDeviceRow, error) {
	r := KnownDeviceRow{Account: account, Device: device}
	err := tx.row(`SELECT agent, created, last_used FROM known_devices
		WHERE account_id = $1 AND device = $2 AND last_used >= $3`, account, device, millis(since)).
		Scan(&r.Agent, asTime(&r.Created), asTime(&r.LastUsed))
	return r, err
}

// PutKnownDevice adds a device or notes that it was used, and forgets all but
// the keep that were used last.
func (tx *Tx) PutKnownDevice(r KnownDeviceRow, keep int) error {
	_, err := tx.exec(`INSERT INTO known_devices (account_id, device, agent, created, last_used) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (account_id, device) DO UPDATE SET agent = $3, last_used = $4`,
		r.Account, r.Device, r.Agent, millis(r.LastUsed))
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM known_devices WHERE account_id = $1 AND device NOT IN (SELECT device FROM known_devices
		WHERE account_id = $1 ORDER BY last_used DESC, device LIMIT $2)`, r.Account, keep)
	return err
}

// ForgetKnownDevices makes all devices of an account unknown but one; the empty
// except keeps none.
func (tx *Tx) ForgetKnownDevices(account protocol.AccountID, except string) error {
	_, err := tx.exec(`DELETE FROM known_devices WHERE account_id = $1 AND device <> $2`, account, except)
	return err
}

// ForgetOtherDevices makes all devices of an account unknown but the one that a
// web session began on.
func (tx *Tx) ForgetOtherDevices(account protocol.AccountID, session string) error {
	_, err := tx.exec(`DELETE FROM known_devices WHERE account_id = $1 AND device NOT IN
		(SELECT device FROM web_sessions WHERE account_id = $1 AND session_id = $2)`, account, session)
	return err
}

// ForgetKnownDevice makes a device of an account unknown.
func (tx *Tx) ForgetKnownDevice(account protocol.AccountID, device string) error {
	_, err := tx.exec(`DELETE FROM known_devices WHERE account_id = $1 AND device = $2`, account, device)
	return err
}

// ForgetDeviceOf makes the device that a web session began on unknown, unless
// the session except began on it too.
func (tx *Tx) ForgetDeviceOf(account protocol.AccountID, session, except string) error {
	_, err := tx.exec(`DELETE FROM known_devices WHERE account_id = $1
		AND device IN (SELECT device FROM web_sessions WHERE account_id = $1 AND session_id = $2)
		AND device NOT IN (SELECT device FROM web_sessions WHERE account_id = $1 AND session_id = $3)`,
		account, session, except)
	return err
}

// DeleteKnownDevicesBefore removes devices that were last used before t.
func (tx *Tx) DeleteKnownDevicesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM known_devices WHERE last_used < $1`, millis(t))
	return err
}

// Streak returns how many failures in a row a counter of the account has.
func (tx *Tx) Streak(account protocol.AccountID, counter string) (int, error) {
	n := 0
	err := tx.row(`SELECT failures FROM streaks WHERE account_id = $1 AND counter = $2`, account, counter).Scan(&n)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return n, err
}

// AddStreak counts a failure, in one statement, and returns how many there are
// in a row. At limit it stays.
func (tx *Tx) AddStreak(account protocol.AccountID, counter string, limit int, now time.Time) (int, error) {
	n := 0
	err := tx.row(`INSERT INTO streaks (account_id, counter, failures, last) VALUES ($1, $2, 1, $4)
		ON CONFLICT (account_id, counter) DO UPDATE SET last = $4,
			failures = CASE WHEN streaks.failures < $3 THEN streaks.failures + 1 ELSE streaks.failures END
		RETURNING failures`, account, counter, limit, millis(now)).Scan(&n)
	return n, err
}

// ReturnStreak takes back one that was counted before it was known to be right.
func (tx *Tx) ReturnStreak(account protocol.AccountID, counter string, now time.Time) error {
	_, err := tx.exec(`UPDATE streaks SET failures = failures - 1, last = $3
		WHERE account_id = $1 AND counter = $2 AND failures > 0`, account, counter, millis(now))
	return err
}

// EndStreak begins a counter anew.
func (tx *Tx) EndStreak(account protocol.AccountID, counter string) error {
	_, err := tx.exec(`DELETE FROM streaks WHERE account_id = $1 AND counter = $2`, account, counter)
	return err
}

// EndStreaksOf begins all counters of an account anew whose name begins with
// prefix, which holds no % and no _.
func (tx *Tx) EndStreaksOf(account protocol.AccountID, prefix string) error {
	_, err := tx.exec(`DELETE FROM streaks WHERE account_id = $1 AND counter LIKE $2`, account, prefix+"%")
	return err
}

// EndStreaks begins all counters of an account anew.
func (tx *Tx) EndStreaks(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM streaks WHERE account_id = $1`, account)
	return err
}
