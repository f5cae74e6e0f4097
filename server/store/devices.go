package store

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// DeviceRow is one device within one account.
type DeviceRow struct {
	Account        protocol.AccountID
	ID             protocol.DeviceID
	PublicKey      []byte
	Name           string
	Model          string
	Kind           string
	Epoch          protocol.Epoch
	Generation     int64
	Status         protocol.Status // desired, apart from the generation
	CauseBy        protocol.By
	CauseAt        time.Time
	CauseWhere     string
	AppliedStatus  protocol.Status // empty: nothing proved in this epoch
	AppliedVersion protocol.Version
	AppliedAt      time.Time
	Profile        protocol.ProfileID
	Connected      bool
	Node           string
	Conn           int64
	LastGrant      time.Time
	LastContact    time.Time
	Lease          time.Duration
	FirstSeen      time.Time
	SignedIn       time.Time
	Ends           time.Time // signed out by itself then; zero: never
	EndsHeld       bool      // every lease of this epoch ends by then
	IP             string
	Place          string
	// Up to ToldSeq, of sign-in ToldEpoch, the device's activity is dealt with.
	ToldEpoch protocol.Epoch
	ToldSeq   int64
	// Of the account, when read:
	Owner struct {
		Generation  int64
		EndedBy     protocol.By
		EndedAt     time.Time
		EndedWhere  string
		Version     protocol.Version
		PinsVersion int64
		Email       string
		Language    string
		Tries       int64
		Library     int64
	}
}

// deviceQuery reads devices with their accounts. What a condition compares with is
// written as a cast: SQLite plans a join with bare parameters again for each execution
// whose values differ, which is most of the cost of this one.
const deviceQuery = `SELECT d.account_id, d.device_id, d.public_key, d.name, d.model, d.kind, d.epoch, d.generation, d.status,
	d.cause_by, d.cause_at, d.cause_where, d.applied_status, d.applied_version, d.applied_at, d.profile_id,
	d.connected, d.node_id, d.conn, d.last_grant, d.last_contact, d.lease, d.first_seen, d.signed_in, d.ip, d.place,
	d.ends, d.ends_held, d.told_epoch, d.told_seq, a.generation, a.ended_by, a.ended_at, a.ended_where, a.version, a.pins_version, a.email, a.language, a.tries, a.library
	FROM devices d JOIN accounts a ON a.account_id = d.account_id `

func (r *DeviceRow) scan(scan scanFunc) error {
	var lease int64
	err := scan(&r.Account, &r.ID, &r.PublicKey, &r.Name, &r.Model, &r.Kind, &r.Epoch, &r.Generation, &r.Status,
		&r.CauseBy, asTime(&r.CauseAt), &r.CauseWhere, &r.AppliedStatus, &r.AppliedVersion, asTime(&r.AppliedAt), &r.Profile,
		asFlag(&r.Connected), &r.Node, &r.Conn, asTime(&r.LastGrant), asTime(&r.LastContact), &lease,
		asTime(&r.FirstSeen), asTime(&r.SignedIn), &r.IP, &r.Place,
		asTime(&r.Ends), asFlag(&r.EndsHeld), &r.ToldEpoch, &r.ToldSeq, &r.Owner.Generation, &r.Owner.EndedBy, asTime(&r.Owner.EndedAt), &r.Owner.EndedWhere, &r.Owner.Version,
		&r.Owner.PinsVersion, &r.Owner.Email, &r.Owner.Language, &r.Owner.Tries, &r.Owner.Library)
	r.Lease = time.Duration(lease) * time.Millisecond
	return err
}

// Device returns a device of an account.
func (tx *Tx) Device(account protocol.AccountID, id protocol.DeviceID) (DeviceRow, error) {
	var r DeviceRow
	err := r.scan(tx.row(deviceQuery+`WHERE d.account_id = CAST($1 AS TEXT) AND d.device_id = CAST($2 AS TEXT)`, account, id).Scan)
	return r, err
}

// together is how many devices one statement asks for: the same statement for any number.
const together = 16

