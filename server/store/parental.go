package store

import (
	"errors"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
	"github.com/hearthkey/hearthkey/protocol/parental"
)

// ParentalRow is what a household decided beside its parental PIN.
type ParentalRow struct {
	Above       parental.Level // the PIN is asked for above this level; 0: by no level
	AddNeedsPIN bool
	Titles      []protocol.TitleID // that ask for the PIN, by id
}

// Parental returns what a household decided; nothing is the zero row.
func (tx *Tx) Parental(account protocol.AccountID) (ParentalRow, error) {
	var r ParentalRow
	err := tx.row(`SELECT above, add_needs_pin FROM parental WHERE account_id = $1`, account).
		Scan(&r.Above, asFlag(&r.AddNeedsPIN))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return r, err
	}
	err = tx.rows(func(scan scanFunc) error {
		var id protocol.TitleID
		err := scan(&id)
		r.Titles = append(r.Titles, id)
		return err
	}, `SELECT title_id FROM parental_titles WHERE account_id = $1 ORDER BY title_id`, account)
	return r, err
}

// SetParental replaces what a household decided.
func (tx *Tx) SetParental(account protocol.AccountID, r ParentalRow) error {
	_, err := tx.exec(`INSERT INTO parental (account_id, above, add_needs_pin) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET above = $2, add_needs_pin = $3`, account, r.Above, flag(r.AddNeedsPIN))
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM parental_titles WHERE account_id = $1`, account); err != nil {
		return err
	}
	for _, id := range r.Titles {
		_, err := tx.exec(`INSERT INTO parental_titles (account_id, title_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, account, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// blocked returns the titles that the account's profiles may never play, by id.
func (tx *Tx) blocked(account protocol.AccountID) (map[protocol.ProfileID][]protocol.TitleID, error) {
	out := map[protocol.ProfileID][]protocol.TitleID{}
	err := tx.rows(func(scan scanFunc) error {
		var (
			p  protocol.ProfileID
			id protocol.TitleID
		)
		err := scan(&p, &id)
		out[p] = append(out[p], id)
		return err
	}, `SELECT profile_id, title_id FROM blocked_titles WHERE account_id = $1 ORDER BY profile_id, title_id`, account)
	return out, err
}

// SetBlocked replaces the titles that a profile may never play.
func (tx *Tx) SetBlocked(account protocol.AccountID, profile protocol.ProfileID, titles []protocol.TitleID) error {
	_, err := tx.exec(`DELETE FROM blocked_titles WHERE account_id = $1 AND profile_id = $2`, account, profile)
	if err != nil {
		return err
	}
	for _, id := range titles {
		_, err := tx.exec(`INSERT INTO blocked_titles (account_id, profile_id, title_id) VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, account, profile, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// PinTriesRow counts the wrong tries of one device's sign-in at one version of
// a PIN.
type PinTriesRow struct {
	Account   protocol.AccountID
	Profile   protocol.ProfileID // or protocol.ParentalPIN
	PIN       int64              // version of the PIN
	Device    protocol.DeviceID
	Epoch     protocol.Epoch
	Told      int // by the device, of those that it checked itself
	ToldAt    time.Time
	Checked   int // by the server
	CheckedAt time.Time
	Last      time.Time // the newest wrong try; zero once the PIN was right
}

// PinTries returns the wrong tries at the account's PINs.
func (tx *Tx) PinTries(account protocol.AccountID) ([]PinTriesRow, error) {
	var out []PinTriesRow
	err := tx.rows(func(scan scanFunc) error {
		r := PinTriesRow{Account: account}
		err := scan(&r.Profile, &r.PIN, &r.Device, &r.Epoch, &r.Told, asTime(&r.ToldAt), &r.Checked, asTime(&r.CheckedAt), asTime(&r.Last))
		out = append(out, r)
		return err
	}, `SELECT profile_id, pin, device_id, epoch, told, told_at, checked, checked_at, last FROM pin_tries
		WHERE account_id = $1 ORDER BY profile_id, pin, device_id, epoch`, account)
	return out, err
}

// PutPinTries stores a count in place of the one before. One of nothing is
// removed.
func (tx *Tx) PutPinTries(r PinTriesRow) error {
	if r.Told == 0 && r.Checked == 0 {
		_, err := tx.exec(`DELETE FROM pin_tries
			WHERE account_id = $1 AND profile_id = $2 AND pin = $3 AND device_id = $4 AND epoch = $5`,
			r.Account, r.Profile, r.PIN, r.Device, r.Epoch)
		return err
	}
	_, err := tx.exec(`INSERT INTO pin_tries (account_id, profile_id, pin, device_id, epoch, told, told_at, checked, checked_at, last)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account_id, profile_id, pin, device_id, epoch) DO UPDATE
		SET told = $6, told_at = $7, checked = $8, checked_at = $9, last = $10`,
		r.Account, r.Profile, r.PIN, r.Device, r.Epoch, r.Told, millis(r.ToldAt), r.Checked, millis(r.CheckedAt), millis(r.Last))
	return err
}

// DeleteForgivenPinTries removes the counts of ended sign-ins of which nothing is
// left: each try is forgiven after per. Those of a sign-in that goes on stay, since
// the device may tell them again.
func (tx *Tx) DeleteForgivenPinTries(per time.Duration, now time.Time) error {
	_, err := tx.exec(`DELETE FROM pin_tries WHERE told_at + told * $1 <= $2 AND checked_at + checked * $1 <= $2
		AND NOT EXISTS (SELECT 1 FROM devices d JOIN accounts a ON a.account_id = d.account_id
			WHERE d.account_id = pin_tries.account_id AND d.device_id = pin_tries.device_id AND d.epoch = pin_tries.epoch
			AND d.status = 'active' AND d.generation = a.generation)`, per.Milliseconds(), millis(now))
	return err
}

// EndPinWait notes that a PIN was right: no wait runs any more.
func (tx *Tx) EndPinWait(account protocol.AccountID, profile protocol.ProfileID) error {
	_, err := tx.exec(`UPDATE pin_tries SET last = 0 WHERE account_id = $1 AND profile_id = $2`, account, profile)
	return err
}

// BumpTries makes the account's next number of tries, and its next version, so
// that devices hear of it. The number is the time in milliseconds, or one more
// than the last: counted from one, a restored backup would give numbers again that
// devices have seen, and they would not heed the owner's Unlock.
func (tx *Tx) BumpTries(account protocol.AccountID, now time.Time) (number int64, v protocol.Version, err error) {
	err = tx.row(`UPDATE accounts SET tries = CASE WHEN tries < $2 THEN $2 ELSE tries + 1 END, version = version + 1, updated = $2
		WHERE account_id = $1 RETURNING tries, version`, account, millis(now)).Scan(&number, &v)
	return number, v, err
}

// UnlockPin forgives all wrong tries at a PIN: ErrNotFound where there is none. When
// the owner was told of them stays.
func (tx *Tx) UnlockPin(account protocol.AccountID, profile protocol.ProfileID) error {
	err := tx.execOne(`UPDATE pins SET
		unlocks = (SELECT tries FROM accounts WHERE accounts.account_id = pins.account_id)
		WHERE account_id = $1 AND profile_id = $2`, account, profile)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM pin_tries WHERE account_id = $1 AND profile_id = $2`, account, profile)
	return err
}

// AlarmPin notes that the owner was told that a PIN is being guessed.
func (tx *Tx) AlarmPin(account protocol.AccountID, profile protocol.ProfileID, now time.Time) error {
	return tx.execOne(`UPDATE pins SET alarmed = $3 WHERE account_id = $1 AND profile_id = $2`, account, profile, millis(now))
}
