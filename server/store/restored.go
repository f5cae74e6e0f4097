package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// pinsGap is how far the versions of PINs jump: nobody sets as many after a backup.
const pinsGap = 1_000_000

// epochsGap is how far the numbers of sign-ins jump where the clock gives less, and
// maxEpochs up to where: a clock of the year 2106. It is below what devices may say
// that they had (protocol.MaxEpoch), and far below what the journal takes.
const (
	epochsGap = 1_000_000
	maxEpochs = 1 << 32
)

// timeToStay is how long after a restore nobody's account is closed.
const timeToStay = 7 * 24 * time.Hour

// BackedUp returns the time of the newest thing that the database knows: until
// then a backup is complete. Zero: it is empty.
func (tx *Tx) BackedUp() (time.Time, error) {
	var at time.Time
	err := tx.row(`SELECT MAX(t) FROM (SELECT COALESCE(MAX(heartbeat), 0) AS t FROM nodes UNION ALL
		SELECT COALESCE(MAX(updated), 0) AS t FROM accounts) AS newest`).Scan(asTime(&at))
	return at, err
}

// Restored makes a backup that was taken at backup the database of now. What
// happened in between is lost, so
//
//   - no sign-in of a device and no version of a PIN gets a number that may have been
//     given in between;
//   - every device may hold a lease of up to lease that was given a moment ago;
//   - browsers sign in again, and what was under way begins again, what support was
//     asked for too: it may have been ended, or used;
//   - who wanted to leave has time again to say otherwise, as they may have. What was
//     closed is in the journal.
func (tx *Tx) Restored(now, backup time.Time, lease time.Duration) error {
	var last protocol.Epoch
	if err := tx.row(`SELECT COALESCE(MAX(epochs), 0) FROM restores`).Scan(&last); err != nil {
		return err
	}
	// A TV signs in far less often than once a second. What single TVs are at has no
	// part in it: some of it is their word.
	floor := max(last+epochsGap, protocol.Epoch(now.Unix()))
	if floor > maxEpochs {
		return fmt.Errorf("store: the clock says %s, and the last restore went up to sign-in %d: one of them is wrong", now.UTC().Format(time.RFC3339), last)
	}
	_, err1 := tx.exec(`INSERT INTO restores (restored, backup, epochs) VALUES ($1, $2, $3)
		ON CONFLICT (restored) DO UPDATE SET backup = excluded.backup, epochs = excluded.epochs`, millis(now), millis(backup), floor)
	_, err2 := tx.exec(`UPDATE devices SET connected = 0, ends_held = 0, last_grant = $1, lease = CASE WHEN lease > $2 THEN lease ELSE $2 END
		WHERE applied_status IN ('', 'active')`, millis(now), lease.Milliseconds())
	_, err3 := tx.exec(`UPDATE devices SET connected = 0`)
	_, err4 := tx.exec(`UPDATE accounts SET pins_version = pins_version + $1`, pinsGap)
	_, err5 := tx.exec(`UPDATE erasures SET due = $1 WHERE closed = 0 AND due < $1`, millis(now.Add(timeToStay)))
	errs := []error{err1, err2, err3, err4, err5}
	for _, table := range []string{
		"web_sessions", "sign_ins", "access_codes", "attempts", "ceremonies", "enrolments", "streams", "factor_resets", "contact_resets",
	} {
		_, err := tx.exec(`DELETE FROM ` + table)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Repeat does a deletion again, on a backup from before it. It tells whether there
// was anything to delete.
func (tx *Tx) Repeat(d Deletion, now time.Time) (bool, error) {
	switch d.Kind {
	case DeletedDevice:
		return tx.repeatDevice(d, now)
	case ClosedAccount:
		return tx.repeatClose(d)
	case ErasedAccount:
		return tx.repeatErasure(d)
	}
	return false, fmt.Errorf("store: unknown kind of deletion %q", d.Kind)
}

// repeatDevice deactivates a device, unless it was signed in anew since.
func (tx *Tx) repeatDevice(d Deletion, now time.Time) (bool, error) {
	r, err := tx.Device(d.Account, d.Device)
	if errors.Is(err, ErrNotFound) || err == nil && r.Epoch > d.Epoch {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if r.Status != protocol.Deactivated {
		if err := tx.SetDeviceStatus(r, protocol.Deactivated, protocol.ByRestore, "", d.At); err != nil {
			return false, err
		}
		if _, err := tx.Bump(d.Account, now); err != nil {
			return false, err
		}
	}
	return true, tx.ForgetDevicePlace(d.Account, d.Device, d.At)
}

// repeatClose has an account closed when the server starts.
func (tx *Tx) repeatClose(d Deletion) (bool, error) {
	if _, err := tx.Account(d.Account); err != nil {
		return false, orNothing(err)
	}
	_, err := tx.exec(`INSERT INTO erasures (account_id, asked, due) VALUES ($1, $2, $2)
		ON CONFLICT (account_id) DO UPDATE SET due = CASE WHEN erasures.due < excluded.due THEN erasures.due ELSE excluded.due END`,
		d.Account, millis(d.At))
	return true, err
}

func (tx *Tx) repeatErasure(d Deletion) (bool, error) {
	acc, err := tx.Account(d.Account)
	if err != nil {
		return false, orNothing(err)
	}
	phone, err := tx.Phone(d.Account)
	if err != nil {
		return false, err
	}
	addresses := []string{acc.Email}
	err = tx.rows(func(scan scanFunc) error {
		var key string
		err := scan(&key)
		addresses = append(addresses, key)
		return err
	}, `SELECT email_key FROM email_index WHERE account_id = $1`, d.Account)
	if err != nil {
		return false, err
	}
	if phone.Number != "" {
		addresses = append(addresses, phone.Number)
	}
	return true, tx.EraseAccount(d.Account, d.At, addresses...)
}

func orNothing(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Restore is a backup that became the database.
type Restore struct {
	At     time.Time
	Backup time.Time // what happened between the two is lost
}

// LastRestore returns the newest restore: ErrNotFound where there was none.
func (tx *Tx) LastRestore() (Restore, error) {
	var r Restore
	err := tx.row(`SELECT restored, backup FROM restores ORDER BY restored DESC LIMIT 1`).Scan(asTime(&r.At), asTime(&r.Backup))
	return r, err
}
