package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// OutboxRow is a message on its way out. Its bodies can hold secrets.
type OutboxRow struct {
	ID        string // UUIDv7
	Account   protocol.AccountID
	Channel   string // mail, sms
	Recipient string
	Kind      string
	Subject   string
	Text      string
	HTML      string
	Created   time.Time
	Attempts  int       // begun so far
	Next      time.Time // when to try; zero: nothing more to do
	GiveUp    time.Time // of no use to anybody after this
	Sent      time.Time
	Failed    time.Time // set aside
	LastError string    // a short code
}

const outboxColumns = `message_id, account_id, channel, recipient, kind, subject, text_body, html_body,
	created, attempts, next_at, give_up_at, sent_at, failed_at, last_error`

func (r *OutboxRow) scan(scan scanFunc) error {
	return scan(&r.ID, &r.Account, &r.Channel, &r.Recipient, &r.Kind, &r.Subject, &r.Text, &r.HTML,
		asTime(&r.Created), &r.Attempts, asTime(&r.Next), asTime(&r.GiveUp), asTime(&r.Sent), asTime(&r.Failed), &r.LastError)
}

// InsertOutbox adds a message. ErrExists: its id is there already.
func (tx *Tx) InsertOutbox(r OutboxRow) error {
	_, err := tx.exec(`INSERT INTO outbox (`+outboxColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		r.ID, r.Account, r.Channel, r.Recipient, r.Kind, r.Subject, r.Text, r.HTML,
		millis(r.Created), r.Attempts, millis(r.Next), millis(r.GiveUp), millis(r.Sent), millis(r.Failed), r.LastError)
	return err
}

// NextOutbox returns when the next message is due: ErrNotFound if none waits.
func (tx *Tx) NextOutbox() (time.Time, error) {
	var next time.Time
	err := tx.row(`SELECT next_at FROM outbox WHERE next_at > 0 ORDER BY next_at LIMIT 1`).Scan(asTime(&next))
	return next, err
}

// ClaimOutbox takes the message that has been due longest and puts it off to
// until, by when its sender must have said what became of it. ErrNotFound: none
// is due.
func (tx *Tx) ClaimOutbox(now, until time.Time) (OutboxRow, error) {
	var r OutboxRow
	err := ErrNotFound
	rowsErr := tx.rows(func(scan scanFunc) error {
		err = nil
		return r.scan(scan)
	}, `UPDATE outbox SET next_at = $1, attempts = attempts + 1
		WHERE message_id = (SELECT message_id FROM outbox WHERE next_at > 0 AND next_at <= $2 ORDER BY next_at, message_id LIMIT 1)
		AND next_at > 0 AND next_at <= $2 RETURNING `+outboxColumns, millis(until), millis(now))
	if rowsErr != nil {
		return r, rowsErr
	}
	return r, err
}

// PutOffOutbox sets when to try a message again, after an error.
func (tx *Tx) PutOffOutbox(id string, next time.Time, lastError string) error {
	return tx.execOne(`UPDATE outbox SET next_at = $1, last_error = $2
		WHERE message_id = $3 AND sent_at = 0 AND failed_at = 0`, millis(next), lastError, id)
}

// SentOutbox ends a message as sent. Unless keep is set its bodies, which can
// hold secrets, are erased.
func (tx *Tx) SentOutbox(id string, at time.Time, keep bool) error {
	return tx.execOne(`UPDATE outbox SET next_at = 0, sent_at = $1, last_error = '',
		text_body = CASE WHEN $2 = 1 THEN text_body ELSE '' END,
		html_body = CASE WHEN $2 = 1 THEN html_body ELSE '' END
		WHERE message_id = $3 AND failed_at = 0`, millis(at), flag(keep), id)
}

// SetAsideOutbox ends a message as failed. Its bodies are kept if keep is set:
// they may be all that is left of a notice.
func (tx *Tx) SetAsideOutbox(id string, at time.Time, lastError string, keep bool) error {
	return tx.execOne(`UPDATE outbox SET next_at = 0, failed_at = $1, last_error = $2,
		text_body = CASE WHEN $3 = 1 THEN text_body ELSE '' END,
		html_body = CASE WHEN $3 = 1 THEN html_body ELSE '' END
		WHERE message_id = $4 AND sent_at = 0`, millis(at), lastError, flag(keep), id)
}

// RecentOutbox returns the newest messages of all accounts, n at most. Decoys,
// which are for nobody, are none of them.
func (tx *Tx) RecentOutbox(n int) ([]OutboxRow, error) {
	return tx.outboxRows(`WHERE kind <> 'decoy' ORDER BY created DESC, message_id DESC LIMIT $1`, n)
}

