package store

import (
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// AccountRow is one account.
type AccountRow struct {
	ID          protocol.AccountID
	Email       string
	Password    string // PHC
	Language    string
	Generation  int64
	EndedBy     protocol.By // who raised the generation last
	EndedAt     time.Time
	EndedWhere  string
	Version     protocol.Version
	PinsVersion int64
	Created     time.Time

	SecondFactor bool // the password alone is not enough

	Tries   int64 // number of the wrong tries at PINs: see BumpTries
	Library int64 // number of the own lists and of what was begun
}

const accountColumns = `account_id, email, password, language, generation, ended_by, ended_at, ended_where,
	version, pins_version, created, second_factor, tries, library`

func (r *AccountRow) scan(scan scanFunc) error {
	return scan(&r.ID, &r.Email, &r.Password, &r.Language, &r.Generation, &r.EndedBy, asTime(&r.EndedAt),
		&r.EndedWhere, &r.Version, &r.PinsVersion, asTime(&r.Created),
		asFlag(&r.SecondFactor), &r.Tries, &r.Library)
}

// InsertAccount adds an account of generation 1 and version 1, and its address:
// ErrExists where emailKey has an account.
func (tx *Tx) InsertAccount(r AccountRow, emailKey string) error {
	_, err := tx.exec(`INSERT INTO accounts
		(account_id, email, password, language, generation, version, created, updated)
		VALUES ($1, $2, $3, $4, 1, 1, $5, $5)`,
		r.ID, r.Email, r.Password, r.Language, millis(r.Created))
	if err != nil {
		return err
	}
	n, err := tx.exec(`INSERT INTO email_index (email_key, account_id) VALUES ($1, $2)
		ON CONFLICT (email_key) DO NOTHING`, emailKey, r.ID)
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// Account returns an account.
func (tx *Tx) Account(id protocol.AccountID) (AccountRow, error) {
	var r AccountRow
	err := r.scan(tx.row(`SELECT `+accountColumns+` FROM accounts WHERE account_id = $1`, id).Scan)
	return r, err
}

// AccountByEmail returns the account of a lower-case address.
func (tx *Tx) AccountByEmail(emailKey string) (AccountRow, error) {
	return tx.accountFound(`SELECT account_id FROM email_index WHERE email_key = $1`, emailKey)
}

// accountFound returns the account that find gives the id of. Where there is
// none it reads another and returns ErrNotFound: one statement with as much
// work, so that its time does not tell which it was (product rule V6).
func (tx *Tx) accountFound(find string, arg any) (AccountRow, error) {
	var r AccountRow
	var found bool
	row := tx.row(`SELECT `+accountColumns+`, CASE WHEN given.id IS NULL THEN 0 ELSE 1 END
		FROM (SELECT (`+find+`) AS id) AS given
		JOIN accounts ON account_id = COALESCE(given.id, (SELECT account_id FROM accounts ORDER BY account_id LIMIT 1))`, arg)
	err := r.scan(func(to ...any) error { return row.Scan(append(to, asFlag(&found))...) })
	if err == nil && !found {
		err = ErrNotFound
	}
	if err != nil {
		return AccountRow{}, err
	}
	return r, nil
}

// SetLanguage gives the account another language, a BCP 47 tag.
func (tx *Tx) SetLanguage(id protocol.AccountID, language string) error {
	return tx.execOne(`UPDATE accounts SET language = $2 WHERE account_id = $1`, id, language)
}

// SetSecondFactor says whether the password alone is enough.
func (tx *Tx) SetSecondFactor(id protocol.AccountID, needed bool) error {
	return tx.execOne(`UPDATE accounts SET second_factor = $2 WHERE account_id = $1`, id, flag(needed))
}

// Bump makes the account's next version.
func (tx *Tx) Bump(id protocol.AccountID, now time.Time) (protocol.Version, error) {
	var v protocol.Version
	err := tx.row(`UPDATE accounts SET version = version + 1, updated = $2 WHERE account_id = $1 RETURNING version`,
		id, millis(now)).Scan(&v)
	return v, err
}

// BumpBy makes the account's next version for a web session, in one statement
// with the check that the session is live: ErrNotFound where it is not.
func (tx *Tx) BumpBy(id protocol.AccountID, session string, now time.Time) (protocol.Version, error) {
	var v protocol.Version
	err := tx.row(`UPDATE accounts SET version = version + 1, updated = $3
		WHERE account_id = $1 AND EXISTS (SELECT 1 FROM web_sessions w
			WHERE w.account_id = $1 AND w.session_id = $2 AND w.generation = accounts.generation)
		RETURNING version`, id, session, millis(now)).Scan(&v)
	return v, err
}

// HoldBy keeps the account as it is until the transaction ends, for a write of a web
// session, in one statement with the check that the session is live: ErrNotFound
// where it is not. It returns the account's version.
func (tx *Tx) HoldBy(id protocol.AccountID, session string) (protocol.Version, error) {
	var v protocol.Version
	err := tx.row(`UPDATE accounts SET version = version
		WHERE account_id = $1 AND EXISTS (SELECT 1 FROM web_sessions w
			WHERE w.account_id = $1 AND w.session_id = $2 AND w.generation = accounts.generation)
		RETURNING version`, id, session).Scan(&v)
	return v, err
}

// RaiseVersion sets the account's version to at least v: a device has proved
// that it was there before a backup was restored.
func (tx *Tx) RaiseVersion(id protocol.AccountID, v protocol.Version, now time.Time) error {
	return tx.execOne(`UPDATE accounts SET version = CASE WHEN version < $2 THEN $2 ELSE version + 1 END, updated = $3
		WHERE account_id = $1`, id, v, millis(now))
}

// EndEverything signs out every device and web session of the account, forgets
// an authenticator app that one of them began, and returns the new generation.
func (tx *Tx) EndEverything(id protocol.AccountID, by protocol.By, where string, now time.Time) (int64, error) {
	var g int64
	err := tx.row(`UPDATE accounts SET generation = generation + 1, ended_by = $2, ended_where = $3, ended_at = $4,
		version = version + 1, updated = $4 WHERE account_id = $1 RETURNING generation`,
		id, by, where, millis(now)).Scan(&g)
	if err != nil {
		return g, err
	}
	return g, tx.dropBegunTOTP(id, "")
}

// EndEverythingBy is EndEverything for a web session, in one statement with
// the check that it is live: ErrNotFound where it is not.
func (tx *Tx) EndEverythingBy(id protocol.AccountID, session string, by protocol.By, where string, now time.Time) (int64, protocol.Version, error) {
	var (
		g int64
		v protocol.Version
	)
	err := tx.row(`UPDATE accounts SET generation = generation + 1, ended_by = $3, ended_where = $4, ended_at = $5,
		version = version + 1, updated = $5
		WHERE account_id = $1 AND EXISTS (SELECT 1 FROM web_sessions w
			WHERE w.account_id = $1 AND w.session_id = $2 AND w.generation = accounts.generation)
		RETURNING generation, version`, id, session, by, where, millis(now)).Scan(&g, &v)
	if err != nil {
		return g, v, err
	}
	return g, v, tx.dropBegunTOTP(id, session)
}

// SetPassword replaces the password hash old by next: ErrNotFound where it is
// no longer old.
func (tx *Tx) SetPassword(id protocol.AccountID, old, next string) error {
	return tx.execOne(`UPDATE accounts SET password = $3 WHERE account_id = $1 AND password = $2`, id, old, next)
}

// BumpPins makes the account's next pins version.
func (tx *Tx) BumpPins(id protocol.AccountID) (int64, error) {
	var v int64
	err := tx.row(`UPDATE accounts SET pins_version = pins_version + 1 WHERE account_id = $1 RETURNING pins_version`, id).Scan(&v)
	return v, err
}

// ChangedSince calls each for up to limit accounts whose version, or whose
// library's number, changed at or after since, the earliest first.
func (tx *Tx) ChangedSince(since time.Time, limit int, each func(id protocol.AccountID, v protocol.Version, library int64)) error {
	return tx.rows(func(scan scanFunc) error {
		var (
			id      protocol.AccountID
			v       protocol.Version
			library int64
		)
		if err := scan(&id, &v, &library); err != nil {
			return err
		}
		each(id, v, library)
		return nil
	}, `SELECT account_id, version, library FROM accounts WHERE updated >= $1 ORDER BY updated LIMIT $2`, millis(since), limit)
}
