package store

import "time"

// OperatorRow is somebody who runs the service.
type OperatorRow struct {
	Name      string
	Role      string
	TokenHash string
	CreatedBy string // empty: with the data folder
	Created   time.Time
	Disabled  time.Time // zero: not disabled
	LastUsed  time.Time
}

const operatorQuery = `SELECT name, role, token_hash, created_by, created, disabled, last_used FROM operators `

func (r *OperatorRow) scan(scan scanFunc) error {
	return scan(&r.Name, &r.Role, &r.TokenHash, &r.CreatedBy, asTime(&r.Created), asTime(&r.Disabled), asTime(&r.LastUsed))
}

// InsertOperator adds an operator: ErrExists where the name was ever given.
func (tx *Tx) InsertOperator(r OperatorRow) error {
	n, err := tx.exec(`INSERT INTO operators (name, role, token_hash, created_by, created) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (name) DO NOTHING`, r.Name, r.Role, r.TokenHash, r.CreatedBy, millis(r.Created))
	if err == nil && n == 0 {
		err = ErrExists
	}
	return err
}

// Operator returns an operator, disabled or not.
func (tx *Tx) Operator(name string) (OperatorRow, error) {
	var r OperatorRow
	err := r.scan(tx.row(operatorQuery+`WHERE name = $1`, name).Scan)
	return r, err
}

// OperatorByToken returns the operator with a token, disabled or not.
func (tx *Tx) OperatorByToken(hash string) (OperatorRow, error) {
	var r OperatorRow
	err := r.scan(tx.row(operatorQuery+`WHERE token_hash = $1`, hash).Scan)
	return r, err
}

// Operators returns up to limit operators by name.
func (tx *Tx) Operators(limit int) ([]OperatorRow, error) {
	var out []OperatorRow
	err := tx.rows(func(scan scanFunc) error {
		var r OperatorRow
		err := r.scan(scan)
		out = append(out, r)
		return err
	}, operatorQuery+`ORDER BY name LIMIT $1`, limit)
	return out, err
}

// CountOperators counts those of a role who are not disabled; of all roles
// where it is empty, and disabled ones too.
func (tx *Tx) CountOperators(role string) (int, error) {
	n := 0
	err := tx.row(`SELECT COUNT(*) FROM operators WHERE $1 = '' OR (role = $1 AND disabled = 0)`, role).Scan(&n)
	return n, err
}

// DisableOperator ends an operator's rights: ErrNotFound where there are none
// to end.
func (tx *Tx) DisableOperator(name string, now time.Time) error {
	return tx.execOne(`UPDATE operators SET disabled = $2 WHERE name = $1 AND disabled = 0`, name, millis(now))
}

// TouchOperator notes that an operator was here.
func (tx *Tx) TouchOperator(name string, now time.Time) error {
	return tx.execOne(`UPDATE operators SET last_used = $2 WHERE name = $1`, name, millis(now))
}

// OperatorActRow is one act of an operator's, with how it went.
type OperatorActRow struct {
	ID       string // UUIDv7: sorts by time
	At       time.Time
	Operator string
	Act      string
	About    string
	Reason   string
	Outcome  string
}

// OperatorActs returns up to n acts of operators, newest first, older than the entry
// before; an empty before starts at the newest. They are in the audit log; those from
// before there was one are in a table of their own.
func (tx *Tx) OperatorActs(before string, n int) ([]OperatorActRow, error) {
	var out []OperatorActRow
	err := tx.rows(func(scan scanFunc) error {
		var r OperatorActRow
		err := scan(&r.ID, asTime(&r.At), &r.Operator, &r.Act, &r.About, &r.Reason, &r.Outcome)
		out = append(out, r)
		return err
	}, `SELECT entry_id, at, operator, act, about, reason, outcome FROM (
			SELECT entry_id, at, operator, act, about, reason, outcome FROM operator_log WHERE $1 = '' OR entry_id < $1
			UNION ALL
			SELECT a.entry_id, a.at, a.actor, a.act, a.about, a.reason, COALESCE(o.outcome, a.outcome)
			FROM audit a LEFT JOIN audit o ON o.outcome_of = a.entry_id
			WHERE ($1 = '' OR a.entry_id < $1) AND a.outcome_of = '' AND a.actor <> '(server)'
		) AS acts ORDER BY entry_id DESC LIMIT $2`, before, n)
	return out, err
}

// DeleteOperatorActsBefore removes entries of the time before the audit log that are
// from before t.
func (tx *Tx) DeleteOperatorActsBefore(t time.Time) error {
	_, err := tx.exec(`DELETE FROM operator_log WHERE at < $1`, millis(t))
	return err
}
