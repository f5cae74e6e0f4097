package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// WebhookRow is an address that hears of security events.
type WebhookRow struct {
	ID            string // UUIDv7
	URL           string
	Events        string // kinds, each with a space before and after it; empty: all
	Private       bool   // its host may have a private address
	Secret        []byte // sealed
	Previous      []byte // sealed; signs too until PreviousUntil; empty: none
	PreviousUntil time.Time
	Created       time.Time
	CreatedBy     string
	Disabled      time.Time // it answered that it is gone; zero: not
	Failures      int       // in a row
	Hold          time.Time // left alone until then
	Delivered     int64
	LastOK        time.Time
	LastError     string
}

const webhookQuery = `SELECT hook_id, url, events, private, secret, previous, previous_until, created, created_by, disabled,
	failures, hold_until, delivered, last_ok, last_error FROM webhooks `

func (r *WebhookRow) scan(scan scanFunc) error {
	return scan(&r.ID, &r.URL, &r.Events, asFlag(&r.Private), &r.Secret, &r.Previous, asTime(&r.PreviousUntil), asTime(&r.Created),
		&r.CreatedBy, asTime(&r.Disabled), &r.Failures, asTime(&r.Hold), &r.Delivered, asTime(&r.LastOK), &r.LastError)
}

// InsertWebhook adds an address.
func (tx *Tx) InsertWebhook(r WebhookRow) error {
	_, err := tx.exec(`INSERT INTO webhooks (hook_id, url, events, private, secret, previous, created, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, r.ID, r.URL, r.Events, flag(r.Private), r.Secret, []byte{}, millis(r.Created), r.CreatedBy)
	return err
}

// Webhooks returns up to n addresses, the oldest first.
func (tx *Tx) Webhooks(n int) ([]WebhookRow, error) {
	var out []WebhookRow
	err := tx.rows(func(scan scanFunc) error {
		var r WebhookRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, webhookQuery+`ORDER BY hook_id LIMIT $1`, n)
	return out, err
}

// Webhook returns one.
func (tx *Tx) Webhook(id string) (WebhookRow, error) {
	var r WebhookRow
	err := r.scan(tx.row(webhookQuery+`WHERE hook_id = $1`, id).Scan)
	return r, err
}

// RotateWebhook gives an address another secret; the one before signs too until
// a time.
func (tx *Tx) RotateWebhook(id string, secret []byte, until time.Time) error {
	return tx.execOne(`UPDATE webhooks SET previous = secret, previous_until = $3, secret = $2 WHERE hook_id = $1`, id, secret, millis(until))
}

// DeleteWebhook removes an address with all that waits for it: ErrNotFound where
// there is none.
func (tx *Tx) DeleteWebhook(id string) error {
	if _, err := tx.exec(`DELETE FROM webhook_events WHERE hook_id = $1`, id); err != nil {
		return err
	}
	return tx.execOne(`DELETE FROM webhooks WHERE hook_id = $1`, id)
}

// DisableWebhook lets no more events come to an address.
func (tx *Tx) DisableWebhook(id string, now time.Time, why string) error {
	return tx.execOne(`UPDATE webhooks SET disabled = $2, last_error = $3 WHERE hook_id = $1`, id, millis(now), why)
}

// EnableWebhook lets events come to an address again, and has everything that
// waits or was set aside tried at once. It tells how many events that are.
func (tx *Tx) EnableWebhook(id string, now time.Time) (int64, error) {
	if err := tx.execOne(`UPDATE webhooks SET disabled = 0, failures = 0, hold_until = 0 WHERE hook_id = $1`, id); err != nil {
		return 0, err
	}
	return tx.exec(`UPDATE webhook_events SET next_at = $2, attempts = 0, failed_at = 0, created = CASE WHEN failed_at > 0 THEN $2 ELSE created END
		WHERE hook_id = $1 AND flying = 0`, id, millis(now))
}

// WebhookEvent is an event on its way to an address.
type WebhookEvent struct {
	Account   protocol.AccountID
	Hook      string
	ID        string // UUIDv7, of the timeline's entry
	Kind      string
	Body      string
	Created   time.Time
	Attempts  int // begun so far
	Next      time.Time
	Failed    time.Time // set aside
	LastError string
}

const webhookEventColumns = `account_id, hook_id, event_id, kind, body, created, attempts, next_at, failed_at, last_error`

func (e *WebhookEvent) scan(scan scanFunc) error {
	return scan(&e.Account, &e.Hook, &e.ID, &e.Kind, &e.Body, asTime(&e.Created), &e.Attempts, asTime(&e.Next), asTime(&e.Failed), &e.LastError)
}

// QueueWebhooks puts an event on its way to every address that wants its kind.
func (tx *Tx) QueueWebhooks(e WebhookEvent) error {
	_, err := tx.exec(`INSERT INTO webhook_events (account_id, hook_id, event_id, kind, body, created, next_at)
		SELECT CAST($1 AS TEXT), h.hook_id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($5 AS BIGINT)
		FROM webhooks h WHERE h.disabled = 0 AND (h.events = '' OR h.events LIKE '% ' || CAST($3 AS TEXT) || ' %')`,
		e.Account, e.ID, e.Kind, e.Body, millis(e.Created))
	return err
}

// DueWebhookEvents returns up to n events that an address can have now, the one
// that is due longest first: of each account the oldest that waits, so that they
// arrive in order.
func (tx *Tx) DueWebhookEvents(hook string, now time.Time, n int) ([]WebhookEvent, error) {
	return tx.webhookEvents(`e WHERE hook_id = $1 AND next_at > 0 AND next_at <= $2
		AND NOT EXISTS (SELECT 1 FROM webhook_events p WHERE p.account_id = e.account_id AND p.hook_id = e.hook_id
			AND p.event_id < e.event_id AND p.next_at > 0)
		ORDER BY next_at, event_id LIMIT $3`, hook, millis(now), n)
}

// ClaimWebhookEvent takes an event that was read as due, and puts it off to until,
// by when its sender must have said what became of it: ErrNotFound where another
// one has it, or it is gone.
func (tx *Tx) ClaimWebhookEvent(e WebhookEvent, until time.Time) error {
	return tx.execOne(`UPDATE webhook_events SET next_at = $5, attempts = attempts + 1, flying = 1
		WHERE account_id = $1 AND hook_id = $2 AND event_id = $3 AND next_at = $4 AND next_at > 0 AND attempts = $6`,
		e.Account, e.Hook, e.ID, millis(e.Next), millis(until), e.Attempts)
}

// DeliveredWebhook ends an event that has arrived. Where its address was out of
// order for long what waits for it is tried at once.
func (tx *Tx) DeliveredWebhook(e WebhookEvent, now time.Time, long int) error {
	_, err := tx.exec(`DELETE FROM webhook_events WHERE account_id = $1 AND hook_id = $2 AND event_id = $3`, e.Account, e.Hook, e.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE webhook_events SET next_at = $2 WHERE hook_id = $1 AND next_at > $2 AND flying = 0
		AND EXISTS (SELECT 1 FROM webhooks h WHERE h.hook_id = $1 AND h.failures >= $3)`, e.Hook, millis(now), long)
	if err != nil {
		return err
	}
	return tx.execOne(`UPDATE webhooks SET delivered = delivered + 1, last_ok = $2, failures = 0, hold_until = 0, last_error = ''
		WHERE hook_id = $1`, e.Hook, millis(now))
}

