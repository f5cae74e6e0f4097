package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ProfileRow is one profile; Locked, PIN and Unlocks come from its lock, Blocked
// from [Tx.SetBlocked].
type ProfileRow struct {
	protocol.Profile
	Account protocol.AccountID
	Created time.Time
}

// Profiles returns the account's profiles, the main one first, then the
// earliest.
func (tx *Tx) Profiles(account protocol.AccountID) ([]ProfileRow, error) {
	var out []ProfileRow
	blocked, err := tx.blocked(account)
	if err != nil {
		return nil, err
	}
	err = tx.rows(func(scan scanFunc) error {
		r := ProfileRow{Account: account}
		err := scan(&r.ID, &r.Name, &r.Avatar, &r.Level, &r.Language, asFlag(&r.Kids), asFlag(&r.Main), asTime(&r.Created), &r.PIN, &r.Unlocks)
		r.Locked, r.Blocked = r.PIN > 0, blocked[r.ID]
		out = append(out, r)
		return err
	}, `SELECT p.profile_id, p.name, p.avatar, p.level, p.language, p.kids, p.main, p.created, COALESCE(n.version, 0), COALESCE(n.unlocks, 0)
		FROM profiles p LEFT JOIN pins n ON n.account_id = p.account_id AND n.profile_id = p.profile_id
		WHERE p.account_id = $1 ORDER BY p.main DESC, p.profile_id`, account)
	return out, err
}

// InsertProfile adds a profile.
func (tx *Tx) InsertProfile(r ProfileRow) error {
	_, err := tx.exec(`INSERT INTO profiles (account_id, profile_id, name, avatar, level, language, kids, main, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Account, r.ID, r.Name, r.Avatar, r.Level, r.Language, flag(r.Kids), flag(r.Main), millis(r.Created))
	return err
}

// UpdateProfile replaces what the owner decides about a profile.
func (tx *Tx) UpdateProfile(r ProfileRow) error {
	return tx.execOne(`UPDATE profiles SET name = $3, avatar = $4, level = $5, language = $6, kids = $7
		WHERE account_id = $1 AND profile_id = $2`,
		r.Account, r.ID, r.Name, r.Avatar, r.Level, r.Language, flag(r.Kids))
}

// DeleteProfile removes a profile with its lock and what is blocked for it.
func (tx *Tx) DeleteProfile(account protocol.AccountID, id protocol.ProfileID) error {
	if _, err := tx.DeletePin(account, id); err != nil {
		return err
	}
	return tx.execOne(`DELETE FROM profiles WHERE account_id = $1 AND profile_id = $2`, account, id)
}

// PinRow is a profile's lock, or the parental PIN.
type PinRow struct {
	Account protocol.AccountID
	Profile protocol.ProfileID // or protocol.ParentalPIN
	Version int64
	Salt    []byte
	Memory  uint32 // KiB
	Passes  uint32
	Sealed  []byte // K under the data key
	Created time.Time
	Unlocks int64     // see protocol.Profile
	Alarmed time.Time // when the owner was told that it is being guessed; zero: not
}

// SetPin stores a lock, in place of the one before, whose wrong tries are
// forgotten. Its Unlocks never go back.
func (tx *Tx) SetPin(r PinRow) error {
	if err := tx.deletePinTries(r.Account, r.Profile); err != nil {
		return err
	}
	_, err := tx.exec(`INSERT INTO pins (account_id, profile_id, version, salt, memory, passes, sealed, created, unlocks)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account_id, profile_id) DO UPDATE
		SET version = $3, salt = $4, memory = $5, passes = $6, sealed = $7, created = $8, alarmed = 0`,
		r.Account, r.Profile, r.Version, r.Salt, r.Memory, r.Passes, r.Sealed, millis(r.Created), r.Unlocks)
	return err
}

func (tx *Tx) deletePinTries(account protocol.AccountID, id protocol.ProfileID) error {
	_, err := tx.exec(`DELETE FROM pin_tries WHERE account_id = $1 AND profile_id = $2`, account, id)
	return err
}

// DeletePin removes a lock with its wrong tries. It tells whether there was one.
func (tx *Tx) DeletePin(account protocol.AccountID, id protocol.ProfileID) (bool, error) {
	if err := tx.deletePinTries(account, id); err != nil {
		return false, err
	}
	n, err := tx.exec(`DELETE FROM pins WHERE account_id = $1 AND profile_id = $2`, account, id)
	return n > 0, err
}

// Pins returns the account's locks in the order of their profiles' ids.
func (tx *Tx) Pins(account protocol.AccountID) ([]PinRow, error) {
	var out []PinRow
	err := tx.rows(func(scan scanFunc) error {
		r := PinRow{Account: account}
		err := scan(&r.Profile, &r.Version, &r.Salt, &r.Memory, &r.Passes, &r.Sealed, asTime(&r.Created), &r.Unlocks, asTime(&r.Alarmed))
		out = append(out, r)
		return err
	}, `SELECT profile_id, version, salt, memory, passes, sealed, created, unlocks, alarmed FROM pins
		WHERE account_id = $1 ORDER BY profile_id`, account)
	return out, err
}
