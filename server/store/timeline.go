package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// TimelineRow is one entry of an account's security timeline.
type TimelineRow struct {
	Account protocol.AccountID
	ID      string // UUIDv7: sorts by time
	At      time.Time
	Kind    string
	Actor   protocol.By
	Device  protocol.DeviceID
	Profile protocol.ProfileID
	Subject string
	Detail  string
	Agent   string
	Times   int // 0 counts as 1
	IP      string
	Place   string
}

// InsertTimeline adds an entry.
func (tx *Tx) InsertTimeline(r TimelineRow) error {
	_, err := tx.exec(`INSERT INTO timeline
		(account_id, entry_id, at, kind, actor, device_id, profile_id, subject, ip, place, detail, agent, times)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Account, r.ID, millis(r.At), r.Kind, r.Actor, r.Device, r.Profile, r.Subject, r.IP, r.Place, r.Detail, r.Agent, max(1, r.Times))
	if err == nil && tx.heard != nil {
		tx.OnCommit(func() { tx.heard(r.Kind) })
	}
	return err
}

// Timeline returns up to n entries, newest first, older than the entry before;
// an empty before starts at the newest.
func (tx *Tx) Timeline(account protocol.AccountID, before string, n int) ([]TimelineRow, error) {
	var out []TimelineRow
	err := tx.rows(func(scan scanFunc) error {
		r := TimelineRow{Account: account}
		err := scan(&r.ID, asTime(&r.At), &r.Kind, &r.Actor, &r.Device, &r.Profile, &r.Subject, &r.IP, &r.Place, &r.Detail, &r.Agent, &r.Times)
		out = append(out, r)
		return err
	}, `SELECT entry_id, at, kind, actor, device_id, profile_id, subject, ip, place, detail, agent, times FROM timeline
		WHERE account_id = $1 AND ($2 = '' OR entry_id < $2) ORDER BY entry_id DESC LIMIT $3`,
		account, before, n)
	return out, err
}

// RepeatTimeline counts the account's newest entry of a kind at or after since
// once more, in one statement: ErrNotFound where there is none.
func (tx *Tx) RepeatTimeline(account protocol.AccountID, kind string, since time.Time) error {
	return tx.execOne(`UPDATE timeline SET times = times + 1 WHERE account_id = $1 AND entry_id =
		(SELECT entry_id FROM timeline WHERE account_id = $1 AND kind = $2 AND at >= $3 ORDER BY entry_id DESC LIMIT 1)`,
		account, kind, millis(since))
}

// PruneTimeline removes up to n entries from before a time, of all accounts, and
// tells how many.
func (tx *Tx) PruneTimeline(before time.Time, n int) (int64, error) {
	return tx.exec(`DELETE FROM timeline WHERE (account_id, entry_id) IN
		(SELECT account_id, entry_id FROM timeline WHERE at < $1 ORDER BY at LIMIT $2)`, millis(before), n)
}
