package store

import (
	"slices"
	"time"

	"github.com/hearthkey/hearthkey/protocol"
)

// digestLen is the length of a [protocol.Digest] in characters.
const digestLen = 43

// WebSessionRow is one web session. Rows of an older generation are dead.
type WebSessionRow struct {
	Account    protocol.AccountID
	ID         string
	TokenHash  protocol.Digest
	Previous   []protocol.Digest // hashes of the last tokens before this one, the newest first; at most four. Only read
	Generation int64
	Created    time.Time
	LastSeen   time.Time
	Proved     time.Time
	Agent      string
	IP         string
	Place      string
	Factors    string // what the sign-in was made with, e.g. "password totp"
	Device     string // of known_devices; only written
	// Of the account, when read:
	Email    string
	Language string
}

const webSessionQuery = `SELECT w.session_id, w.token_hash, w.previous_hash, w.generation, w.created, w.last_seen, w.proved, w.agent,
	w.ip, w.place, w.factors, a.email, a.language
	FROM web_sessions w JOIN accounts a ON a.account_id = w.account_id AND a.generation = w.generation
	WHERE w.account_id = CAST($1 AS TEXT)` // a cast, as for deviceQuery

func (r *WebSessionRow) scan(scan scanFunc) error {
	var previous string
	err := scan(&r.ID, &r.TokenHash, &previous, &r.Generation, asTime(&r.Created), asTime(&r.LastSeen), asTime(&r.Proved), &r.Agent,
		&r.IP, &r.Place, &r.Factors, &r.Email, &r.Language)
	for hash := range slices.Chunk([]byte(previous), digestLen) {
		r.Previous = append(r.Previous, protocol.Digest(hash))
	}
	return err
}

// BeginWebSession adds a session for a sign-in that saw password as the
// account's hash and generation as its generation, in one statement with the
// check that both still are and that the account is not locked: ErrNotFound
// where a sign-out, a new password or a lock came between.
func (tx *Tx) BeginWebSession(r WebSessionRow, password string) error {
	return tx.execOne(`INSERT INTO web_sessions
		(account_id, session_id, token_hash, generation, created, last_seen, proved, agent, ip, place, factors, device)
		SELECT account_id, CAST($2 AS TEXT), CAST($3 AS TEXT), generation, CAST($5 AS BIGINT), CAST($5 AS BIGINT),
			CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT), CAST($10 AS TEXT), CAST($11 AS TEXT)
		FROM accounts WHERE account_id = $1 AND generation = $4 AND password = $9
			AND NOT EXISTS (SELECT 1 FROM account_locks l WHERE l.account_id = $1)`,
		r.Account, r.ID, r.TokenHash, r.Generation, millis(r.Created), r.Agent, r.IP, r.Place, password, r.Factors, r.Device)
}

// WebSession returns a live session.
func (tx *Tx) WebSession(account protocol.AccountID, session string) (WebSessionRow, error) {
	r := WebSessionRow{Account: account}
	err := r.scan(tx.row(webSessionQuery+` AND w.session_id = CAST($2 AS TEXT)`, account, session).Scan)
	return r, err
}

// WebSessions returns the account's live sessions, the newest first.
func (tx *Tx) WebSessions(account protocol.AccountID, limit int) ([]WebSessionRow, error) {
	var out []WebSessionRow
	err := tx.rows(func(scan scanFunc) error {
		r := WebSessionRow{Account: account}
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, webSessionQuery+` ORDER BY w.session_id DESC LIMIT $2`, account, limit)
	return out, err
}

// TouchWebSession notes that the session was used.
func (tx *Tx) TouchWebSession(account protocol.AccountID, session string, now time.Time) error {
	_, err := tx.exec(`UPDATE web_sessions SET last_seen = $3 WHERE account_id = $1 AND session_id = $2 AND last_seen < $3`,
		account, session, millis(now))
	return err
}

// ProveWebSession notes that a live session gave the password whose hash is
// password: ErrNotFound where the session ended or the password changed.
func (tx *Tx) ProveWebSession(account protocol.AccountID, session, password string, now time.Time) error {
	return tx.execOne(`UPDATE web_sessions SET proved = $4 WHERE account_id = $1 AND session_id = $2
		AND EXISTS (SELECT 1 FROM accounts a
			WHERE a.account_id = $1 AND a.generation = web_sessions.generation AND a.password = $3)`,
		account, session, password, millis(now))
}

// RenewWebSession carries a session into another generation, with a new token
// where tokenHash is not empty: the last four before it are remembered, one
// after the other, each of 43 characters.
func (tx *Tx) RenewWebSession(account protocol.AccountID, session string, generation int64, tokenHash protocol.Digest) error {
	return tx.execOne(`UPDATE web_sessions SET generation = $3,
		previous_hash = CASE WHEN $4 = '' THEN previous_hash ELSE substr(token_hash || previous_hash, 1, 172) END,
		token_hash = CASE WHEN $4 = '' THEN token_hash ELSE $4 END
		WHERE account_id = $1 AND session_id = $2`,
		account, session, generation, tokenHash)
}

// DeleteWebSession ends a session. It tells whether a live one was there.
func (tx *Tx) DeleteWebSession(account protocol.AccountID, session string) (bool, error) {
	n, err := tx.exec(`DELETE FROM web_sessions WHERE account_id = $1 AND session_id = $2
		AND generation = (SELECT generation FROM accounts WHERE account_id = $1)`, account, session)
	return n > 0, err
}

// DeleteDeadWebSessions removes the account's sessions of older generations,
// those last used before idle, and all but the newest keep.
func (tx *Tx) DeleteDeadWebSessions(account protocol.AccountID, idle time.Time, keep int) error {
	_, err := tx.exec(`DELETE FROM web_sessions WHERE account_id = $1 AND (last_seen < $2
		OR generation <> (SELECT generation FROM accounts WHERE account_id = $1)
		OR session_id NOT IN (SELECT session_id FROM web_sessions WHERE account_id = $1
			ORDER BY session_id DESC LIMIT $3))`, account, millis(idle), keep)
	return err
}