const togetherIDs = `($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

// withIDs are the arguments of such a statement: some ids stand more than once.
func withIDs(account protocol.AccountID, ids []protocol.DeviceID) []any {
	args := []any{account}
	for i := range together {
		args = append(args, ids[min(i, len(ids)-1)])
	}
	return args
}

// DevicesOf returns those devices of an account whose ids are given.
func (tx *Tx) DevicesOf(account protocol.AccountID, ids []protocol.DeviceID) (map[protocol.DeviceID]DeviceRow, error) {
	out := make(map[protocol.DeviceID]DeviceRow, len(ids))
	for chunk := range slices.Chunk(ids, together) {
		err := tx.rows(func(scan scanFunc) error {
			var r DeviceRow
			err := r.scan(scan)
			out[r.ID] = r
			return err
		}, deviceQuery+`WHERE d.account_id = CAST($1 AS TEXT) AND d.device_id IN `+togetherIDs, withIDs(account, chunk)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DeviceOfEpoch returns the row of one sign-in of a device, in whichever
// account that is.
func (tx *Tx) DeviceOfEpoch(id protocol.DeviceID, epoch protocol.Epoch) (DeviceRow, error) {
	var r DeviceRow
	err := r.scan(tx.row(deviceQuery+`WHERE d.device_id = CAST($1 AS TEXT) AND d.epoch = CAST($2 AS BIGINT)`, id, epoch).Scan)
	return r, err
}

// Devices returns up to limit devices of an account: those that have not proved
// their end first, so that a limit never hides one of them, and of each kind the
// last seen first.
func (tx *Tx) Devices(account protocol.AccountID, limit int) ([]DeviceRow, error) {
	var out []DeviceRow
	err := tx.rows(func(scan scanFunc) error {
		var r DeviceRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, deviceQuery+`WHERE d.account_id = CAST($1 AS TEXT) ORDER BY CASE WHEN d.applied_status IN ('', 'active') THEN 0 ELSE 1 END,
		d.connected DESC, d.last_contact DESC, d.device_id LIMIT $2`, account, limit)
	return out, err
}

// CountActiveDevices counts the account's devices that are signed in at now,
// without the one named.
func (tx *Tx) CountActiveDevices(account protocol.AccountID, without protocol.DeviceID, now time.Time) (int, error) {
	var n int
	err := tx.row(`SELECT COUNT(*) FROM devices d JOIN accounts a ON a.account_id = d.account_id
		AND a.generation = d.generation WHERE d.account_id = $1 AND d.status = 'active' AND d.device_id <> $2 AND (d.ends = 0 OR d.ends > $3)`,
		account, without, millis(now)).Scan(&n)
	return n, err
}

// SignInDevice begins an epoch of a device: active, in the generation that the
// account has while the web session is live, in one statement with the check
// that it is. ErrNotFound: it is not.
func (tx *Tx) SignInDevice(r DeviceRow, session string) error {
	return tx.execOne(`INSERT INTO devices (account_id, device_id, public_key, name, model, kind, epoch, generation, status,
			cause_at, last_grant, last_contact, lease, first_seen, signed_in, ip, place, conn, ends, ends_held)
		SELECT a.account_id, CAST($2 AS TEXT), e.public_key, CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT),
			a.generation, 'active', CAST($7 AS BIGINT), 0, CAST($7 AS BIGINT), 0, CAST($7 AS BIGINT), CAST($7 AS BIGINT),
			CAST($8 AS TEXT), CAST($9 AS TEXT), 0, CAST($11 AS BIGINT), CASE WHEN CAST($11 AS BIGINT) > 0 THEN 1 ELSE 0 END
		FROM accounts a
		JOIN web_sessions w ON w.account_id = a.account_id AND w.session_id = $10 AND w.generation = a.generation
		JOIN enrolments e ON e.device_id = $2
		WHERE a.account_id = $1
		ON CONFLICT (account_id, device_id) DO UPDATE SET
			model = excluded.model, kind = excluded.kind, epoch = excluded.epoch,
			generation = excluded.generation, status = 'active', cause_by = '', cause_at = excluded.cause_at, cause_where = '',
			applied_status = '', applied_version = 0, applied_at = 0, profile_id = '', connected = 0, node_id = '', conn = 0,
			last_grant = 0, last_contact = excluded.last_contact, lease = 0, signed_in = excluded.signed_in,
			ip = excluded.ip, place = excluded.place, ends = excluded.ends, ends_held = excluded.ends_held
		WHERE devices.epoch < excluded.epoch`,
		r.Account, r.ID, r.Name, r.Model, r.Kind, r.Epoch, millis(r.SignedIn), r.IP, r.Place, session, millis(r.Ends))
}

// SetDeviceStatus changes the desired status of one epoch from old to next:
// ErrNotFound where it is neither that epoch nor old any more. With the sign-in goes
// what controlled the device.
func (tx *Tx) SetDeviceStatus(r DeviceRow, next protocol.Status, by protocol.By, where string, now time.Time) error {
	if next != protocol.Active {
		if err := tx.DeleteControl(r.Account, r.ID); err != nil {
			return err
		}
	}
	return tx.execOne(`UPDATE devices SET status = $5, cause_by = $6, cause_where = $7, cause_at = $8
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND status = $4`,
		r.Account, r.ID, r.Epoch, r.Status, next, by, where, millis(now))
}

// SetDeviceEnds sets when an epoch ends by itself; held: every lease of it ends by
// then. ErrNotFound where it is no longer active.
func (tx *Tx) SetDeviceEnds(r DeviceRow, ends time.Time, held bool) error {
	return tx.execOne(`UPDATE devices SET ends = $4, ends_held = $5
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND status = 'active'`,
		r.Account, r.ID, r.Epoch, millis(ends), flag(held))
}

// DevicesEnded returns up to limit devices that are signed in and whose end date
// has come, over all accounts.
func (tx *Tx) DevicesEnded(now time.Time, limit int) ([]DeviceRow, error) {
	var out []DeviceRow
	err := tx.rows(func(scan scanFunc) error {
		var r DeviceRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, deviceQuery+`WHERE d.ends > 0 AND d.ends <= $1 AND d.status = 'active'
		AND (d.generation = a.generation OR d.ends <= a.ended_at) ORDER BY d.ends LIMIT $2`, millis(now), limit)
	return out, err
}

// SetDeviceApplied notes what a device has proved of an epoch.
func (tx *Tx) SetDeviceApplied(r DeviceRow, status protocol.Status, version protocol.Version, at time.Time) error {
	return tx.execOne(`UPDATE devices SET applied_status = $4, applied_version = $5, applied_at = $6
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3`,
		r.Account, r.ID, r.Epoch, status, version, millis(at))
}

// RaiseDeviceEpoch takes over an epoch and status that a device proved with the
// server's own signature, from before a backup was restored.
func (tx *Tx) RaiseDeviceEpoch(r DeviceRow, epoch protocol.Epoch, status protocol.Status, by protocol.By, now time.Time) error {
	return tx.execOne(`UPDATE devices SET epoch = $3, status = $4, cause_by = $5, cause_where = '', cause_at = $6,
		applied_status = '', applied_version = 0, applied_at = 0
		WHERE account_id = $1 AND device_id = $2 AND epoch < $3`,
		r.Account, r.ID, epoch, status, by, millis(now))
}

// ConnectDevice notes a connection that r.Node holds from r.LastContact on.
// Grants given over an earlier one whose end nobody wrote down are bounded by
// that time.
func (tx *Tx) ConnectDevice(r DeviceRow) error {
	return tx.execOne(`UPDATE devices SET last_grant = CASE WHEN connected = 1 THEN $6 ELSE last_grant END,
		connected = 1, node_id = $4, conn = $5, last_contact = $6, lease = $7, ip = $8, place = $9
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3`,
		r.Account, r.ID, r.Epoch, r.Node, r.Conn, millis(r.LastContact), r.Lease.Milliseconds(), r.IP, r.Place)
}

// DisconnectDevice notes the end of connection conn of an epoch, with its last
// grant (zero: it had none). It tells whether it did: not where another
// connection took over.
func (tx *Tx) DisconnectDevice(r DeviceRow, lastGrant, lastContact time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE devices SET connected = 0,
		last_grant = CASE WHEN last_grant < $5 THEN $5 ELSE last_grant END,
		last_contact = CASE WHEN last_contact < $6 THEN $6 ELSE last_contact END
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND conn = $4 AND connected = 1`,
		r.Account, r.ID, r.Epoch, r.Conn, millis(lastGrant), millis(lastContact))
	return n > 0, err
}

// SetDeviceProfile notes who is watching in an epoch.
func (tx *Tx) SetDeviceProfile(account protocol.AccountID, id protocol.DeviceID, epoch protocol.Epoch, profile protocol.ProfileID) error {
	return tx.execOne(`UPDATE devices SET profile_id = $4 WHERE account_id = $1 AND device_id = $2 AND epoch = $3`,
		account, id, epoch, profile)
}

// RenameDevice changes the name that the owner reads.
func (tx *Tx) RenameDevice(account protocol.AccountID, id protocol.DeviceID, name string) error {
	return tx.execOne(`UPDATE devices SET name = $3 WHERE account_id = $1 AND device_id = $2`, account, id, name)
}
