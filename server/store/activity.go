package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// ActivityRow is one viewing: what a profile watched of a title on a device,
// from its start to the last word of it.
type ActivityRow struct {
	// ActivityItem is of the first item its Seq and At, else of the last.
	protocol.ActivityItem
	Account  protocol.AccountID
	Device   protocol.DeviceID
	Epoch    protocol.Epoch
	Ended    protocol.Millis // time of the last item
	Sitting  int64           // Seq of the first of several viewings in a row
	IP       string          // where the device was
	Place    string          // approximate
	Received time.Time       // the last item
}

const activityColumns = `device_id, epoch, seq, profile_id, title_id, what, at, ended, position, length, sitting, ip, place, received`

func (r *ActivityRow) scan(scan scanFunc) error {
	return scan(&r.Device, &r.Epoch, &r.Seq, &r.Profile, &r.Title, &r.What, &r.At, &r.Ended, &r.Position, &r.Length,
		&r.Sitting, &r.IP, &r.Place, asTime(&r.Received))
}

// InsertActivity begins a viewing. One with the same number is there already:
// nothing changes.
func (tx *Tx) InsertActivity(r ActivityRow) error {
	_, err := tx.exec(`INSERT INTO activity (account_id, `+activityColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (account_id, device_id, epoch, seq) DO NOTHING`,
		r.Account, r.Device, r.Epoch, r.Seq, r.Profile, r.Title, r.What, r.At, r.Ended, r.Position, r.Length,
		r.Sitting, r.IP, r.Place, millis(r.Received))
	return err
}

// ExtendActivity notes the last item of a viewing.
func (tx *Tx) ExtendActivity(r ActivityRow) error {
	return tx.execOne(`UPDATE activity SET what = $5, ended = $6, position = $7, length = $8, received = $9
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 AND seq = $4`,
		r.Account, r.Device, r.Epoch, r.Seq, r.What, r.Ended, r.Position, r.Length, millis(r.Received))
}

// LastActivity returns the newest viewing of a device's sign-in: ErrNotFound
// where there is none.
func (tx *Tx) LastActivity(account protocol.AccountID, device protocol.DeviceID, epoch protocol.Epoch) (ActivityRow, error) {
	r := ActivityRow{Account: account}
	err := r.scan(tx.row(`SELECT `+activityColumns+` FROM activity
		WHERE account_id = $1 AND device_id = $2 AND epoch = $3 ORDER BY seq DESC LIMIT 1`, account, device, epoch).Scan)
	return r, err
}

// ActivityQuery chooses viewings of an account.
type ActivityQuery struct {
	Account protocol.AccountID
	Profile protocol.ProfileID   // empty: of every profile
	Device  protocol.DeviceID    // empty: on every device
	Only    []protocol.ProfileID // of these profiles; nil: of any, also of deleted ones
	Before  ActivityPlace        // the zero value: from the newest
	Limit   int
}

// ActivityPlace is a viewing's place among an account's, newest first.
type ActivityPlace struct {
	At     protocol.Millis
	Device protocol.DeviceID
	Epoch  protocol.Epoch
	Seq    int64
}

// PlaceOf returns the place of r.
func (r ActivityRow) PlaceOf() ActivityPlace { return ActivityPlace{r.At, r.Device, r.Epoch, r.Seq} }

// where is q as SQL, with its arguments from $1 on. seq is the column that
// numbers what is listed.
func (q ActivityQuery) where() (string, []any) {
	var (
		sql  strings.Builder
		args []any
	)
	add := func(format string, values ...any) {
		marks := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		fmt.Fprintf(&sql, format, marks...)
	}
	add(`WHERE account_id = %s`, q.Account)
	if q.Profile != "" {
		add(` AND profile_id = %s`, q.Profile)
	}
	if q.Device != "" {
		add(` AND device_id = %s`, q.Device)
	}
	if q.Only != nil {
		sql.WriteString(` AND (1 = 0`)
		for _, p := range q.Only {
			add(` OR profile_id = %s`, p)
		}
		sql.WriteString(`)`)
	}
	if q.Before != (ActivityPlace{}) {
		b := q.Before
		add(` AND (at < %s OR at = %s AND (device_id, epoch, seq) < (%s, %s, %s))`, b.At, b.At, b.Device, b.Epoch, b.Seq)
	}
	return sql.String(), args
}

// Activity returns the viewings that q chooses, newest first.
func (tx *Tx) Activity(q ActivityQuery) ([]ActivityRow, error) {
	where, args := q.where()
	return tx.activities(q, `SELECT `+activityColumns+` FROM activity `+where, args)
}

// Sittings is Activity with the viewings that follow each other as one: the
// first, with the end of the last.
func (tx *Tx) Sittings(q ActivityQuery) ([]ActivityRow, error) {
	where, args := q.where()
	last := `(SELECT MAX(b.ended) FROM activity b WHERE b.account_id = activity.account_id AND b.device_id = activity.device_id
		AND b.epoch = activity.epoch AND b.sitting = activity.sitting)`
	columns := strings.Replace(activityColumns, "ended", last, 1)
	return tx.activities(q, `SELECT `+columns+` FROM activity `+where+` AND seq = sitting`, args)
}

func (tx *Tx) activities(q ActivityQuery, query string, args []any) ([]ActivityRow, error) {
	var out []ActivityRow
	err := tx.rows(func(scan scanFunc) error {
		r := ActivityRow{Account: q.Account}
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, fmt.Sprintf(`%s ORDER BY at DESC, device_id DESC, epoch DESC, seq DESC LIMIT $%d`, query, len(args)+1), append(args, q.Limit)...)
	return out, err
}

// Viewed is how much a profile watched.
type Viewed struct {
	Titles  int // each once
	Lasting time.Duration
}

// ViewedSince returns how much each profile watched from t on.
func (tx *Tx) ViewedSince(account protocol.AccountID, t time.Time) (map[protocol.ProfileID]Viewed, error) {
	out := map[protocol.ProfileID]Viewed{}
	err := tx.rows(func(scan scanFunc) error {
		var (
			p  protocol.ProfileID
			v  Viewed
			ms int64
		)
		err := scan(&p, &v.Titles, &ms)
		v.Lasting = time.Duration(ms) * time.Millisecond
		out[p] = v
		return err
	}, `SELECT profile_id, COUNT(DISTINCT title_id), CAST(COALESCE(SUM(ended - at), 0) AS BIGINT) FROM activity
		WHERE account_id = $1 AND at >= $2 GROUP BY profile_id`, account, millis(t))
	return out, err
}

// SetTold notes up to which item a device's activity is dealt with.
func (tx *Tx) SetTold(account protocol.AccountID, device protocol.DeviceID, epoch protocol.Epoch, seq int64) error {
	return tx.execOne(`UPDATE devices SET told_epoch = $3, told_seq = $4 WHERE account_id = $1 AND device_id = $2`,
		account, device, epoch, seq)
}

// DeleteActivityBefore removes up to limit viewings of which the last word came
// before t, and tells how many.
func (tx *Tx) DeleteActivityBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`DELETE FROM activity WHERE (account_id, device_id, epoch, seq) IN
		(SELECT account_id, device_id, epoch, seq FROM activity WHERE received < $1 LIMIT $2)`, millis(t), limit)
}

// ForgetActivityPlacesBefore removes address and place from up to limit viewings
// of which the last word came before t, and tells from how many.
func (tx *Tx) ForgetActivityPlacesBefore(t time.Time, limit int) (int64, error) {
	return tx.exec(`UPDATE activity SET ip = '', place = '' WHERE (account_id, device_id, epoch, seq) IN
		(SELECT account_id, device_id, epoch, seq FROM activity WHERE received < $1 AND (ip <> '' OR place <> '') LIMIT $2)`,
		millis(t), limit)
}
