package store

import (
	"math"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// LinkRow is a link in a mail.
type LinkRow struct {
	Account  protocol.AccountID
	Hash     protocol.Digest // of its token
	Purpose  string
	Subject  string    // kind of the notice that holds it
	EmailKey string    // where it was sent
	Restores []byte    // what the profiles or the language were before the change, sealed; empty: nothing
	SignedIn time.Time // when whoever made the change signed in; zero: unknown
	Created  time.Time
	Expires  time.Time
}

const linkColumns = `subject, email_key, restores, signed_in, created, expires`

func (r *LinkRow) fields() []any {
	return []any{&r.Subject, &r.EmailKey, &r.Restores, asTime(&r.SignedIn), asTime(&r.Created), asTime(&r.Expires)}
}

// InsertLink adds a link.
func (tx *Tx) InsertLink(r LinkRow) error {
	_, err := tx.exec(`INSERT INTO links (account_id, link_hash, purpose, `+linkColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.Account, r.Hash, r.Purpose, r.Subject, r.EmailKey, r.Restores, millis(r.SignedIn), millis(r.Created), millis(r.Expires))
	return err
}

// Link returns a link that can be used, and changes nothing: ErrNotFound where
// it was used, is for something else, or its time is over.
func (tx *Tx) Link(account protocol.AccountID, hash protocol.Digest, purpose string, now time.Time) (LinkRow, error) {
	r := LinkRow{Account: account, Hash: hash, Purpose: purpose}
	err := tx.row(`SELECT `+linkColumns+` FROM links
		WHERE account_id = $1 AND link_hash = $2 AND purpose = $3 AND used = 0 AND expires > $4`,
		account, hash, purpose, millis(now)).Scan(r.fields()...)
	return r, err
}

// UseLink uses a link up, in one statement with the check that it can be used:
// ErrNotFound as for Link.
func (tx *Tx) UseLink(account protocol.AccountID, hash protocol.Digest, purpose string, now time.Time) (LinkRow, error) {
	r := LinkRow{Account: account, Hash: hash, Purpose: purpose}
	err := tx.row(`UPDATE links SET used = $4
		WHERE account_id = $1 AND link_hash = $2 AND purpose = $3 AND used = 0 AND expires > $4
		RETURNING `+linkColumns,
		account, hash, purpose, millis(now)).Scan(r.fields()...)
	return r, err
}

// VoidLinks uses up all links of an account that have this purpose and were
// sent to this address; an empty one stands for all.
func (tx *Tx) VoidLinks(account protocol.AccountID, purpose, emailKey string, now time.Time) error {
	_, err := tx.exec(`UPDATE links SET used = $4 WHERE account_id = $1 AND ($2 = '' OR purpose = $2)
		AND ($3 = '' OR email_key = $3) AND used = 0`, account, purpose, emailKey, millis(now))
	return err
}

// VoidDisputed uses up the links of purpose that using r leaves no sense: all,
// or with an address those that were sent there. One that puts profiles back
// stays where it was sent to the same address as r and goes further back than r
// does, or r puts nothing back: its change can still be disputed.
func (tx *Tx) VoidDisputed(r LinkRow, emailKey string, now time.Time) error {
	before := millis(r.Created)
	if len(r.Restores) == 0 {
		before = math.MaxInt64
	}
	_, err := tx.exec(`UPDATE links SET used = $4 WHERE account_id = $1 AND purpose = $2
		AND ($3 = '' OR email_key = $3) AND used = 0
		AND NOT (COALESCE(length(restores), 0) > 0 AND email_key = $5 AND created < $6)`,
		r.Account, r.Purpose, emailKey, millis(now), r.EmailKey, before)
	return err
}

// Links returns up to limit links of an account, the newest first.
func (tx *Tx) Links(account protocol.AccountID, limit int) ([]LinkRow, error) {
	var out []LinkRow
	err := tx.rows(func(scan scanFunc) error {
		r := LinkRow{Account: account}
		err := scan(&r.Purpose, &r.Subject, asTime(&r.Created), asTime(&r.Expires))
		out = append(out, r)
		return err
	}, `SELECT purpose, subject, created, expires FROM links WHERE account_id = $1 ORDER BY created DESC LIMIT $2`, account, limit)
	return out, err
}

// DeleteLinksBefore removes links whose time was over at t.
func (tx *Tx) DeleteLinksBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM links WHERE expires < $1`, millis(t))
	return err
}

// RecoveryRow is somebody who tries to get back into an account.
type RecoveryRow struct {
	ID       string             // a hash
	Account  protocol.AccountID // empty: there is none
	Password string             // the account's hash when it began
	Typed    string             // the address or number that was given
	Email    string             // the account's; empty: none
	Phone    string             // the account's; empty: none
	Language string             // BCP 47
	Proved   time.Time          // zero: not yet
	Created  time.Time
}

// InsertRecovery begins a recovery.
func (tx *Tx) InsertRecovery(r RecoveryRow) error {
	_, err := tx.exec(`INSERT INTO recoveries (recovery_id, account_id, password, typed, email, phone, language, proved, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.Account, r.Password, r.Typed, r.Email, r.Phone, r.Language, millis(r.Proved), millis(r.Created))
	return err
}

// Recovery returns a recovery.
func (tx *Tx) Recovery(id string) (RecoveryRow, error) {
	r := RecoveryRow{ID: id}
	err := tx.row(`SELECT account_id, password, typed, email, phone, language, proved, created FROM recoveries WHERE recovery_id = $1`, id).
		Scan(&r.Account, &r.Password, &r.Typed, &r.Email, &r.Phone, &r.Language, asTime(&r.Proved), asTime(&r.Created))
	return r, err
}

// ProveRecovery notes that the right code was given: ErrNotFound where it was
// noted before.
func (tx *Tx) ProveRecovery(id string, now time.Time) error {
	return tx.execOne(`UPDATE recoveries SET proved = $2 WHERE recovery_id = $1 AND proved = 0`, id, millis(now))
}

// DeleteRecoveries ends all recoveries of an account.
func (tx *Tx) DeleteRecoveries(account protocol.AccountID) error {
	_, err := tx.exec(`DELETE FROM recoveries WHERE account_id = $1`, account)
	return err
}

// DeleteRecovery ends a recovery: ErrNotFound where it has ended.
func (tx *Tx) DeleteRecovery(id string) error {
	return tx.execOne(`DELETE FROM recoveries WHERE recovery_id = $1`, id)
}

// DeleteRecoveriesBefore removes recoveries begun before t.
func (tx *Tx) DeleteRecoveriesBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM recoveries WHERE created < $1`, millis(t))
	return err
}
