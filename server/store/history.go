package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// SignInHistoryRow is one sign-in of the past.
type SignInHistoryRow struct {
	Account   protocol.AccountID
	ID        string // UUIDv7: sorts by time
	At        time.Time
	Network   string // IPv4 /24 or IPv6 /64
	Provider  int64  // autonomous system number; 0: unknown
	Country   string // ISO 3166-1; empty: unknown
	Located   bool   // the position is known
	Latitude  int64  // thousandths of a degree
	Longitude int64
	Browser   string
	OS        string
	Kind      string // desktop, mobile, tablet, tv
}

// InsertSignInHistory adds a row and drops all but the keep newest.
func (tx *Tx) InsertSignInHistory(r SignInHistoryRow, keep int) error {
	_, err := tx.exec(`INSERT INTO sign_in_history (account_id, `+historyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.Account, r.ID, millis(r.At), r.Network, r.Provider, r.Country, flag(r.Located), r.Latitude, r.Longitude,
		r.Browser, r.OS, r.Kind)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM sign_in_history WHERE account_id = $1 AND entry_id NOT IN
		(SELECT entry_id FROM sign_in_history WHERE account_id = $1 ORDER BY entry_id DESC LIMIT $2)`, r.Account, keep)
	return err
}

const historyColumns = `entry_id, at, network, provider, country, located, latitude, longitude, browser, os, kind`

// SignInHistory returns the account's rows since a time, the newest first.
func (tx *Tx) SignInHistory(account protocol.AccountID, since time.Time, limit int) ([]SignInHistoryRow, error) {
	var out []SignInHistoryRow
	err := tx.rows(func(scan scanFunc) error {
		r := SignInHistoryRow{Account: account}
		err := scan(&r.ID, asTime(&r.At), &r.Network, &r.Provider, &r.Country, asFlag(&r.Located), &r.Latitude, &r.Longitude,
			&r.Browser, &r.OS, &r.Kind)
		out = append(out, r)
		return err
	}, `SELECT `+historyColumns+` FROM sign_in_history
		WHERE account_id = $1 AND at >= $2 ORDER BY entry_id DESC LIMIT $3`, account, millis(since), limit)
	return out, err
}

// ForgetSignIns removes the account's row of one time and those since another:
// they were somebody else's.
func (tx *Tx) ForgetSignIns(account protocol.AccountID, one, since time.Time) error {
	_, err := tx.exec(`DELETE FROM sign_in_history WHERE account_id = $1 AND (at = $2 OR at >= $3)`,
		account, millis(one), millis(since))
	return err
}

// DeleteSignInHistoryBefore removes rows of before t.
func (tx *Tx) DeleteSignInHistoryBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM sign_in_history WHERE at < $1`, millis(t))
	return err
}

// TraitRow counts how often a trait of sign-ins had a value, over all accounts.
// The empty value counts the trait's different values.
type TraitRow struct {
	Trait string
	Value string
	Times int64
}

// AddTrait adds n sign-ins with the value, which is not empty.
func (tx *Tx) AddTrait(trait, value string, n int64) error {
	const add = `INSERT INTO sign_in_traits (trait, value, times) VALUES ($1, $2, $3)
		ON CONFLICT (trait, value) DO UPDATE SET times = sign_in_traits.times + $3 RETURNING times`
	var times int64
	if err := tx.row(add, trait, value, n).Scan(&times); err != nil || times != n {
		return err
	}
	return tx.row(add, trait, "", 1).Scan(&times) // a value that was not there
}

// Trait returns how often the trait had the value, and how many different ones
// it had.
func (tx *Tx) Trait(trait, value string) (times, distinct int64, err error) {
	err = tx.rows(func(scan scanFunc) error {
		var r TraitRow
		err := scan(&r.Value, &r.Times)
		if r.Value == "" {
			distinct = r.Times
		} else {
			times = r.Times
		}
		return err
	}, `SELECT value, times FROM sign_in_traits WHERE trait = $1 AND (value = $2 OR value = '')`, trait, value)
	return times, distinct, err
}

// TraitTotals returns all values of two traits that have few.
func (tx *Tx) TraitTotals(a, b string) ([]TraitRow, error) {
	var out []TraitRow
	err := tx.rows(func(scan scanFunc) error {
		var r TraitRow
		err := scan(&r.Trait, &r.Value, &r.Times)
		out = append(out, r)
		return err
	}, `SELECT trait, value, times FROM sign_in_traits WHERE trait = $1 OR trait = $2`, a, b)
	return out, err
}