// PutOffWebhookEvent says when to try an event again after an error; a zero next
// sets it aside. ErrNotFound: it is gone.
func (tx *Tx) PutOffWebhookEvent(e WebhookEvent, now, next time.Time, lastError string) error {
	return tx.execOne(`UPDATE webhook_events SET next_at = CAST($4 AS BIGINT), failed_at = CASE WHEN CAST($4 AS BIGINT) = 0 THEN CAST($5 AS BIGINT) ELSE 0 END, flying = 0, last_error = $6
		WHERE account_id = $1 AND hook_id = $2 AND event_id = $3`, e.Account, e.Hook, e.ID, millis(next), millis(now), lastError)
}

// HoldWebhook leaves an address alone until a time, after one more failure than
// were seen: attempts that failed together count once.
func (tx *Tx) HoldWebhook(id string, seen int, until time.Time, lastError string) error {
	_, err := tx.exec(`UPDATE webhooks SET failures = failures + 1, hold_until = $3, last_error = $4 WHERE hook_id = $1 AND failures = $2`,
		id, seen, millis(until), lastError)
	return err
}

// FailedWebhookEvents returns up to n events that were set aside, the newest
// first, without what they say.
func (tx *Tx) FailedWebhookEvents(n int) ([]WebhookEvent, error) {
	return tx.webhookEvents(`WHERE failed_at > 0 ORDER BY failed_at DESC, event_id DESC LIMIT $1`, n)
}

func (tx *Tx) webhookEvents(tail string, args ...any) (out []WebhookEvent, err error) {
	err = tx.rows(func(scan scanFunc) error {
		var e WebhookEvent
		err := e.scan(scan)
		out = append(out, e)
		return err
	}, `SELECT `+webhookEventColumns+` FROM webhook_events `+tail, args...)
	return out, err
}

// WebhookCount says how an address does.
type WebhookCount struct {
	Waiting  int64
	Oldest   time.Time // when the oldest of these happened; zero: none waits
	SetAside int64
}

// CountWebhook counts what waits for an address and what was set aside; of all
// addresses where id is empty.
func (tx *Tx) CountWebhook(id string) (WebhookCount, error) {
	var c WebhookCount
	err := tx.row(`SELECT COUNT(*), COALESCE(MIN(created), 0) FROM webhook_events WHERE next_at > 0 AND ($1 = '' OR hook_id = $1)`, id).
		Scan(&c.Waiting, asTime(&c.Oldest))
	if err != nil {
		return c, err
	}
	err = tx.row(`SELECT COUNT(*) FROM webhook_events WHERE failed_at > 0 AND ($1 = '' OR hook_id = $1)`, id).Scan(&c.SetAside)
	return c, err
}

// PruneWebhookEvents removes what was set aside before a time.
func (tx *Tx) PruneWebhookEvents(before time.Time) error {
	_, err := tx.exec(`DELETE FROM webhook_events WHERE failed_at > 0 AND failed_at < $1`, millis(before))
	return err
}
