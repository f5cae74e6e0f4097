package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ListRow is a title that was put on a profile's own list, or taken off it.
type ListRow struct {
	Account protocol.AccountID
	Profile protocol.ProfileID
	Title   protocol.TitleID
	Listed  bool
	At      protocol.Millis
}

// ProgressRow is how far a profile is in a title that it began.
type ProgressRow struct {
	Account protocol.AccountID
	Profile protocol.ProfileID
	protocol.Watched
	Done bool // seen to the end
}

// OwnList returns what was put on a profile's own list and taken off it, the
// newest first.
func (tx *Tx) OwnList(account protocol.AccountID, profile protocol.ProfileID) ([]ListRow, error) {
	return tx.ownLists(account, `WHERE account_id = $1 AND profile_id = $2 ORDER BY at DESC, title_id`, account, profile)
}

func (tx *Tx) ownLists(account protocol.AccountID, where string, args ...any) ([]ListRow, error) {
	var out []ListRow
	err := tx.rows(func(scan scanFunc) error {
		r := ListRow{Account: account}
		err := scan(&r.Profile, &r.Title, asFlag(&r.Listed), &r.At)
		out = append(out, r)
		return err
	}, `SELECT profile_id, title_id, listed, at FROM own_list `+where, args...)
	return out, err
}

// PutOnList stores r, in place of what was there of its title.
func (tx *Tx) PutOnList(r ListRow) error {
	_, err := tx.exec(`INSERT INTO own_list (account_id, profile_id, title_id, listed, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, profile_id, title_id) DO UPDATE SET listed = $4, at = $5`,
		r.Account, r.Profile, r.Title, flag(r.Listed), r.At)
	return err
}

// DropFromList forgets a title of a profile's own list.
func (tx *Tx) DropFromList(r ListRow) error {
	return tx.execOne(`DELETE FROM own_list WHERE account_id = $1 AND profile_id = $2 AND title_id = $3`, r.Account, r.Profile, r.Title)
}

// ProfileIDs returns the ids of the account's profiles and nothing else of them.
func (tx *Tx) ProfileIDs(account protocol.AccountID) (map[protocol.ProfileID]bool, error) {
	out := map[protocol.ProfileID]bool{}
	err := tx.rows(func(scan scanFunc) error {
		var id protocol.ProfileID
		err := scan(&id)
		out[id] = true
		return err
	}, `SELECT profile_id FROM profiles WHERE account_id = $1`, account)
	return out, err
}

// ProgressIn returns how far a profile is in a title: ErrNotFound where it never
// began it.
func (tx *Tx) ProgressIn(account protocol.AccountID, profile protocol.ProfileID, title protocol.TitleID) (ProgressRow, error) {
	rows, err := tx.progress(account, `WHERE account_id = $1 AND profile_id = $2 AND title_id = $3`, account, profile, title)
	if err == nil && len(rows) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return ProgressRow{}, err
	}
	return rows[0], nil
}

// Progress returns the titles that a profile began, the newest first.
func (tx *Tx) Progress(account protocol.AccountID, profile protocol.ProfileID) ([]ProgressRow, error) {
	return tx.progress(account, `WHERE account_id = $1 AND profile_id = $2 ORDER BY at DESC, title_id`, account, profile)
}

func (tx *Tx) progress(account protocol.AccountID, where string, args ...any) ([]ProgressRow, error) {
	var out []ProgressRow
	err := tx.rows(func(scan scanFunc) error {
		r := ProgressRow{Account: account}
		err := scan(&r.Profile, &r.Title, &r.Position, &r.Length, &r.At, asFlag(&r.Done))
		out = append(out, r)
		return err
	}, `SELECT profile_id, title_id, position, length, at, done FROM progress `+where, args...)
	return out, err
}

// PutProgress stores r, in place of what was there of its title.
func (tx *Tx) PutProgress(r ProgressRow) error {
	_, err := tx.exec(`INSERT INTO progress (account_id, profile_id, title_id, position, length, at, done)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (account_id, profile_id, title_id) DO UPDATE SET position = $4, length = $5, at = $6, done = $7`,
		r.Account, r.Profile, r.Title, r.Position, r.Length, r.At, flag(r.Done))
	return err
}

// DropProgress forgets a title that a profile began.
func (tx *Tx) DropProgress(r ProgressRow) error {
	return tx.execOne(`DELETE FROM progress WHERE account_id = $1 AND profile_id = $2 AND title_id = $3`, r.Account, r.Profile, r.Title)
}

// Libraries returns the own lists of all profiles of an account and what they
// began and have not seen to the end, each the newest first.
func (tx *Tx) Libraries(account protocol.AccountID) ([]ListRow, []ProgressRow, error) {
	lists, err := tx.ownLists(account, `WHERE account_id = $1 AND listed = 1 ORDER BY at DESC, title_id`, account)
	if err != nil {
		return nil, nil, err
	}
	begun, err := tx.progress(account, `WHERE account_id = $1 AND done = 0 ORDER BY at DESC, title_id`, account)
	return lists, begun, err
}

// BumpLibrary gives the account's library its next number: the time in
// milliseconds, or one more where that is not above the last, so that a restored
// backup never gives a number a second time. Whoever polls for changes finds it.
func (tx *Tx) BumpLibrary(account protocol.AccountID, now time.Time) (int64, error) {
	var n int64
	err := tx.row(`UPDATE accounts SET updated = $2, library = CASE WHEN library < $2 THEN $2 ELSE library + 1 END
		WHERE account_id = $1 RETURNING library`, account, millis(now)).Scan(&n)
	return n, err
}

// NextLibrary is [Tx.BumpLibrary] for a change that is dated already: the number
// is at least the time of the account's last change.
func (tx *Tx) NextLibrary(account protocol.AccountID) error {
	return tx.execOne(`UPDATE accounts SET library = CASE WHEN library < updated THEN updated ELSE library + 1 END
		WHERE account_id = $1`, account)
}

// DeleteLibraryBefore removes up to limit titles that were taken off a list, and
// up to limit that were begun, before t. It tells how many.
func (tx *Tx) DeleteLibraryBefore(t time.Time, limit int) (int64, error) {
	unlisted, err := tx.exec(`DELETE FROM own_list WHERE (account_id, profile_id, title_id) IN
		(SELECT account_id, profile_id, title_id FROM own_list WHERE listed = 0 AND at < $1 LIMIT $2)`, millis(t), limit)
	if err != nil {
		return 0, err
	}
	begun, err := tx.exec(`DELETE FROM progress WHERE (account_id, profile_id, title_id) IN
		(SELECT account_id, profile_id, title_id FROM progress WHERE at < $1 LIMIT $2)`, millis(t), limit)
	return unlisted + begun, err
}