// FailedOutbox returns the newest messages that were set aside, of one account
// or, with an empty account, of all, n at most.
func (tx *Tx) FailedOutbox(account protocol.AccountID, n int) ([]OutboxRow, error) {
	return tx.outboxRows(`WHERE failed_at > 0 AND ($1 = '' OR account_id = $1)
		ORDER BY created DESC, message_id DESC LIMIT $2`, account, n)
}

// RefusedSignUp returns how the newest mail of a sign-up with an address ended
// that was set aside at since or later, whether it held a code or said that there
// is an account; ErrNotFound where none was. It reads the same for an address with
// an account, which key finds, and for one without: what else was sent to an owner
// is left out, and codes of other accounts that wanted the address count as its own.
func (tx *Tx) RefusedSignUp(address, key string, since time.Time) (lastError string, err error) {
	err = tx.row(`SELECT o.last_error FROM outbox o LEFT JOIN accounts a ON a.account_id = (SELECT account_id FROM email_index WHERE email_key = $1)
		WHERE o.failed_at >= $2 AND o.failed_at > 0 AND o.channel = 'mail' AND (o.recipient = $3 OR o.recipient = a.email)
		AND (o.kind = 'have-account' OR o.kind = 'access-code' AND (a.account_id IS NULL OR o.account_id <> a.account_id))
		ORDER BY o.failed_at DESC, o.message_id DESC LIMIT 1`, key, millis(since), address).Scan(&lastError)
	return lastError, err
}

// OutboxTo returns the newest messages about an account to one recipient, without
// what they say, n at most.
func (tx *Tx) OutboxTo(account protocol.AccountID, channel, recipient string, n int) (out []OutboxRow, err error) {
	err = tx.rows(func(scan scanFunc) error {
		var r OutboxRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, `SELECT message_id, account_id, channel, recipient, kind, '', '', '',
		created, attempts, next_at, give_up_at, sent_at, failed_at, last_error FROM outbox
		WHERE account_id = $1 AND channel = $2 AND recipient = $3 ORDER BY created DESC, message_id DESC LIMIT $4`,
		account, channel, recipient, n)
	return out, err
}

// OutboxCount says how the outbox does, decoys left out.
type OutboxCount struct {
	Waiting  int64
	Oldest   time.Time // when the oldest of these was written; zero: none waits
	SetAside int64     // of those still kept
}

// CountOutbox counts what waits and what was set aside.
func (tx *Tx) CountOutbox() (OutboxCount, error) {
	var c OutboxCount
	err := tx.row(`SELECT COUNT(*), COALESCE(MIN(created), 0) FROM outbox WHERE next_at > 0 AND kind <> 'decoy'`).
		Scan(&c.Waiting, asTime(&c.Oldest))
	if err != nil {
		return c, err
	}
	err = tx.row(`SELECT COUNT(*) FROM outbox WHERE failed_at > 0`).Scan(&c.SetAside)
	return c, err
}

// StuckOutbox returns messages without what they say, n at most: those that were
// set aside, the newest first, or those that wait, the oldest first.
func (tx *Tx) StuckOutbox(setAside bool, n int) (out []OutboxRow, err error) {
	tail := `next_at > 0 AND kind <> 'decoy' ORDER BY created, message_id`
	if setAside {
		tail = `failed_at > 0 ORDER BY failed_at DESC, message_id DESC`
	}
	err = tx.rows(func(scan scanFunc) error {
		var r OutboxRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, `SELECT message_id, account_id, channel, recipient, kind, '', '', '',
		created, attempts, next_at, give_up_at, sent_at, failed_at, last_error FROM outbox WHERE `+tail+` LIMIT $1`, n)
	return out, err
}

func (tx *Tx) outboxRows(tail string, args ...any) (out []OutboxRow, err error) {
	err = tx.rows(func(scan scanFunc) error {
		var r OutboxRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, `SELECT `+outboxColumns+` FROM outbox `+tail, args...)
	return out, err
}

// PruneOutbox removes what is over and was created before a time, and all
// decoys, and tells how many.
func (tx *Tx) PruneOutbox(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM outbox WHERE (next_at = 0 AND created < $1) OR kind = 'decoy'`, millis(before))
}

// DeleteOutbox removes all messages of an account, those on their way too.
func (tx *Tx) DeleteOutbox(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM outbox WHERE account_id = $1`, account)
	return err
}
