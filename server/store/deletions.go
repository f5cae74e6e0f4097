package store

import (
	"context"
	"math"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// DeletionKind says what was deleted.
type DeletionKind string

// The kinds of deletions that outlive a restored backup.
const (
	DeletedDevice DeletionKind = "device"         // where a device was, up to an epoch
	ClosedAccount DeletionKind = "account_closed" // nobody can sign in any more; it is erased soon
	ErasedAccount DeletionKind = "account_erased" // every row of it
)

// Deletion is one that must be done again where a backup from before it is
// restored. It names nobody: ids only.
type Deletion struct {
	Kind    DeletionKind
	Account protocol.AccountID
	Device  protocol.DeviceID // empty where it is about an account
	Epoch   protocol.Epoch    // the device's newest then; 0 likewise
	At      time.Time
}

// PutDeletion has a deletion written into the journal, after the commit that does
// it: in its transaction, so that neither a crash nor a lost hint leaves it out.
func (tx *Tx) PutDeletion(d Deletion) error {
	_, err := tx.exec(`INSERT INTO deletions (kind, account_id, device_id, epoch, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, account_id, device_id, epoch) DO UPDATE SET at = excluded.at`,
		d.Kind, d.Account, d.Device, d.Epoch, millis(d.At))
	return err
}

// Deletions returns up to limit deletions that the journal may not have yet, the
// oldest first.
func (tx *Tx) Deletions(limit int) ([]Deletion, error) {
	var out []Deletion
	err := tx.rows(func(scan scanFunc) error {
		var d Deletion
		err := scan(&d.Kind, &d.Account, &d.Device, &d.Epoch, asTime(&d.At))
		out = append(out, d)
		return err
	}, `SELECT kind, account_id, device_id, epoch, at FROM deletions ORDER BY at, kind, account_id, device_id, epoch LIMIT $1`, limit)
	return out, err
}

// NotedDeletions returns what a database that is not opened, of whatever version,
// has noted. One that is older than such notes fails.
func NotedDeletions(ctx context.Context, driver Driver) ([]Deletion, error) {
	var out []Deletion
	err := (&DB{driver: driver}).View(ctx, func(tx *Tx) (err error) {
		out, err = tx.Deletions(math.MaxInt32)
		return err
	})
	return out, err
}

// Journaled takes note that the journal has a deletion. One that was made again
// since stays.
func (tx *Tx) Journaled(d Deletion) error {
	_, err := tx.exec(`DELETE FROM deletions WHERE kind = $1 AND account_id = $2 AND device_id = $3 AND epoch = $4 AND at = $5`,
		d.Kind, d.Account, d.Device, d.Epoch, millis(d.At))
	return err
}

// AgentTV is what the timeline says somebody used who typed at a TV that was not
// signed in: its address is that of the device.
const AgentTV = "a TV"

// ForgetDevicePlace removes a device's address and place (product rule D4): those
// of its row, of what was watched on it, of its requests, of what the timeline says
// was done at it, and where it was since it was stolen. It is repeated on a
// restored backup.
func (tx *Tx) ForgetDevicePlace(account protocol.AccountID, id protocol.DeviceID, now time.Time) error {
	for _, query := range []string{
		`UPDATE activity SET ip = '', place = '' WHERE account_id = $1 AND device_id = $2`,
		`DELETE FROM stolen_reports WHERE account_id = $1 AND device_id = $2`,
		`DELETE FROM enrolments WHERE account_id = $1 AND device_id = $2`,
		`UPDATE timeline SET ip = '', place = '' WHERE account_id = $1 AND device_id = $2
			AND (actor = 'this_tv' OR agent = '` + AgentTV + `')`,
	} {
		if _, err := tx.exec(query, account, id); err != nil {
			return err
		}
	}
	var epoch protocol.Epoch
	err := tx.row(`UPDATE devices SET ip = '', place = '' WHERE account_id = $1 AND device_id = $2 RETURNING epoch`, account, id).Scan(&epoch)
	if err != nil {
		return err
	}
	return tx.PutDeletion(Deletion{Kind: DeletedDevice, Account: account, Device: id, Epoch: epoch, At: now})
}
