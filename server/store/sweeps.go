package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// SweepRow is a sign-out of every account.
type SweepRow struct {
	ID         string // UUIDv7
	Operator   string // who asked
	Reason     string
	Asked      time.Time
	Expires    time.Time // by then it is approved, or void
	PerSecond  int
	Tell       bool // each owner gets a notice
	ApprovedBy string
	Approved   time.Time // zero: not yet
	Total      int64
	Reached    protocol.AccountID
	Done       int64
	Failed     int64
	Next       time.Time // of the next batch
	Finished   time.Time
	Cancelled  time.Time
	EndedBy    string // who cancelled it
}

const sweepQuery = `SELECT sweep_id, operator, reason, asked, expires, per_second, tell, approved_by, approved, total,
	reached, done, failed, next_at, finished, cancelled, ended_by FROM sweeps `

func (r *SweepRow) scan(scan scanFunc) error {
	return scan(&r.ID, &r.Operator, &r.Reason, asTime(&r.Asked), asTime(&r.Expires), &r.PerSecond, asFlag(&r.Tell),
		&r.ApprovedBy, asTime(&r.Approved), &r.Total, &r.Reached, &r.Done, &r.Failed, asTime(&r.Next),
		asTime(&r.Finished), asTime(&r.Cancelled), &r.EndedBy)
}

// InsertSweep adds one that was asked for.
func (tx *Tx) InsertSweep(r SweepRow) error {
	_, err := tx.exec(`INSERT INTO sweeps (sweep_id, operator, reason, asked, expires, per_second, tell)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		r.ID, r.Operator, r.Reason, millis(r.Asked), millis(r.Expires), r.PerSecond, flag(r.Tell))
	return err
}

// Sweeps returns up to n sweeps, the newest first.
func (tx *Tx) Sweeps(n int) ([]SweepRow, error) {
	var out []SweepRow
	err := tx.rows(func(scan scanFunc) error {
		var r SweepRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, sweepQuery+`ORDER BY sweep_id DESC LIMIT $1`, n)
	return out, err
}

// OpenSweep returns the sweep that runs, or waits for its approval at now:
// ErrNotFound where there is none.
func (tx *Tx) OpenSweep(now time.Time) (SweepRow, error) {
	var r SweepRow
	err := r.scan(tx.row(sweepQuery+`WHERE finished = 0 AND cancelled = 0 AND (approved > 0 OR expires > $1)
		ORDER BY sweep_id DESC LIMIT 1`, millis(now)).Scan)
	return r, err
}

// ApproveSweep lets one begin, and counts the accounts there are: ErrNotFound
// where it does not wait for that at now.
func (tx *Tx) ApproveSweep(id, by string, now time.Time) error {
	return tx.execOne(`UPDATE sweeps SET approved_by = $2, approved = $3, next_at = $3, total = (SELECT COUNT(*) FROM accounts)
		WHERE sweep_id = $1 AND approved = 0 AND finished = 0 AND cancelled = 0 AND expires > $3`, id, by, millis(now))
}

// CancelSweep ends one before its end: ErrNotFound where it is over.
func (tx *Tx) CancelSweep(id, by string, now time.Time) error {
	return tx.execOne(`UPDATE sweeps SET cancelled = $3, ended_by = $2
		WHERE sweep_id = $1 AND finished = 0 AND cancelled = 0 AND (approved > 0 OR expires > $3)`, id, by, millis(now))
}

// AccountsFrom returns up to n accounts with ids after one, made at or before t.
func (tx *Tx) AccountsFrom(after protocol.AccountID, t time.Time, n int) ([]protocol.AccountID, error) {
	return tx.accountIDs(`SELECT account_id FROM accounts WHERE account_id > $1 AND created <= $2 ORDER BY account_id LIMIT $3`,
		after, millis(t), n)
}

// MoveSweep notes that a running sweep went on from one account to another:
// ErrNotFound where it was cancelled, or another node moved it first.
func (tx *Tx) MoveSweep(id string, from, to protocol.AccountID, done, failed int, next time.Time) error {
	return tx.execOne(`UPDATE sweeps SET reached = $3, done = done + $4, failed = failed + $5, next_at = $6
		WHERE sweep_id = $1 AND reached = $2 AND approved > 0 AND finished = 0 AND cancelled = 0`,
		id, from, to, done, failed, millis(next))
}

// FinishSweep ends a running sweep: ErrNotFound where it is over.
func (tx *Tx) FinishSweep(id string, now time.Time) error {
	return tx.execOne(`UPDATE sweeps SET finished = $2 WHERE sweep_id = $1 AND approved > 0 AND finished = 0 AND cancelled = 0`,
		id, millis(now))
}

// DueMessages counts what the outbox should have handed over by t, up to most.
func (tx *Tx) DueMessages(t time.Time, most int) (int, error) {
	n := 0
	err := tx.row(`SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE next_at > 0 AND next_at <= $1 LIMIT $2) AS due`,
		millis(t), most).Scan(&n)
	return n, err
}

// NamedDevice is a device that was looked for by its name.
type NamedDevice struct {
	Account  protocol.AccountID
	ID       protocol.DeviceID
	Name     string
	Model    string
	Status   protocol.Status // its own
	LastSeen time.Time
}

// DevicesNamed returns up to n devices of a name, of any account, whatever the
// case of its Latin letters. One whose account was signed out everywhere since
// counts as signed out.
func (tx *Tx) DevicesNamed(name string, n int) ([]NamedDevice, error) {
	var out []NamedDevice
	err := tx.rows(func(scan scanFunc) error {
		var d NamedDevice
		err := scan(&d.Account, &d.ID, &d.Name, &d.Model, &d.Status, asTime(&d.LastSeen))
		out = append(out, d)
		return err
	}, `SELECT d.account_id, d.device_id, d.name, d.model,
		CASE WHEN d.status = 'active' AND d.generation <> a.generation THEN 'signed_out' ELSE d.status END, d.last_contact
		FROM devices d JOIN accounts a ON a.account_id = d.account_id
		WHERE lower(d.name) = lower($1) ORDER BY d.account_id, d.device_id LIMIT $2`, name, n)
	return out, err
}

// SignedIn reports whether a browser or a device is signed in to an account.
func (tx *Tx) SignedIn(account protocol.AccountID) (bool, error) {
	n := 0
	err := tx.row(`SELECT COUNT(*) FROM accounts a WHERE a.account_id = $1 AND (
		EXISTS (SELECT 1 FROM web_sessions w WHERE w.account_id = a.account_id AND w.generation = a.generation) OR
		EXISTS (SELECT 1 FROM devices d WHERE d.account_id = a.account_id AND d.generation = a.generation AND d.status = 'active'))`,
		account).Scan(&n)
	return n > 0, err
}
