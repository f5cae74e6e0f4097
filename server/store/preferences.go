package store

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// PreferenceRow is what an owner chose.
type PreferenceRow struct {
	Account     protocol.AccountID
	NewCode     bool      // an access code is asked for on a new device
	SignInMails bool      // a mail at each new sign-in
	DevicesDue  time.Time // the next reminder of the devices; zero: none
	PasswordDue time.Time // the next reminder of the password; zero: none
}

const preferenceColumns = `account_id, new_code, sign_in_mails, devices_due, password_due`

func (r *PreferenceRow) scan(scan scanFunc) error {
	return scan(&r.Account, asFlag(&r.NewCode), asFlag(&r.SignInMails), asTime(&r.DevicesDue), asTime(&r.PasswordDue))
}

// Preferences returns what the account's owner chose, or the defaults.
func (tx *Tx) Preferences(account protocol.AccountID) (PreferenceRow, error) {
	r := PreferenceRow{}
	err := r.scan(tx.row(`SELECT `+preferenceColumns+` FROM preferences WHERE account_id = $1`, account).Scan)
	if errors.Is(err, ErrNotFound) {
		return PreferenceRow{Account: account, NewCode: true, SignInMails: true}, nil
	}
	return r, err
}

// SetPreferences stores what the owner chose.
func (tx *Tx) SetPreferences(r PreferenceRow) error {
	_, err := tx.exec(`INSERT INTO preferences (`+preferenceColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id) DO UPDATE SET new_code = $2, sign_in_mails = $3, devices_due = $4, password_due = $5`,
		r.Account, flag(r.NewCode), flag(r.SignInMails), millis(r.DevicesDue), millis(r.PasswordDue))
	return err
}

// DueReminders returns up to limit rows with a reminder due by now.
func (tx *Tx) DueReminders(now time.Time, limit int) ([]PreferenceRow, error) {
	var out []PreferenceRow
	err := tx.rows(func(scan scanFunc) error {
		var r PreferenceRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, `SELECT `+preferenceColumns+` FROM preferences
		WHERE (devices_due > 0 AND devices_due <= $1) OR (password_due > 0 AND password_due <= $1)
		ORDER BY account_id LIMIT $2`, millis(now), limit)
	return out, err
}

// WalkRow is how far an owner is with "my account was hacked".
type WalkRow struct {
	Account protocol.AccountID
	Begun   time.Time
	Seen    string // steps, with spaces between
}

// Walk returns how far the owner is: ErrNotFound where none was begun.
func (tx *Tx) Walk(account protocol.AccountID) (WalkRow, error) {
	r := WalkRow{Account: account}
	err := tx.row(`SELECT begun, seen FROM walks WHERE account_id = $1`, account).Scan(asTime(&r.Begun), &r.Seen)
	return r, err
}

// PutWalk stores how far the owner is.
func (tx *Tx) PutWalk(r WalkRow) error {
	_, err := tx.exec(`INSERT INTO walks (account_id, begun, seen) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET begun = $2, seen = $3`, r.Account, millis(r.Begun), r.Seen)
	return err
}

// DeleteWalk forgets it.
func (tx *Tx) DeleteWalk(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM walks WHERE account_id = $1`, account)
	return err
}

// HasTimeline reports whether the timeline has an entry of this kind at or
// after since.
func (tx *Tx) HasTimeline(account protocol.AccountID, kind string, since time.Time) (bool, error) {
	var n int
	err := tx.row(`SELECT COUNT(*) FROM timeline WHERE account_id = $1 AND kind = $2 AND at >= $3`,
		account, kind, millis(since)).Scan(&n)
	return n > 0, err
}
