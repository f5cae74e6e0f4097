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
	IP      string
	Place   string
}

// InsertTimeline adds an entry.
func (tx *Tx) InsertTimeline(r TimelineRow) error {
	_, err := tx.exec(`INSERT INTO timeline
		(account_id, entry_id, at, kind, actor, device_id, profile_id, subject, ip, place, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.Account, r.ID, millis(r.At), r.Kind, r.Actor, r.Device, r.Profile, r.Subject, r.IP, r.Place, r.Detail)
	return err
}

// Timeline returns up to n entries, newest first, older than the entry before;
// an empty before starts at the newest.
func (tx *Tx) Timeline(account protocol.AccountID, before string, n int) ([]TimelineRow, error) {
	var out []TimelineRow
	err := tx.rows(func(scan scanFunc) error {
		r := TimelineRow{Account: account}
		err := scan(&r.ID, asTime(&r.At), &r.Kind, &r.Actor, &r.Device, &r.Profile, &r.Subject, &r.IP, &r.Place, &r.Detail)
		out = append(out, r)
		return err
	}, `SELECT entry_id, at, kind, actor, device_id, profile_id, subject, ip, place, detail FROM timeline
		WHERE account_id = $1 AND ($2 = '' OR entry_id < $2) ORDER BY entry_id DESC LIMIT $3`,
		account, before, n)
	return out, err
}
